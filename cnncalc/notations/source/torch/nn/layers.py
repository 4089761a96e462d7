"""torch.nn's layers as classes: made by the vocabulary's readers, run as one step each."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import form_of, read
from cnncalc.frameworks.pytorch import READERS
from cnncalc.frameworks.pytorch.convolution import to_output_size
from cnncalc.frameworks.pytorch.embedding import bag
from cnncalc.layers.base import Shape, Weight, show
from cnncalc.layers.recurrent import Recurrent
from cnncalc.network import Declared
from cnncalc.notations.source.axes import sample_shape
from cnncalc.notations.source.entries import entries
from cnncalc.notations.source.layer_arguments import (
    LAYER_COST,
    layers_of,
    made,
    or_unknown,
    plain,
    refusable,
)
from cnncalc.notations.source.layer_steps import emit, emit_view
from cnncalc.notations.source.model_trace import WEIGHTS, in_layer, is_trained, is_weight
from cnncalc.notations.source.recurrent_states import (
    Start,
    check_batch,
    output_and_states,
    start_of,
)
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.torch.nn.module import MODULE, set_attribute
from cnncalc.notations.source.torch.nn.packed import Packed
from cnncalc.python.attributes import no_attribute, set_field
from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    Builtin,
    Class,
    Instance,
    Opaque,
    StaticMethod,
    Value,
    describe,
)
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor

__all__ = [
    "BEHAVIOUR",
    "as_trained",
    "features_of_sides",
    "layer_class",
    "weights",
]

# Base classes that sources ask for with isinstance.
FAMILIES = {
    "Conv": "_ConvNd",
    "LazyConv": "_ConvNd",
    "BatchNorm": "_BatchNorm",
    "SyncBatchNorm": "_BatchNorm",
    "InstanceNorm": "_InstanceNorm",
    "MaxPool": "_MaxPoolNd",
    "AvgPool": "_AvgPoolNd",
    "Dropout": "_DropoutNd",
    **dict.fromkeys(("LSTM", "GRU", "RNN"), "RNNBase"),
    **dict.fromkeys(("LSTMCell", "GRUCell", "RNNCell"), "RNNCellBase"),
}
PER_AXIS = ("kernel_size", "stride", "padding", "dilation", "output_padding")
# Attributes that torch keeps for show: changing one changes nothing.
SHOWN = frozenset(
    words(
        "in_channels out_channels in_features out_features num_features num_channels inplace eps "
        "momentum affine track_running_stats device dtype training"
    )
)
NOTHING = Start()  # a layer starts from zeros
PROBE = 64  # weights don't depend on the size of a map

families: dict[str, Class] = {}
classes: dict[str, Class] = {}


def layer_class(name: str) -> Value:
    """The class of a torch.nn layer, or MISSING."""
    if name in FAMILIES.values():
        return family(name)
    if name not in READERS:
        return MISSING
    if name not in classes:
        stem = name.rstrip("123d")
        base = family(FAMILIES[stem]) if stem in FAMILIES else MODULE
        behaviour = BEHAVIOUR | ({"from_pretrained": PRETRAINED} if name == "Embedding" else {})
        classes[name] = Class(name, (base,), behaviour, reader=READERS[name])
    return classes[name]


def family(name: str) -> Class:
    if name not in families:
        families[name] = Class(name, (MODULE,), dict(OF_FAMILY.get(name, {})))
    return families[name]


def reader_of(cls: Class) -> Class:
    """The torch class that a class is, or inherits from."""
    return next(each for each in cls.order if each.reader is not None)


def init(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> None:
    """`nn.Conv2d.__init__` and its kind: the arguments make the layer, and become attributes."""
    module, *values = args
    cls = reader_of(module.cls)
    machine.budget.spend(LAYER_COST)
    module.ready = True
    values = [or_unknown(value) for value in values]
    kwargs = {name: or_unknown(value) for name, value in kwargs.items()}
    assert cls.reader is not None
    module.layers, arguments = made(cls.reader, f"nn.{cls.name}", values, kwargs)
    for name, value in arguments.items():
        if name not in WEIGHTS:
            module.fields.setdefault(name, per_axis(cls.name, name, value))


def per_axis(cls: str, name: str, value: Value) -> Value:
    """An argument as torch keeps it: convolutions have one value for each axis."""
    if name in PER_AXIS and isinstance(value, int) and "Conv" in cls:
        return (value,) * int(cls[-2])
    if name == "normalized_shape" and isinstance(value, int):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def forward(machine: Machine, module: Instance, *inputs: Value, **options: Value) -> Value:
    """One step; `output_size` of a transposed convolution chooses its output padding."""
    declared: Declared = layers_of(module)
    if inputs and isinstance(inputs[0], Packed) and isinstance(declared.layer, Recurrent):
        return of_packed(machine, module, declared, inputs, options)
    if not inputs or not isinstance(inputs[0], Tensor | Static):
        raise Refusal(
            f"`nn.{reader_of(module.cls).name}` works on a tensor, not on "
            f"{describe(inputs[0]) if inputs else 'nothing'}"
        )
    if declared.layer.kind == "embedding" and isinstance(inputs[0], Static):
        return entries(machine, attribute(machine, module, "weight"), inputs[0])
    size = options.get("output_size", inputs[1] if len(inputs) > 1 else None)
    if size is not None and declared.layer.kind == "convt":  # an unpool has its indices there
        declared = sized(declared, inputs[0], size)
    if isinstance(declared.layer, Recurrent):
        start = started(machine, module, declared, inputs, options)
        if declared.layer.last:
            step = one_step(machine, module, inputs[0])
            return run_layer(machine, module, declared, step, start)
        name = f"nn.{reader_of(module.cls).name}"
        check_batch(name, inputs[0], bool(module.fields["batch_first"]))
        return run_layer(machine, module, declared, inputs[0], start)
    result = run_layer(machine, module, declared, inputs[0])
    return (
        bagged(machine, module, inputs, result)
        if "include_last_offset" in module.fields
        else result
    )


def bagged(machine: Machine, module: Instance, inputs: tuple[Value, ...], entries: Value) -> Value:
    """What nn.EmbeddingBag makes of the entries of each bag."""
    if any(each is not None for each in inputs[1:]):
        raise Refusal(
            "bags by offsets can't be followed", help="bags of one length: numbers of (batch, N)"
        )
    mode = str(module.fields["mode"])
    return emit(machine, bag(mode), [entries], op=mode)


def pretrained(
    machine: Machine,
    cls: Class,
    embeddings: Value,
    freeze: Value = True,
    padding_idx: Value = None,
    *args: Value,
    **options: Value,
) -> Value:
    """`nn.Embedding.from_pretrained`: the entries it is given, which training leaves alone."""
    if not isinstance(embeddings, Static) or len(embeddings.shape) != 2:
        static = isinstance(embeddings, Static)
        given = show(embeddings.shape) if static else describe(embeddings)
        raise Refusal(
            f"`nn.Embedding.from_pretrained` takes entries by features, not {given}",
            code="weights",
        )
    values = {"padding_idx": padding_idx, "_freeze": freeze}
    return machine.call(cls, list(embeddings.shape), values)


def of_packed(
    machine: Machine,
    module: Instance,
    declared: Declared,
    inputs: tuple[Value, ...],
    options: dict[str, Value],
) -> Value:
    """What a recurrent layer gives of a packed sequence: another one, and its states."""
    start = started(machine, module, declared, inputs, options)
    output, states = run_layer(machine, module, declared, inputs[0].tensor, start)
    return Packed(output), states


def started(
    machine: Machine,
    module: Instance,
    declared: Declared,
    inputs: tuple[Value, ...],
    options: dict[str, Value],
) -> Start:
    """What a recurrent layer is given to start from."""
    given = options.get("hx", inputs[1] if len(inputs) > 1 else None)
    assert isinstance(declared.layer, Recurrent)
    return start_of(machine, f"nn.{reader_of(module.cls).name}", declared.layer, given)


def one_step(machine: Machine, module: Instance, tensor: Value) -> Value:
    """What a cell reads, as a sequence of one step."""
    if not isinstance(tensor, Tensor) or len(tensor.shape) != 1 or tensor.batch:
        sizes = show(tensor.shape) if isinstance(tensor, Tensor) else describe(tensor)
        raise Refusal(
            f"`nn.{reader_of(module.cls).name}` takes the features of one step, a vector of each "
            f"sample, but receives {sizes}",
            help="`x[:, t]` is a step of a sequence",
        )
    return emit_view(machine, tensor, (1, *tensor.shape), "unsqueeze")


def sized(declared: Declared, tensor: Value, size: Value) -> Declared:
    given = size if isinstance(size, tuple | list) else (size,)
    sizes = tuple(1 if isinstance(each, Batch) else each for each in given)
    return refusable(to_output_size, declared, sizes, sample_shape(tensor))


def run_layer(
    machine: Machine,
    module: Instance,
    declared: Declared,
    tensor: Value,
    start: Start = NOTHING,
) -> Value:
    """A module's step; a pool may give its indices too, and a recurrent layer its states."""
    declared = as_trained(module, declared)
    recurrent = isinstance(declared.layer, Recurrent)
    batch = tensor.batch if recurrent and isinstance(tensor, Tensor) else None
    trace = state_of(machine).trace
    if start.learned and trace is not None and id(module) in trace.ran:
        start = Start(start.states)  # its weights are counted where it first ran
    if start.learned:
        declared = declared.replaced(layer=declared.layer.replaced(learned=True))
    kind, inputs, more = declared.layer.kind, [tensor, *start.states], start.learned
    output = emit(machine, declared, inputs, op=kind, owner=module, batch=batch, more=more)
    if module.fields.get("inplace") is True and isinstance(tensor, Tensor):
        tensor.become(output, seen=False)
        return tensor
    if isinstance(declared.layer, Recurrent):
        return output_and_states(machine, declared.layer, output)
    if module.fields.get("return_indices") is True:
        return output, Opaque("indices of a max pool")
    return output


def trained_weights(module: Instance) -> dict[str, Parameter]:
    """The parameters of a layer that its source has touched, which may keep them from training."""
    return {
        in_layer(name): value
        for name, value in module.fields.items()
        if isinstance(value, Parameter) and is_trained(name)
    }


def as_trained(module: Instance, declared: Declared) -> Declared:
    """A layer's step with the parameters that its source keeps from training."""
    known = trained_weights(module)
    names = frozenset(name for name, weight in known.items() if not weight.trainable)
    if names and len(names) == len(known):
        return declared.replaced(trainable=False)
    return declared.replaced(frozen=names) if names else declared


def tensors_of(module: Instance) -> tuple[Weight, ...]:
    """The tensors that a layer's arguments declare, before anything flows in."""
    declared: Declared = module.layers
    if declared is None:
        return ()
    try:
        found = declared.layer.weights(*probes(module, declared))
    except (LayerError, ValueError):
        return ()
    if not isinstance(declared.layer, Recurrent):
        return found
    own = [declared.stored.get(each.name, (0, (each,)))[1] for each in found]
    return tuple(each for stored in own for each in stored)


def features_of_sides(module: Instance) -> tuple[int, int, int]:
    """What attention takes of queries, keys and values."""
    features: int = module.fields["embed_dim"]
    return features, module.fields.get("kdim") or features, module.fields.get("vdim") or features


def probes(module: Instance, declared: Declared) -> Sequence[Shape]:
    """Shapes that the layer's declarations allow, of each of its inputs."""
    fields = module.fields
    if isinstance(fields.get("normalized_shape"), tuple):
        return [(1, *fields["normalized_shape"])]
    if "input_size" in fields:
        return [(1, fields["input_size"])]
    if "num_embeddings" in fields:
        return [()]
    if "in_features" in fields:
        return [(fields["in_features"],)]
    if "embed_dim" in fields:
        return [(1, size) for size in features_of_sides(module)]
    names = ("in_channels", "num_features", "num_channels", "num_parameters")
    channels = next((fields[name] for name in names if name in fields), 0)
    ranks = declared.expects.ranks if declared.expects else ()
    if not channels:
        raise LayerError("the input isn't declared")
    return [(channels, *([PROBE] * (ranks[-1] if ranks else 2)))]


def weights(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The layer's own weights as parameters, by name."""
    (module,) = args
    found = []
    for weight in tensors_of(module):
        if weight.name not in module.fields:
            held = Parameter(weight.shape, weight.role, module, weight.name)
            module.fields[weight.name] = held
        if isinstance(module.fields[weight.name], Parameter):
            found.append((weight.name, module.fields[weight.name]))
    return found


def attribute(machine: Machine, module: Instance, name: Value) -> Value:
    """`conv.weight` and its kind; None for a weight that this layer doesn't have."""
    if not is_weight(name):
        return MISSING
    weights(machine, [module], {})
    return module.fields.get(name, None if name in WEIGHTS else MISSING)


def remake(module: Instance, cls: Class, arguments: dict[str, Value]) -> None:
    """Give a module the layer that other arguments make."""
    module.layers = refusable(read, cls.reader, f"nn.{cls.name}", (), arguments)


def set_layer_attribute(machine: Machine, module: Instance, name: Value, value: Value) -> None:
    """Changing what a layer computes with, such as `conv.stride = (1, 1)`."""
    cls = reader_of(module.cls)
    arguments = form_of(cls.reader).parameters if cls.reader and module.layers else {}
    known = {each: module.fields[each] for each in arguments if each in module.fields}
    if name == "bias" and value is None and "bias" in arguments:
        remake(module, cls, known | {"bias": False})
    elif name in WEIGHTS and module.layers is not None:
        before = attribute(machine, module, name)
        shape = value.shape if isinstance(value, Static) else None
        if before is not None and shape != before.shape:
            raise Refusal(f"`{name}` is given another shape than the layer's, {before.shape}")
    elif name in arguments and name not in SHOWN:
        if "bias" in arguments:
            known["bias"] = attribute(machine, module, "bias") is not None
        remake(module, cls, known | {name: plain(value)})
    if isinstance(value, Instance | Parameter):
        set_attribute(machine, module, name, value)
    else:
        set_field(module, name, value)


def delete_layer_attribute(machine: Machine, module: Instance, name: Value) -> None:
    """`del conv.bias`: a layer without one; another weight is to be given anew."""
    if is_weight(name) and attribute(machine, module, name) is not None and name == "bias":
        set_layer_attribute(machine, module, name, None)
    elif name in module.fields:
        del module.fields[name]
    else:
        raise no_attribute(machine, module, name)


OF_FAMILY: dict[str, dict[str, Value]] = {
    "RNNBase": {"flatten_parameters": simple("flatten_parameters", lambda machine, module: None)}
}
PRETRAINED = StaticMethod(simple("from_pretrained", pretrained), True)
BEHAVIOUR: dict[str, Value] = {
    "__init__": Builtin("__init__", init),
    "__getattr__": simple("__getattr__", attribute),
    "__setattr__": simple("__setattr__", set_layer_attribute),
    "__delattr__": simple("__delattr__", delete_layer_attribute),
    "__weights__": Builtin("__weights__", weights),
    "forward": simple("forward", forward),
    "reset_parameters": simple("reset_parameters", lambda machine, module: None),
}
