"""A network at a size: rows, totals, and errors with their place."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings

from cnncalc import Network, SpecError, Step, analysis, analyze, parse, receptive, verify
from cnncalc.errors import LayerError
from cnncalc.layers import LAYERS, Layer
from cnncalc.layers.base import Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Declared, Expects
from tests.conftest import Command
from tests.strategies import specs

CONTRACT_EXAMPLE = {
    "index": 1, "name": "conv1", "kind": "conv", "text": "conv:16,k3,p1", "path": [],
    "inputs": [0], "input_shapes": [[3, 32, 32]], "output_shape": [16, 32, 32],
    "weights": [
        {"name": "weight", "shape": [16, 3, 3, 3], "count": 432, "role": "parameter",
         "trainable": True},
        {"name": "bias", "shape": [16], "count": 16, "role": "parameter", "trainable": True},
    ],
    "params": 448, "trainable": 448, "buffers": 0, "shares": None, "macs": 442368,
    "activation_bytes": 65536,
    "receptive_field": {"size": [3, 3], "jump": [1, 1], "start": [-1, -1], "phases": None,
                        "status": "exact", "aligned": True},
}  # fmt: skip


def test_the_contracts_own_example() -> None:
    """The report of the contract, to the letter."""
    document = analyze("3x32x32 conv:16,k3,p1").to_dict()

    assert document["layers"] == [CONTRACT_EXAMPLE]
    assert document["total"] == {
        "params": 448, "trainable": 448, "buffers": 0, "unused_params": 0, "macs": 442368,
        "param_bytes": 1792, "activation_bytes": 65536,
    }  # fmt: skip
    assert document["spec"] == "3x32x32 conv:16,k3,p1"
    assert document["output"] == {"shape": [16, 32, 32]}


@pytest.mark.parametrize(
    ("options", "param_bytes", "activation_bytes"),
    [
        ({}, 1792, 65536),
        ({"batch": 8}, 1792, 8 * 65536),
        ({"dtype": "float64"}, 3584, 131072),
        ({"dtype": "float16", "batch": 2}, 896, 65536),
        ({"dtype": "int8"}, 448, 16384),
    ],
)
def test_bytes(options: dict[str, object], param_bytes: int, activation_bytes: int) -> None:
    """Bytes go with the batch (activations) and the dtype (both)."""
    total = analyze("3x32x32 conv:16,k3,p1", **options).total  # type: ignore[arg-type]

    assert (total.param_bytes, total.activation_bytes) == (param_bytes, activation_bytes)


def test_layout_turns_every_shape() -> None:
    """channels-last moves the channels to the end, weights keep their framework's order."""
    document = analyze("3x32x16 conv:16,k3 flatten", layout="channels-last").to_dict()

    assert document["input"]["shape"] == [32, 16, 3]
    assert document["layers"][0]["output_shape"] == [30, 14, 16]
    assert document["layers"][0]["weights"][0]["shape"] == [16, 3, 3, 3]
    assert document["output"]["shape"] == [6720]


def test_the_input_argument_wins() -> None:
    """-i beats the spec's own size."""
    assert analyze("3x32x32 conv:4,k3", (3, 8, 8)).rows[1].output_shape == (4, 6, 6)


def test_a_shared_step_counts_its_weights_once() -> None:
    """A module used again has its own MACs and no parameters."""
    conv = LAYERS["conv"](3, 3, padding=1)
    network = Network(
        [
            Step(Input(), name="input"),
            Step(conv, (0,), "conv"),
            Step(conv, (1,), "conv#2", shares=1),
        ],
        (3, 8, 8),
    )
    report = analyze(network)

    assert [row.params for row in report.layers] == [84, 0]
    assert report.rows[2].macs == report.rows[1].macs > 0
    assert report.to_dict()["layers"][1]["shares"] == 1
    assert report.spec is None


@pytest.mark.parametrize(
    ("expects", "message", "help_text"),
    [
        (Expects("nn.Conv2d", (1,)), "takes maps of 1 spatial axis but receives 3×8×8", None),
        (Expects("nn.Conv2d", (2,), (("in_channels", 0, 64),)),
         "nn.Conv2d declares in_channels=64 but receives 3 channels", "write in_channels=3"),
    ],
)  # fmt: skip
def test_declared_inputs_are_checked(expects: Expects, message: str, help_text: str | None) -> None:
    """What the source declared is held against what flows in."""
    conv = Declared(LAYERS["conv"](4, 3), expects)
    network = Network([Step(Input(), name="input"), Step(conv, (0,), "conv")], (3, 8, 8))

    with pytest.raises(SpecError, match=message.replace("(", r"\(")) as caught:
        analyze(network)
    assert caught.value.help == help_text


def test_equal_layers_may_be_declared_otherwise() -> None:
    """What a source says of a layer is the step's, also where the layer is one object."""
    conv = LAYERS["conv"](4, 3)
    frozen, partly = Declared(conv).replaced(trainable=False), frozenset({"bias"})
    tied = Declared(conv, stored={"bias": (4, ())}, own=False)
    steps = [Step(Input(), name="input"), Step(conv, (0,), "plain"), Step(frozen, (0,), "frozen")]
    steps += [Step(Declared(conv).replaced(frozen=partly), (0,), "partly")]
    steps += [Step(tied, (0,), "tied")]

    rows = analyze(Network(steps), (4, 8, 8)).layers

    assert [row.params for row in rows] == [148, 148, 148, 144]
    assert [row.trainable for row in rows] == [148, 0, 144, 144]
    assert steps[1].layer == steps[2].layer


def test_what_a_source_declares_is_checked_again() -> None:
    """A step that is settled keeps the checks of its input."""
    network = analyze(parse("nn.Sequential(nn.Linear(5, 3))", notation="torch"), (5,)).network
    assert network.steps[1].layer == LAYERS["linear"](3)

    with pytest.raises(SpecError, match="declares in_features=5 but receives 6"):
        analyze(network, (6,))


def test_errors_say_where_and_what_flowed_in() -> None:
    """File, line, columns, the incoming shape and the step that made it."""
    with pytest.raises(SpecError) as caught:
        analyze("1x8x8\nconv:4,k3 relu\n  maxpool:7")
    error = caught.value

    assert (error.line, error.column, error.end_column) == (3, 11, 12)
    assert error.source_line == "  maxpool:7"
    assert error.notes == ["it receives 4×6×6 from `relu` (step 2)"]
    assert error.code == "kernel-too-large"
    assert error.to_dict()["error"]["column"] == 11  # type: ignore[index]


BLAMED = [
    ("3x5x5 conv:16,k9", "k9"),
    ("3x5x5 conv:16,9,p=1:1", "9"),
    ("3x5x5 conv(16, kernel=3x9, p=0)", "kernel=3x9"),
    ("4x5x5 conv:6,k3,g4", "g4"),
    ("6x5x5 conv:16,k3,g8", "g8"),
    ("3x5x5 conv:16,k3,p-1", "p-1"),
    ("3x5x5 conv:16,k3,p7,reflect", "p7"),
    ("3x5x5 conv:16,k3,s1x2x3", "s1x2x3"),
    ("3x5x5 maxpool:2,p2", "p2"),
    ("3x5x5 maxpool:7", "7"),
    ("3x5x5 convt:4,k3,s2,op2", "op2"),
    ("3x5x5 convt:4,k2,p3", "p3"),
    ("3x5x5 convt:4,k2,p=same,op1", "op1"),
    ("3x5x5 upsample:0.1", "0.1"),
    ("3x5x5 upsample:2,corners", "corners"),
    ("3x5x5 maxunpool:2,size=30", "size=30"),
    ("3x5x5 fracmaxpool:3,size=4", "3"),
    ("3x5x5 adaptiveavg:7x7x7", "7x7x7"),
    ("6x5x5 gn:4", "4"),
    ("6x5x5 ln:axes=0x0", "axes=0x0"),
    ("6x5x5 chshuffle:4", "4"),
    ("6x5x5 pixelshuffle:2", "2"),
    ("6x5x5 pixelunshuffle:2", "2"),
    ("6x5x5 prelu:4", "4"),
    ("6x5x5 dropout:2", "2"),
    ("6x5x5 crop:1:1x3:3", "1:1x3:3"),
    ("6x5x5 pad:-3", "-3"),
    ("6x5x5 pad:1,c-9", "c-9"),
    ("6x5x5 slice:2..9", "2..9"),
    ("6x5x5 slice:0..1,axis=4", "axis=4"),
    ("6x5x5 linear:3,axis=5", "axis=5"),
    ("6x5x5 reshape:4x4", "4x4"),
    ("6x5x5 unflatten:4x4", "4x4"),
    ("6x5x5 permute:1x0", "1x0"),
    ("6x5x5 flatten:start=4", "start=4"),
    ("6x5x5 expand:6x5x7", "6x5x7"),
    ("6x5 fold:4,size=2", "4"),
    ("6x5 fold:2,size=9", "size=9"),
    # what has no single option to blame, and what its default is to blame for
    ("6x5x5 linear:3", "linear:3"),
    ("6x5x5 cat[ relu | conv:8,k3 ]", "cat[ relu | conv:8,k3 ]"),
    ("3x5x5 softmax:axis=0 glu", "glu"),
    ("3x5x5 def b(k) = [ conv:8,k$k ] b:3 b:5", "k$k"),
]


@pytest.mark.parametrize(("spec", "underlined"), BLAMED)
def test_the_option_that_is_wrong_is_underlined(spec: str, underlined: str) -> None:
    """Where one option is to blame, the place is that option's."""
    with pytest.raises(SpecError) as caught:
        analyze(spec)

    assert caught.value.span is not None
    assert caught.value.span.text == underlined


def test_an_input_given_beside_a_size_with_symbols() -> None:
    """`-i` wins, whatever the spec's own size lacks; without it unknowns have no answer."""
    assert analyze("3xHxW conv:4,k3", (3, 8, 8)).rows[1].output_shape == (4, 6, 6)
    assert analyze("3x_x_ conv:4,k3", (3, 8, 8)).rows[1].output_shape == (4, 6, 6)
    with pytest.raises(SpecError, match="`_` stands for a value to solve for"):
        analyze("3x_x_ conv:4,k3")


def test_branches_that_do_not_match_name_their_paths() -> None:
    """Both shapes and both paths."""
    with pytest.raises(SpecError) as caught:
        analyze("3x8x8 conv:8,k3,p1 add[conv:8,k3 relu | ]")

    assert caught.value.notes == [
        "branch 1 gives 8×6×6: `conv:8,k3 relu`",
        "branch 2 gives 8×8×8: the identity",
    ]


def test_errors_inside_a_definition_name_the_use() -> None:
    """The place in the definition is underlined, the use is a note."""
    with pytest.raises(SpecError) as caught:
        analyze("def b(c) = [conv:$c,k9]\n3x8x8\nb(4)")

    assert caught.value.line == 1
    assert "used at line 3: `b(4)`" in caught.value.notes


@given(specs())
@settings(max_examples=100)
def test_totals_are_the_sums_of_the_rows(text: str) -> None:
    """Totals, counts and byte sums follow from the rows; every row's text is a word."""
    report = analyze(text)

    assert report.total.params == sum(row.params for row in report.layers)
    assert report.total.trainable <= report.total.params
    assert all(
        row.params + row.buffers == sum(weight.count for weight in row.weights)
        for row in report.layers
    )
    assert report.total.activation_bytes == 4 * sum(
        _product(row.output_shape) for row in report.layers
    )
    assert report.spec is not None
    assert analyze(report.spec).to_dict() == report.to_dict()


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"batch": 0}, "bad-value"),
        ({"dtype": "float31"}, "bad-value"),
        ({"layout": "NHWC"}, "bad-value"),
        ({"input": (3, 0, 8)}, "bad-input"),
        ({"input": ()}, "bad-input"),
        ({"input": (10**9, 10**9, 10**9)}, "too-large"),
    ],
)
def test_wrong_settings(options: dict[str, object], code: str) -> None:
    """Settings that can't be are spec errors."""
    with pytest.raises(SpecError) as caught:
        analyze(parse("conv:4,k1"), **options)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_missing_input_size() -> None:
    """Without a size there are no numbers, and the message says what to type."""
    with pytest.raises(SpecError, match="size of the input is missing") as caught:
        verify("conv:4,k1")
    assert "-i 3x224x224" in str(caught.value.help)


def test_fields_are_worked_out_when_read(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """Sizes, weights and MACs, the table of `params` and `convert` do without; `rf` does not."""
    monkeypatch.setattr(receptive, "fields_of", lambda report: 1 / 0)
    spec = "3x8x8 conv:4,k3,p=2:0 add[ conv:4,k3,p=2:0 | ]"

    assert analyze(spec).total.params == 260
    assert command("params", *spec.split()).code == 0
    assert command("convert", *spec.split(), "--to", "torch").code == 0
    assert "ZeroDivisionError" in command("rf", *spec.split()).err


def test_the_garbage_collector_is_left_as_it_was() -> None:
    """It rests during the loops, after which it goes on, even if they end in an error."""
    with pytest.raises(SpecError):
        analyze("3x8x8 conv:4,k99")
    assert gc.isenabled()
    gc.disable()
    try:
        assert analyze("3x8x8 conv:4,k3").fields
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("shape", [(3, 2**31, 4), (2**31, 4, 4), (3, 4, 2**31)])
def test_no_size_is_beyond_the_limit(shape: tuple[int, ...]) -> None:
    """Whichever of them it is; the largest that there is passes."""
    with pytest.raises(SpecError, match="beyond the limit of 2147483647 for each size"):
        analyze("conv:1,k1", shape)
    assert analyze("conv:1,k1", (3, 2**31 - 1)).rows[-1].output_shape == (1, 2**31 - 1)


def gives(branches: int, sizes: int) -> list[str]:
    """What is told of a merge of so many branches, of so many sizes one after another."""
    each = [f"[slice:{at % sizes}..]" for at in range(branches)]
    with pytest.raises(SpecError) as caught:
        analyze(f"9x2 add[ {' | '.join(each)} ]")
    return [note.partition(":")[0] for note in caught.value.notes]


def test_branches_that_show_why_they_can_not_meet() -> None:
    """Of up to six all; of more the first of each size, and no more than six."""
    assert gives(6, 2) == [f"branch {at} gives {8 + at % 2}×2" for at in range(1, 7)]
    assert gives(7, 2) == ["branch 1 gives 9×2", "branch 2 gives 8×2"]
    assert gives(9, 7) == [f"branch {at} gives {10 - at}×2" for at in range(1, 7)]


def test_without_a_size_the_first_layer_is_underlined() -> None:
    """Where it is used, of a definition."""
    for spec, text in (
        ("conv:1,k1 relu", "conv:1,k1"),
        ("def b(c) = [conv:$c,k1] b(4) relu", "b(4)"),
        ("x@identity conv:1,k1", "x@identity"),
    ):
        with pytest.raises(SpecError, match="size of the input is missing") as caught:
            verify(spec)
        assert caught.value.span
        assert caught.value.span.text == text


def test_equal_layers_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """About the same shapes; and of what no source declared nothing else is looked at."""
    asked: list[object] = []
    right = LAYERS["conv"].output

    def output(layer: Layer, *shapes: Shape) -> Shape:
        asked.append(shapes)
        return right(layer, *shapes)

    monkeypatch.setattr(LAYERS["conv"], "output", output)
    monkeypatch.setattr(analysis._Loop, "_settled", None)
    analyze("4x9x9 10*[conv:4,k3,p1] relu conv:4,k3 5*[conv:4,k3,p1]")
    assert asked == [((4, 9, 9),), ((4, 9, 9),), ((4, 7, 7),)]


def test_the_first_row_is_the_input() -> None:
    """Which holds nothing, and multiplies nothing."""
    row = analyze("3x4x5 conv:2,k3").rows[0]
    assert (row.index, row.text, row.inputs, row.input_shapes) == (0, "input", (), ())
    assert (row.output_shape, row.weights, row.shares) == ((3, 4, 5), (), None)
    assert (row.params, row.trainable, row.buffers, row.macs) == (0, 0, 0, 0)
    for found in analysis.analyze(parse("3x4x5 relu")).rows:  # of one sample
        assert found.activation_bytes == 3 * 4 * 5 * 4


@pytest.mark.parametrize("shape", [(3, 5, 7), (3,), (5,)])
def test_declared_sizes_are_of_one_axis(shape: Shape) -> None:
    """Counted from the front or from the last; what isn't there is no contradiction."""
    for axis in range(-4, 4):
        declared = Declared(LAYERS["relu"](), Expects("nn.It", (), (("size", axis, 5),)))
        there = shape[axis : axis + 1 or None] if -len(shape) <= axis < len(shape) else (5,)
        if there == (5,):
            assert analysis.settle(declared, (shape,)) is declared.layer
        else:
            what = "channels" if len(shape) > 1 else "features"
            with pytest.raises(LayerError, match=f"declares size=5 but receives {there[0]} {what}"):
                analysis.settle(declared, (shape,))


def test_what_is_declared_of_axes() -> None:
    """Vectors, or maps of so many axes."""
    assert analysis.taken((0,)) == "vectors"
    assert analysis.taken((1,)) == "maps of 1 spatial axis"
    assert analysis.taken((0, 1)) == "vectors or maps of 1 spatial axis"
    assert analysis.taken((0, 2)) == "vectors or maps of 2 spatial axes"
    assert analysis.taken((1, 2, 3)) == "maps of 1 or 2 or 3 spatial axes"
    for ranks, shape in (((0,), (3, 4)), ((1, 2), (3,)), ((2,), (3, 4))):
        with pytest.raises(LayerError, match="It takes"):
            analysis.settle(Declared(LAYERS["relu"](), Expects("nn.It", ranks)), (shape,))


def test_what_a_single_number_is_for() -> None:
    """It is looked up in a table."""
    assert analyze("embedding:9,3 relu", ()).rows[-1].output_shape == (3,)
    for spec in ("relu", "identity relu"):
        with pytest.raises(SpecError, match="the input can't be a single number"):
            analyze(spec, ())


FORWARD = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 9)
    def forward(self, x{more}):
        return self.conv(x){added}
"""


def test_steps_alone_have_the_place_of_the_whole_layer() -> None:
    """Of an option's own the reader knows, which is left behind."""
    network = parse("3x5x5 conv:4,k9")
    for told, text in ((network, "k9"), (Network(network.steps, network.input), "conv:4,k9")):
        with pytest.raises(SpecError) as caught:
            analyze(told)
        assert caught.value.span
        assert caught.value.span.text == text


@pytest.mark.parametrize(
    ("more", "added", "missing", "advice"),
    [
        ("", "", "the size of the input is missing", "give it as `-i 3x224x224`"),
        (
            ", z", " + z", "the sizes of the inputs `x`, `z` are missing",
            "`-i x=SIZE -i z=SIZE`, or `-i` again for each in their order",
        ),
    ],
)  # fmt: skip
def test_which_sizes_are_missing(more: str, added: str, missing: str, advice: str) -> None:
    with pytest.raises(SpecError) as caught:
        verify(FORWARD.format(more=more, added=added))
    assert caught.value.message == missing
    assert str(caught.value.help).startswith(advice)


def test_no_rows_without_a_size() -> None:
    """What a network lacks of its own is told first."""
    with pytest.raises(SpecError, match="the size of the input is missing"):
        analysis.analyze(parse("conv:4,k1"))
    with pytest.raises(SpecError, match="`_` stands for a value to solve for"):
        analysis.analyze(parse("3x_ conv:4,k1"))


def test_an_input_alone_may_be_a_single_number() -> None:
    """What nobody reads."""
    network = Network([Step(Input(), name="input")])
    assert [row.output_shape for row in analyze(network, ()).rows] == [()]


def test_what_a_framework_does_at_a_size_is_asked_at_another_one_too() -> None:
    """As long as it left the layer as it was."""

    def rule(layer: Layer, *shapes: Shape) -> Layer:
        return layer if shapes[0][1] % 2 else layer.replaced(stride=2)

    conv = Declared(LAYERS["conv"](4, 3), Expects("nn.It", (1,), rule=rule))
    network = Network([Step(Input(), name="input"), Step(conv, (0,), "conv")])
    for size, next_size, made in ((9, 8, 3), (9, 7, 5), (8, 9, 4)):
        again = analyze(network, (3, size)).network
        assert analyze(again, (3, next_size)).rows[1].output_shape == (4, made)
