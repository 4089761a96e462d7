"""How each kind of expression is evaluated."""

from __future__ import annotations

import ast

from cnncalc.python.assignment import assign
from cnncalc.python.attributes import get_attribute
from cnncalc.python.calls import make_function
from cnncalc.python.classes import Super
from cnncalc.python.comparison import chosen, compare, is_true, key
from cnncalc.python.handlers import Handlers
from cnncalc.python.items import get_item
from cnncalc.python.iteration import iterate
from cnncalc.python.limits import check_count, check_int, check_text
from cnncalc.python.machine import Scope
from cnncalc.python.operators import binary, unary
from cnncalc.python.refusals import Refusal
from cnncalc.python.texts import format_value, text_of
from cnncalc.python.values import Iterated, SetValue, Value

__all__ = ["EXPRESSIONS"]

EXPRESSIONS = Handlers()


@EXPRESSIONS.of(ast.Constant)
def constant(scope: Scope, node: ast.Constant) -> Value:
    value = node.value
    if isinstance(value, str):
        check_text(len(value))
    elif isinstance(value, int):
        return check_int(value)
    elif isinstance(value, bytes | complex):
        raise Refusal(f"a {type(value).__name__} value has no use in a network")
    return value


@EXPRESSIONS.of(ast.Name)
def name(scope: Scope, node: ast.Name) -> Value:
    return scope.find(node.id)


@EXPRESSIONS.of(ast.Attribute)
def attribute(scope: Scope, node: ast.Attribute) -> Value:
    machine = scope.machine
    return get_attribute(machine, machine.evaluate(scope, node.value), node.attr)


@EXPRESSIONS.of(ast.Call)
def call(scope: Scope, node: ast.Call) -> Value:
    machine = scope.machine
    if not node.args and isinstance(node.func, ast.Name) and node.func.id in OF_SCOPE:
        return OF_SCOPE[node.func.id](scope)
    function = machine.evaluate(scope, node.func)
    args = elements(scope, node.args)
    kwargs = keywords(scope, node.keywords)
    return machine.call_at(scope, node, machine.call, function, args, kwargs)


def local_names(scope: Scope) -> dict[Value, Value]:
    """`locals()` of a function: its names so far."""
    at: Scope | None = scope
    while at is not None and at.function is None and not at.names.get("__class_body__"):
        at = at.outer  # a comprehension's
    if at is None or at.function is None:
        raise Refusal("`locals()` outside of a function can't be followed", code="forbidden")
    scope.machine.budget.spend(len(at.names))
    return dict(at.names)


def zero_argument_super(scope: Scope) -> Value:
    at: Scope | None = scope
    while at is not None:
        function = at.function
        if function is not None and function.owner is not None:
            first = function.parameters.places[:1]
            if first:
                return Super(function.owner, at.names[first[0]])
        at = at.outer
    raise Refusal("`super()` stands outside of a method")


# What a call without arguments gives that asks for where it stands.
OF_SCOPE = {"super": zero_argument_super, "locals": local_names}


def elements(scope: Scope, nodes: list[ast.expr]) -> list[Value]:
    """The values of a list of expressions, starred ones unpacked."""
    values: list[Value] = []
    evaluate = scope.machine.evaluate
    for node in nodes:
        if isinstance(node, ast.Starred):
            for value in iterate(scope.machine, evaluate(scope, node.value)):
                scope.machine.budget.spend(1)
                check_count(len(values))
                values.append(value)
        else:
            values.append(evaluate(scope, node))
    return values


def keywords(scope: Scope, nodes: list[ast.keyword]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for node in nodes:
        value = scope.machine.evaluate(scope, node.value)
        given = names_of(value) if node.arg is None else {node.arg: value}
        scope.machine.budget.spend(len(given))
        for name, each in given.items():
            if name in values:
                raise Refusal(f"the argument `{name}` is given twice")
            values[name] = each
    return values


def names_of(value: Value) -> dict[str, Value]:
    """What stands after `**` in a call."""
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise Refusal("what stands after `**` is no dictionary of names")
    return value


@EXPRESSIONS.of(ast.BinOp)
def binary_operation(scope: Scope, node: ast.BinOp) -> Value:
    machine = scope.machine
    left = machine.evaluate(scope, node.left)
    right = machine.evaluate(scope, node.right)
    machine.sites.append((scope.module, node))
    try:
        return binary(machine, type(node.op), left, right)
    finally:
        machine.sites.pop()


@EXPRESSIONS.of(ast.UnaryOp)
def unary_operation(scope: Scope, node: ast.UnaryOp) -> Value:
    machine = scope.machine
    operand = machine.evaluate(scope, node.operand)
    return machine.call_at(scope, node, unary, machine, type(node.op), operand)


@EXPRESSIONS.of(ast.BoolOp)
def boolean_operation(scope: Scope, node: ast.BoolOp) -> Value:
    machine = scope.machine
    stops_at = isinstance(node.op, ast.Or)
    value: Value = None
    for part in node.values:
        value = machine.evaluate(scope, part)
        if is_true(machine, value) == stops_at:
            break
    return value


@EXPRESSIONS.of(ast.Compare)
def comparison(scope: Scope, node: ast.Compare) -> Value:
    machine = scope.machine
    left = machine.evaluate(scope, node.left)
    result: Value = True
    for operator, part in zip(node.ops, node.comparators, strict=True):
        right = machine.evaluate(scope, part)
        result = compare(machine, type(operator), left, right)
        if len(node.ops) > 1 and not is_true(machine, result):
            return False
        left = right
    return result


@EXPRESSIONS.of(ast.IfExp)
def conditional(scope: Scope, node: ast.IfExp) -> Value:
    return scope.machine.evaluate(scope, node.body if chosen(scope, node.test) else node.orelse)


@EXPRESSIONS.of(ast.NamedExpr)
def named(scope: Scope, node: ast.NamedExpr) -> Value:
    value = scope.machine.evaluate(scope, node.value)
    (scope.home or scope).assign(node.target.id, value)
    return value


@EXPRESSIONS.of(ast.Lambda)
def function_expression(scope: Scope, node: ast.Lambda) -> Value:
    return make_function(scope, "<lambda>", node)


@EXPRESSIONS.of(ast.Tuple)
def tuple_display(scope: Scope, node: ast.Tuple) -> Value:
    return tuple(elements(scope, node.elts))


@EXPRESSIONS.of(ast.List)
def list_display(scope: Scope, node: ast.List) -> Value:
    return elements(scope, node.elts)


@EXPRESSIONS.of(ast.Set)
def set_display(scope: Scope, node: ast.Set) -> Value:
    return SetValue({key(value): None for value in elements(scope, node.elts)})


@EXPRESSIONS.of(ast.Dict)
def dict_display(scope: Scope, node: ast.Dict) -> Value:
    machine = scope.machine
    result: dict[Value, Value] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = machine.evaluate(scope, value_node)
        if key_node is not None:
            result[key(machine.evaluate(scope, key_node))] = value
        elif isinstance(value, dict):
            machine.budget.spend(len(value))
            result.update(value)
        else:
            raise Refusal("what stands after `**` is no dictionary")
        check_count(len(result))
    return result


@EXPRESSIONS.of(ast.Subscript)
def subscript(scope: Scope, node: ast.Subscript) -> Value:
    machine = scope.machine
    value = machine.evaluate(scope, node.value)
    index = machine.evaluate(scope, node.slice)
    return machine.call_at(scope, node, get_item, machine, value, index)


@EXPRESSIONS.of(ast.Slice)
def slice_expression(scope: Scope, node: ast.Slice) -> Value:
    parts = (node.lower, node.upper, node.step)
    return slice(*(part and scope.machine.evaluate(scope, part) for part in parts))


@EXPRESSIONS.of(ast.JoinedStr)
def joined_string(scope: Scope, node: ast.JoinedStr) -> Value:
    text = "".join(scope.machine.evaluate(scope, part) for part in node.values)
    check_text(len(text))
    return text


@EXPRESSIONS.of(ast.FormattedValue)
def formatted(scope: Scope, node: ast.FormattedValue) -> Value:
    machine = scope.machine
    value = machine.evaluate(scope, node.value)
    form = machine.evaluate(scope, node.format_spec) if node.format_spec else ""
    if node.conversion > 0:
        value = text_of(machine, value, quoted=chr(node.conversion) != "s")
    return format_value(machine, value, form)


@EXPRESSIONS.of(ast.ListComp)
def list_comprehension(scope: Scope, node: ast.ListComp) -> Value:
    return comprehended(scope, node.generators, node.elt)


@EXPRESSIONS.of(ast.GeneratorExp)
def generator_expression(scope: Scope, node: ast.GeneratorExp) -> Value:
    return Iterated(comprehended(scope, node.generators, node.elt))


@EXPRESSIONS.of(ast.SetComp)
def set_comprehension(scope: Scope, node: ast.SetComp) -> Value:
    return SetValue({key(v): None for v in comprehended(scope, node.generators, node.elt)})


@EXPRESSIONS.of(ast.DictComp)
def dict_comprehension(scope: Scope, node: ast.DictComp) -> Value:
    pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node)
    return {key(k): value for k, value in comprehended(scope, node.generators, pair)}


def comprehended(scope: Scope, loops: list[ast.comprehension], result: ast.expr) -> list[Value]:
    """The values of a comprehension, in a scope of its own."""
    inner = Scope(scope, scope.module, None)
    inner.home = scope.home or scope
    values: list[Value] = []

    def loop(depth: int) -> None:
        if depth == len(loops):
            values.append(inner.machine.evaluate(inner, result))
            check_count(len(values))
            return
        each = loops[depth]
        source = inner.machine.evaluate(inner, each.iter)
        for item in iterate(inner.machine, source):
            inner.machine.budget.spend(1)
            unpack(inner, each.target, item)
            if all(is_true(inner.machine, inner.machine.evaluate(inner, t)) for t in each.ifs):
                loop(depth + 1)

    loop(0)
    return values


def unpack(scope: Scope, target: ast.expr, value: Value) -> None:
    """Give a name, or the names of a pattern, their values."""
    if isinstance(target, ast.Name):
        scope.names[target.id] = value
    else:
        assign(scope, target, value)


@EXPRESSIONS.of(ast.Yield)
def yield_value(scope: Scope, node: ast.Yield) -> Value:
    value = node.value and scope.machine.evaluate(scope, node.value)
    scope.yields.append(value)
    check_count(len(scope.yields))


@EXPRESSIONS.of(ast.YieldFrom)
def yield_from(scope: Scope, node: ast.YieldFrom) -> Value:
    for value in iterate(scope.machine, scope.machine.evaluate(scope, node.value)):
        scope.machine.budget.spend(1)
        scope.yields.append(value)
        check_count(len(scope.yields))
