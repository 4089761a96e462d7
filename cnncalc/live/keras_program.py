"""A Keras model written as a program in the functional style, nested models spread out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.live.keras_calls import (
    is_distributed,
    known_class,
    layer_arguments,
    operation_words,
)
from cnncalc.live.keras_graph import QUIET, flat, has_graph, nodes_between, symbolic_call
from cnncalc.live.objects import Keras
from cnncalc.live.program import Origin, Program, refusal

__all__ = ["keras_program"]

MODEL = "model"
RECURRENT = ("Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN")
SIDES = ("query", "value", "key")


class Where(NamedTuple):
    """Where in the model a node is.

    Attributes:
        prefix: the models around it, as Keras names what is in them: `backbone/`.
        running: the layer with a `call` of its own that runs it, if one does.
        call: which call of that.
        sized: whether the nodes' sizes are those of the model's own input.
        within: the names and classes of all models and layers around it, outermost first.
    """

    prefix: str = ""
    running: str = ""
    call: str = ""
    sized: bool = True
    within: tuple[tuple[str, str], ...] = ()

    def inside(self, model: Keras) -> Where:
        """The same within a model or a layer."""
        cls = type(model).__name__
        kind = "Model" if cls == "Functional" else cls  # what `keras.Model(…)` gives
        return self._replace(within=(*self.within, (model.name, kind)))


TOP = Where()


class _Writer:
    """The program's lines, and the words for each tensor, layer and variable of the model."""

    def __init__(self, keras: Keras, name: str) -> None:
        self.keras = keras
        self.program = Program(f"<{name}>", "keras", MODEL)
        self.layers: dict[int, str] = {}
        self.variables: dict[int, str] = {}
        self.written: dict[int, Keras] = {}  # the variables that the program has
        self.calls = 0
        self.keep: list[object] = []  # objects known by their identity, which must stay
        self.program.taken |= {"keras", "layers", "ops", MODEL}
        self.program.write("import keras; from keras import layers, ops")

    def graph(
        self, inputs: Sequence[Keras], words: Sequence[str], outputs: Sequence[Keras], where: Where
    ) -> list[str]:
        """The words for the outputs of a graph, given those for its inputs."""
        names = {id(tensor): word for tensor, word in zip(inputs, words, strict=True)}
        # Tensors are known by `id`, which Python gives again once an object is gone.
        self.keep += [*inputs, *outputs]
        for node in nodes_between(outputs, inputs):
            self.keep.append(node)
            results = self._node(node, names, where)
            for tensor, word in zip(node.output_tensors, results, strict=True):
                names[id(tensor)] = word
        return [names[id(tensor)] for tensor in outputs]

    def _node(self, node: Keras, names: dict[int, str], where: Where) -> list[str]:
        operation = node.operation
        given = [names[id(tensor)] for tensor in node.input_tensors]
        if not isinstance(operation, self.keras.Layer):
            return self._operation(node, names, where)
        if is_distributed(self.keras, operation):
            self._inside(operation, node.input_tensors[0].shape)
            return [self._call(node, given, where)]
        if known := known_class(self.keras, operation):
            if known == "MultiHeadAttention":
                return [self._attended(node, names, where)]
            word, count = self._call(node, given, where), len(node.output_tensors)
            return [word] if count == 1 else [f"{word}[{place}]" for place in range(count)]
        if has_graph(operation):
            return self._nested(node, given, where)
        _check_class(self.keras, operation)
        return self._expanded(node, given, where)

    def _call(self, node: Keras, given: list[str], where: Where) -> str:
        """The call of a layer of the vocabulary."""
        layer = node.operation
        recurrent = known_class(self.keras, layer) in RECURRENT
        quiet = {*QUIET, "initial_state"} if recurrent else QUIET
        odd = [
            key
            for key, value in node.arguments.kwargs.items()
            if key not in quiet and value is not None
        ]
        extra = [each for each in node.arguments.args[1 + recurrent :] if each is not None]
        if odd or (extra and not isinstance(extra[0], bool)):
            raise refusal(f"`{layer.name}` is called with more than its input")
        if recurrent and len(given) > 1:
            given = [f"{given[0]}, initial_state=[{', '.join(given[1:])}]"]
        many = isinstance(node.arguments.args[0], tuple | list)
        return self._called(node, f"[{', '.join(given)}]" if many else given[0], where)

    def _attended(self, node: Keras, names: dict[int, str], where: Where) -> str:
        """The call of attention, with its queries, values and, if they are others, keys."""
        arguments = node.arguments
        given = dict(zip(SIDES, arguments.args, strict=False)) | arguments.kwargs
        tensors = {key: given.pop(key) for key in SIDES if given.get(key) is not None}
        quiet = {*QUIET, "use_causal_mask"}
        more = [key for key, value in given.items() if key not in quiet and value]
        if more or len(arguments.args) > len(SIDES) or len(node.output_tensors) > 1:
            raise refusal(f"`{node.operation.name}` is called with more than its inputs")
        words = [f"{key}={names[id(tensor)]}" for key, tensor in tensors.items()]
        return self._called(node, ", ".join(words), where)

    def _called(self, node: Keras, inputs: str, where: Where) -> str:
        """The call of a layer that is made where it is met first."""
        layer = node.operation
        words = self.layer(layer, where)
        params = layer.count_params() if layer.weights else 0
        size = _size(node, where)
        origin = Origin("", where.call, named=True, shape=size, params=params, within=where.within)
        return self._line(f"{words}({inputs})", origin)

    def _line(self, words: str, origin: Origin) -> str:
        name = self.program.identifier(f"x{len(self.program.lines)}")
        self.program.write(f"{name} = {words}", origin)
        return name

    def layer(self, layer: Keras, where: Where = TOP) -> str:
        """The words for a layer, made where it is met first."""
        if id(layer) not in self.layers:
            made = f"{self._words(layer)}, name={where.prefix + layer.name!r})"
            self.layers[id(layer)] = self.program.identifier(layer.name)
            self.program.write(f"{self.layers[id(layer)]} = {made.replace('(, ', '(')}")
            if not is_distributed(self.keras, layer):  # the weights are the inner layer's
                self._hold(layer.weights)
        return self.layers[id(layer)]

    def _words(self, layer: Keras) -> str:
        """The call that makes a layer, but for its name."""
        if is_distributed(self.keras, layer):
            return f"layers.TimeDistributed({self.layer(layer.layer)}"
        cls = known_class(self.keras, layer)
        if cls is None:
            raise refusal(f"`{layer.name}` is a `{type(layer).__name__}`, which is not known")
        return f"layers.{cls}({', '.join(layer_arguments(cls, layer, self.layer))}"

    def _inside(self, wrapper: Keras, shape: Sequence[int | None]) -> None:
        """Write the model or the layer with a `call` of its own that a TimeDistributed runs."""
        layer, one = wrapper.layer, (shape[0], *shape[2:])
        if id(layer) in self.layers or known_class(self.keras, layer):
            return
        if is_distributed(self.keras, layer):
            self._inside(layer, one)
        elif has_graph(layer):
            self._model(layer, layer.inputs, layer.outputs)
        else:
            _check_class(self.keras, layer)
            sample = self.keras.Input(batch_shape=one, name=f"{layer.name}_sample")
            with symbolic_call(self.keras, layer, (sample,), {}) as (inputs, outputs):
                self._model(layer, inputs, flat(self.keras, outputs))

    def _model(self, layer: Keras, inputs: Sequence[Keras], outputs: Sequence[Keras]) -> None:
        """A layer as a model of its own, with a size of its own."""
        words = self.inputs(inputs, [f"input_of_{layer.name}"] * len(inputs))
        results = self.graph(inputs, words, outputs, Where(sized=False))
        self.layers[id(layer)] = self.program.identifier(layer.name)
        ends = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
        self.program.write(
            f"{self.layers[id(layer)]} = "
            f"keras.Model([{', '.join(words)}], {ends}, name={layer.name!r})"
        )

    def inputs(self, tensors: Sequence[Keras], names: Sequence[str]) -> list[str]:
        """The words for the inputs of a graph."""
        words = []
        for tensor, name in zip(tensors, names, strict=True):
            words.append(self.program.identifier(f"x{len(self.program.lines)}"))
            sizes = tuple(tensor.shape)[1:]
            self.program.write(f"{words[-1]} = keras.Input({sizes!r}, name={name!r})")
        return words

    def _hold(self, variables: Sequence[Keras]) -> None:
        for each in variables:
            if id(each) in self.written:
                raise refusal(
                    f"the weight `{each.path}` belongs to several layers",
                    "call the same layer twice, and its weights are counted once",
                )
            self.written[id(each)] = each

    def _nested(self, node: Keras, given: list[str], where: Where) -> list[str]:
        """The layers of a model inside of this one; Keras tells their names by the model's."""
        model = node.operation
        sequential = any(cls.__name__ == "Sequential" for cls in type(model).__mro__)
        inner = where if sequential else where._replace(prefix=f"{where.prefix}{model.name}/")
        own = [tuple(each.shape)[1:] for each in model.inputs]
        sized = own == [tuple(each.shape)[1:] for each in node.input_tensors]
        inner = inner.inside(model)._replace(sized=where.sized and sized)
        return self.graph(model.inputs, given, model.outputs, inner)

    def _expanded(self, node: Keras, given: list[str], where: Where) -> list[str]:
        """What the `call` of a layer with a class of its own does."""
        self.calls += 1
        inner = where.inside(node.operation)
        inner = inner._replace(running=node.operation.name, call=f"call {self.calls}")
        arguments = (node.arguments.args, node.arguments.kwargs)
        with symbolic_call(self.keras, node.operation, *arguments) as (inputs, outputs):
            return self.graph(inputs, given, flat(self.keras, outputs), inner)

    def _operation(self, node: Keras, names: dict[int, str], where: Where) -> list[str]:
        """A function of `keras.ops`."""

        def words(value: object) -> str:
            return names[id(value)] if id(value) in names else self._variable(value, where)

        written = operation_words(node, words)
        path = f"{where.prefix}{where.running}".rstrip("/")
        origin = Origin(
            path,
            where.call,
            alone=bool(where.running),
            joint="/",
            shape=_size(node, where),
            within=where.within,
        )
        name = self._line(written, origin)
        count = len(node.output_tensors)
        return [name] if count == 1 else [f"{name}[{place}]" for place in range(count)]

    def _variable(self, variable: Keras, where: Where) -> str:
        """The words for a weight that a layer's `call` works with itself."""
        if not hasattr(variable, "assign"):
            raise refusal("a tensor that is no output of a layer can't be followed")
        if id(variable) not in self.variables:
            name = self.program.identifier(variable.name)
            self.variables[id(variable)] = name
            trained = "" if variable.trainable else ", trainable=False"
            self.program.write(
                f"{name} = layers.Layer().add_weight(shape={tuple(variable.shape)}, "
                f"name={variable.name!r}{trained})"
            )
            self._hold([variable])
        return self.variables[id(variable)]


def _check_class(keras: Keras, layer: Keras) -> None:
    """Refuse Keras's own layers that the vocabulary doesn't have."""
    cls = type(layer)
    known = getattr(keras.layers, cls.__name__, None) is cls and cls.__name__ != "Lambda"
    if known:
        raise refusal(
            f"`{layer.name}` is a `{cls.__name__}`, which is not known here",
            "known are the layers of convolutional networks in keras.layers",
        )


def _size(node: Keras, where: Where) -> tuple[int, ...] | None:
    """What comes out of a node, without batch, where all of it is known."""
    if len(node.output_tensors) != 1 or not where.sized:
        return None
    sizes = tuple(node.output_tensors[0].shape)[1:]
    return sizes if sizes and None not in sizes else None


def keras_program(
    keras: Keras, model: Keras, inputs: Sequence[Keras], outputs: Sequence[Keras]
) -> tuple[Program, list[Keras]]:
    """The program of a graph, and the variables that are in it."""
    writer = _Writer(keras, model.name)
    names = [tensor._keras_history.operation.name for tensor in inputs]
    if not has_graph(model):
        names = [f"input_{place}" if place else "input" for place in range(len(inputs))]
    words = writer.inputs(inputs, names)
    results = writer.graph(inputs, words, outputs, TOP)
    ends = ", ".join(dict.fromkeys(results))
    writer.program.write(f"{MODEL} = keras.Model([{', '.join(words)}], [{ends}])")
    return writer.program, list(writer.written.values())
