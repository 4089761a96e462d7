"""An explanation as text, as Markdown and as LaTeX, with its formulas as mathematics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cnncalc.escaping import latex, markdown, markdown_cell, visible
from cnncalc.explaining.derivation import Derivation
from cnncalc.explaining.explained import Explained, ExplainedStep
from cnncalc.explaining.fields import FIELDS
from cnncalc.findings import Findings
from cnncalc.render.text import Document, json_pieces
from cnncalc.rows import BuiltRow
from cnncalc.symbols.formulas import LATEX, PEOPLE, name
from cnncalc.symbols.writing import MINUS
from cnncalc.tables.views import remarks
from cnncalc.widths import width_of, wrapped

__all__ = ["FORMATS", "text"]

WIDTH = 80
NARROW = 20  # columns that a formula gets on the narrowest terminal
SHORT = 40  # characters of a formula that LaTeX gets on one line
MOST_BRANCHES = 3  # shapes that a heading tells one by one


def text(explanation: Explained, width: int = WIDTH) -> str:
    """Lines for people; a formula that is wider than a line has one for each `=`."""
    lines = [line for step in explanation.steps for line in _step(explanation, step, width)]
    legend = [f"{', '.join(names)} {meaning}" for names, meaning in explanation.legend()]
    below = [f"names: {'; '.join(legend)}"] if legend else []
    for line in [*below, *_remarks(explanation)]:
        lines += wrapped(line, width, "  ")
    return "".join(f"{visible(line)}\n" for line in lines)


def _step(explanation: Explained, step: ExplainedStep, width: int) -> Iterator[str]:
    """The lines of one step, with an empty one below."""
    yield from wrapped(_heading(explanation.report, step), width, "  ")
    column = max((len(each.what) for each in step.derivations), default=0)
    room = max(width - column - 4, NARROW)
    found = [(each.what, _equation(each, room)) for each in step.derivations]
    found += [("source", [source])] if (source := _source(step)) else []
    for what, lines in found:
        parts = [part for line in lines for part in wrapped(line, room, "  ")]
        yield f"  {what:<{column}}  {parts[0]}"
        yield from (f"{' ' * column}    {part}" for part in parts[1:])
    yield ""


def _equation(derivation: Derivation, room: int) -> list[str]:
    """A figure with its formula and numbers, in one line if that has room."""
    result = f"{derivation.value:,}".replace("-", MINUS)
    if derivation.words:
        return [f"{result} ({derivation.words})"]
    sides = [*derivation.steps(PEOPLE)[:-1], result]
    left = f"{derivation.left} = " if derivation.left else ""
    whole = left + " = ".join(dict.fromkeys(sides))
    if width_of(whole) <= room:
        return [whole]
    margin = " " * max(len(left) - 2, 0)
    return [left + sides[0], *(f"{margin}= {side}" for side in sides[1:])]


def _heading(report: Findings, step: ExplainedStep) -> str:
    row = step.row
    if isinstance(row, BuiltRow):
        return f"{row.name}: {row.text} (never reached)"
    gives = f"{row.name}: {row.text} (step {row.index}) gives {report.show(row.output_shape)}"
    shapes = [report.show(shape) for shape in row.input_shapes]
    if len(shapes) > MOST_BRANCHES:
        return f"{gives} from {len(shapes)} branches"
    return f"{gives} from {' and '.join(shapes)}" if shapes else gives


def _source(step: ExplainedStep) -> str:
    """Whose the formulas of a step are, but for those of fields, which are alike everywhere."""
    sources = (each.source for each in step.derivations)
    return "; ".join(dict.fromkeys(each for each in sources if each and each != FIELDS))


def _remarks(explanation: Explained) -> list[str]:
    told = (each.source for step in explanation.steps for each in step.derivations)
    fields = [f"source of fields and jumps: {FIELDS}"] if FIELDS in told else []
    notes = [f"note: {note}" for note in explanation.notes]
    return [*fields, *remarks(explanation.report, fields=False), *notes]


def markdown_text(explanation: Explained) -> str:
    """A heading for each step, and its formulas as a list, between dollars."""
    lines = []
    for step in explanation.steps:
        lines += [f"### {markdown_cell(_heading(explanation.report, step))}", ""]
        lines += [
            f"- {each.what}: {_mathematics(each, markdown_cell)}" for each in step.derivations
        ]
        if source := _source(step):
            lines.append(f"- source: {markdown_cell(source)}")
        lines.append("")
    legend = [
        f"{', '.join(f'${name(each, LATEX)}$' for each in names)} {markdown_cell(meaning)}"
        for names, meaning in explanation.legend()
    ]
    lines += [f"- {line}" for line in [*legend, *map(markdown, _remarks(explanation))]]
    return "".join(f"{line}\n" for line in lines)


def _mathematics(derivation: Derivation, escaped: Callable[[str], str]) -> str:
    if derivation.words:
        return f"${int(derivation.value)}$ ({escaped(derivation.words)})"
    left = [name(derivation.left, LATEX)] if derivation.left else []
    return f"${' = '.join([*left, *derivation.steps(LATEX)])}$"


def latex_text(explanation: Explained) -> str:
    """A paragraph for each step, with its formulas below one another (amsmath's align*)."""
    lines = []
    for step in explanation.steps:
        lines.append(rf"\paragraph{{{latex(_heading(explanation.report, step))}}}")
        rows = [row for each in step.derivations for row in _aligned(each)]
        if rows:
            lines += [
                r"\begin{align*}",
                " \\\\\n".join(f"  {row}" for row in rows),
                r"\end{align*}",
            ]
        if source := _source(step):
            lines.append(latex(f"Source: {source}."))
        lines.append("")
    legend = [
        f"{', '.join(f'${name(each, LATEX)}$' for each in names)} {latex(meaning)}"
        for names, meaning in explanation.legend()
    ]
    lines += [f"Names: {'; '.join(legend)}."] if legend else []
    lines += map(latex, _remarks(explanation))
    return "".join(f"{line}\n" for line in lines)


def _aligned(derivation: Derivation) -> list[str]:
    """The lines of a figure: what it is, then what equals it, from sign to sign."""
    what = rf"\text{{{latex(derivation.what)}}}"
    if derivation.words:
        return [rf"{what} &= {int(derivation.value)} \quad \text{{({latex(derivation.words)})}}"]
    left = rf"{what}\colon\; {name(derivation.left, LATEX)}" if derivation.left else what
    first, *others = derivation.steps(LATEX)
    if len(" = ".join(derivation.steps(PEOPLE))) < SHORT:
        return [f"{left} &= {' = '.join([first, *others])}"]
    return [f"{left} &= {first}", *(f"&= {each}" for each in others)]


FORMATS: dict[str, Callable[[Explained, Document], Iterable[str]]] = {
    "text": lambda explanation, document: [text(explanation)],
    "markdown": lambda explanation, document: [markdown_text(explanation)],
    "latex": lambda explanation, document: [latex_text(explanation)],
    "json": lambda explanation, document: json_pieces(None, document),
}
