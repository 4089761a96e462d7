"""A network as PyTorch source: `nn.Sequential` for a stack, else a Module with named layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cnncalc.findings import Findings
from cnncalc.frameworks.calls import LINES
from cnncalc.frameworks.pytorch import READERS
from cnncalc.frameworks.pytorch.writing import CLASSES, pieces
from cnncalc.notations.program.blocks import Block, Dialect, in_blocks
from cnncalc.notations.program.call_numbers import once, signature_of
from cnncalc.notations.program.lines import (
    Line,
    Program,
    input_comment,
    labels,
    lower,
    named_inputs,
    variables,
)
from cnncalc.notations.program.naming import camel
from cnncalc.notations.program.style import parameters, statement
from cnncalc.notations.reserved import TORCH

__all__ = ["write"]


def write(report: Findings, name: str | None = None) -> str:
    """The text of a file that makes the network: `model`, or, where it is no stack or has a
    name, a class.

    Raises:
        SpecError: what PyTorch can't say, with its place.
    """
    program = lower(report, pieces, TORCH)
    calls = {(line.call or "").partition("(")[0] for line in program.lines.values()}
    own = [text for word, text in CLASSES.items() if word in calls]
    stack = program.stack and name is None and not own
    body = _stack(program) if stack else _classes(program, name or "Net")
    text = "\n".join([*own, *body])
    head = [input_comment(report.rows[step].output_shape for _, step in program.inputs)]
    head += ["import torch"] if "torch." in text else []
    head += ["from torch import nn", ""]
    return "\n".join([*head, *([] if stack else [""]), text, ""])


def _stack(program: Program) -> list[str]:
    calls = ", ".join(str(line.call) for line in program.lines.values())
    return statement(f"model = nn.Sequential({LINES if calls else ''}{calls})")


def _classes(program: Program, name: str) -> list[str]:
    """The network's class, after those of its blocks."""
    dialect = Dialect(_signature, camel, TORCH, {name, *CLASSES})
    whole, blocks = in_blocks(program, dialect)
    written: list[str] = []
    for block in blocks:
        written += [*_block(block), "", ""]
    given = named_inputs(program, "x", TORCH)
    named = labels(whole, TORCH)
    return written + _class(name, {}, given, whole.lines, program.outputs, named)


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
    names = variables(given, lines, outputs, named, TORCH.values)
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
