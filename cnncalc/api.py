"""The Python API: parse, analyze, verify, convert.

A network is given to each of them in the same ways: as what `parse` gave, as a text or the name
of a shipped example, as a path or `"model.py:Net(10)"`, or as a live torch.nn.Module or
keras.Model. Sizes are in elements and without the batch; bytes are bytes, seconds seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cnncalc import analysis, arguments
from cnncalc.errors import SpecError
from cnncalc.input_size import Meant, meant
from cnncalc.inputs import Inputs, feed, in_another_order, sizes_given
from cnncalc.layers.base import Shape
from cnncalc.network import Named, Network, Typed
from cnncalc.notations.sizes import Given, given
from cnncalc.report import Report

if TYPE_CHECKING:
    from cnncalc.validity import ValidSizes

__all__ = ["analyze", "convert", "parse", "sizes", "verify"]


def parse(
    net: Any,
    input: Inputs | None = None,
    *,
    notation: str | None = None,
    let: Mapping[str, int] | None = None,
) -> Network:
    """Read a network; nothing of its source is executed or imported.

    Args:
        net: a text in any notation, or the name of a shipped example; a path, as str or Path,
            or `"model.py:Net(10)"`, of which that class, call or part is meant; or a live
            torch.nn.Module or keras.Model. A `cnncalc.errors.Source` is its text alone: of what
            others have written, no word is taken for a path.
        input: the size of a live model's input without the batch, which some are followed at;
            several as in `analyze`.
        notation: `compact`, `torch`, `keras` or `onnx`; None: detected.
        let: values for the symbols in a text, such as {"H": 224}.

    Returns:
        The network: its steps, or a program that gives them at an input size.

    Raises:
        SpecError: a text that is no network, with `file`, `line`, `column`, `end_column`, `code`
            and `help`.
        CnnCalcError: what is no network at all, a live model that can't be read, or a package
            that is missing.
    """
    return arguments.network_of(net, input, notation=notation, let=let)


def analyze(
    net: Any,
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
        input: its size in the network's own layout: (C, *places) in the compact notation, PyTorch
            and ONNX, (*places, C) in Keras; as (3, 224, 224), `"3x224x224"` or 784. Wins over the
            network's own. In the compact notation names may stand for sizes, as in `"3xHxW"`, and
            do where there is no size at all: figures are then `Size`s, expressions whose `str` is
            Python's. A batch in front is taken as `batch` where the network says how many
            axes it takes; the report's notes tell how a size was read. Of several inputs a list
            of sizes in the order in which the model takes them, or a mapping of their names, as in
            {"image": (3, 32, 32), "z": 100}.
        batch: samples at a time, which the memory of activations is for; None: those in front of
            the size, or 1.
        dtype: float64, float32, float16, bfloat16, int8 or uint8.
        layout: the report's: `channels-first` or `channels-last`; None: the network's own.

    Returns:
        The report. Its shapes have no batch; `params` and `buffers` count elements, `macs`
        multiply-accumulates of one sample, `param_bytes` and `activation_bytes` bytes.

    Raises:
        SpecError: no input size, or what can't be, with its place.
        CnnCalcError: what is no network, or an argument of another type.
    """
    for name, value in (("dtype", dtype), ("layout", layout)):
        example = "float32" if name == "dtype" else "channels-last"
        arguments.text(name, value, example, optional=name == "layout")
    batch = None if batch is None else arguments.whole("batch", batch, "32")
    analysis.check_settings(batch, dtype, layout)
    read, sizes = arguments.network_of(net, input), sizes_given(input)
    network, typed = feed(read, sizes)
    if isinstance(typed, Named) or (typed is None and _has_names(network)):
        report = _named_report(network, typed or network.named, batch, dtype, layout)
        report.writer = _write
        return report
    try:
        report = _report(network, typed, batch, dtype, layout)
    except SpecError as error:
        raise in_another_order(read, sizes, _fits) or error from None
    report.writer = _write
    return report


def _report(
    network: Network, typed: Typed | None, batch: int | None, dtype: str, layout: str | None
) -> Report:
    """The report on a network at a size in numbers."""
    size = meant(network, typed, batch)
    try:
        analyzed = analysis.analyze(
            size.network, size.sizes, batch=size.batch, dtype=dtype, layout=layout, notes=size.notes
        )
        return Report(analyzed)
    except SpecError as error:
        if error.code == "branches":
            error.find_out = partial(_sizes_that_work, size)
        raise


def _fits(network: Network, typed: Typed | None) -> None:
    """SpecError where a network can't have a size."""
    size = meant(network, typed)
    analysis.analyze(size.network, size.sizes)


def _has_names(network: Network) -> bool:
    """Whether a network's input has names in it, or is open as a whole."""
    if network.named is not None:
        return True
    return network.notation == "compact" and not (
        network.input or network.typed or network.unsized or network.tracer
    )


def _named_report(
    network: Network, size: Named | None, batch: int | None, dtype: str, layout: str | None
) -> Report:
    """The report on a network at an input of which sizes have names."""
    from cnncalc.symbolic import analyze_named  # only symbols need it

    if size is not None and network.notation != "compact":
        size.missing.help = "numbers, such as 3x224x224"
        raise size.missing
    batch = 1 if batch is None else batch
    return Report(analyze_named(network, size, batch=batch, dtype=dtype, layout=layout))


def _sizes_that_work(size: Meant) -> list[str]:
    """In words, the input sizes at which branches meet that don't at this one."""
    from cnncalc.validity import would_work  # only an error that is shown needs it

    return would_work(size.network, None if size.sizes is None else Typed(size.sizes))


def _write(network: Network, shape: Shape) -> str | None:
    # Only a report that is printed as JSON needs it.
    from cnncalc.notations.compact.writer import write

    return write(network, shape)


def verify(
    net: Any,
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
        checked, what differs, seconds and bytes.

    Raises:
        SpecError: what can't be, with its place.
        CnnCalcError: what is no network, an argument of another type, an executor or device
            that isn't there, or a run that takes more memory than there is, or than it may.
    """
    from cnncalc.verification import verify_report

    arguments.text("executor", executor, "torch")
    arguments.text("device", device, "cuda")
    arguments.flag("backward", backward)
    arguments.callback("progress", progress)
    max_memory = arguments.whole("max_memory", max_memory, "8_000_000_000", optional=True)
    report = analyze(net, input, batch=batch, dtype=dtype, layout=layout)
    return verify_report(
        report,
        executor=executor,
        device=device,
        backward=backward,
        max_memory=max_memory,
        progress=progress,
    )


def sizes(net: Any, input: Inputs | None = None, *, near: Given | None = None) -> ValidSizes:
    """The input sizes at which a network works.

    The sets are exact: the network's formulas are run with names in the place of sizes, once for
    each way in which they can be answered.

    Args:
        net: a network, in any form that `parse` takes.
        input: a size of it, as in `analyze`, of which the channels and the number of axes count;
            None: the network's own. Of several inputs the first one's sizes are looked for; the
            others stay as they are.
        near: the size to be asked about: of all places together (512), of each of them, or with
            the channels.

    Returns:
        For each axis the set of sizes, the least size, and what is near.

    Raises:
        SpecError: a network that works at no size, or a text that is none.
        CnnCalcError: what is no network, or an argument of another type.
    """
    from cnncalc.validity import valid_sizes

    network, size = feed(arguments.network_of(net, input), sizes_given(input))
    asked = None if near is None else given(near, "near")
    return valid_sizes(network, size, asked)


def convert(
    net: Any, to: str, input: Inputs | None = None, *, name: str | None = None
) -> str | bytes:
    """The same network in another notation.

    Args:
        net: a network, in any form that `parse` takes.
        to: `compact`, `torch`, `keras`, `onnx` or `mermaid`.
        input: its size, as in `analyze`.
        name: what the class or model is called; PyTorch source then always has a class.

    Returns:
        The text; for `onnx` the bytes of a file.

    Raises:
        SpecError: what can't be, or what the other notation can't say, with its place.
        CnnCalcError: what is no network, no such notation, an argument of another type, or the
            package `onnx` is missing.
    """
    from cnncalc import conversion

    arguments.text("to", to, "torch")
    arguments.text("name", name, "Net", optional=True)
    conversion.check(to, name)  # before any work
    return conversion.convert(analyze(net, input), to, name)
