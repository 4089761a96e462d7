"""A model is traced at an input size: its nodes become the steps of a network."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.errors import LayerError, Span, SpecError
from cnncalc.layers.base import Shape, Weight, show
from cnncalc.layers.options import SCALAR
from cnncalc.network import UNFED, Fed, Network, Unreached
from cnncalc.notations.names import Names
from cnncalc.notations.onnx.reading.at_work import of_data, results
from cnncalc.notations.onnx.reading.call import Call, unknown
from cnncalc.notations.onnx.reading.channels import channel_axis
from cnncalc.notations.onnx.reading.inputs import data_inputs, further
from cnncalc.notations.onnx.reading.listing import Listing
from cnncalc.notations.onnx.reading.model import (
    MAX_NODES,
    STANDARD,
    DeclaredInput,
    Function,
    Graph,
    Model,
    Node,
    Reference,
    clean,
    followed,
)
from cnncalc.notations.onnx.reading.operators import OPERATORS, Operator
from cnncalc.notations.onnx.reading.operators.around import around, as_data, goes_around
from cnncalc.notations.onnx.reading.operators.masks import as_numbers
from cnncalc.notations.onnx.reading.scopes import Scope, filled, first_output, needed, read_by
from cnncalc.notations.onnx.reading.steps import Steps
from cnncalc.notations.onnx.reading.values import (
    End,
    Ends,
    Mask,
    Open,
    Statistic,
    Untold,
    Value,
    Ways,
)
from cnncalc.symbols.followed import set_reader
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["Tracer", "input_names"]

# What says nothing against a file: it is only not followed further.
UNFOLLOWED = ("attention", "batch", "unknown-operator")
MAX_DEPTH = 40  # functions and branches inside one another


class Tracer:
    """The state of one trace.

    Attributes:
        steps: those that its nodes have added so far.
        touched: the constants that some node reads, by identity.
        states: the steps of states that are outputs, by their step, cell and place.
    """

    def __init__(self, model: Model, listing: Listing, batch: int) -> None:
        self.model = model
        self.listing = listing
        self.steps = Steps(model, listing, batch)
        self.trace = self.steps.trace
        self.names = Names()
        self.touched: set[int] = set()
        self.nodes_left = MAX_NODES
        self.running: Node | None = None
        self.states: dict[tuple[int, bool, int], int] = {}

    def network(self, shape: Shape, fed: Fed = UNFED) -> Network:
        """Run the main graph at an input shape, and at those that further inputs are given."""
        graph = self.model.graph
        scope = Scope()
        set_reader(self, shape)
        try:
            self._bind_inputs(scope, shape, fed)
            self.run(graph, scope, 0)
            outputs = self._outputs(graph, scope)
        except LayerError as error:
            placed = self._placed(error)
            if error.code in UNFOLLOWED:
                placed.so_far = self._so_far(shape)
            raise placed from None
        network = self._ending_in(outputs, shape)
        network.unused_params = self._unused()
        return network

    def spans(self) -> tuple[Span, ...]:
        """The line of the node that is running."""
        return (self.listing.span(self.running),) if self.running else ()

    def deciding(self) -> Span | None:
        """The test of a branch that is being decided: a file tells of none."""
        return None

    def _so_far(self, shape: Shape) -> Network:
        """The network as far as it was followed, with the nodes whose weights it never came to."""
        network = self._ending_in(self.trace.unread(), shape)
        network.unreached = tuple(self._unreached())
        return network

    def _ending_in(self, numbers: list[int], shape: Shape) -> Network:
        """The network of all steps that lead to these."""
        steps, ends = self.trace.steps(numbers, self._named)
        return Network(
            steps,
            shape,
            ends,
            notation="onnx",
            channel_axis=channel_axis(self.trace),
            inputs=input_names(self.model),
        )

    def _unreached(self) -> Iterator[Unreached]:
        """The nodes of the main graph that hold weights which no step has."""
        graph, seen = self.model.graph, set(self.touched)
        for node in graph.nodes:
            stored = [graph.constants[name] for name in node.inputs if name in graph.constants]
            new = {id(each): each for each in stored if each.learned and id(each) not in seen}
            seen.update(new)
            if new:
                weights = [Weight(clean(each.name), each.shape) for each in new.values()]
                name = clean(node.name or first_output(node) or node.op)
                yield Unreached(self._named(name, False), "module", clean(node.op), tuple(weights))

    def _bind_inputs(self, scope: Scope, shape: Shape, fed: Fed) -> None:
        data, *others = data_inputs(self.model)
        symbols = dict(zip(data.sizes, shape, strict=True))
        self._bind(scope, data, shape)
        for declared in self.model.graph.inputs:
            if declared.name != data.name:
                scope.values[declared.name] = Open(declared.name)
        for declared in others:
            sizes = further(declared, symbols)
            given = fed.get(clean(declared.name), sizes)
            if given is not None:
                _check_given(declared, given, sizes)
                self._bind(scope, declared, given, own=True)

    def _bind(self, scope: Scope, declared: DeclaredInput, shape: Shape, own: bool = False) -> None:
        made = self.trace.input(shape, declared.name, own)
        made.batch = BatchAxis(declared.place)
        scope.values[declared.name] = made

    def _named(self, name: str, again: bool) -> str:
        return self.names.unique(clean(name), "#")

    def run(self, graph: Graph | Function, scope: Scope, depth: int) -> None:
        """Run the nodes that the outputs need."""
        if depth > MAX_DEPTH:
            raise LayerError("functions and branches are nested too deeply", code="too-large")
        if isinstance(graph, Graph):
            scope.values.update(graph.constants)
        self.nodes_left -= len(graph.nodes)
        if self.nodes_left < 0:
            raise LayerError(f"more than {MAX_NODES:,} nodes", code="too-large")
        scope.reads.update(graph.outputs)
        nodes = needed(graph)
        for node in nodes:
            scope.reads.update(read_by(node))
        for node in nodes:
            self.running = node
            self._run_node(node, scope, depth)

    def _run_node(self, node: Node, scope: Scope, depth: int) -> None:
        inputs = [scope.find(name) if name else None for name in node.inputs]
        self.touched.update(id(each) for each in inputs if isinstance(each, Static))
        named = clean(scope.prefix + (node.name or first_output(node) or node.op))
        prefixed = node._replace(name=named)
        outputs = self._values(prefixed, inputs, scope, depth)
        for place, name in enumerate(node.outputs):
            if not name:
                continue
            if name in scope.values:
                raise LayerError(
                    f"it makes `{clean(name, 60)}`, which is there already", code="onnx"
                )
            value = outputs[place] if place < len(outputs) else Untold(node, place)
            scope.values[name] = value
            self._count_readers(_flow_of(value), inputs, scope.reads[name])

    def _count_readers(self, flow: Tensor | None, inputs: list[Value], readers: int) -> None:
        """Note how often a node's output is read; one that is left as it is, read before too."""
        if flow is not None:
            before = self.trace.records[flow.number].readers - 1
            read = [each.number for each in map(_flow_of, inputs) if each is not None]
            passed = flow.number in read
            self.trace.records[flow.number].readers = readers + (before if passed else 0)

    def _values(self, node: Node, inputs: list[Value], scope: Scope, depth: int) -> list[Value]:
        """What a node gives."""
        function = self.model.functions.get((node.domain, node.op))
        if function:
            return self._call_function(function, node, inputs, depth)
        attributes = {
            name: None if isinstance(each, Reference) else each
            for name, each in node.attributes.items()
        }
        call = Call(self.steps, node, inputs, attributes)
        if node.op == "If" and node.domain in STANDARD:
            return self._branch(call, scope, depth)
        if goes_around(node, inputs):
            return results(call, around)
        statistic = next((each for each in inputs if isinstance(each, Statistic)), None)
        if statistic and not (node.op == "BatchNormalization" and isinstance(inputs[0], Tensor)):
            return [statistic]
        known = node.domain in STANDARD or node.op in FUSED
        operator = OPERATORS.get(node.op) if known else None
        if known and not any(isinstance(each, Tensor | Mask | Ways | Ends) for each in inputs):
            return self._worked_out(call, operator)
        if operator is None or not operator.of_data:
            raise unknown(node)
        call.inputs = [as_data(call, each) for each in inputs]
        if node.op != "Where":
            call.inputs = [as_numbers(call, each) for each in call.inputs]
        return of_data(call, operator)

    def _worked_out(self, call: Call, operator: Operator | None) -> list[Value]:
        """What an operator gives of tensors that don't depend on the data."""
        if operator is None or not operator.of_constants:
            call.refuse(
                f"the operator `{clean(call.node.op, 60)}` of stored tensors can't be worked out",
                code="unknown-operator",
            )
        given = [call.constant(place) for place in range(len(call.inputs))]
        made = results(call, operator, "its inputs don't fit together")
        if any(each is not None and each.computed for each in given):
            return [followed(each) if isinstance(each, Static) else each for each in made]
        return made

    def _call_function(
        self, function: Function, node: Node, inputs: list[Value], depth: int
    ) -> list[Value]:
        """Run an operator that the file defines, its attributes put in their places."""
        given = function.attributes | node.attributes
        scope = Scope(prefix=f"{node.name}/")
        for name in function.inputs:
            scope.values[name] = None
        scope.values.update(zip(function.inputs, inputs, strict=False))
        nodes = tuple(filled(each, given, node.number) for each in function.nodes)
        self.run(function._replace(nodes=nodes), scope, depth + 1)
        self.running = node
        return [scope.find(name) for name in function.outputs]

    def _branch(self, call: Call, scope: Scope, depth: int) -> list[Value]:
        """The branch of an If whose condition is known."""
        chosen = call.numbers(0)
        branch = call.attributes.get("then_branch" if chosen and chosen[0] else "else_branch")
        if not isinstance(branch, Graph):
            call.refuse("it has no branch to take")
        inner = Scope(scope, prefix=f"{call.node.name}/")
        self.run(branch, inner, depth + 1)
        self.running = call.node
        return [inner.find(name) for name in branch.outputs]

    def _outputs(self, graph: Graph, scope: Scope) -> list[int]:
        values = [scope.find(name) for name in graph.outputs]
        if graph.nodes:
            call = Call(self.steps, graph.nodes[-1], (), {})
            values = [as_numbers(call, value) for value in values]
        for value in values:
            if isinstance(value, Statistic):
                self.running = value.node
                raise LayerError("it runs along the batch axis", code="batch")
        numbers = [number for value in values for number in self._steps_of(value)]
        if not numbers:
            self.running = None
            raise LayerError("no output depends on the data", code="onnx")
        return list(dict.fromkeys(numbers))

    def _steps_of(self, value: Value) -> list[int]:
        """The steps that an output of the graph is; states that nothing has taken are taken now."""
        if isinstance(value, Ends):
            return [self._state(end) for end in value.parts]
        if isinstance(value, Ways):
            return [value.of.number]
        return [value.number] if isinstance(value, Tensor) else []

    def _state(self, end: End) -> int:
        """The step of a state, one for all outputs that are it."""
        if end.layer is None:
            return end.of.number
        key = end.of.number, end.layer.cell, end.layer.at
        if key not in self.states:
            node = self.trace.records[end.of.number].owner
            self.states[key] = self.steps.add(node, end.layer, [end.of], "/state", {}).number
        return self.states[key]

    def _unused(self) -> int:
        """Elements of the stored weights that no node reads."""
        return sum(
            constant.count
            for constant in self.model.graph.constants.values()
            if id(constant) not in self.touched and constant.learned
        )

    def _placed(self, error: LayerError) -> SpecError:
        """The bare sentence of an error with the node that it is about."""
        node = self.running
        if node is None:
            return SpecError(error.message, code=error.code, help=error.help)
        name = clean(node.name or first_output(node) or "", 60)
        called = f"`{name}` ({clean(node.op, 60)})" if name else f"`{clean(node.op, 60)}`"
        return SpecError(
            f"node {called}: {error.message}",
            self.listing.span(node),
            code=error.code,
            help=error.help,
        )


def input_names(model: Model) -> list[str]:
    """What the inputs of a model are called, in their order."""
    return [clean(each.name) for each in data_inputs(model)]


def _check_given(declared: DeclaredInput, given: Shape, own: Shape | None) -> None:
    """SpecError where a further input is given a size that the model hasn't."""
    sizes = [size if isinstance(size, int) else None for size in declared.sizes]
    pairs = zip(sizes, given, strict=False)
    if len(sizes) != len(given) or any(size not in (None, n) for size, n in pairs):
        wanted = "×".join(str(size or "?") for size in sizes) or SCALAR
        name = clean(declared.name)
        typed = wanted.replace("×", "x")
        raise SpecError(
            f"the model takes {wanted} for its input `{name}`, not {show(given)}",
            code="bad-input",
            help=f"`-i {name}={typed}`" if own is not None else f"{len(sizes)} sizes",
        )


def _flow_of(value: Value) -> Tensor | None:
    if isinstance(value, Ways):
        return value.of
    return value if isinstance(value, Tensor) else None


# Operators of other domains that are read as ONNX's own of the same name.
FUSED = ("QuantizeLinear", "DequantizeLinear", "Gelu")
