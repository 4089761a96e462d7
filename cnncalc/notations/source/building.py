"""From a source to a network: the model is built once, and run at each input size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cnncalc.errors import Source, Span
from cnncalc.input_size import give
from cnncalc.layers.base import Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Fed, Network, Step
from cnncalc.notations.names import Names
from cnncalc.notations.sizes import front, front_size
from cnncalc.notations.source.axes import tensors_in
from cnncalc.notations.source.entry import choose
from cnncalc.notations.source.forward_inputs import input_names, inputs_of
from cnncalc.notations.source.fragments import completed
from cnncalc.notations.source.keras_library import Keras
from cnncalc.notations.source.keras_state import keras_of
from cnncalc.notations.source.kinds import Unsized
from cnncalc.notations.source.numpy_library import NumPy
from cnncalc.notations.source.recording import WEIGHTS, ModelTrace
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.torch_containers import SEQUENTIAL
from cnncalc.notations.source.torch_library import PyTorch
from cnncalc.notations.source.torch_modules import children, is_module, named_modules, own_weights
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.library import Python
from cnncalc.python.limits import Budget
from cnncalc.python.machine import Function
from cnncalc.python.protocols import Library
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import Disk, Tree
from cnncalc.python.values import Instance, Value, describe

__all__ = ["read"]

# What stands between a size and its source, as in `3x32x32, nn.Sequential(…)`.
APART = re.compile(r"(?:[ \t,]*\n|[ \t,]+)(?=[^\d,])")
Build = Callable[..., tuple[Interpreter, Value]]


def read(
    source: Source,
    notation: str,
    entry: str | None,
    path: Path | None,
    packages: Mapping[str, Path],
    disk: Disk,
) -> Network:
    """Build the model, and give a network that runs it at an input size.

    The text may start with that size, as a spec does.
    """
    size, begin = in_front(source)

    def build(
        wanted: Shape | None = None, inputs: dict[int, Shape] | None = None
    ) -> tuple[Interpreter, Value]:
        budget = Budget()
        tree = Tree(path, budget, packages, disk, advice)
        machine = Interpreter(tree, budget, libraries(notation))
        state_of(machine).notation = notation
        keras_of(machine).default_input, keras_of(machine).wanted = wanted, inputs or {}
        with machine.deep():
            file = tree.main(source, path, begin)
            file.tree = completed(file.tree, notation)
            return machine, choose(machine, machine.start(file), entry)

    network = around(build)
    if size is not None:
        typed, network.unsized = front_size(size, {})
        if typed is not None:
            give(network, typed)
    return network


def advice(text: str, start: int, end: int, said: str, parses: Callable[[str], object]) -> str:
    """What to do about a text that is no Python."""
    from cnncalc.notations.source import unparsed  # only a wrong source needs it

    return unparsed.advice(text, start, end, said, parses)


def libraries(notation: str) -> list[Library]:
    """What sources import, the framework that is being read first."""
    keras = notation == "keras"
    frameworks: list[Library] = [PyTorch(not keras), Keras(keras)]
    return [*(reversed(frameworks) if keras else frameworks), NumPy(), Python()]


def in_front(source: Source) -> tuple[Span | None, int]:
    """The size that stands before the source, if one does, and where the source begins."""
    text = source.text
    start = len(text) - len(text.lstrip())
    if not text[start : start + 1].isdecimal() and text[start : start + 1] != "(":
        return None, 0
    end = front(text, start, source=True)
    apart = APART.match(text, end) if end is not None else None
    return (Span(source, start, end or 0), apart.end()) if apart else (None, 0)


def around(build: Build) -> Network:
    """The network around the model that a source builds."""
    try:
        machine, model = build()
    except Unsized as unsized:
        return keras(build, None, None, unsized.sizes)
    if is_module(model):
        return torch_network(build, machine, model)
    return keras(build, machine, model, None)


def keras(
    build: Build, machine: Interpreter | None, model: Value, sizes: tuple[int | None, ...] | None
) -> Network:
    """A network around a Keras model, whose rules are loaded only now."""
    from cnncalc.notations.source.keras_networks import keras_network

    return keras_network(build, machine, model, sizes)


def torch_network(build: Build, machine: Interpreter, model: Instance) -> Network:
    """A network around a module."""
    fresh: list[tuple[Interpreter, Value]] = [(machine, model)]

    def run(shape: Shape, fed: Fed) -> Network:
        # forward may leave something behind in the model, so each run has one of its own
        return traced(*(fresh.pop() if fresh else build()), shape, fed)

    named = input_names(model)
    return Network(plain_steps(model), notation="torch", tracer=run, inputs=named)


def plain_steps(model: Instance) -> list[Step]:
    """The steps of layers one after another, which need no size; none for anything else."""
    steps = [Step(Input(), name="input")]
    names = Names()
    first: dict[int, tuple[int, str]] = {}
    for path, layer in layers_in_line(model, ""):
        if layer.layers is None:
            return []
        here = len(steps)
        number, name = first.setdefault(id(layer), (here, path or layer.cls.name.lower()))
        again = number != here
        chosen = names.of_step(name, again)
        shares = number if again else None
        steps.append(Step(layer.layers, (here - 1,), chosen, layer.made[:1], shares))
    return steps if len(steps) > 1 else []


def layers_in_line(module: Instance, name: str) -> Iterator[tuple[str, Instance]]:
    """The layers of a Sequential in order, with their names; others come out without layers."""
    if module.cls is not SEQUENTIAL:
        yield name, module if module.cls.library else Instance(module.cls)
        return
    for each, child in children(module):
        yield from layers_in_line(child, f"{name}.{each}" if name else each)


def traced(machine: Interpreter, model: Instance, shape: Shape, fed: Fed) -> Network:
    """The steps of a module at an input of this shape, and further ones of those."""
    with machine.deep():
        trace = ModelTrace({id(module): name for name, module in named_modules(model)})
        state_of(machine).trace = trace
        x, further = inputs_of(model, trace, shape, fed)
        result = machine.call(model, [x], further)
        outputs = [tensor.number for tensor in tensors_in(result)]
        if not outputs:
            raise no_tensor(model, result)
        trace.check_tried()
        roots = [x.number, *(each.number for each in further.values())]
        steps, ends = trace.network_steps(outputs, prune=False, roots=roots)
        unused = unused_elements(model, trace)
    return Network(
        steps,
        shape,
        ends,
        notation="torch",
        inputs=input_names(model),
        unused_params=unused["parameter"],
        unused_buffers=unused["buffer"],
    )


def no_tensor(model: Instance, result: Value) -> Refusal:
    """What a forward that gives nothing is told."""
    refusal = Refusal(
        f"the forward of `{model.cls.name}` returns {describe(result)}, no tensor",
        help="end it with `return x`" if result is None else None,
        code="no-output",
    )
    forward = model.cls.find("forward")
    if isinstance(forward, Function):
        refusal.span = forward.scope.module.file.header(forward.node)
    return refusal


def unused_elements(model: Instance, trace: ModelTrace) -> dict[str, int]:
    """Elements of the parameters and buffers that are declared and that no step uses."""
    total = {"parameter": 0, "buffer": 0}
    seen: set[int] = set(trace.used)
    for _, module in named_modules(model):
        ran = id(module) in trace.ran and module.layers is not None
        for name, weight in own_weights(module):
            if id(weight) not in seen and not (ran and name in WEIGHTS):
                total[weight.role] += weight.count
            seen.add(id(weight))
    return total
