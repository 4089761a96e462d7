"""The Python API: parse, analyze, verify, convert."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.analysis import analyze as analyze_network
from cnncalc.analysis import check_settings
from cnncalc.errors import Source
from cnncalc.input_size import meant
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations.sizes import Given, given
from cnncalc.report import Report

__all__ = ["analyze", "convert", "parse", "verify"]


def parse(
    text: str | Source, *, notation: str | None = None, let: Mapping[str, int] | None = None
) -> Network:
    """Read a network from text.

    Args:
        text: a spec in the compact notation, or the name of a shipped example.
        notation: `compact`, `torch`, `keras` or `onnx`; None: detected.
        let: values for the symbols in the text, such as {"H": 224}.

    Raises:
        SpecError: with `code`, `line`, `column`, `end_column` and `help`.
    """
    from cnncalc.notations import reading

    named = reading.Reading(text) if isinstance(text, Source) else reading.named(text)
    return reading.read(named, notation, let)


def analyze(
    net: Network | str,
    input: Given | None = None,
    *,
    batch: int | None = None,
    dtype: str = "float32",
    layout: str | None = None,
) -> Report:
    """Work out a network: the size after every layer, weights, MACs, receptive fields.

    Args:
        net: a network or its text.
        input: its size in the network's layout, such as (3, 224, 224), `"3x224x224"` or 784;
            wins over the network's own. A batch in front is taken as `batch` where the network
            says how many axes it takes; the report's notes tell how a size was read.
        batch: samples at a time; None: those in front of the size, or 1.
        dtype: float64, float32, float16, bfloat16, int8 or uint8.
        layout: the report's: `channels-first` or `channels-last`; None: the network's own.

    Raises:
        SpecError: what can't be, with its place.
    """
    network = parse(net) if isinstance(net, str) else net
    check_settings(batch, dtype, layout)
    size = meant(network, None if input is None else given(input), batch)
    report = analyze_network(
        size.network, size.sizes, batch=size.batch, dtype=dtype, layout=layout, notes=size.notes
    )
    report.writer = _write
    return report


def _write(network: Network, shape: Shape) -> str | None:
    from cnncalc.notations.writing import write  # only a report that is printed as JSON needs it

    return write(network, shape)


def verify(
    net: Network | str,
    input: Given | None = None,
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
        net: a network or its text.
        input: its size, as in `analyze`.
        executor: `bundled`, `torch`, `keras`, `onnxruntime`, or `all` that are installed.
        device: `cpu`; `cuda` where the executor finds a GPU; `meta` (sizes alone) in `torch`.
        batch: samples at a time; None: those in front of the size, or 1.
        dtype: as in `analyze`; what NumPy has no arithmetic for is computed in float32.
        layout: the report's: `channels-first` or `channels-last`; None: the network's own.
        backward: whether `torch` also runs backwards, for a gradient of every weight.
        max_memory: bytes that the run may take though less is free.
        progress: called with the steps done, all steps and the name of the next one.

    Returns:
        The report, with what was found in `verify`.

    Raises:
        SpecError: what can't be, with its place.
        CnnCalcError: an executor or device that isn't there, or too little memory.
    """
    from cnncalc.verification import verify_report

    report = analyze(net, input, batch=batch, dtype=dtype, layout=layout)
    return verify_report(
        report,
        executor=executor,
        device=device,
        backward=backward,
        max_memory=max_memory,
        progress=progress,
    )


def convert(
    net: Network | str, to: str, input: Given | None = None, *, name: str | None = None
) -> str | bytes:
    """The same network in another notation.

    Args:
        net: a network or its text.
        to: `compact`, `torch`, `keras`, `onnx` or `mermaid`.
        input: its size, as in `analyze`.
        name: what the class or model is called; PyTorch source then always has a class.

    Returns:
        The text; for `onnx` the bytes of a file.

    Raises:
        SpecError: what the other notation can't say, with its place.
        CnnCalcError: no such notation, or the package `onnx` is missing.
    """
    from cnncalc import conversion

    conversion.check(to, name)  # before any work
    return conversion.convert(analyze(net, input), to, name)
