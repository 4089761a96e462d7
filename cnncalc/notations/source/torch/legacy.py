"""Names of arguments that torchvision's builders had once: `resnet18(pretrained=False)`."""

from __future__ import annotations

import ast

__all__ = ["with_old_names"]


def with_old_names(function: ast.FunctionDef, decorator: ast.expr) -> ast.FunctionDef:
    """A builder under `@handle_legacy_interface(weights=("pretrained", WEIGHTS))`, as it then is.

    It takes the old name too, keyword or not, and its keywords by position; which weights it
    loads is looked up only where they are asked for.
    """
    if not isinstance(decorator, ast.Call) or function.args.kwarg is None:
        return function
    kwargs = function.args.kwarg.arg
    lines = []
    for keyword in decorator.keywords:
        pair = keyword.value
        if not keyword.arg or not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
            return function
        old, weights = ast.unparse(pair.elts[0]), ast.unparse(pair.elts[1])
        if isinstance(pair.elts[1], ast.Lambda):
            weights = f"({weights})({kwargs})"
        name = keyword.arg
        lines += [
            f"if {old} in {kwargs}: {name} = {kwargs}[{old}]",
            f"if {name} is True: {kwargs}[{old}] = True; {name} = {weights}",
            f"if {name} is False: {name} = None",
            f"{kwargs}.pop({old}, None)",
        ]
    made = ast.parse("\n".join(lines)).body
    for statement in made:
        for node in ast.walk(statement):
            ast.copy_location(node, decorator)
    args = function.args
    every = ast.arguments(
        args.posonlyargs, [*args.args, *args.kwonlyargs], args.vararg, [], [], args.kwarg,
        [*args.defaults, *(each for each in args.kw_defaults if each is not None)],
    )  # fmt: skip
    found = ast.FunctionDef(
        function.name, every, [*made, *function.body], function.decorator_list, function.returns
    )
    return ast.copy_location(found, function)
