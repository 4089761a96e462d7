"""Running a layer on tensors: one more step of the trace, with its name, place and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.analysis import MAX_ELEMENTS, settle
from cnncalc.errors import LayerError, Span
from cnncalc.layers import KINDS
from cnncalc.layers.base import BATCH, Layer, Shape
from cnncalc.network import Declared
from cnncalc.notations.source.axes import inner_shape
from cnncalc.notations.source.model_trace import ModelTrace, held_by
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.step_names import name_of, spans_of
from cnncalc.packages import OnUse
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Instance, Value
from cnncalc.tracing.arithmetic import Part
from cnncalc.tracing.arrays import Sizes
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.entries import at_entries
from cnncalc.tracing.tensors import Parameter, Static, Tensor
from cnncalc.tracing.trace import Record
from cnncalc.tracing.views import between
from cnncalc.tracing.weights import Held

if TYPE_CHECKING:
    from cnncalc.notations.source import shape_errors
else:  # what is said of shapes that don't fit
    shape_errors = OnUse("cnncalc.notations.source.shape_errors")

__all__ = [
    "batch_of",
    "emit",
    "emit_parts",
    "emit_view",
    "made_of",
    "overwritten",
    "owner_of",
]

# Layers along axes that they name, counted without a batch in front.
ALONG = frozenset(
    ["glu", "linear", "ln", "logsoftmax", "rms", "softmax", "softmin", "sparsemax", "unitnorm"]
)
# What shows the values that flow in, without a copy of them.
VIEWS = frozenset(["expand", "flatten", "permute", "reshape", "slice", "unflatten"])
# In fuel: a step is dearer than a node of the syntax tree. Costs are in proportion to the time that
# things take, so that whatever a source does, the fuel ends before anybody's patience.
STEP_COST = 40


def emit(
    machine: Machine,
    layer: Layer | Declared,
    inputs: Sequence[Value],
    *,
    op: str,
    owner: Value = None,
    part: int = 0,
    name: str | None = None,
    held: Held | None = None,
    batch: BatchAxis | None = None,
    more: Mapping[str, Static] | None = None,
) -> Value:
    """Run a layer on tensors: one more step, or only a shape if nothing depends on the input.

    `batch` says where the batch stands in what comes out, for a layer whose axes are those of the
    samples; None: the layer wants the batch in front, and is fitted to where it is. `more`: the
    tensors that stand for weights beside its owner's own.
    """
    machine.budget.spend(STEP_COST)
    trace = state_of(machine).trace
    # A layer with weights has to be a step, or nothing would count them: zeros that were made in
    # the likeness of what flows become a step of that.
    if trace is not None and (owner is not None or held):
        inputs = [flowing(machine, each) for each in inputs]
    if any(isinstance(each, Tensor) and each.overwritten for each in inputs):
        raise overwritten()
    declared = Declared.of(layer)
    if batch is None:
        declared, batch = fitted(machine, declared, inputs, owner)
    # Arithmetic of numbers that are fixed is no layer of the network.
    if declared.layer.by_value and all(isinstance(each, Static) for each in inputs):
        return made_of(machine, inputs, inputs[0].shape)
    shapes = tuple(inner_shape(each) for each in inputs)
    shape = output_of(machine, declared, inputs, shapes, owner)
    fixed = [each for each in inputs if not isinstance(each, Tensor)]
    if 0 < len(fixed) < len(inputs):
        raise Refusal(
            f"`{op}` of a tensor that flows and of one that doesn't depend on the input can't be "
            "followed"
        )
    if fixed:
        behind = at_work_on_fixed(machine, declared.layer, shapes, owner, held)
        return made_of(machine, [*inputs, *behind], (*inputs[0].shape[:1], *shape))
    if held is None and isinstance(owner, Parameter):
        held = {"weight": owner}
    machine.budget.spend(sum(len(each.sources) for each in (held or {}).values() if each))
    assert trace is not None
    mark_used(trace, owner, held, more or {})
    numbers = tuple(each.number for each in inputs)
    named, spans = name or name_of(machine, owner, op), spans_of(machine, owner)
    record = Record(declared, numbers, shape, named, spans, owner, part, held)
    record.more = dict(more or {})
    tensor = trace.add(record)
    tensor.batch = batch
    if declared.layer.kind in VIEWS and len(inputs) == 1:
        tensor.seen_from(inputs[0], turned=declared.layer.kind == "permute")
    return tensor


def emit_parts(
    machine: Machine,
    parts: Sequence[Part],
    tensor: Tensor,
    weights: Static,
    batch: BatchAxis | None = None,
) -> Value:
    """The steps of an operation with weights, of which those that hold them are named so."""
    owner, _ = owner_of(weights)
    held: Held = {"weight": weights}
    for part in parts:
        whose, what = (owner, held) if part.holds else (None, None)
        tensor = emit(
            machine, part.layer, [tensor], op=part.word, owner=whose, held=what, batch=batch
        )
    return tensor


def owner_of(static: Static) -> tuple[Parameter | None, str]:
    """The tensor that a step which holds this is named after, and its role."""
    learned = [each for each in static.sources if each.role == "parameter"]
    owner = next(iter(learned or static.sources), None)
    return owner, owner.role if owner is not None else "constant"


def output_of(
    machine: Machine,
    declared: Declared,
    inputs: Sequence[Value],
    shapes: tuple[Shape, ...],
    owner: Value,
) -> Shape:
    """What comes out of a layer; a Refusal with its place where its inputs don't fit."""
    try:
        return checked(settle(declared, shapes), shapes)
    except LayerError as error:
        # What this layer declares helps to say which input the model would take (see `wants`).
        trace = state_of(machine).trace
        if trace is not None and all(isinstance(each, Tensor) for each in inputs):
            numbers = tuple(each.number for each in inputs)
            trace.refused = declared, numbers, shapes
        raise shape_errors.misfit(machine, error, declared, inputs, shapes, owner) from None


def emit_view(
    machine: Machine,
    tensor: Tensor,
    shape: Shape,
    op: str = "view",
    batch: BatchAxis | None = None,
) -> Value:
    """The same values in another shape, as one step; none where the shape is the same.

    `batch`: where the batch stands in it; None: where it did.
    """
    batch = tensor.batch if batch is None else batch
    layer = between(tensor.shape, shape)
    if layer is None:
        same = type(tensor)(tensor.number, shape, batch)
        same.seen_from(tensor)
        return same
    return emit(machine, layer, [tensor], op=op, batch=batch)


def overwritten() -> Refusal:
    return Refusal(
        "this tensor shows what was written into it through another one, which can't be followed",
        help="`x.clone()` keeps values of its own",
    )


def batch_of(inputs: Sequence[Value]) -> BatchAxis:
    """Where the batch stands in tensors that have it on the same axis."""
    places = {each.batch for each in inputs if isinstance(each, Tensor)}
    if len(places) > 1:
        raise Refusal(
            "these tensors have the batch on different axes, which can't be followed",
            code="batch-axis",
        )
    return places.pop() if places else FIRST


def fitted(
    machine: Machine, declared: Declared, inputs: Sequence[Value], owner: Value
) -> tuple[Declared, BatchAxis]:
    """A layer that wants the batch in front, as it works on tensors that have it elsewhere."""
    batch = batch_of(inputs)
    layer = declared.layer
    if batch == FIRST or (layer.by_value and len(inputs) == 1) or looks_up_behind(layer, batch):
        return declared, batch
    (first, *_) = inputs
    along = on_axes(layer, first)
    if along is not None:
        rule = declared.expects and declared.expects._replace(rule=None)
        moved = along == layer
        return (declared if moved else declared.replaced(layer=along, expects=rule)), batch
    if not batch.place:
        return at_frames(machine, declared, inputs, owner), batch
    raise Refusal(
        f"`{layer.kind}` wants the batch on axis 0, and here it is on axis {batch.place}",
        help="`x.permute(…)` moves it to the front",
        code="batch-axis",
    )


def looks_up_behind(layer: Layer, batch: BatchAxis) -> bool:
    """Whether a layer looks up features that come behind all axes, wherever the batch is."""
    behind = layer.kind == "embedding" and getattr(layer, "axis", 0) == -1
    return behind and not batch.merged


def at_frames(
    machine: Machine, declared: Declared, inputs: Sequence[Value], owner: Value
) -> Declared:
    """A layer on a batch that is one axis with the next ones: it runs at each of their entries."""
    axes = len(batch_of(inputs).merged)
    shapes = tuple(inner_shape(each) for each in inputs)
    try:
        return at_entries(declared, shapes, axes)
    except LayerError as error:
        samples = tuple(shape[axes:] for shape in shapes)
        raise shape_errors.misfit(machine, error, declared, inputs, samples, owner) from None


def on_axes(layer: Layer, tensor: Tensor) -> Layer | None:
    """A layer along named axes, with those of the sample; None for any other layer."""
    single = getattr(layer, "axis", None)
    axes = getattr(layer, "axes", None) if single is None else (single,)
    if layer.kind not in ALONG or not isinstance(axes, tuple):
        return None
    count, found = len(tensor.sizes), []
    for axis in axes:
        outer = 0 if axis == BATCH else axis + count if axis < 0 else axis + 1
        inner = tensor.batch.inner(outer)
        if inner is None:
            raise Refusal(
                f"`{layer.kind}` along axis {outer} mixes the samples of a batch", code="batch-axis"
            )
        found.append(inner - len(tensor.shape) if axis != BATCH and axis < 0 else inner)
    if single is None:
        return layer.replaced(axes=tuple(found))
    return layer.replaced(axis=found[0])


def made_of(machine: Machine, inputs: Sequence[Value], shape: Sizes) -> Static:
    """Something fixed, made of other fixed tensors."""
    sources = [source for each in inputs if isinstance(each, Static) for source in each.sources]
    machine.budget.spend(len(sources))
    return Static(shape, tuple(dict.fromkeys(sources)))


def flowing(machine: Machine, value: Value) -> Value:
    """A fixed tensor made in the likeness of one that flows, as a step from that one."""
    if not isinstance(value, Static) or value.like is None or value.fill is None:
        return value
    layer = KINDS["rescale"]((0.0,), (value.fill,))
    return emit(machine, layer, [value.like], op="full_like")


def at_work_on_fixed(
    machine: Machine, layer: Layer, shapes: tuple[Shape, ...], owner: Value, held: Held | None
) -> list[Static]:
    """The weights of a layer on what doesn't come from the input: what it makes holds them.

    They count at the step that uses it. If none does, nothing would count them, so that is noted;
    a layer may be tried like this for the size that comes out, and run on the input later.
    """
    trace = state_of(machine).trace
    if trace is None or not layer.weights(*shapes):
        return []
    if held is not None:
        return [each for each in held.values() if each is not None]
    found = weights_of(owner)
    if not found:
        raise fixed_alone()
    here = next(iter(machine.spans()), None)
    trace.tried.setdefault(id(owner), (fixed_alone(here), found))
    return found


def weights_of(owner: Value) -> list[Static]:
    """The parameters and buffers of a module's layer, or one that is a layer's weight itself."""
    if not isinstance(owner, Instance):
        return [owner] if isinstance(owner, Parameter) else []
    own = owner.cls.find("__weights__")
    return [] if own is MISSING else [weight for _, weight in own.call(None, [owner], {})]


def fixed_alone(place: Span | None = None) -> Refusal:
    return Refusal(
        "this layer works on a tensor that doesn't come from the input, so no step of the "
        "network has its weights",
        span=place,
    )


def checked(layer: Layer, shapes: tuple[Shape, ...]) -> Shape:
    """What comes out, if any machine could hold it."""
    shape = layer.output(*shapes)
    total = 1
    for size in shape:
        total *= size
    if int(total) > MAX_ELEMENTS:
        raise LayerError("the output is beyond any machine", code="too-large")
    return shape


def mark_used(
    trace: ModelTrace, owner: Value, held: Held | None, more: Mapping[str, Static]
) -> None:
    """Remember which parameters and buffers some step works with."""
    if held is None:
        if isinstance(owner, Instance):
            trace.ran[id(owner)] = owner
        held = held_by(owner)
    for static in (*held.values(), *more.values()):
        if static is not None:
            trace.used.update({id(source): source for source in static.sources})
