"""From a PyTorch model to a network: its steps at an input size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cnncalc.layers.base import Shape, Weight
from cnncalc.layers.merge import Input
from cnncalc.layers.spelling import word
from cnncalc.network import Declared, Fed, Network, Step, Unreached
from cnncalc.notations.names import Names
from cnncalc.notations.source.axes import tensors_in
from cnncalc.notations.source.layer_steps import overwritten
from cnncalc.notations.source.model_trace import ModelTrace, is_weight
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.torch.forward_inputs import input_names, inputs_of, needed_names
from cnncalc.notations.source.torch.nn.containers import SEQUENTIAL
from cnncalc.notations.source.torch.nn.module import children, named_modules, own_weights
from cnncalc.python.guests import Unread
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.machine import Function
from cnncalc.python.refusals import Refusal, followed
from cnncalc.python.stack import with_room
from cnncalc.python.values import Instance, Value, describe
from cnncalc.symbols.followed import set_reader
from cnncalc.tracing.tensors import Parameter

__all__ = ["torch_network"]

Build = Callable[..., tuple[Interpreter, Value]]
Modules = Sequence[tuple[str, Instance]]  # of a model, each once, with their paths


def torch_network(build: Build, machine: Interpreter, model: Instance) -> Network:
    """A network around a module."""
    fresh: list[tuple[Interpreter, Value]] = [(machine, model)]

    def run(shape: Shape, fed: Fed) -> Network:
        # forward may leave something behind in the model, so each run has one of its own
        return traced(*(fresh.pop() if fresh else build()), shape, fed)

    return Network(
        plain_steps(model),
        notation="torch",
        tracer=run,
        inputs=input_names(model),
        unsized_inputs=needed_names(model),
    )


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


@with_room
def traced(machine: Interpreter, model: Instance, shape: Shape, fed: Fed) -> Network:
    """The steps of a module at an input of this shape, and further ones of those."""
    set_reader(machine, shape)
    with machine.deep():
        trace = ModelTrace({id(module): name for name, module in named_modules(model)})
        state_of(machine).trace = trace
        x, further = inputs_of(model, trace, shape, fed)
        roots = [x.number, *(each.number for each in further.values())]
        with followed(lambda: as_far(model, trace, shape, roots)):
            result = machine.call(model, [x], further)
            tensors = tensors_in(result)
            if any(tensor.overwritten for tensor in tensors):
                raise overwritten()
            outputs = [tensor.number for tensor in tensors]
            if not outputs:
                raise no_tensor(model, result)
            # Only now is it known what nothing has used: each of these would be weights that nobody
            # counts.
            trace.check_tried()
            modules = list(named_modules(model))
            check_read(modules)
        steps, ends = trace.network_steps(outputs, prune=False, roots=roots)
        unused = unused_elements(modules, trace)
    return Network(
        steps,
        shape,
        ends,
        notation="torch",
        inputs=input_names(model),
        unused_params=unused["parameter"],
        unused_buffers=unused["buffer"],
        modules=classes(modules),
    )


def check_read(modules: Modules) -> None:
    """Refuse a model of which parts that nothing has used can't be read."""
    for _, module in modules:
        for part in module.fields.values():
            if isinstance(part, Unread):
                raise part.stop


def as_far(model: Instance, trace: ModelTrace, shape: Shape, roots: list[int]) -> Network:
    """The network as far as it was followed, with the modules that it never came to."""
    steps, outputs = trace.network_steps(trace.unread(), prune=False, roots=roots)
    modules = list(named_modules(model))
    return Network(
        steps,
        shape,
        outputs,
        notation="torch",
        inputs=input_names(model),
        unreached=unreached(modules, trace),
        modules=classes(modules),
    )


def classes(modules: Modules) -> dict[str, str]:
    """The class of each module of a model, by its path."""
    return {name: module.cls.name for name, module in modules}


def unreached(modules: Modules, trace: ModelTrace) -> list[Unreached]:
    """The modules that hold weights, or are layers, and that made no step."""
    found = []
    for name, module, ran, new in unused_weights(modules, trace):
        layer = isinstance(module.layers, Declared) and not ran
        if new or layer:
            kind, text = module_words(module)
            weights = [Weight(key, w.shape, w.role, w.trainable) for key, w in new.items()]
            found.append(Unreached(name or module.cls.name, kind, text, tuple(weights)))
    return found


def module_words(module: Instance) -> tuple[str, str]:
    """The kind of a module's layer and its text; of any other its class's name."""
    if isinstance(module.layers, Declared):
        return module.layers.layer.kind, word(module.layers.layer)
    return "module", module.cls.name


def no_tensor(model: Instance, result: Value) -> Refusal:
    """What a forward that gives nothing is told."""
    forward = model.cls.find("forward")
    known = isinstance(forward, Function)
    return Refusal(
        f"the forward of `{model.cls.name}` returns {describe(result)}, no tensor",
        help="end it with `return x`" if result is None else None,
        code="no-output",
        span=forward.scope.module.file.header(forward.node) if known else None,
    )


def unused_elements(modules: Modules, trace: ModelTrace) -> dict[str, int]:
    """Elements of the parameters and buffers that are declared and that no step uses."""
    total = {"parameter": 0, "buffer": 0}
    for _, _, _, weights in unused_weights(modules, trace):
        for weight in weights.values():
            total[weight.role] += weight.count
    return total


def unused_weights(
    modules: Modules, trace: ModelTrace
) -> Iterator[tuple[str, Instance, bool, dict[str, Parameter]]]:
    """Each module, whether its layer has run, and the tensors of its own that no step uses.

    As `model.parameters()` has it: modules in the order in which they were registered, each
    weight met first where it is counted, whatever other modules share it.
    """
    seen: set[int] = set(trace.used)
    for path, module in modules:
        ran = id(module) in trace.ran and module.layers is not None
        own = own_weights(module)
        new = {n: w for n, w in own if id(w) not in seen and not (ran and is_weight(n))}
        seen.update(id(weight) for _, weight in own)
        yield path, module, ran, new
