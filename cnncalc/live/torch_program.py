"""A traced graph written as a program: each layer and each tensor is a field of one class."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from inspect import Parameter, signature

from cnncalc.frameworks.pytorch import READERS
from cnncalc.layers.base import Shape
from cnncalc.live.literals import literal
from cnncalc.live.objects import Torch
from cnncalc.live.program import ModelNames, Origin, Program
from cnncalc.live.python_module import module_of
from cnncalc.live.torch_copy import extends_layer, is_layer, is_library, layer_words, parameters_of
from cnncalc.notations.reserved import KEYWORDS
from cnncalc.notations.source.model_trace import WEIGHTS

__all__ = ["TorchProgram"]

TAKEN = KEYWORDS | {"Calling", "math", "nn", "torch"}  # names that the program has itself
# A module that only calls a function: the reader names its steps as it does those of others.
CALLING = (
    "class Calling(nn.Module):",
    "    def __init__(self, function):",
    "        super().__init__()",
    "        self.function = function",
    "    def forward(self, *args, **options):",
    "        return self.function(*args, **options)",
)
# Where a class keeps an argument under another name.
KEPT = {
    ("MultiheadAttention", "bias"): "in_proj_bias",
    ("MultiheadAttention", "add_bias_kv"): "bias_k",
}
PLAIN = (bool, int, float, str, tuple, list)


class TorchProgram:
    """The class that a module becomes: the lines of its `__init__`, then of its forward.

    Attributes:
        module: the module without values.
        fields: the names of modules and tensors in the program, by their paths.
    """

    def __init__(self, torch: Torch, module: Torch, name: str) -> None:
        self.torch = torch
        self.module = module
        self.modules = dict(module.named_modules(remove_duplicate=False))
        self.name = name if name.isidentifier() and name not in TAKEN else "Live"
        self.program = Program(f"<{name}>", "torch", self.name)
        self.program.classes = {path: type(each).__name__ for path, each in self.modules.items()}
        self.fields: dict[str, str] = {}
        self.made: list[str] = []
        self.forward: list[tuple[str, Origin | None]] = []
        self.first: dict[int, str] = {}  # the path by which an object was met first
        self.inputs: list[str] = []
        self.imports: list[str] = []
        self.functions: dict[Torch, str] = {}  # the words for functions of other modules
        self.callers: dict[tuple[str, str], str] = {}  # the fields of modules that only call one
        self.texts: dict[Torch, str] = {}  # the words for each node of the graph
        self.read: dict[Torch, ModelNames] = {}  # whose tensors a node stands for

    def run(self, line: str, origin: Origin | None = None) -> None:
        """Add a line to the forward."""
        self.forward.append((line, origin))

    def run_layer(
        self, node: Torch, path: str, field: str, given: str, shape: Shape | None = None
    ) -> None:
        """Add the line of a call of a module's field, whose step has the module's name."""
        self.texts[node] = node.name
        first = self.first[id(self.modules[path])]
        origin = Origin(path, names={field: first}, shape=shape)
        self.run(f"{node.name} = self.{field}({given})", origin)

    def run_function(
        self, node: Torch, path: str, call: str, words: str, shape: Shape | None = None
    ) -> None:
        """Add the line of a function, which a module ran in a call of its own."""
        self.texts[node] = node.name
        given = [self.read.get(each) for each in node.all_input_nodes]
        fields = {field: name for each in given if each for field, name in each.items()}
        if all(given):
            self.read[node] = fields  # made of the module's tensors alone
        if extends_layer(self.modules[path]):
            # the step of its weights is the module, as that of the layer would be
            fields = {field: name for field, name in fields.items() if name in self.modules}
        origin = Origin(path, call, fields, alone=self.is_own_leaf(path), shape=shape)
        self.run(f"{node.name} = {words}", origin)

    def is_own_leaf(self, path: str) -> bool:
        """Whether a module is of a class of the user's own, without modules inside."""
        module = self.modules[path]
        return bool(path) and not module._modules and not is_library(module)

    def function(self, target: Torch) -> str | None:
        """The name of a function of some module's source; None where it isn't to be had there."""
        if target not in self.functions:
            home = module_of(target)
            if home is None or self.program.packages.get(home.top, home.place) != home.place:
                return None
            self.program.packages[home.top] = home.place
            word = self.program.identifier(f"{home.name}.{target.__name__}")
            self.functions[target] = word
            self.imports.append(f"from {home.name} import {target.__name__} as {word}")
        return self.functions[target]

    def calling(self, path: str, function: str) -> str:
        """The field of a module that does nothing but call a function."""
        first = self.first.setdefault(id(self.modules[path]), path)
        if (first, function) not in self.callers:
            field = self.program.identifier(first)
            self.callers[first, function] = field
            self.made.append(f"self.{field} = Calling({function})")
        return self.callers[first, function]

    def written(self) -> Program:
        """The whole program, with what the module holds and the graph never uses."""
        self._unused()
        program = self.program
        program.write("import math; import torch; from torch import nn")
        for line in (*self.imports, *(CALLING if self.imports else ())):
            program.write(line)
        program.write(f"class {self.name}(nn.Module):")
        program.write("    def __init__(self):")
        program.write("        super().__init__()")
        for line in self.made:
            program.write(f"        {line}")
        program.write(f"    def forward({', '.join(['self', *self.inputs])}):")
        for line, origin in self.forward:
            program.write(f"        {line}", origin)
        return program

    def layer(self, path: str) -> str:
        """The field of a layer, made where it is met first."""
        module = self.modules[path]
        first = self.first.setdefault(id(module), path)
        if first in self.fields:
            return self.fields[first]
        call = f"nn.{layer_words(path, module)}({', '.join(_arguments(module))})"
        field = self._field(first, call)
        for name, weight in parameters_of(module):
            self._weight(f"{field}.{name}", f"{path}.{name}", weight)
        return field

    def _weight(self, text: str, path: str, weight: Torch) -> None:
        """Of a layer's parameter: whether it is another's too, and whether it is trained."""
        # The reader counts a tensor once, where it is the same object: so it has to be in the
        # program.
        owner = self.first.setdefault(id(weight), path)
        if owner != path:
            words, _ = self.tensor(owner, weight)
            self.made.append(f"self.{text} = {words}")
        if not weight.requires_grad:
            self.made.append(f"self.{text}.requires_grad = False")

    def tensor(self, path: str, tensor: Torch) -> tuple[str, ModelNames]:
        """The words for a tensor of the module, and whose name it goes by."""
        owner = self.first.setdefault(id(tensor), path)
        place, _, name = owner.rpartition(".")
        module = self.modules[place]
        holder = self.first.setdefault(id(module), place)
        if is_layer(module) and name in WEIGHTS:
            words = f"{self.layer(holder)}.{name}"
        else:
            words = self.fields.get(owner) or self._tensor(owner, holder, module, tensor)
        return f"self.{words}", {words: owner, self.fields.get(holder, ""): holder}

    def _tensor(self, path: str, holder: str, module: Torch, tensor: Torch) -> str:
        """The field of a tensor; that of a module inside is in a module of its own, too."""
        if holder and holder not in self.fields:
            self._field(holder, "nn.Module()")
        name = path.rpartition(".")[2]
        field = self.program.identifier(name if holder else path)
        field = f"{self.fields[holder]}.{field}" if holder else field
        self.fields[path] = field
        made = f"torch.empty({', '.join(map(str, tensor.shape)) or '()'})"
        if isinstance(tensor, self.torch.nn.Parameter):
            frozen = "" if tensor.requires_grad else ", requires_grad=False"
            self.made.append(f"self.{field} = nn.Parameter({made}{frozen})")
        elif name in module._buffers:
            owner, _, word = f"self.{field}".rpartition(".")
            self.made.append(f'{owner}.register_buffer("{word}", {made})')
        else:
            self.made.append(f"self.{field} = {_constant(tensor) or made}")
        return field

    def _field(self, path: str, text: str) -> str:
        field = self.program.identifier(path)
        self.fields[path] = field
        self.made.append(f"self.{field} = {text}")
        return field

    def _unused(self) -> None:
        """What the graph never uses, whose weights still are the module's."""
        # Modules before tensors, as a layer brings its own.
        for path, module in self.module.named_modules():
            if path and is_layer(module) and id(module) not in self.first:
                self.layer(path)
        for path, parameter in self.module.named_parameters():
            if id(parameter) not in self.first:
                self.tensor(path, parameter)
        for path, buffer in self.module.named_buffers():
            own = not is_layer(self.modules[path.rpartition(".")[0]])
            if own and id(buffer) not in self.first:
                self.tensor(path, buffer)


def _constant(tensor: Torch) -> str | None:
    """A tensor of one number, which is known if it was made while tracing."""
    if tensor.dim() or tensor.is_meta:
        return None
    return f"torch.tensor({literal(tensor.item())})"


def _arguments(module: Torch) -> Iterator[str]:
    """The arguments that make a layer, from what it keeps of them."""
    for parameter in _parameters(type(module).__name__):
        kept = KEPT.get((type(module).__name__, parameter.name), parameter.name)
        if not hasattr(module, kept):
            continue
        value = getattr(module, kept)
        if parameter.name == "stride" and parameter.default is None:
            value = None if value == module.kernel_size else value
        if parameter.name in ("bias", "add_bias_kv") and not isinstance(value, bool):
            value = value is not None
        if isinstance(value, tuple) and set(value) == {parameter.default}:
            continue
        if isinstance(value, PLAIN) and value != parameter.default:
            yield f"{parameter.name}={literal(value)}"


@cache
def _parameters(name: str) -> tuple[Parameter, ...]:
    """The parameters of a layer's class."""
    return tuple(signature(READERS[name]).parameters.values())
