"""A network as PyTorch source: `nn.Sequential` for a stack, else a Module with named layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cnncalc.frameworks.pytorch import READERS
from cnncalc.layers.shapes import show
from cnncalc.notations.program.blocks import Block, Dialect, gather
from cnncalc.notations.program.calls import once, signature_of
from cnncalc.notations.program.lines import Line, Program, identifier, labels, lower, variables
from cnncalc.notations.program.naming import camel
from cnncalc.notations.program.style import LINES, parameters, statement
from cnncalc.notations.program.torch_pieces import pieces
from cnncalc.report import Report

__all__ = ["write"]

# Names that mean something on every nn.Module.
TAKEN = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)
WORDS = ("nn", "self", "torch", "float", "range", "super")


def write(report: Report, name: str | None = None) -> str:
    """The text of a file that makes the network: `model`, or, where it is no stack or has a
    name, a class.

    Raises:
        SpecError: what PyTorch can't say, with its place.
    """
    program = lower(report, pieces, TAKEN)
    stack = program.stack and name is None
    body = _stack(program) if stack else _classes(program, name or "Net")
    text = "\n".join(body)
    sizes = ", ".join(show(report.rows[step].output_shape) for _, step in program.inputs)
    head = [f"# input: {sizes.replace('×', 'x')}, after the batch"]
    head += ["import torch"] if "torch." in text else []
    head += ["from torch import nn", ""]
    return "\n".join([*head, *([] if stack else [""]), text, ""])


def _stack(program: Program) -> list[str]:
    calls = ", ".join(str(line.call) for line in program.lines.values())
    return statement(f"model = nn.Sequential({LINES if calls else ''}{calls})")


def _classes(program: Program, name: str) -> list[str]:
    """The network's class, after those of its blocks."""
    dialect = Dialect(_signature, camel, {name, *WORDS}, TAKEN)
    whole, blocks = gather(program, dialect)
    written: list[str] = []
    for block in blocks:
        written += [*_block(block), "", ""]
    given = {value: _input(program, value, step) for value, step in program.inputs}
    return written + _class(name, {}, given, whole.lines, program.outputs, labels(whole))


def _signature(name: str) -> Mapping[str, int | None]:
    if name in ("ones", "zeros"):  # a learned tensor, its channels first
        return {"num_features": None}
    return signature_of(READERS[name]) if name in READERS else {}


def _block(block: Block) -> list[str]:
    """A block's class: an nn.Sequential where it is one module after another."""
    chain = all(line.plain and line.inputs == (at - 1,) for at, line in block.lines.items())
    if not chain:
        ends = (max(block.lines),)
        return _class(block.name, block.parameters, {0: "x"}, block.lines, ends, {})
    calls = ", ".join(_made(line, "") for line in block.lines.values())
    return [
        f"class {block.name}(nn.Sequential):",
        *statement(f"def __init__({parameters('self', block.parameters)})", "    ", ":"),
        *statement(f"super().__init__({LINES}{calls})", "        "),
    ]


def _class(
    name: str,
    arguments: Mapping[str, int | None],
    given: dict[int, str],
    lines: dict[int, Line],
    outputs: tuple[int, ...],
    named: dict[int, str],
) -> list[str]:
    names = variables(given, lines, outputs, named, WORDS)
    returned = ", ".join(names[number] for number in outputs)
    return [
        f"class {name}(nn.Module):",
        *statement(f"def __init__({parameters('self', arguments)})", "    ", ":"),
        "        super().__init__()",
        *held(lines.values(), "        "),
        "",
        *statement(f"def forward({', '.join(['self', *given.values()])})", "    ", ":"),
        *flow(lines, names, "        "),
        *statement(f"return {returned}", "        "),
    ]


def _made(line: Line, container: str = "nn.Sequential") -> str:
    """What makes a line's module, or several in a container."""
    call, times = once(line.call or "")
    if times in ("", "1"):
        return call
    several = f"*[{call} for _ in range({times})]"
    return f"{container}({several})" if container else several


def held(lines: Iterable[Line], indent: str) -> list[str]:
    """The statements that make the modules."""
    made = []
    for line in lines:
        if line.call and not line.again:
            buffer = line.call.removeprefix("nn.Buffer(")
            if buffer != line.call:  # PyTorch before 2.5 has no such class
                made += statement(f'self.register_buffer("{line.name}", {buffer}', indent)
                continue
            made += statement(f"self.{line.name} = {_made(line)}", indent)
            still = f"self.{line.name}.requires_grad_(False)"
            made += [indent + still] if line.frozen else []
    return made


def flow(lines: dict[int, Line], names: dict[int, str], indent: str) -> list[str]:
    """The statements that make the values."""
    made = []
    for number, line in lines.items():
        inputs = [names[each] for each in line.inputs]
        value = line.form.format(*inputs, self=f"self.{line.name}")
        if value != names[number]:
            made += statement(f"{names[number]} = {value}", indent)
    return made


def _input(program: Program, value: int, step: int) -> str:
    return "x" if value == program.inputs[0][0] else identifier(program.steps[step].name)
