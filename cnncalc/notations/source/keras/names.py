"""What each dotted name of Keras and TensorFlow stands for."""

from __future__ import annotations

import ast
from functools import cache

from cnncalc.frameworks.keras import CHANNELS_FIRST, READERS
from cnncalc.frameworks.keras.merging import ELEMENTWISE
from cnncalc.notations.source.keras.layers import LAYER, keras_layer
from cnncalc.notations.source.keras.models import MODEL, SEQUENTIAL, keras_input
from cnncalc.notations.source.keras.ops import ACTIVATIONS, DRAWN, FUNCTIONS, drawn
from cnncalc.notations.source.keras.products import CLASSES as PRODUCTS
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import KerasTensor
from cnncalc.notations.source.keras.time_distributed import TIME_DISTRIBUTED
from cnncalc.notations.source.unread import LISTED
from cnncalc.python.functions import Method, class_of_methods, simple, unchanged, undecorated
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import MISSING, Builtin, Class, Foreign, Namespace, Opaque, Silent, Value
from cnncalc.python.wordlists import words

__all__ = ["find_keras", "layer_classes", "layout_of"]

HOMES = (
    "tensorflow.python.keras",
    "tensorflow.keras",
    "tensorflow.compat.v1.keras",
    "keras.src",
    "keras.api",
    "tf_keras",
    "keras_core",
    "keras",
)
MODULES = frozenset(
    words(
        "layers models backend activations ops utils engine core src applications datasets nn math "
        "image initializers regularizers constraints optimizers losses metrics callbacks random"
    )
)
SILENT = frozenset(
    words(
        "initializers regularizers constraints optimizers losses metrics callbacks datasets utils "
        "preprocessing mixed_precision distribute config random experimental data io summary "
        "saving estimator train compat estimators"
    )
)
MERGES = {cls.lower(): cls for cls in (*ELEMENTWISE, "Concatenate")}
NO_LAYER = frozenset(words("RNN ConvLSTM2D LSTMCell GRUCell"))


def find_keras(machine: Machine, path: str) -> Value:
    """The value of a dotted name."""
    home = next((h for h in HOMES if path == h or path.startswith(h + ".")), "")
    if not home:
        return tensorflow(machine, path)
    rest = path[len(home) + 1 :]
    if not rest:
        return Namespace(path)
    parts = rest.split(".")
    if rest in FIXED:
        return FIXED[rest]
    if parts[0] == "applications":
        return Namespace(path) if len(parts) == 1 else Foreign(path)
    return inside(machine, path, parts)


def inside(machine: Machine, path: str, parts: list[str]) -> Value:
    """A name under `keras`."""
    top, name = parts[0], parts[-1]
    if len(parts) == 1 and (top in MODULES or top in SILENT):
        return Namespace(path) if top in MODULES else Silent(path)
    if top == "layers":
        return layer_name(machine, path, name)
    if top == "activations" and name in ACTIVATIONS:
        return activation(name)
    if top in ("backend", "ops", "activations", "nn") and name in FUNCTIONS:
        return simple(name, FUNCTIONS[name])
    if top == "random" and name in DRAWN:
        return simple(name, drawn)
    if top in SILENT:
        return Silent(path)
    return Namespace(path) if name.islower() and len(parts) == 2 else Foreign(path)


def layer_name(machine: Machine, path: str, name: str) -> Value:
    """A name under `keras.layers`."""
    if name in MERGES:
        return simple(name, merge_function(MERGES[name]))
    if name in ("Layer", "Input"):
        return FIXED[name]
    if name in PRODUCTS:
        return PRODUCTS[name]
    if name == TIME_DISTRIBUTED.name:
        return TIME_DISTRIBUTED
    found = keras_layer(name)
    if found is not MISSING:
        return found
    if name in NO_LAYER:
        return missing_layer(name)
    return Namespace(path) if name.islower() else Foreign(path)


def merge_function(cls: str) -> Method:
    """`layers.concatenate([a, b], axis=-1)`: the class, made and called."""

    def call(machine: Machine, tensors: Value, *args: Value, **options: Value) -> Value:
        layer = machine.call(keras_layer(cls), list(args), options)
        return machine.call(layer, [tensors], {})

    return call


def missing_layer(name: str) -> Class:
    """A class that exists in Keras and can't be read here."""

    def refuse(machine: Machine, *args: Value, **options: Value) -> Value:
        raise Refusal(
            f"`layers.{name}` can't be followed: it is beyond this calculator",
            help=LISTED,
            code="unsupported-layer",
        )

    return class_of_methods(name, {"__init__": refuse}, LAYER)


def tensorflow(machine: Machine, path: str) -> Value:
    """A name under `tensorflow` outside of its Keras."""
    parts = path.split(".")
    name = parts[-1]
    if len(parts) == 1:
        return Namespace(path)
    if path in ("tensorflow.nn", "tensorflow.math", "tensorflow.image"):
        return Namespace(path)
    if parts[1] == "random" and name in DRAWN:
        return simple(name, drawn)
    if name in FUNCTIONS and parts[1] in ("nn", "math", "image", name):
        return simple(name, FUNCTIONS[name])
    if parts[1] in ("function", "GradientTape", "name_scope", "device", "random", "config"):
        return simple(name, undecorated) if parts[1] == "function" else Silent(path)
    if name in ("float32", "float16", "int32", "Tensor", "Variable"):
        return Opaque(path)
    return Silent(path) if parts[1] in SILENT else Foreign(path)


def data_format(machine: Machine) -> str:
    image_data_format: str = keras_of(machine).frame.image_data_format
    return image_data_format


def get_uid(machine: Machine, prefix: Value = "") -> int:
    """`backend.get_uid`: 1, 2, … for each prefix."""
    count: int = keras_of(machine).counts.get(f"uid {prefix}", 0) + 1
    keras_of(machine).counts[f"uid {prefix}"] = count
    return count


@cache
def activation(name: str) -> Builtin:
    """The function of an activation, which sources compare with others."""
    return simple(name, FUNCTIONS[name])


def get_activation(machine: Machine, value: Value) -> Value:
    """`activations.get`: the function of a name."""
    name = "linear" if value is None else value
    return activation(name) if isinstance(name, str) and name in ACTIVATIONS else value


def activation_name(machine: Machine, value: Value) -> Value:
    """`activations.serialize`: the name of a function."""
    return value.name if isinstance(value, Builtin) else value


def layer_classes() -> list[str]:
    """The classes of `keras.layers`, those that can't be read too."""
    return [*READERS, *NO_LAYER, TIME_DISTRIBUTED.name, "Lambda", "Layer"]


def layout_of(machine: Machine, file: SourceFile) -> str:
    """The layout that the models of a file are kept in."""
    if "channels_first" in file.source.text and says_channels_first(file.tree):
        keras_of(machine).frame = CHANNELS_FIRST
    return keras_of(machine).frame.layout


def says_channels_first(tree: ast.Module) -> bool:
    """Whether a Keras source keeps its models channels first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = [each.value for each in node.keywords if each.arg == "data_format"]
            if isinstance(node.func, ast.Attribute | ast.Name) and (
                getattr(node.func, "attr", getattr(node.func, "id", "")) == "set_image_data_format"
            ):
                words += node.args
            if any(isinstance(w, ast.Constant) and w.value == "channels_first" for w in words):
                return True
    return False


# Where Keras has had its classes.
PLACES: dict[str, Value] = {
    "Input layers.Input engine.Input": Builtin("Input", keras_input),
    "Model models.Model models.Functional models.functional.Functional engine.Model "
    "engine.training.Model": MODEL,
    "Sequential models.Sequential": SEQUENTIAL,
    "Layer layers.Layer": LAYER,
}
QUIET = words(
    "backend.set_image_data_format backend.name_scope name_scope backend.clear_session "
    "utils.file_utils.get_file utils.data_utils.get_file"
)
FIXED: dict[str, Value] = {
    **{path: value for paths, value in PLACES.items() for path in words(paths)},
    **{path: Silent(path.rpartition(".")[2]) for path in QUIET},
    "api_export.keras_export": simple("keras_export", undecorated),
    "saving.register_keras_serializable": simple("register", undecorated),
    "utils.register_keras_serializable": simple("register", undecorated),
    "backend.image_data_format": simple("image_data_format", data_format),
    "config.image_data_format": simple("image_data_format", data_format),
    "backend.is_keras_tensor": simple(
        "is_keras_tensor", lambda machine, value: isinstance(value, KerasTensor)
    ),
    "backend.get_uid": simple("get_uid", get_uid),
    "backend.backend": simple("backend", lambda machine: "tensorflow"),
    "backend.floatx": simple("floatx", lambda machine: "float32"),
    "activations.get": simple("get", get_activation),
    "activations.serialize": simple("serialize", activation_name),
    "ops.operation_utils": Namespace("keras.ops.operation_utils"),
    "ops.operation_utils.get_source_inputs": simple("get_source_inputs", unchanged),
    "utils.get_source_inputs": simple("get_source_inputs", unchanged),
    "utils.file_utils": Namespace("keras.utils.file_utils"),
    "utils.file_utils.exists": simple("exists", lambda machine, path: False),
}
