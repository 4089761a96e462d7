"""A network as Keras source, channels last: `Sequential` for a stack, else the functional style."""

from __future__ import annotations

from cnncalc.layers.shapes import Shape
from cnncalc.notations.program.keras_pieces import pieces
from cnncalc.notations.program.lines import CALL, Line, Program, identifier, labels, lower
from cnncalc.notations.program.lines import variables as allot
from cnncalc.notations.program.style import LINES, statement
from cnncalc.report import Report, as_layout

__all__ = ["write"]

WORDS = ("keras", "layers", "model")


# Layers that Keras lacks, as classes of the file's own.
OWN = """\
class {name}(layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(shape=input_shape[-1:], initializer="{start}")

    def call(self, inputs):
        return inputs {sign} self.factor

"""
LEARNED = {
    "Scale": {"start": "ones", "sign": "*"},
    "Shift": {"start": "zeros", "sign": "+"},
}


def write(report: Report, name: str | None = None) -> str:
    """The text of a file that makes `model`, called as given.

    Raises:
        SpecError: what Keras can't say, with its place.
    """
    program = lower(report, pieces, WORDS)
    shapes = {value: report.rows[step].output_shape for value, step in program.inputs}
    named = f', name="{name}"' if name else ""
    body = _stack(program, shapes, named) if program.stack else _graph(program, shapes, named)
    calls = {line.call for line in program.lines.values()}
    own = [OWN.format(name=each, **how) for each, how in LEARNED.items() if f"{each}()" in calls]
    text = "\n".join([*own, *body])
    imports = ["from keras import layers"] if "layers." in text else []
    return "\n".join(["import keras", *imports, "", *([""] if own else []), text, ""])


def _input(shape: Shape) -> str:
    sizes = as_layout(shape, "channels-last")
    return f"keras.Input({sizes!r})"


def _stack(program: Program, shapes: dict[int, Shape], named: str) -> list[str]:
    calls = [_input(shapes[0]), *(str(line.call) for line in program.lines.values())]
    return statement(f"model = keras.Sequential([{LINES}{', '.join(calls)}]{named})")


def _graph(program: Program, shapes: dict[int, Shape], named: str) -> list[str]:
    taken = {line.name for line in program.lines.values() if _is_kept(program, line)}
    given = {value: _given(program, value, step) for value, step in program.inputs}
    names = allot(given, program.lines, program.outputs, labels(program), {*WORDS, *taken})
    made = []
    for value, shape in shapes.items():
        made += statement(f"{given[value]} = {_input(shape)}")
    for number, line in program.lines.items():
        made += _line(program, line, number, names)
    inputs = _listed([given[value] for value in given])
    outputs = _listed([names[number] for number in program.outputs])
    return [*made, *statement(f"model = keras.Model({inputs}, {outputs}{named})")]


def _line(program: Program, line: Line, number: int, names: dict[int, str]) -> list[str]:
    inputs = [names[each] for each in line.inputs]
    made, layer = [], _call(line)
    if _is_kept(program, line):
        made = [] if line.again else statement(f"{line.name} = {layer}")
        layer = line.name
    form = line.form.replace(CALL, f"{layer}({{0}})").replace("{self}", layer)
    value = form.format(*inputs, origin=inputs[-1])
    return [*made, *(statement(f"{names[number]} = {value}") if value != names[number] else [])]


def _call(line: Line) -> str:
    if not line.frozen or not line.call:
        return line.call or ""
    comma = "" if line.call.endswith("()") else ", "
    return f"{line.call[:-1]}{comma}trainable=False)"


def _is_kept(program: Program, line: Line) -> bool:
    """Whether a layer needs a variable of its own, since it is called again."""
    return bool(line.name) and any(
        other.again and other.name == line.name for other in program.lines.values()
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _given(program: Program, value: int, step: int) -> str:
    return "inputs" if value == program.inputs[0][0] else identifier(program.steps[step].name)
