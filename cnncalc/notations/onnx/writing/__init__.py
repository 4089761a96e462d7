"""A network becomes an ONNX model: what each layer is in ONNX's operators, with its weights.

The batch axis stays open, the other sizes are those of one input. Operator set 22. Each step's
output has the step's name and the shape that is predicted for it, so that strict shape
inference checks every prediction. Weights: see `tensors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from cnncalc import packages
from cnncalc.analysis import analyze
from cnncalc.errors import CnnCalcError, LayerError, SpecError
from cnncalc.findings import Findings
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.notations.onnx.writing.builder import BATCH, OPSET, Builder
from cnncalc.notations.onnx.writing.kinds import WRITERS
from cnncalc.notations.onnx.writing.tensors import FLOAT, LARGEST, STORED_BYTES, Tensors
from cnncalc.rows import as_layout

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

__all__ = ["Written", "shape_name", "write", "write_report"]

IR_VERSION = 10
PRODUCER = "cnncalc"


class Written(NamedTuple):
    """A model, and what in it is which step.

    Attributes:
        model: the protobuf message.
        missing: why a step couldn't be written, by its number; None: a step before it couldn't.
        held: for each step its weights: their names in the layer and in the graph.
        owners: the step of each node, by the node's name.
    """

    model: ModelProto
    missing: dict[int, str | None]
    held: list[list[tuple[str, str]]]
    owners: dict[str, int]


def write(network: Network, shape: Shape, *, weights: str = "auto") -> bytes:
    """The bytes of an ONNX file.

    Args:
        network: any network.
        shape: the input's, channels first, without batch.
        weights: `stored` in the file; `made` at run time, so that the file stays small;
            `auto`: stored where they take at most 64 MiB.

    Raises:
        SpecError: a layer that ONNX can't say, or a size that can't be.
        CnnCalcError: the package `onnx` is not installed, or weights too large for a file.
    """
    report = Findings(analyze(network, as_layout(shape, network.layout)))
    data: bytes = write_report(report, weights=weights).model.SerializeToString()
    return data


def write_report(
    report: Findings,
    *,
    weights: str = "auto",
    without: Mapping[int, str] | None = None,
    name: str | None = None,
) -> Written:
    """The model of a report's network.

    Args:
        report: of the network at its input size.
        weights: as for `write`.
        without: for a trial run: steps to leave out, with the reason. What ONNX can't say is
            left out too, every other step's output and the shape of every weight are outputs
            of the model, and no shape is declared for them.
        name: the graph's.
    """
    onnx = package()
    size = report.total.params * FLOAT
    stored = weights == "stored" or (weights == "auto" and size <= STORED_BYTES)
    if stored and size > LARGEST:
        raise CnnCalcError(
            f"the weights take {size:,} bytes, more than one ONNX file can hold",
            code="too-large",
            help="weights made at run time, which keeps the file small",
        )
    builder = Builder(onnx, report.network.steps, Tensors(onnx, stored))
    missing = _write_steps(report, builder, without)
    model = _model(report, builder) if without is None else _trial(report, builder, missing)
    model.graph.name = name or PRODUCER
    return Written(model, missing, builder.held, builder.owners)


def package() -> ModuleType:
    """The package `onnx`."""
    return packages.load("onnx", "writing ONNX models", "no-onnx")


def _write_steps(
    report: Findings, builder: Builder, without: Mapping[int, str] | None
) -> dict[int, str | None]:
    """Write all steps but those that are left out; these, with the reason."""
    missing: dict[int, str | None] = {}
    for number, (step, row) in enumerate(zip(builder.steps, report.rows, strict=True)):
        if step.layer.kind == "input":
            continue
        if any(each in missing for each in step.inputs):
            missing[number] = None
            continue
        builder.at = number
        before = len(builder.nodes)
        names = [_read(report.network, builder, each, number) for each in step.inputs]
        try:
            if without and number in without:
                raise LayerError(without[number])
            builder.finish(_writer(step)(builder, step.layer, names, row.input_shapes))
        except LayerError as error:
            if without is None:
                raise _placed(error, step) from None
            del builder.nodes[before:]
            builder.held[number].clear()
            missing[number] = error.message
    return missing


def _read(network: Network, builder: Builder, number: int, reader: int) -> str:
    """What a step reads of another; whole numbers become floats but where they are looked up."""
    name, whole = builder.steps[number].name, network.looked_up
    if number not in whole or reader in whole or builder.steps[reader].layer.looks_up:
        return name
    return builder.node("Cast", name, to=builder.onnx.TensorProto.FLOAT)


def _writer(step: Step) -> Callable[..., str]:
    writer = WRITERS.get(step.layer.kind)
    if writer is None:
        raise LayerError(f"ONNX can't say `{step.layer.kind}`", code="unsayable")
    return writer


def _placed(error: LayerError, step: Step) -> SpecError:
    return SpecError(
        f"`{step.name}`: {error.message}",
        step.spans[0] if step.spans else None,
        code=error.code,
        help=error.help,
    )


def _model(report: Findings, builder: Builder) -> ModelProto:
    """The model as a file has it: the shape of every step's output is declared."""
    helper = builder.onnx.helper
    infos = [
        helper.make_tensor_value_info(
            row.name, _type(report, builder, row.index), [BATCH, *row.output_shape]
        )
        for row in report.rows
    ]
    inputs = [n for n, step in enumerate(builder.steps) if step.layer.kind == "input"]
    outside = {*inputs, *report.outputs}
    return _put_together(
        builder,
        [infos[n] for n in inputs],
        [infos[n] for n in report.outputs],
        [info for n, info in enumerate(infos) if n not in outside],
    )


def _type(report: Findings, builder: Builder, number: int) -> int:
    """What the values of a step are: floats, or whole numbers that are looked up."""
    types, whole = builder.onnx.TensorProto, number in report.network.looked_up
    kind: int = types.INT64 if whole else types.FLOAT
    return kind


def _trial(report: Findings, builder: Builder, missing: Mapping[int, str | None]) -> ModelProto:
    """A model of which every step's output can be asked for, and the shape of every weight."""
    helper, types = builder.onnx.helper, builder.onnx.TensorProto
    inputs, outputs = [], []
    for number, step in enumerate(builder.steps):
        info = helper.make_tensor_value_info(step.name, _type(report, builder, number), None)
        if step.layer.kind == "input":
            inputs.append(info)
        elif number not in missing:
            outputs.append(info)
    for held in builder.held:
        for _, name in held:
            shape = shape_name(name)
            builder.nodes.append(helper.make_node("Shape", [name], [shape], shape))
            outputs.append(helper.make_tensor_value_info(shape, types.INT64, None))
    return _put_together(builder, inputs, outputs, [])


def shape_name(tensor: str) -> str:
    """What a trial model calls the shape of a weight."""
    return f"shape:{tensor}"


def _put_together(
    builder: Builder,
    inputs: list[ValueInfoProto],
    outputs: list[ValueInfoProto],
    inner: list[ValueInfoProto],
) -> ModelProto:
    helper = builder.onnx.helper
    stored = list(builder.initializers.values())
    graph = helper.make_graph(builder.nodes, PRODUCER, inputs, outputs, stored, value_info=inner)
    model: ModelProto = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
    )
    return model
