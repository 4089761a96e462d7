"""What each dotted name of torch (and of the packages around it) stands for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cnncalc.frameworks.pytorch import READERS
from cnncalc.notations.source.step_names import spans_of
from cnncalc.notations.source.torch.functions.table import TORCH, in_place
from cnncalc.notations.source.torch.nn.attention import attention_class
from cnncalc.notations.source.torch.nn.containers import CONTAINERS
from cnncalc.notations.source.torch.nn.functional import FUNCTIONAL
from cnncalc.notations.source.torch.nn.init import initialiser
from cnncalc.notations.source.torch.nn.layers import layer_class
from cnncalc.notations.source.torch.nn.module import MODULE, set_attribute
from cnncalc.notations.source.torch.nn.packed import PACKING
from cnncalc.notations.source.torch.nn.transformer import TRANSFORMERS, transformer
from cnncalc.notations.source.torch.nn.utils import TOOLS
from cnncalc.notations.source.unread import LISTED
from cnncalc.python.functions import Method, class_of_methods, simple, unchanged, undecorated
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Builtin,
    Class,
    Foreign,
    Instance,
    Namespace,
    Opaque,
    Silent,
    StaticMethod,
    Value,
)
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import TENSOR, WEIGHT, Parameter

__all__ = ["find_torch", "functions", "layer_classes"]

DTYPES = frozenset(
    words(
        "float16 float32 float64 float half double bfloat16 int8 int16 int32 int64 int long uint8 "
        "bool short complex64 preserve_format channels_last contiguous_format strided dtype "
        "memory_format Generator"
    )
)
SILENT = ("torch.backends.", "torch.hub.", "torch.random.", "torch.version.")
MODULES = frozenset(
    words(
        "torch torch.nn torch.nn.functional torch.nn.modules torch.nn.init torch.utils torch.jit "
        "torch.cuda torch.cuda.amp torch.autograd torch.optim torch.utils.checkpoint torch.hub "
        "torch.backends torch.backends.cudnn torch.utils.data torch.nn.utils torch.nn.parameter "
        "torch.utils.model_zoo torch.nn.parallel torch.fx torch.amp torch.distributed "
        "torch.nn.utils.parametrizations torch._C timm timm.layers timm.models timm.models.layers "
        "torchvision torchvision.models torchvision.ops pytorch_lightning lightning "
        "torchvision.transforms torchvision.transforms.functional "
        "lightning.pytorch torch.special torch.linalg torch.onnx torch.nn.utils.rnn"
    )
)
NO_LAYER = {
    "Bilinear": "bilinear layers",
}


def find_torch(machine: Machine, path: str) -> Value:
    """The value of a dotted name."""
    if path in TABLE:
        return TABLE[path]
    parts = path.split(".")
    name = parts[-1]
    if path in MODULES:
        return Namespace(path)
    if path.startswith(SILENT) or path + "." in SILENT:
        return Silent(path)
    if path.startswith("torch.nn.init."):
        return initialiser(name)
    if parts[:2] == ["torch", "nn"]:
        found = in_nn(machine, path, parts)
        if found is not MISSING:
            return found
    if len(parts) == 2 and parts[0] == "torch" and name in DTYPES:
        return Opaque(path)
    if parts[0] == "torch" and (len(parts) == 2 or parts[1] in ("functional", "special", "linalg")):
        found = function_named(name)
        if found is not MISSING:
            return found
    return around(path, name)


def functions() -> Iterable[str]:
    """The names of the functions of `torch` and of `torch.nn.functional`."""
    return TORCH


def layer_classes() -> list[str]:
    """The classes of `torch.nn`, those that can't be read too."""
    return [*READERS, *CONTAINERS, *NO_LAYER, "Module"]


def function_named(name: str) -> Value:
    """`torch.relu` or `F.relu`, and `relu_`, which writes over what it is given."""
    found = TORCH.get(name)
    if found is None and name.endswith("_") and name.removesuffix("_") in TORCH:
        found = in_place(TORCH[name.removesuffix("_")])
    return MISSING if found is None else tensor_function(name, found)


def in_nn(machine: Machine, path: str, parts: list[str]) -> Value:
    """Names under torch.nn: layers, containers and functions."""
    name = parts[-1]
    if parts[2:3] == ["functional"] and len(parts) == 4:
        return function_named(name)
    if name in CONTAINERS:
        return CONTAINERS[name]
    if name == "MultiheadAttention":
        return attention()
    if name in TRANSFORMERS:
        return transformer(machine, name)
    found = layer_class(name)
    if found is not MISSING:
        return found
    if name in NO_LAYER:
        return missing_layer(name)
    if parts[2:3] == ["modules"] or parts[2:3] == ["parameter"]:
        return Namespace(path) if name.islower() else MISSING
    if parts[2:3] == ["utils"]:
        return simple(name, weight_tool(name))
    return MISSING if not name.endswith("Loss") else Silent(path)


def tensor_function(name: str, function: Method) -> Builtin:
    """A function whose first argument may also be given as `input` or `tensors`."""

    def call(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
        for word in ("input", "tensors"):
            if not args and word in kwargs:
                args, kwargs = [kwargs[word]], {k: v for k, v in kwargs.items() if k != word}
        return function(machine, *args, **kwargs)

    return Builtin(name, call)


@cache
def attention() -> Class:
    """`nn.MultiheadAttention`, made when somebody asks for it."""
    return attention_class(READERS["MultiheadAttention"])


def missing_layer(name: str) -> Class:
    """A class of torch.nn that can be made here, with its weights, and not run."""

    def refuse(machine: Machine, module: Instance, *inputs: Value) -> Value:
        refusal = Refusal(
            f"`nn.{name}` can't be followed: {NO_LAYER[name]} are beyond this calculator",
            help=LISTED,
            code="unsupported-layer",
        )
        if not machine.spans():  # it is the whole model, and no call runs it
            refusal.span = next(iter(spans_of(machine, module)), None)
        raise refusal

    return class_of_methods(name, {"__init__": UNRUN[name], "forward": refuse}, MODULE)


def bilinear(
    machine: Machine, module: Instance, in1_features: Value, in2_features: Value,
    out_features: Value, bias: Value = True, **options: Value,
) -> None:  # fmt: skip
    """The weights of `nn.Bilinear`."""
    module.ready = True
    made = [("weight", (out_features, in1_features, in2_features)), ("bias", (out_features,))]
    for name, shape in made[: 2 if bias else 1]:
        for size in shape:
            check_count(size)
        set_attribute(machine, module, name, Parameter(shape))


UNRUN = {"Bilinear": bilinear}


def weight_tool(name: str) -> Method:
    """`nn.utils.…`: what packs sequences, or makes a layer's weight of other tensors."""

    def refuse(machine: Machine, *args: Value, **options: Value) -> Value:
        raise Refusal(f"`nn.utils.{name}` changes a layer's weights, which can't be followed")

    return PACKING.get(name) or TOOLS.get(name, refuse)


def around(path: str, name: str) -> Value:
    """What is left: names that say nothing about shapes, and those that can't be followed."""
    if path.startswith("torch.jit.") or name.startswith("register_"):
        return simple(name, undecorated)
    if path.startswith(("torch.autograd", "torch.cuda", "torch.distributed", "torch.optim")):
        return Silent(path)
    if name in ("trunc_normal_", "lecun_normal_", "named_apply"):
        return Silent(path)
    if name == "LightningModule":
        return MODULE
    if path.startswith("timm.") and name in TIMM:
        return TIMM[name]
    return Foreign(path)


def pair_of(machine: Machine, value: Value) -> Value:
    return value if isinstance(value, tuple | list) else (value, value)


def tuple_of(count: int) -> Value:
    """`torch.nn.modules.utils._pair` and its kind: one value for each axis."""

    def call(machine: Machine, value: Value) -> Value:
        return tuple(value) if isinstance(value, tuple | list) else (value,) * count

    return simple("_ntuple", call)


def ready(machine: Machine, module: Instance, *args: Value, **options: Value) -> None:
    module.ready = True


def resize(machine: Machine, img: Value, size: Value, *args: Value, **options: Value) -> Value:
    """`torchvision.transforms.functional.resize` of a tensor."""
    return FUNCTIONAL["interpolate"](machine, img, size, None, "bilinear", False)


def center_crop(machine: Machine, img: Value, output_size: Value) -> Value:
    """`torchvision.transforms.functional.center_crop`; a larger size pads."""
    wanted = output_size if isinstance(output_size, tuple | list) else (output_size,) * 2
    pads: list[int] = []
    for want, have in zip(reversed(wanted), reversed(img.shape[1:]), strict=True):
        before = -round((have - want) / 2) if want <= have else (want - have) // 2
        pads += [before, want - have - before]
    return FUNCTIONAL["pad"](machine, img, pads)


def cropper(machine: Machine, size: Value) -> Value:
    """`torchvision.transforms.CenterCrop(size)`."""
    return simple("CenterCrop", lambda m, img: center_crop(m, img, size))


def checkpoint(machine: Machine, function: Value, *args: Value, **options: Value) -> Value:
    return machine.call(function, list(args), {})


def checkpoint_sequential(machine: Machine, modules: Value, segments: Value, *args: Value) -> Value:
    return machine.call(modules, list(args), {})


def parallel(machine: Machine, module: Value = None, *args: Value, **options: Value) -> Value:
    """`nn.DataParallel(model)`: the model."""
    if not isinstance(module, Instance):
        raise Refusal("`DataParallel` takes a module")
    return module


def create_model(
    machine: Machine, model_name: Value, pretrained: Value = False, **options: Value
) -> Value:
    """`timm.create_model("resnet18", num_classes=10)`: the function of that name, called.

    timm's own keeps all of its functions in a table, which it has to load all of its files for.
    """
    if not isinstance(model_name, str) or ":" in model_name:
        if isinstance(machine.library("timm.models._registry"), Foreign):
            raise machine.unread("timm.create_model")
        raise Refusal("`timm.create_model` takes the name of a model, as a text")
    name, _, tag = model_name.partition(".")
    build = machine.library(f"timm.models.{name}")
    given = {name: each for name, each in options.items()
             if each is not None and name not in WHERE_WEIGHTS_ARE}  # fmt: skip
    if tag:  # which weights it is for, that may have another number of classes
        given.setdefault("pretrained_cfg", tag)
    return machine.call(build, [], given)


WHERE_WEIGHTS_ARE = words(
    "checkpoint_path cache_dir pretrained_cfg_overlay scriptable exportable no_jit"
)


def apply_function(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`Function.apply(x)` of an autograd function: its forward."""
    cls, *inputs = args
    forward = cls.find("forward")
    if forward is MISSING:
        raise Refusal(f"`{cls.name}` has no forward")
    return machine.call(forward, [Silent("ctx"), *inputs], kwargs)


FUNCTION = Class(
    "Function", (OBJECT,), {"apply": StaticMethod(Builtin("apply", apply_function), True)}
)
TIMM: dict[str, Value] = {
    # The identity in evaluation.
    "DropPath": class_of_methods(
        "DropPath", {"__init__": ready, "forward": lambda machine, module, x: x}, MODULE
    ),
    "to_2tuple": simple("to_2tuple", pair_of),
    "register_model": simple("register_model", undecorated),
}


def float_info(machine: Machine, kind: Value = None) -> Value:
    """`torch.finfo(dtype)`: what the numbers of a type reach to; of float32 where it isn't told."""
    bits, most, eps = FLOATS.get(getattr(kind, "name", "").rpartition(".")[2], FLOATS["float32"])
    limits = {"max": most, "min": -most, "eps": eps, "bits": bits}
    return Opaque("torch.finfo", **limits, resolution=eps, dtype=str(kind))


def sizes_of(machine: Machine, sizes: Value = ()) -> Value:
    """`torch.Size(sizes)`."""
    return tuple(listed(machine, sizes))


FLOATS = {
    "float16": (16, 65504.0, 2.0**-10),
    "half": (16, 65504.0, 2.0**-10),
    "bfloat16": (16, 3.3895313892515355e38, 2.0**-7),
    "float32": (32, 3.4028234663852886e38, 2.0**-23),
    "float64": (64, 1.7976931348623157e308, 2.0**-52),
    "double": (64, 1.7976931348623157e308, 2.0**-52),
}
FALSE = simple("false", lambda machine, *args, **options: False)
QUIET = words(
    "torch.no_grad torch.inference_mode torch.enable_grad torch.set_grad_enabled torch.autocast "
    "torch.device torch.load torch.save torch.manual_seed torch.set_default_dtype torch.fx.wrap "
    "torch._C._log_api_usage_once torch.utils.model_zoo.load_url"
)
# What is not the case where nothing runs.
NEVER = words(
    "torch.jit.is_scripting torch.jit.is_tracing torch._C._is_tracing torch.cuda.is_available "
    "torch.onnx.is_in_onnx_export torch.compiler.is_compiling torch.compiler.is_dynamo_compiling "
    "torch.is_grad_enabled"
)
TABLE: dict[str, Value] = {
    "torch.nn.Module": MODULE,
    "torch.nn.modules.module.Module": MODULE,
    "torch.nn.modules.Module": MODULE,
    "torch.nn.Parameter": WEIGHT,
    "torch.nn.parameter.Parameter": WEIGHT,
    "torch.Tensor": TENSOR,
    **{
        f"torch.nn.modules.utils.{name}": tuple_of(count)
        for count, name in enumerate(words("_single _pair _triple _quadruple"), 1)
    },
    **dict.fromkeys(
        ("torch.LongTensor", "torch.IntTensor", "torch.BoolTensor", "torch.DoubleTensor"), TENSOR
    ),
    "torch.autograd.Function": FUNCTION,
    "torch.autograd.function.Function": FUNCTION,
    "torch.autograd.Variable": simple("Variable", unchanged),
    "torch.jit.ScriptModule": MODULE,
    "torch.jit.Final": Opaque("Final"),
    "torch.jit.annotate": simple("annotate", lambda machine, kind, value: value),
    "torch.compiler": Namespace("torch.compiler"),
    "torch.compiler.disable": simple("disable", undecorated),
    "torch.cuda.device_count": simple("device_count", lambda machine: 0),
    "torch.get_default_dtype": simple("get_default_dtype", lambda machine: Opaque("torch.float32")),
    "torch.finfo": simple("finfo", float_info),
    "torch.Size": simple("Size", sizes_of),
    "torch.compile": simple("compile", undecorated),
    "torch.inf": float("inf"),
    "torchvision.transforms.functional.resize": simple("resize", resize),
    "torchvision.transforms.functional.center_crop": simple("center_crop", center_crop),
    "torchvision.transforms.CenterCrop": simple("CenterCrop", cropper),
    "torch.pi": 3.141592653589793,
    "torch.utils.checkpoint.checkpoint": simple("checkpoint", checkpoint),
    "torch.utils.checkpoint.checkpoint_sequential": simple("checkpoint", checkpoint_sequential),
    **dict.fromkeys(
        ("timm.create_model", "timm.models.create_model", "timm.models.factory.create_model"),
        simple("create_model", create_model),
    ),
    "torch.nn.DataParallel": simple("DataParallel", parallel),
    "torch.nn.parallel.DataParallel": simple("DataParallel", parallel),
    "torch.nn.parallel.DistributedDataParallel": simple("DataParallel", parallel),
    **{path: Silent(path) for path in QUIET},
    **dict.fromkeys(NEVER, FALSE),
}
