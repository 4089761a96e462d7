"""Layers written as Keras calls, and read back."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings

from cnncalc import parse
from cnncalc.analysis import settle
from cnncalc.axis.windows import Window
from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.keras import READERS
from cnncalc.frameworks.keras.writing import parts, write
from cnncalc.frameworks.keras.writing.classes import WRITERS
from cnncalc.frameworks.keras.writing.parts import SPLITS
from cnncalc.frameworks.ops import BY_KIND
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared
from tests.strategies import specs

WRITTEN = [
    ("3x9x9 conv:16,k3,p1", 'layers.Conv2D(16, 3, padding="same")'),
    ("3x9x9 conv:16,k3,s2,p=same", 'layers.Conv2D(16, 3, strides=2, padding="same")'),
    ("3x9x9 conv:16,k3,s2,p1", "layers.ZeroPadding2D() layers.Conv2D(16, 3, strides=2)"),
    ("3x9x9 conv:16,k7,s2,p3", "layers.ZeroPadding2D(padding=3) layers.Conv2D(16, 7, strides=2)"),
    ("4x9x8 conv:16,k3x1,g2,nobias", "layers.Conv2D(16, (3, 1), groups=2, use_bias=False)"),
    ("3x9 conv:16,k3,d2,p=4:0", 'layers.Conv1D(16, 3, padding="causal", dilation_rate=2)'),
    ("3x9x9 conv:16,k2,p=0:1", 'layers.Conv2D(16, 2, padding="same")'),
    (
        "3x9x9 conv:16,k2,p=1:0",
        "layers.ZeroPadding2D(padding=((1, 0), (1, 0))) layers.Conv2D(16, 2)",
    ),
    ("3x9x9 pwconv:8", "layers.Conv2D(8, 1)"),
    ("3x9x9 dwconv:3,p1,m2", 'layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)'),
    ("3x9x9x9 dwconv:3,p1", 'layers.Conv3D(3, 3, padding="same", groups=3)'),
    ("3x9x9 sepconv:8,k3,p=same", 'layers.SeparableConv2D(8, 3, padding="same")'),
    ("3x9x9 convt:8,k4,s2,p1", 'layers.Conv2DTranspose(8, 4, strides=2, padding="same")'),
    ("3x9x9 convt:8,k2,s2", 'layers.Conv2DTranspose(8, 2, strides=2, padding="same")'),
    ("3x9x9 convt:8,k3,s2", "layers.Conv2DTranspose(8, 3, strides=2)"),
    ("3x9x9 convt:8,k3,s2,op1", "layers.Conv2DTranspose(8, 3, strides=2, output_padding=1)"),
    (
        "3x9x9 convt:8,k3,s2,p1,op1",
        "layers.Conv2DTranspose(8, 3, strides=2) layers.Cropping2D(cropping=((1, 0), (1, 0)))",
    ),
    (
        "3x9x9 convt:8,k3,s2,p1",
        'layers.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=0)',
    ),
    ("3x9x9 maxpool:2", "layers.MaxPooling2D()"),
    ("3x9x9 maxpool:3,s2,p1", "layers.ZeroPadding2D() layers.MaxPooling2D(pool_size=3, strides=2)"),
    (
        "3x8x8 maxpool:3,s2,ceil",
        "layers.ZeroPadding2D(padding=((0, 1), (0, 1))) "
        "layers.MaxPooling2D(pool_size=3, strides=2)",
    ),
    ("3x9x9 avgpool:2", "layers.AveragePooling2D(2)"),
    ("3x9x9 avgpool:3,s1,p1", "layers.ZeroPadding2D() layers.AveragePooling2D(3, strides=1)"),
    (
        "3x9x9 avgpool:3,s1,p1,nopadcount",
        'layers.AveragePooling2D(3, strides=1, padding="same")',
    ),
    ("3x9x9 adaptiveavg:3xkeep", "layers.AdaptiveAveragePooling2D((3, 9))"),
    ("3x9x9 gap", "layers.GlobalAveragePooling2D()"),
    ("3x9 gmp:keep", "layers.GlobalMaxPooling1D(keepdims=True)"),
    ("3x9x9 bn", "layers.BatchNormalization()"),
    ("3x9x9 bn:noscale", "layers.BatchNormalization(scale=False)"),
    ("3x9x9 in:affine", "layers.GroupNormalization(groups=-1)"),
    ("4x9x9 gn:2", "layers.GroupNormalization(groups=2)"),
    ("3x9x9 ln:axes=all", "layers.LayerNormalization(axis=(1, 2, 3))"),
    ("3x9x9 rms", "layers.RMSNormalization()"),
    ("3x9x9 prelu:3", "layers.PReLU(shared_axes=[1, 2])"),
    ("3x9x9 prelu", "layers.PReLU(shared_axes=[1, 2, 3])"),
    ("3x9x9 relu relu6", "layers.ReLU() layers.ReLU(max_value=6)"),
    ("3x9x9 silu", 'layers.Activation("silu")'),
    ("3x9x9 softmax", "layers.Softmax()"),
    ("3x9x9 logsoftmax", 'layers.Activation("log_softmax")'),
    ("3x9x9 dropout:0.25", "layers.Dropout(0.25)"),
    ("3x9x9 flatten linear:10", "layers.Flatten() layers.Dense(10)"),
    (
        "3x9x8 linear:10,axis=-1",
        "layers.Permute((1, 3, 2)) layers.Dense(10) layers.Permute((1, 3, 2))",
    ),
    ("12 unflatten:3x2x2", "layers.Reshape((2, 2, 3))"),
    ("3x9x8 permute:0x2x1", "layers.Permute((2, 1, 3))"),
    ("3x9x8 pad:1:2", "layers.ZeroPadding2D(padding=((1, 2), (1, 2)))"),
    (
        "3x9x8 pad:-1:2",
        "layers.Cropping2D(cropping=((1, 0), (1, 0))) "
        "layers.ZeroPadding2D(padding=((0, 2), (0, 2)))",
    ),
    ("3x9x8 crop:1x2", "layers.Cropping2D(cropping=(1, 2))"),
    ("3x9x8 slice:2..7,axis=1", "layers.Cropping2D(cropping=(2, 0))"),
    ("3x9x8 upsample:2x3", "layers.UpSampling2D(size=(2, 3))"),
    ("3x9x8 upsample:2,mode=linear", 'layers.UpSampling2D(interpolation="bilinear")'),
    ("3x8x8 upsample:1.5,mode=linear", "layers.Resizing(12, 12)"),
    (
        "6x9x8 chshuffle:3",
        "layers.Reshape((9, 8, 3, 2)) layers.Permute((1, 2, 4, 3)) layers.Reshape((9, 8, 6))",
    ),
]  # fmt: skip


def steps_of(spec: str) -> list[tuple[Layer, Shape]]:
    """The layers of a plain stack, each with the shape it receives."""
    network = parse(spec)
    assert network.input
    shape, steps = network.input, []
    for step in network.steps[1:]:
        steps.append((step.layer, shape))
        shape = step.layer.output(shape)
    return steps


def calls(layer: Layer, shape: Shape) -> list[str]:
    """The calls that make a layer."""
    written = []
    for part in parts(layer, shape):
        written.append(write(part, shape))
        shape = part.output(shape)
    return written


def read_call(text: str) -> list[Declared]:
    """The layers that a call makes, read without running it."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    args = [ast.literal_eval(arg) for arg in call.args]
    keywords = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    name = call.func.attr
    return list(read(READERS[name], f"layers.{name}", args, keywords))


@pytest.mark.parametrize(("spec", "text"), WRITTEN)
def test_is_written_as_people_do(spec: str, text: str) -> None:
    """The shortest call, and several where Keras has no single class."""
    assert " ".join(call for step in steps_of(spec) for call in calls(*step)) == text


def came_out(layers: Sequence[Layer | Declared], shape: Shape) -> tuple[Shape, int]:
    """The size after a stack, and its parameters."""
    params = 0
    for each in layers:
        layer = settle(Declared.of(each), (shape,))
        params += sum(w.count for w in layer.weights(shape) if w.role == "parameter")
        shape = layer.output(shape)
    return shape, params


def reads(layers: Sequence[Layer | Declared], shape: Shape) -> list[list[int]]:
    """For each output of each axis the inputs it reads, through windows alone."""
    seen: list[list[set[int]]] = [[{i} for i in range(n)] for n in shape[1:]]
    for each in layers:
        layer = settle(Declared.of(each), (shape,))
        windows: tuple[Window, ...] = layer.windows(shape)
        output = layer.output(shape)
        for axis, window in enumerate(windows):
            inputs, length = seen[axis], (*output[1:], 1, 1, 1)[axis]
            seen[axis] = [
                {i for place in window.reads(o) if 0 <= place < len(inputs) for i in inputs[place]}
                for o in range(length)
            ]
        shape = output
    return [sorted(each) for axis in seen for each in axis]


def agrees(layer: Layer, shape: Shape) -> None:
    """What is written is the layer again: size, parameters and, on maps, what is read."""
    again = [each for call in calls(layer, shape) for each in read_call(call)]

    assert came_out(again, shape) == came_out([layer], shape)
    if not {"permute", "reshape", "unflatten", "flatten"} & {each.layer.kind for each in again}:
        assert reads(again, shape) == reads([layer], shape)


@pytest.mark.parametrize("spec", [spec for spec, _ in WRITTEN])
def test_reads_back(spec: str) -> None:
    for layer, shape in steps_of(spec):
        agrees(layer, shape)


def is_written(layer: Layer, shape: Shape) -> bool:
    """Whether Keras has classes for a layer; any other objection is a failure."""
    try:
        calls(layer, shape)
    except LayerError as error:
        if error.code == "no-class":
            return False
        raise
    return True


@pytest.mark.slow
@settings(max_examples=150)
@given(specs(max_layers=8))
def test_drawn_layers_read_back(spec: str) -> None:
    """Whatever Keras has a class for is the same when it is read."""
    assume("[" not in spec)
    for layer, shape in steps_of(spec):
        if is_written(layer, shape):
            agrees(layer, shape)


# Kinds that no class of Keras is, by why.
LACKING = {
    "functions of keras.ops, which are no layers": {
        "div", "expand", "matmul", "reduce",
        *(op.kind for op in BY_KIND.values() if op.ops and not op.keras),
    },
    "pools": {"fracmaxpool", "glp", "lppool", "maxunpool"},
    "moves": {"fold", "pixelshuffle", "pixelunshuffle", "unfold"},
    "layers of other frameworks or of several steps": {
        "lrn", "rrelu", "scale", "se", "shift", "softmin", "threshold", "token",
    },
    "the input": {"input"},
    "what a layer gives beside its output": {"state"},
}  # fmt: skip


def test_every_kind_is_written_or_listed() -> None:
    """A new kind belongs in the vocabulary, or on the list above."""
    lacking = set().union(*LACKING.values())

    unwritten = KINDS.keys() - WRITERS.keys() - SPLITS.keys()
    assert unwritten == lacking, "add each to frameworks/keras/writing/, or here to LACKING"
    assert WRITERS.keys() | SPLITS.keys() <= KINDS.keys()


UNWRITTEN = [
    "3x9x9 lppool:2", "3x9x9 maxpool:2,d2", "3x9x9 conv:8,k3,s2,d2", "3x9x9 lrn",
    "3x9x9 conv:8,k3,p1,mode=reflect", "4x9x9 convt:8,k3,g2", "12x9x9 pixelshuffle:2",
    "3x9x9 bn:nostats", "3x9x9 avgpool:2,ceil", "3x9x9 pad:1,value=2", "3x9x9 slice:0..2",
    "3x9x9 se", "3x9x9 upsample:2,mode=linear,corners", "3x9 upsample:1.5", "3x9x9 rrelu",
    "3x9x9 softmin", "3x9x9 celu:2",
]  # fmt: skip


@pytest.mark.parametrize("spec", UNWRITTEN)
def test_names_what_keras_lacks(spec: str) -> None:
    """No call is made up for what no class does."""
    ((layer, shape),) = steps_of(spec)

    with pytest.raises(LayerError) as caught:
        calls(layer, shape)

    assert caught.value.code == "no-class"
    assert layer.kind in caught.value.message or "pad" in caught.value.message
