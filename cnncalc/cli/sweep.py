"""`sweep`: every combination of the choices of a spec.

Annotations are evaluated in this file (there is no `from __future__ import annotations`).
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from cnncalc import __version__, api
from cnncalc.cli import output, process
from cnncalc.cli.options import Output, Spec, Text, network, shown, taking
from cnncalc.cli.stages import batch_of, one_size
from cnncalc.cli.stages import whole as number
from cnncalc.errors import CnnCalcError
from cnncalc.notations import texts
from cnncalc.packages import OnUse
from cnncalc.render.text import pieces
from cnncalc.sweeping.sweep import Progress, Sweep
from cnncalc.tables.designs import table_of

if TYPE_CHECKING:
    from cnncalc.cli import chunks, cluster, parquet, parts, workers
    from cnncalc.render import scatter
    from cnncalc.render import table as drawing
else:  # only lists in files, and a terminal, need them
    chunks = OnUse("cnncalc.cli.chunks")
    cluster = OnUse("cnncalc.cli.cluster")
    parquet = OnUse("cnncalc.cli.parquet")
    workers = OnUse("cnncalc.cli.workers")
    parts = OnUse("cnncalc.cli.parts")
    drawing = OnUse("cnncalc.render.table")
    scatter = OnUse("cnncalc.render.scatter")

__all__ = ["sweep"]

SHOWN = 20  # designs of a table for people
STREAMED = ("csv", "jsonl")
MOST_REASONS = 5


class SweepSettings(Output, Spec):
    """The options of `sweep`."""

    let: Annotated[
        list[str] | None,
        network(
            "--let",
            metavar="NAME=VALUE",
            help="A choice tied by a name, as w=16/32/64, for $w; or a value for a symbol, as "
            "H=224; may stand more than once.",
        ),
    ] = None
    out: Annotated[
        Text,
        shown(
            "-o",
            "--out",
            metavar="FILE",
            help="Write into a file, which is there once it is whole; .parquet (extra `sweep`) "
            "and, of a front, .svg, too.",
        ),
    ] = None
    where: Annotated[
        Text,
        shown(
            "--where",
            metavar="CONDITION",
            help="Only designs for which this holds, as 'params < 5e6 and rf >= 127 and h == 7': "
            "over params, macs, rf, memory, param_bytes, activation_bytes, the output's sizes "
            "(c, h, w) and the choices' names.",
        ),
    ] = None
    sort: Annotated[
        Text,
        shown("--sort", metavar="KEYS", help="The order, as macs,-rf; a minus: more is better."),
    ] = None
    top: Annotated[
        Text,
        shown("--top", metavar="N", help="How many designs at most; in a table 20 otherwise."),
    ] = None
    pareto: Annotated[
        Text,
        shown(
            "--pareto",
            metavar="KEYS",
            help="Only designs that no other is better than in all of these, as params,-rf.",
        ),
    ] = None
    sample: Annotated[
        Text, shown("--sample", metavar="N", help="So many designs, drawn at random.")
    ] = None
    seed: Annotated[Text, shown("--seed", metavar="N", help="Of the drawing; 0 otherwise.")] = None
    resume: Annotated[
        bool, shown("--resume", help="Go on with a list in a file that was interrupted.")
    ] = False
    workers: Annotated[
        Text,
        shown("--workers", metavar="N", help="Write a list into a file with so many processes."),
    ] = None
    scheduler: Annotated[
        Text,
        shown(
            "--scheduler",
            metavar="ADDRESS",
            help="Write it with the workers of a Dask cluster (extra `dask`).",
        ),
    ] = None


@taking(SweepSettings)
def sweep(settings: SweepSettings) -> int:
    """Every combination of the choices of a spec, filtered and ranked.

    cnncalc sweep 3x32x32 conv:16..64/16,k3/5,p=same relu gap linear:10 --sort params

    cnncalc sweep template.cnn --let w=16/32/64 --where 'params < 5e6' --pareto macs,-rf
    """
    output.check(settings.out)
    form = form_of(settings)
    found = swept(settings)
    in_parts = is_list(found) and form in ("csv", "jsonl", "parquet")
    check_list(settings, in_parts and output.path_of(settings.out) is not None)
    for message in [*found.notes, *counted(found)]:
        output.say(message)
    with ExitStack() as stack:
        bar = None
        if output.is_terminal(sys.stderr):
            stack.enter_context(process.put_back())
            bar = stack.enter_context(drawing.Bar(rated=True))
        if in_parts and output.path_of(settings.out):
            write_in_parts(settings, found, form, bar)
        else:
            show(settings, found, form, bar)
    for message in found.remarks:
        output.say(message)
    return 0


def swept(settings: SweepSettings) -> Sweep:
    """The designs that the options ask for."""
    return api.sweep(
        texts.of_words(settings.words or []),
        where=settings.where,
        sort=settings.sort,
        top=number("--top", settings.top, "20", least=1),
        pareto=settings.pareto,
        sample=number("--sample", settings.sample, "1000", least=1),
        seed=number("--seed", settings.seed, "1", least=0) or 0,
        input=one_size("sweep", settings),
        batch=batch_of(settings),
        dtype=settings.dtype,
        notation=settings.notation,
        let=bindings(settings.let or []),
    )


def bindings(given: list[str]) -> dict[str, int | str]:
    """The values that `--let NAME=VALUE` gives to symbols, and the choices that it ties."""
    values: dict[str, int | str] = {}
    for word in given:
        name, is_given, value = (part.strip() for part in word.partition("="))
        if not is_given or not value:
            raise CnnCalcError(
                f"`--let {word}` binds nothing",
                code="let",
                help="a symbol and a number, as `--let H=224`, or a name and a choice, as "
                "`--let w=16/32/64`",
            )
        plain = value.isdecimal() and value.isascii() and len(value) <= 10
        values[name] = int(value) if plain else value
    return values


def form_of(settings: SweepSettings) -> str:
    """The format: also `parquet`, which is for a file alone."""
    path = output.path_of(settings.out)
    if path is not None and path.lower().endswith(".svg") and settings.format is None:
        if not 2 <= len((settings.pareto or "").split(",")) <= 3:
            raise CnnCalcError(
                "a picture shows a front of two keys, or three",
                code="format",
                help="`--pareto params,-rf -o front.svg`",
            )
        return "svg"
    by_name = path is not None and path.lower().endswith(".parquet")
    if settings.format != "parquet" and not (by_name and settings.format is None):
        return output.form_of(settings)
    if path is None or settings.json:
        raise CnnCalcError(
            "Parquet is written into a file", code="format", help="`-o designs.parquet`"
        )
    if settings.scheduler is None and (settings.workers is None or find_spec("pyarrow") is None):
        parquet.load()  # before any work; of others' work this process only copies the bytes
    return "parquet"


def counted(found: Sweep) -> list[str]:
    """How many designs there are, and why some are none."""
    lines = [f"{found.total:,} design{'' if found.total == 1 else 's'}"]
    if found.refused:
        lines[0] += f", {found.working:,} of which work"
    for each in found.refused[:MOST_REASONS]:
        name = found.template.network.steps[each.step].name
        first = ", the first with" if each.designs > 1 else ""  # numbers of others may differ
        lines.append(f"{each.designs:,} stop at `{name}`{first}: {each.error.message}")
    if len(found.refused) > MOST_REASONS:
        lines.append(f"and {len(found.refused) - MOST_REASONS} more reasons")
    return lines


def is_list(found: Sweep) -> bool:
    """Whether all designs are wanted, as they come."""
    asked = found.asked
    return asked.top is None and asked.sample is None and not (asked.sort or asked.pareto)


def check_list(settings: SweepSettings, whole: bool) -> None:
    """CnnCalcError where an option is for a whole list in a file, and that isn't asked for."""
    asked = {
        "--resume` goes on with": settings.resume,
        "--workers` share": settings.workers is not None,
        "--scheduler` shares": settings.scheduler is not None,
    }
    for does, given in asked.items():
        if given and not whole:
            raise CnnCalcError(
                f"`{does} a whole list in a file, without an order or a number",
                code="usage",
                help="`-o designs.csv`, `.jsonl` or `.parquet`",
            )
    if settings.workers is not None and settings.scheduler is not None:
        raise CnnCalcError(
            "`--workers` are processes here, and `--scheduler` has its own", code="usage"
        )
    count = number("--workers", settings.workers, "2", least=1)
    if count is not None and count > workers.MOST:
        raise CnnCalcError(f"`--workers` are at most {workers.MOST}", code="usage")


def show(settings: SweepSettings, found: Sweep, form: str, bar: Progress | None) -> None:
    """Put the rows where the options want them."""
    rows = found.rows(bar)
    if form == "parquet":
        out = settings.out or ""
        output.emit_file(out, lambda draft: parquet.write(draft, list(rows), found.columns))
        return
    if form == "svg":
        output.emit(picture(found, list(rows)), settings.out)
        return
    footer: list[str] = []
    if form not in (*STREAMED, "json") and found.asked.top is None:
        first = list(islice(rows, SHOWN))
        more = next(rows, None) is not None
        footer = [f"the first {SHOWN}; `--top` or `-f csv` shows more"] if more else []
        rows = iter(first)
    table = table_of(rows, found.names, footer, plain=form in (*STREAMED, "json"))
    if form == "jsonl":
        output.emit(pieces(form, table, lambda: rows), settings.out)
    else:
        output.show(settings, table, lambda: found.to_dict(rows))


def picture(found: Sweep, rows: list[dict[str, Any]]) -> str:
    """The front as an SVG picture: the first two keys as axes, a third one as colour."""
    for row in rows:
        row["memory"] = row["param_bytes"] + row["activation_bytes"]
    keys = found.asked.pareto
    wrong = [key.name for key in keys if any(not is_number(row.get(key.name)) for row in rows)]
    if wrong:
        raise CnnCalcError(
            f"`{wrong[0]}` is no number of every design, and can't be an axis", code="format"
        )
    axes = [scatter.Axis(key.name, [row[key.name] for row in rows]) for key in keys]
    title = f"{len(rows):,} of {found.working:,} designs"
    names = [row["spec"] for row in rows]
    return scatter.draw(title, axes[0], axes[1], names, axes[2] if len(axes) > 2 else None)


def is_number(value: object) -> bool:
    return isinstance(value, int | float)


def write_in_parts(settings: SweepSettings, found: Sweep, form: str, bar: Progress | None) -> None:
    """Write a whole list into a file, so that it can be gone on with after an interruption."""
    path = output.path_of(settings.out)
    assert path is not None, "whoever calls has looked"
    says = {
        "cnncalc": __version__, "spec": found.template.source.text, "format": form,
        "input": settings.input, "let": settings.let, "where": settings.where,
        "batch": settings.batch, "dtype": settings.dtype, "designs": found.total,
        "part": chunks.size_of(found),
    }  # fmt: skip
    try:
        with process.put_back():
            whole = parts.Parts(path, says, resume=settings.resume)
            try:
                _write_parts(settings, whole, found, form, bar)
            except BaseException:
                if whole.done:
                    kept = f"{whole.done:,} designs are kept in `{whole.folder}`"
                    output.say(f"{kept}: the same with `--resume` goes on")
                else:
                    whole.remove()
                raise
    except OSError as error:
        raise output.unwritten(error, path) from None


def _write_parts(
    settings: SweepSettings, whole: "parts.Parts", found: Sweep, form: str, bar: Progress | None
) -> None:
    total = found.graph.count
    found.check_count()
    every = chunks.chunks_of(total, chunks.size_of(found))
    todo = (chunk for chunk in every if chunk not in whole.names)
    with closing(_made(settings, found, form, todo, bar)) as made:
        for chunk, content in made:
            whole.add(chunk, content)
            if bar:
                bar(whole.done, total, "designs")
    whole.finish(None if form == "parquet" else chunks.head_of(found, form))


def _made(
    settings: SweepSettings,
    found: Sweep,
    form: str,
    todo: "Iterator[chunks.Chunk]",
    bar: Progress | None,
) -> "chunks.Made":
    """The chunks as they are made: here, by processes beside this one, or on a cluster."""
    if settings.workers is None and settings.scheduler is None:
        return chunks.made(found, form, todo, bar)
    size = one_size("sweep", settings)
    job = chunks.Job(
        found.template.source.text,
        form,
        settings.where,
        None if size is None else size.text,
        batch_of(settings),
        settings.dtype,
        tuple(bindings(settings.let or []).items()),
    )
    if settings.scheduler is not None:
        return cluster.made(job, settings.scheduler, todo)
    return workers.made(job, number("--workers", settings.workers, "2", least=1) or 1, todo)
