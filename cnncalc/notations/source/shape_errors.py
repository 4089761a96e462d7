"""What to write when shapes don't fit: the question asked on forums, answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import prod

from cnncalc.errors import LayerError, Span
from cnncalc.layers.base import Shape, show
from cnncalc.layers.product import Product
from cnncalc.layers.shapes import count_of
from cnncalc.network import Declared, Expects
from cnncalc.notations.source.argument_places import argument
from cnncalc.notations.source.product_errors import not_multiplied
from cnncalc.notations.source.shape_advice import for_another_rank, joining
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.torch.nn.module import named_modules
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value
from cnncalc.rows import as_layout
from cnncalc.tracing.tensors import Parameter, Tensor

__all__ = ["misfit"]


def misfit(
    machine: Machine,
    error: LayerError,
    declared: Declared,
    inputs: Sequence[Value],
    shapes: tuple[Shape, ...],
    owner: Value,
) -> Refusal:
    """A layer's objection to its input, with its place, what flows in and what would be right."""
    made = owner.made if isinstance(owner, Instance) else ()
    shapes = tuple([tuple(map(int, shape)) for shape in shapes])  # no size asks for an advice
    layer, expects = declared.layer, declared.expects
    message, advice = error.message, error.help
    option, keras = _option(error, expects, shapes), state_of(machine).is_keras
    if error.code == "declared" and expects and len(shapes) == 1 and option:
        message, advice = otherwise(machine, expects, inputs[0], shapes[0], made, owner)
    elif error.code == "branches" and len(shapes) > 1 and not isinstance(layer, Product):
        listed = " and ".join(shown(machine, shape) for shape in shapes)
        message = f"`{layer.kind}` can't join {listed}"
        advice = joining(layer, shapes, keras)
    elif isinstance(layer, Product) and error.code in ("branches", "wrong-axes"):
        outside = [as_layout(shape, state_of(machine).layout) for shape in shapes]
        call = expects and expects.call
        message, advice = not_multiplied(error, layer, call, outside, keras)
    elif error.code == "wrong-axes" and expects and len(shapes) == 1:
        advice = for_another_rank(machine, expects.call, shapes[0]) or advice
    elif error.code == "scalar":
        word = "keras.ops.expand_dims(x, -1)" if keras else "x.unsqueeze(1)"
        advice = f"`{word}` makes a vector of it"
    refusal = Refusal(message, help=advice, code=error.code)
    if made:
        refusal.span = argument(made[0], option, _reader(owner))
    refusal.notes += flows(machine, inputs)
    if error.code == "declared" and len(shapes) == 1:
        refusal.notes += forgotten(machine, owner, shapes[0])
    return refusal


def forgotten(machine: Machine, owner: Value, shape: Shape) -> list[str]:
    """The one module of the same kind that would fit and is not used, where this one is again."""
    trace, running = state_of(machine).trace, state_of(machine).running
    if trace is None or not running or id(owner) not in trace.ran:
        return []
    found = [
        name
        for name, module in named_modules(running[0])
        if module.cls is owner.cls and id(module) not in trace.ran and fits(module, shape)
    ]
    if len(found) != 1:
        return []
    return [f"it is used twice; `{found[0]}` would fit, and is not used until here"]


def fits(module: Instance, shape: Shape) -> bool:
    """Whether a layer is declared for an input of this shape."""
    expects = module.layers.expects if isinstance(module.layers, Declared) else None
    return expects is not None and all(
        -len(shape) <= axis < len(shape) and shape[axis] == size for _, axis, size in expects.sizes
    )


def _option(error: LayerError, expects: Expects | None, shapes: tuple[Shape, ...]) -> str:
    """The option or the argument that doesn't fit what flows in."""
    if error.code != "declared" or not expects or len(shapes) != 1:
        return error.option
    return next((name for name, _, _ in _unlike(expects, shapes[0])), "")


def _unlike(expects: Expects, shape: Shape) -> Iterator[tuple[str, int, int]]:
    """The sizes that a layer was declared for and that its input doesn't have."""
    for name, axis, wanted in expects.sizes:
        if -len(shape) <= axis < len(shape) and shape[axis] != wanted:
            yield name, axis, wanted


def _reader(owner: Value) -> Callable[..., object] | None:
    classes = owner.cls.order if isinstance(owner, Instance) else ()
    return next((each.reader for each in classes if each.reader is not None), None)


def flows(machine: Machine, inputs: Sequence[Value]) -> list[str]:
    """What flows in, and from where."""
    notes = []
    for number, tensor in enumerate(inputs):
        if isinstance(tensor, Tensor) and state_of(machine).trace:
            who = maker(machine, tensor)
            what = "it receives" if len(inputs) == 1 else f"tensor {number + 1} is"
            notes.append(f"{what} {shown(machine, tensor.shape)} from {who}")
    return notes


def maker(machine: Machine, tensor: Tensor) -> str:
    record = state_of(machine).steps.records[tensor.number]
    if record.layer.kind == "input":
        return "the input"
    line = f", line {record.spans[0].place()[1]}" if record.spans else ""
    return f"`{record.name}`{line}"


def shown(machine: Machine, shape: Shape) -> str:
    return show(as_layout(shape, state_of(machine).layout))


def otherwise(
    machine: Machine,
    expects: Expects,
    tensor: Value,
    shape: Shape,
    made: Sequence[Span],
    owner: Value,
) -> tuple[str, str | None]:
    """The message and the help where a layer was declared for another input."""
    name, axis, wanted = next(_unlike(expects, shape))
    call = call_text(expects, made, owner)
    if name == "in_features" and len(shape) > 1:
        message, advice = on_a_map(call, name, wanted, shape)
        if prod(shape) != wanted and is_input(machine, tensor):
            advice = f"an input as it is declared, `-i {wanted}`; or {advice}"
        return message, advice
    actual = shape[axis]
    whole = source_shape(machine, tensor)
    features = (
        f"{show(whole)} = {actual}" if len(whole) > 1 and prod(whole) == actual else f"{actual}"
    )
    what = "features" if len(shape) == 1 else "channels"
    if what == "channels":
        features = f"{count_of(actual, 'channel')} ({shown(machine, shape)})"
    else:
        features += " features"
    advice = f"write `{rewritten(call, name, wanted, actual)}`"
    if is_input(machine, tensor):
        sizes = (*shape[:axis], wanted, *shape[axis:][1:])
        typed = "x".join(map(str, as_layout(sizes, state_of(machine).layout)))
        advice = f"an input as it is declared, `-i {typed}`; or {advice}"
    return f"`{call}` receives {features}", advice


def is_input(machine: Machine, tensor: Value) -> bool:
    """Whether a tensor is the first input itself, whose size somebody gave."""
    trace = state_of(machine).trace
    return isinstance(tensor, Tensor) and trace is not None and tensor.number == 0


def on_a_map(call: str, name: str, wanted: int, shape: Shape) -> tuple[str, str]:
    """A linear layer on a map: PyTorch applies it to the last axis, which is hardly meant."""
    total = prod(shape)
    message = f"`{call}` works on the last axis, and that of {show(shape)} has {shape[-1]}"
    if total == wanted:
        return message, f"flatten first, `torch.flatten(x, 1)`: that gives {wanted} features"
    return message, (
        f"flatten first, `torch.flatten(x, 1)`: that gives {show(shape)} = {total} features; "
        f"then write `{rewritten(call, name, wanted, total)}`"
    )


def source_shape(machine: Machine, tensor: Value) -> Shape:
    """The map that a vector was flattened from."""
    trace = state_of(machine).trace
    if not isinstance(tensor, Tensor) or trace is None:
        return ()
    number = tensor.number
    while True:
        record = trace.records[number]
        if len(record.shape) > 1:
            return tuple(map(int, record.shape))
        quiet = record.layer.kind in ("dropout", "identity", "flatten", "reshape", "relu")
        if not quiet or len(record.inputs) != 1:
            return ()
        number = record.inputs[0]


def call_text(expects: Expects, made: Sequence[Span], owner: Value) -> str:
    """The call as it stands in the source, or as it might."""
    text = made[0].text if made else ""
    if text and "\n" not in text and len(text) <= 90:
        return text
    if isinstance(owner, Parameter):
        return expects.call
    return f"{expects.call}(…)"


def rewritten(call: str, name: str, wanted: int, actual: int) -> str:
    """The call with the right number where the wrong one stands."""
    keyword = re.search(rf"\b{name}\s*=\s*([^,()]+(?:\([^()]*\))?)", call)
    if keyword:
        return call[: keyword.start(1)] + str(actual) + call[keyword.end(1) :]
    head, bracket, rest = call.partition("(")
    first = first_argument(rest)
    if bracket and first:
        return f"{head}({actual}{rest[len(first) :]}"
    return f"{name}={actual}"


def first_argument(text: str) -> str:
    """What stands before the first comma outside of brackets."""
    depth = 0
    for place, sign in enumerate(text):
        if depth == 0 and sign in ",)":
            return text[:place] if "=" not in text[:place] else ""
        depth += sign in "([{"
        depth -= sign in ")]}"
    return ""
