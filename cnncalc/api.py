"""The Python API: parse, analyze, verify, explain, sizes, solve, sweep, compare, convert.

A network is given to each of them in the same ways: as what `parse` gave, as a text or the name
of a shipped example, as a path or `"model.py:Net(10)"`, or as a live torch.nn.Module or
keras.Model. Sizes are in elements and without the batch; bytes are bytes, seconds seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cnncalc import analysis, arguments
from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.escaping import html
from cnncalc.input_size import meant
from cnncalc.inputs import Inputs, feed, in_another_order, sizes_given
from cnncalc.network import Named, Network, Typed
from cnncalc.notations.sizes import Given, given
from cnncalc.packages import OnUse
from cnncalc.report import Report

if TYPE_CHECKING:
    from cnncalc import comparison, conversion, explanation, symbolic, validity, verification
    from cnncalc.arguments import Net, Path
    from cnncalc.solutions import Solutions
    from cnncalc.solving import goals, question, search
    from cnncalc.sweeping import asking
    from cnncalc.sweeping.sweep import Sweep
else:  # what `analyze` does without, but for symbols, errors that are shown, and JSON
    comparison = OnUse("cnncalc.comparison")
    conversion = OnUse("cnncalc.conversion")
    explanation = OnUse("cnncalc.explanation")
    symbolic = OnUse("cnncalc.symbolic")
    validity = OnUse("cnncalc.validity")
    verification = OnUse("cnncalc.verification")
    goals = OnUse("cnncalc.solving.goals")
    question = OnUse("cnncalc.solving.question")
    search = OnUse("cnncalc.solving.search")
    asking = OnUse("cnncalc.sweeping.asking")

__all__ = [
    "add_report",
    "analyze",
    "compare",
    "convert",
    "explain",
    "parse",
    "sizes",
    "solve",
    "sweep",
    "verify",
]


def parse(
    net: Net,
    input: Inputs | None = None,
    *,
    notation: str | None = None,
    let: Mapping[str, int] | None = None,
    path: Path | Sequence[Path] | None = None,
) -> Network:
    """Read a network; nothing of its source is executed or imported.

    Args:
        net: a text in any notation, or the name of a shipped example; a path, as str or Path,
            or `"model.py:Net(10)"`, of which that class, call or part is meant, or the same of
            an installed package, `"torchvision:resnet18()"`; or a live torch.nn.Module or
            keras.Model. A `cnncalc.errors.Source` is its text alone: of what others have
            written, no word is taken for a path.
        input: the size of a live model's input without the batch, which some are followed at;
            several as in `analyze`.
        notation: `compact`, `torch`, `keras` or `onnx`; None: detected.
        let: values for the symbols in a text, such as {"H": 224}.
        path: a folder, or several, in which a source's imports may lie beside its own project
            and the packages that are installed.

    Returns:
        The network: its steps, or a program that gives them at an input size.

    Raises:
        SpecError: a text that is no network, with `file`, `line`, `column`, `end_column`, `code`
            and `help`.
        CnnCalcError: what is no network at all, a live model that can't be read, or a package
            that is missing.
    """
    network = arguments.network_of(net, input, notation=notation, let=let, path=path)
    network.drawn = _drawn
    return network


def _drawn(network: Network) -> str:
    """The table of a network at its own size, as HTML; where it has none, what says so."""
    try:
        return analyze(network)._repr_html_()
    except SpecError as error:
        report = error.report._repr_html_() if error.report is not None else ""
        return f"{report}<pre>{html(repr(network))}\n{html(error.message)}</pre>"


def analyze(
    net: Net,
    input: Inputs | None = None,
    *,
    batch: int | None = None,
    dtype: str = "float32",
    layout: str | None = None,
) -> Report:
    """Work out a network: the size after every layer, weights, MACs, receptive fields.

    Sizes, weights and MACs come from each layer's own formula: `cnncalc layers` lists them with
    their sources. Receptive fields are those of Araujo, Norris and Sim (Computing Receptive
    Fields of Convolutional Neural Networks, Distill 2019), exact also where windows are clipped,
    stretched or joined.

    Args:
        net: a network, in any form that `parse` takes.
        input: its size in the network's own layout: (C, *spatial) in the compact notation, PyTorch
            and ONNX, (*spatial, C) in Keras; as (3, 224, 224), `"3x224x224"` or 784. Wins over the
            network's own. Names may stand for sizes, as in `"3xHxW"`, and
            do where there is no size at all: figures are then `Size`s, expressions whose `str` is
            Python's. A batch in front is taken as `batch` where the network says how many
            axes it takes; the report's notes tell how a size was read. Of several inputs a list
            of sizes in the order in which the model takes them, or a mapping of their names, as in
            {"image": (3, 32, 32), "z": 100}.
        batch: samples at a time, which the memory of activations is for; None: those in front of
            the size, or 1.
        dtype: float64, float32, float16, bfloat16, int8 or uint8, or another word for one of
            them, such as fp16, half or bf16.
        layout: the report's: `channels-first` or `channels-last`; None: the network's own.

    Returns:
        The report. Its shapes have no batch; `params` and `buffers` count elements, `macs`
        multiply-accumulates of one sample, `param_bytes` and `activation_bytes` bytes.

    Raises:
        SpecError: no input size, or what can't be, with its place. Where a source is only not
            followed further, its `report` is the one on the part until there, which is not
            `complete`.
        CnnCalcError: what is no network, or an argument of another type.
    """
    for name, value in (("dtype", dtype), ("layout", layout)):
        example = "float32" if name == "dtype" else "channels-last"
        arguments.text(name, value, example, optional=name == "layout")
    batch = None if batch is None else arguments.whole("batch", batch, "32")
    dtype = analysis.check_settings(batch, dtype, layout)
    try:
        return _report(net, input, batch, dtype, layout)
    except SpecError as error:
        add_report(error, batch, dtype, layout)
        raise


def add_report(error: SpecError, batch: int | None, dtype: str, layout: str | None) -> None:
    """Let an error that stops the reading of a source have the report on what comes before."""
    if error.so_far is not None and error.report is None:
        batch = error.batch or batch or 1
        rows = analysis.analyze(error.so_far, batch=batch, dtype=dtype, layout=layout)
        error.report = Report(rows, error)


def _report(
    net: Net, input: Inputs | None, batch: int | None, dtype: str, layout: str | None
) -> Report:
    """The report on a network at inputs in numbers or names."""
    read, sizes = arguments.network_of(net, input), sizes_given(input)
    network, typed = feed(read, sizes)
    if isinstance(typed, Named) or (typed is None and _has_names(network)):
        return _named_report(network, typed or network.named, batch, dtype, layout)
    try:
        return _sized_report(network, typed, batch, dtype, layout)
    except SpecError as error:
        raise in_another_order(read, sizes, _fits, error) or error from None


def _sized_report(
    network: Network, typed: Typed | None, batch: int | None, dtype: str, layout: str | None
) -> Report:
    """The report on a network at a size in numbers."""
    found, sizes = network, typed
    try:
        size = meant(network, typed, batch)
        found, sizes = size.network, None if size.sizes is None else Typed(size.sizes)
        analyzed = analysis.analyze(
            size.network, size.sizes, batch=size.batch, dtype=dtype, layout=layout, notes=size.notes
        )
        return Report(analyzed)
    except SpecError as error:
        if error.code == "branches":
            error.find_out = partial(validity.would_work, found, sizes)
        raise


def _fits(network: Network, typed: Typed | None) -> None:
    """SpecError where a network can't have a size."""
    size = meant(network, typed)
    analysis.analyze(size.network, size.sizes)


def _has_names(network: Network) -> bool:
    """Whether a network's input has names in it, or is open as a whole."""
    if network.named is not None:
        return True
    if network.input is not None or network.typed or network.unsized or network.unsized_inputs[1:]:
        return False
    return network.hint is None or network.hint() is None  # else the source says it itself


def _named_report(
    network: Network, size: Named | None, batch: int | None, dtype: str, layout: str | None
) -> Report:
    """The report on a network at an input of which sizes have names."""
    batch = 1 if batch is None else batch
    return Report(symbolic.analyze_named(network, size, batch=batch, dtype=dtype, layout=layout))


def verify(
    net: Net,
    input: Inputs | None = None,
    *,
    executor: str = "bundled",
    device: str = "cpu",
    batch: int | None = None,
    dtype: str = "float32",
    layout: str | None = None,
    backward: bool = False,
    max_memory: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Report:
    """Work out a network, run it on real arrays, and compare.

    Shapes, weight tensors and MACs are those that come about in the run, layer by layer, and
    no formula of the report takes part in it. Receptive fields are measured by probes: inputs
    that tell which places a unit reads.

    Args:
        net: a network, in any form that `parse` takes.
        input: its size, as in `analyze`.
        executor: `bundled`, `torch`, `keras`, `onnxruntime`, or `all` that are installed.
        device: `cpu`; `cuda` where the executor finds a GPU; `meta` (sizes alone) in `torch`.
        batch: samples at a time; None: those in front of the size, or 1.
        dtype: as in `analyze`; what NumPy has no arithmetic for is computed in float32.
        layout: the report's: `channels-first` or `channels-last`; None: the network's own.
        backward: whether `torch` also runs backwards, for a gradient of every weight.
        max_memory: bytes that the run may take: it isn't begun where it would take more.
        progress: called with the steps done, all steps and the name of the next one.

    Returns:
        The report, with what was found in `verify`: whether all agrees (`ok`), how much was
        checked, what differs (shapes without the batch), seconds and bytes.

    Raises:
        SpecError: what can't be, with its place.
        CnnCalcError: what is no network, an argument of another type, an executor or device
            that isn't there, or a run that takes more memory than there is, or than it may.
    """
    arguments.text("executor", executor, "torch")
    arguments.text("device", device, "cuda")
    arguments.flag("backward", backward)
    arguments.callback("progress", progress)
    max_memory = arguments.whole("max_memory", max_memory, "8_000_000_000", optional=True)
    report = analyze(net, input, batch=batch, dtype=dtype, layout=layout)
    return verification.verify_report(
        report,
        executor=executor,
        device=device,
        backward=backward,
        max_memory=max_memory,
        progress=progress,
    )


def explain(
    net: Net,
    input: Given | None = None,
    *,
    at: str | int | None = None,
    batch: int | None = None,
    dtype: str = "float32",
    layout: str | None = None,
) -> explanation.Explanation:
    """How the figures of a network come about: each formula with its numbers put in.

    The formulas are those that run: each layer's own methods are given numbers that remember the
    operations that made them.

    Args:
        net: a network, in any form that `parse` takes.
        input: its size, as in `analyze`.
        at: the one layer to be explained, by its name or number; None: all of them.
        batch: samples at a time, as in `analyze`.
        dtype: as in `analyze`.
        layout: the report's, as in `analyze`.

    Returns:
        The explanation: `print` shows it, each layer's formula with its source beside the numbers;
        `to_dict()` is the report's document with `formulas` in each layer. Units are those of
        `analyze`.

    Raises:
        SpecError: as `analyze` does, and where no layer is called so.
        CnnCalcError: what is no network, or an argument of another type.
    """
    if not isinstance(at, int) or isinstance(at, bool):
        arguments.text("at", at, "conv2", optional=True)
    report = analyze(net, input, batch=batch, dtype=dtype, layout=layout)
    return explanation.Explanation(report, None if at is None else str(at))


def sizes(
    net: Net, input: Inputs | None = None, *, near: Given | None = None
) -> validity.ValidSizes:
    """The input sizes at which a network works.

    The sets are exact: the network's formulas are run with names in the place of sizes, once for
    each way in which they can be answered.

    Args:
        net: a network, in any form that `parse` takes.
        input: a size of it, as in `analyze`, of which the channels and the number of axes count;
            None: the network's own. Of several inputs the first one's sizes are looked for; the
            others stay as they are.
        near: the size to be asked about: of all spatial axes together (512), of each of them, or
            with the channels.

    Returns:
        For each spatial axis the set of sizes in input pixels, the least size, and what is near.

    Raises:
        SpecError: a network that works at no size, or a text that is none.
        CnnCalcError: what is no network, or an argument of another type.
    """
    network, size = feed(arguments.network_of(net, input), sizes_given(input))
    asked = None if near is None else given(near, "near")
    return validity.valid_sizes(network, size, asked)


def solve(
    net: Net,
    *,
    output: Given | None = None,
    rf: Given | None = None,
    input: Given | None = None,
    up_to: int | None = None,
    top: int | None = 10,
    notation: str | None = None,
    let: Mapping[str, int] | None = None,
) -> Solutions:
    """Values for the unknowns of a network that give an output, or a receptive field.

    In its text, a spec or a source, `_` stands for a whole number, in options, in the input or
    before a repeat; `_k` is the same number wherever it stands. All values within bounds are told
    of, the simplest first: options left as they are, kernels not below the stride, little padding,
    odd kernels, sides and axes alike, small numbers.

    Args:
        net: a network, in any form that `parse` takes.
        output: the output's shape in the network's own layout, as `"16x56x56"` or (16, 56, 56),
            `_` for what may be anything; `"same"` for the size that flows in, `"/2"` for half.
        rf: the receptive field that the output's units are to have, in input pixels: 31, or for
            each axis.
        input: what flows in, which wins over the network's own; `"3x_x_"` where it is sought.
        up_to: up to which number each unknown is looked for; None: 64, 1,024 for channels and
            features, 4,096 for sizes of the input, and less where there are too many together.
        top: how many solutions are made; None: all.
        notation: of a text, as in `parse`.
        let: values for the symbols in it.

    Returns:
        The solutions, each a spec with its values, the output's shape in the network's own layout
        and without the batch, and with `rf` the field in input pixels; how many there are, and
        where there are none what comes nearest.

    Raises:
        SpecError: nothing is unknown, or a text that is no network.
        CnnCalcError: what is no network, nothing that is to come out, or an argument of another
            type.
    """
    up_to = arguments.whole("up_to", up_to, "64", optional=True)
    top = arguments.whole("top", top, "10", optional=True)
    text = arguments.text_or_network(net, input, notation, let)
    goals.goal_of(output, rf, "channels-first")  # before any work
    asked = question.Question(text, input, notation, let)
    return search.solve(asked, goals.goal_of(output, rf, asked.layout), top, up_to)


def sweep(
    net: Net,
    *,
    where: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    pareto: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    input: Given | None = None,
    batch: int | None = None,
    dtype: str = "float32",
    notation: str | None = None,
    let: Mapping[str, int | str | Sequence[int | str]] | None = None,
) -> Sweep:
    """Every combination of the choices of a spec, filtered and ranked.

    In its text `3/5/7` and `16..128/16` are choices of values, `[a]/[b]` of layers and `1..4*[…]`
    of repeats; `$w` is one that `let` ties by a name. A choice belongs to its place, so that in a
    repeat or a definition its value is the same each time. Each layer is asked once for each
    distinct thing that flows in; the rest is looking up.

    Args:
        net: a text of the compact notation, or a path.
        where: a condition on each design, as `"params < 5e6 and rf >= 127 and h == 7"`: over
            params, macs, rf (pixels), memory, param_bytes, activation_bytes (bytes), the sizes of
            the output and the choices' names.
        sort: what designs are ordered by, as `"macs,-rf"`; a minus: more is better.
        top: how many at most.
        pareto: only designs that no other is better than in all of this, as `"params,-rf"`.
        sample: so many designs, drawn at random.
        seed: of the drawing.
        input: what flows in, which wins over the spec's own.
        batch: samples at a time, which the memory of activations is for.
        dtype: what numbers are kept in, for the bytes.
        notation: of the text, as in `parse`.
        let: values for symbols, as {"H": 224}, and choices tied by a name, as {"w": [16, 32]}.

    Returns:
        The designs: an iterable of rows, dicts with the spec, the choices and the figures; with
        how many there are, and why others can't be; `to_pandas()` and `to_polars()` make frames.
        Figures are as in `analyze`: `macs` of one sample, `output_shape` without the batch, bytes
        of the whole batch; `rf` is in input pixels, the least of all axes.

    Raises:
        SpecError: no choices, a text or a condition that is none.
        CnnCalcError: what there is not to order by, more designs than can be listed, totals beyond
            64 bits, or an argument of another type.
    """
    arguments.text("where", where, "params < 5e6", optional=True)
    arguments.text("sort", sort, "macs,-rf", optional=True)
    arguments.text("pareto", pareto, "params,-rf", optional=True)
    top = arguments.whole("top", top, "20", optional=True)
    sample = arguments.whole("sample", sample, "1000", optional=True)
    seed = arguments.whole("seed", seed, "1")
    batch = arguments.whole("batch", batch, "32", optional=True)
    arguments.text("dtype", dtype, "float32")
    text = arguments.text_of(net, notation)
    wanted = asking.Wanted(where, sort, top, pareto, sample, seed)
    return asking.sweep(text, wanted, input, batch, dtype, notation, let)


def compare(
    *nets: Net | Report,
    names: Sequence[str] | None = None,
    baseline: Path | Mapping[str, object] | None = None,
    input: Inputs | None = None,
    batch: int | None = None,
    dtype: str = "float32",
    notation: str | None = None,
    let: Mapping[str, int] | None = None,
) -> comparison.Comparison:
    """Networks side by side.

    Args:
        nets: networks, in any form that `parse` takes, or reports.
        names: what each is called; None: `A`, `B` and so on.
        baseline: a report that was saved: its path, or the document; the others are held against
            it. None: against the first one.
        input: the size of all of them, as in `analyze`; None: each one's own.
        batch: samples at a time, which the memory of activations is for.
        dtype: what numbers are kept in, for the bytes.
        notation: of texts, as in `parse`.
        let: values for symbols in them.

    Returns:
        The totals with their ratios, in the units of `analyze`, and the layers, aligned by their
        names where they have names of their own, else by their texts, with what differs.

    Raises:
        SpecError: a network that can't be, with the place.
        CnnCalcError: fewer than two, or a baseline that is no report.
    """
    called = [chr(ord("A") + number % 26) for number in range(len(nets))]
    called = called if names is None else list(names)
    documents = []
    if baseline is not None:
        called = ["baseline", *called]
        documents.append(arguments.report_document(baseline))
    for net in nets:
        if isinstance(net, Report):
            report = net
        else:
            network = arguments.network_of(net, input, notation=notation, let=let)
            report = analyze(network, input, batch=batch, dtype=dtype)
        report.check_numbers()
        documents.append(report.to_dict())
    if len(documents) < 2 or len(called) != len(documents):
        raise CnnCalcError(
            "there is nothing to compare with",
            code="argument",
            help="two networks or more, with a name for each: `cnncalc.compare(one, two)`",
        )
    return comparison.Comparison(called, documents)


def convert(
    net: Net, to: str, input: Inputs | None = None, *, name: str | None = None
) -> str | bytes:
    """The same network in another notation.

    Args:
        net: a network, in any form that `parse` takes.
        to: `compact`, `torch`, `keras`, `onnx` or `mermaid`; `python`: its size law as a function
            of the spatial lengths, which returns a tuple of them.
        input: its size, as in `analyze`.
        name: what the class, model or function is called; PyTorch source then always has a class.

    Returns:
        The text; for `onnx` the bytes of a file, of operator set 22, whose batch axis is open.

    Raises:
        SpecError: what can't be, or what the other notation can't say, with its place.
        CnnCalcError: what is no network, no such notation, an argument of another type, or the
            package `onnx` is missing.
    """
    arguments.text("to", to, "torch")
    arguments.text("name", name, "Net", optional=True)
    conversion.check(to, name)  # before any work
    return conversion.convert(analyze(net, input), to, name)
