"""Which model of a source is meant: by name, or the only one there is."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress

from cnncalc.errors import Source, SpecError
from cnncalc.notations.model_packages import HOMES
from cnncalc.notations.source.keras.kinds import is_keras_class
from cnncalc.notations.source.layer_list import bare_calls
from cnncalc.notations.source.top_level import assigned, no_argument_functions, statements_of, tried
from cnncalc.notations.source.torch.nn.containers import SEQUENTIAL
from cnncalc.notations.source.torch.nn.module import MODULE, named_modules
from cnncalc.python.attributes import get_attribute
from cnncalc.python.builtins import BUILTINS, FORBIDDEN
from cnncalc.python.dependencies import reads
from cnncalc.python.guests import Unread
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.machine import Function, Machine, Module, Scope
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.source_tree import SourceFile, syntax_tree
from cnncalc.python.values import (
    MISSING,
    Bound,
    Class,
    Foreign,
    Instance,
    Namespace,
    Partial,
    Value,
    describe,
)
from cnncalc.suggestions import suggest

__all__ = ["choose"]


def choose(machine: Interpreter, module: Module, entry: str | None, package: str = "") -> Value:
    """The model: an object that runs; a package that is given holds it."""
    if entry:
        return named(machine, module, entry, package)
    # Classes first: a file that defines one is about it, and its variables may be experiments.
    found = only_class(machine, module)
    if found is None:
        found = only_variable(machine, module)
    if found is None:
        found = only_function(machine, module)
    if found is None:
        found = bare_calls(machine, module)
    return found


class Entry(Module):
    """The words after `model.py:`, looked up in that file."""

    def __init__(self, machine: Interpreter, file: SourceFile, home: Module, package: str) -> None:
        super().__init__(machine, file)
        self.home = home
        self.package = package

    def find(self, name: str) -> Value:
        if self.package and name not in BUILTINS:
            return in_package(self.machine, self.package, name)
        if not self.home.has(name) and name not in BUILTINS and name not in FORBIDDEN:
            raise unknown(self.home, name)
        return self.home.find(name)


def in_package(machine: Machine, package: str, name: str) -> Value:
    """What a package calls so, wherever in it models are."""
    homes = [f"{package}.{home}" for home in HOMES] + [package]
    for home in homes:
        value = machine.library(f"{home}.{name}")
        if not isinstance(value, Foreign if home == package else Foreign | Namespace):
            return value
    with suppress(Refusal, Raised):  # nn, torch
        return machine.builtin(name)
    there = (home for home in homes if isinstance(machine.library(home), Module | Namespace))
    raise machine.unread(f"{next(there, package)}.{name}")


def unknown(module: Module, name: str) -> Refusal:
    defined = [each for each in module.binders if not each.startswith("_")]
    near = suggest(name, defined)
    return Refusal(
        f"there is no `{name}` in this source",
        help=f"did you mean `{near}`?" if near else f"one of {', '.join(defined[:8])}",
        code="entry",
    )


def named(machine: Interpreter, module: Module, entry: str, package: str) -> Value:
    """The model that an expression such as `Net(n_classes=10)` or `Net.features` names."""
    source = Source(entry)
    try:
        (statement,) = syntax_tree(entry).body
        assert isinstance(statement, ast.Expr)
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError):
        raise SpecError(
            f"`{entry[:60]}` names no model",
            code="entry",
            help="a class, a call or a part: `Net`, `Net(n_classes=10)`, `Net.features`",
        ) from None
    file = SourceFile(source)
    scope = Scope(None, Entry(machine, file, module, package), None)
    return resolved(machine, scope, statement.value)


def resolved(machine: Interpreter, scope: Scope, node: ast.expr) -> Value:
    """An object that runs, from an expression: classes and functions are called."""
    if isinstance(node, ast.Attribute) and not is_in_package(machine, scope, node.value):
        holder = resolved(machine, scope, node.value)
        return machine.call_at(
            scope, node, lambda: runnable(machine, get_attribute(machine, holder, node.attr))
        )
    value = machine.evaluate(scope, node)
    return machine.call_at(scope, node, lambda: runnable(machine, value))


def is_in_package(machine: Interpreter, scope: Scope, node: ast.expr) -> bool:
    """Whether an expression stands for a module, of which a name is meant and no part."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    inner = node.value if isinstance(node, ast.Attribute) else None
    if inner is not None and not is_in_package(machine, scope, inner):
        return False
    return isinstance(machine.evaluate(scope, node), Module | Namespace)


def runnable(machine: Interpreter, value: Value) -> Value:
    """The value, or what calling it without arguments gives."""
    if model_class(value) and needs_arguments(value):
        raise without_arguments(value.name, value)
    if isinstance(value, Class | Function | Partial | Bound):
        value = machine.call(value, [], {})
    if isinstance(value, Unread):
        raise value.stop
    if isinstance(value, Foreign):
        raise machine.unread(value.path)
    if not machine.is_model(value):
        raise Refusal(f"this is {describe(value)}, no model", code="entry")
    return value


def model_class(value: Value) -> bool:
    return isinstance(value, Class) and (MODULE in value.order or is_keras_class(value))


def only_class(machine: Interpreter, module: Module) -> Value:
    """The one module class that no other uses, made without arguments; None without any."""
    nodes = statements_of(module, ast.ClassDef)
    found = {name: tried(module, name) for name in nodes}
    classes = {name: cls for name, cls in found.items() if model_class(cls)}
    if not classes:
        failed = [name for name, cls in found.items() if cls is MISSING]
        if failed and len(failed) == len(nodes):
            module.find(failed[-1])  # raises what stopped it
        return None
    used = {n for other in classes for n in reads(nodes[other]) if n in classes and n != other}
    roots = [name for name in classes if name not in used] or list(classes)
    if len(roots) > 1:
        raise ambiguous(functions_over(module, roots) or roots)
    (root,) = roots
    if not needs_arguments(classes[root]):
        return made_here(machine, module, nodes[root], classes[root])
    return made_elsewhere(machine, module, root, classes[root])


def made_here(machine: Interpreter, module: Module, node: ast.stmt, made: Value) -> Value:
    """What a class or a function gives; where nothing else is at fault, its definition is."""
    try:
        return machine.call(made, [], {})
    except (Refusal, Raised) as stop:
        if stop.span is None:
            stop.span = module.file.span(node)
        raise


def functions_over(module: Module, classes: list[str]) -> list[str]:
    """The functions that can be called as they are and make objects of these classes."""
    nodes = statements_of(module, ast.FunctionDef)
    names = no_argument_functions(module)
    return [f"{name}()" for name in names if reads(nodes[name]) & set(classes)]


def needs_arguments(cls: Class) -> bool:
    init = cls.find("__init__")
    if not isinstance(init, Function):
        return False
    parameters = init.parameters
    missing = [name for name in parameters.named if name not in init.kwdefaults]
    return len(parameters.places) - 1 > len(init.defaults) or bool(missing)


def has_one(model: Instance, cls: Class) -> bool:
    """Whether a module of a class is among those of a model."""
    return any(cls in module.cls.order for _, module in named_modules(model))


def made_elsewhere(machine: Interpreter, module: Module, root: str, cls: Class) -> Value:
    """An object of a class that needs arguments, from the file's own top level."""
    values = {name: tried(module, name) for name in assigned(module)}
    models = [v for v in values.values() if isinstance(v, Instance) and machine.is_model(v)]
    made = [model for model in models if cls in model.cls.order]
    known = made or [model for model in models if has_one(model, cls)]
    if len(known) == 1:
        return known[0]
    functions = no_argument_functions(module)
    if functions:
        raise ambiguous([f"{name}()" for name in functions])
    refusal = without_arguments(root, cls)
    refusal.span = module.file.span(next(n for n in module.statements
        if isinstance(n, ast.ClassDef) and n.name == root))  # fmt: skip
    raise refusal


def without_arguments(name: str, cls: Class) -> Refusal:
    """What is said of a class that is named alone and can't be made so."""
    init = cls.find("__init__")
    args = init.node.args
    needed = [a.arg for a in args.args[1 : len(args.args) - len(init.defaults)]]
    needed += [a.arg for a in args.kwonlyargs if a.arg not in init.kwdefaults]
    return Refusal(
        f"`{name}` needs {', '.join(f'`{each}`' for each in needed)}",
        help=f"say what they are: `model.py:{name}({', '.join(f'{each}=…' for each in needed)})`",
        code="entry",
    )


def ambiguous(names: list[str]) -> Refusal:
    shown = names[:12]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return Refusal(
        f"this source has several models: {', '.join(shown)}{more}",
        help=f"name one, as in `model.py:{shown[0]}`",
        code="choose",
    )


def only_variable(machine: Interpreter, module: Module) -> Value:
    """The one variable that holds a model, or the one that the others go into.

    Plain layers side by side run in their order, as bare calls do.
    """
    stops: list[Refusal | Raised] = []
    models: dict[str, Value] = {}
    for name in assigned(module):
        try:
            value = module.find(name)
        except (Refusal, Raised) as stop:
            if isinstance(stop, Refusal) and stop.fatal:
                raise
            stops.append(stop)
            continue
        if machine.is_model(value) and all(value is not each for each in models.values()):
            models[name] = value
    if not models:
        if stops:
            raise stops[-1]
        return None
    roots = [name for name in models if not feeds_others(module, name, models)]
    if len(roots) > 1:
        roots = [name for name in roots if not is_layer(models[name])] or roots
    if len(roots) > 1 and all(is_layer(models[name]) for name in roots):
        return machine.call(SEQUENTIAL, [{name: models[name] for name in roots}], {})
    if len(roots) > 1:
        raise ambiguous(roots)
    return models[roots[0] if roots else next(reversed(models))]


def is_layer(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls.reader is not None


def feeds_others(module: Module, name: str, models: Iterable[str]) -> bool:
    """Whether another model's statements read this one."""
    others = {n for each in models if each != name for n in module.binders.get(each, ())}
    return any(name in reads(module.statements[n]) for n in others - set(module.binders[name]))


def only_function(machine: Interpreter, module: Module) -> Value:
    """The one function that gives a model when called as it is."""
    names = no_argument_functions(module)
    users = statements_of(module, ast.FunctionDef)
    roots = [n for n in names if not any(o != n and n in reads(node) for o, node in users.items())]
    if not roots:
        return None
    if len(roots) > 1:
        raise ambiguous([f"{name}()" for name in roots])
    value = made_here(machine, module, users[roots[0]], module.find(roots[0]))
    return value if machine.is_model(value) else None
