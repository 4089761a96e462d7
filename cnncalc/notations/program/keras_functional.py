"""A network as Keras source, channels last: `Sequential` for a stack, else the functional style."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.findings import Findings
from cnncalc.frameworks.calls import CALL, LINES
from cnncalc.frameworks.keras import READERS
from cnncalc.frameworks.keras.writing import CLASSES, pieces
from cnncalc.notations.program.blocks import Block, Dialect, in_blocks
from cnncalc.notations.program.call_numbers import once, signature_of
from cnncalc.notations.program.lines import (
    FRESH,
    Line,
    Program,
    input_comment,
    labels,
    lower,
    named_inputs,
)
from cnncalc.notations.program.lines import variables as allot
from cnncalc.notations.program.naming import snake
from cnncalc.notations.program.style import INDENT, parameters, statement
from cnncalc.notations.reserved import KERAS
from cnncalc.rows import as_layout

__all__ = ["write"]


def write(report: Findings, name: str | None = None) -> str:
    """The text of a file that makes `model`, called as given.

    Raises:
        SpecError: what Keras can't say, with its place.
    """
    program = lower(report, pieces, KERAS)
    inputs = {value: _input(report, step) for value, step in program.inputs}
    named = f', name="{name}"' if name else ""
    body = _stack(program, inputs, named) if program.stack else _graph(program, inputs, named)
    calls = {(line.call or "").partition("(")[0] for line in program.lines.values()}
    own = [text for name, text in CLASSES.items() if name in calls]
    text = "\n".join([*own, *body])
    imports = ["from keras import layers"] if "layers." in text else []
    apart = [""] if text.startswith(("class ", "def ")) else []
    shapes = [report.rows[step].output_shape for _, step in program.inputs]
    head = input_comment(as_layout(shape, "channels-last") for shape in shapes)
    return "\n".join([head, "import keras", *imports, "", *apart, text, ""])


def _input(report: Findings, number: int) -> str:
    """What makes an input, with its name where there are several."""
    row = report.rows[number]
    sizes = as_layout(row.output_shape, "channels-last")
    whole = ', dtype="int32"' if number in report.network.looked_up else ""
    several = any(not each.inputs for each in report.layers)
    plain = several and row.name != "input" and row.name.isidentifier()
    name = f', name="{row.name}"' if plain else ""
    return f"keras.Input({sizes!r}{whole}{name})"


def _stack(program: Program, inputs: dict[int, str], named: str) -> list[str]:
    calls = [inputs[0], *(str(line.call) for line in program.lines.values())]
    return statement(f"model = keras.Sequential([{LINES}{', '.join(calls)}]{named})")


def _graph(program: Program, inputs: dict[int, str], named: str) -> list[str]:
    kept = _kept(program.lines)
    given = named_inputs(program, "inputs", KERAS, kept)
    language = KERAS._replace(modules=KERAS.modules | {*given.values()})
    dialect = Dialect(_signature, snake, language, {*FRESH, *given.values(), *kept})
    whole, blocks = in_blocks(program, dialect)
    functions = [line for block in blocks for line in _function(block)]
    taken = {*KERAS.values, *given.values(), *(block.name for block in blocks)}
    taken |= _kept(whole.lines)
    names = allot(given, whole.lines, program.outputs, labels(whole, KERAS), taken)
    made = []
    for value, call in inputs.items():
        made += statement(f"{given[value]} = {call}")
    made += _flow(whole.lines, names, "")
    taken_in = _listed([given[value] for value in given])
    outputs = _listed([names[number] for number in program.outputs])
    return [*functions, *made, *statement(f"model = keras.Model({taken_in}, {outputs}{named})")]


def _signature(name: str) -> Mapping[str, int | None]:
    return signature_of(READERS[name]) if name in READERS else {}


def _function(block: Block) -> list[str]:
    """The function of a block, and two empty lines."""
    taken = {*KERAS.values, *block.parameters} | _kept(block.lines)
    names = allot({0: "x"}, block.lines, (max(block.lines),), {}, taken)
    return [
        *statement(f"def {block.name}({parameters('x', block.parameters)})", tail=":"),
        *_flow(block.lines, names, INDENT),
        f"{INDENT}return {names[max(block.lines)]}",
        "",
        "",
    ]


def _flow(lines: dict[int, Line], names: dict[int, str], indent: str) -> list[str]:
    """The statements that make the values."""
    made, kept = [], _kept(lines)
    for number, line in lines.items():
        inputs = [names[each] for each in line.inputs]
        call, times = once(_call(line))
        if times:
            made += _used(call, times, inputs[0], names[number], indent)
            continue
        if line.holds and line.name in kept:
            made += [] if line.again else statement(f"{line.name} = {call}", indent)
            call = line.name
        form = line.form.replace(CALL, f"{call}({{0}})").replace("{self}", call)
        value = form.format(*inputs, origin=inputs[-1])
        made += statement(f"{names[number]} = {value}", indent) if value != names[number] else []
    return made


def _used(call: str, times: str, source: str, name: str, indent: str) -> list[str]:
    """A block's function called, or called several times one after another."""
    if times == "1":
        return statement(f"{name} = {_given_to(call, source)}", indent)
    before = statement(f"{name} = {source}", indent) if name != source else []
    loop = f"{indent}for _ in range({times}):"
    return [*before, loop, *statement(f"{name} = {_given_to(call, name)}", indent + INDENT)]


def _given_to(call: str, source: str) -> str:
    """A call with what it works on as its first argument."""
    function, _, arguments = call.partition("(")
    return f"{function}({source}{', ' if arguments != ')' else ''}{arguments}"


def _call(line: Line) -> str:
    if not line.frozen or not line.call:
        return line.call or ""
    comma = "" if line.call.endswith("()") else ", "
    return f"{line.call[:-1]}{comma}trainable=False)"


def _kept(lines: dict[int, Line]) -> set[str]:
    """The layers that need a variable of their own, since they are called again."""
    again = {line.name for line in lines.values() if line.again}
    return {line.name for line in lines.values() if line.holds and line.name in again}


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
