"""What hypothesis draws: specs of networks that fit together, built while shapes are tracked."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from cnncalc.errors import LayerError
from cnncalc.layers import LAYERS
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.spelling import word

ON_MAPS = (
    "conv:{c},k{k},p{p}",
    "conv:{c},k{k},s2,p={p}:{q}",
    "conv:{c},k1,nobias",
    "dwconv:{k},p{p}",
    "pwconv:{c}",
    "sepconv:{c},k{k},p=same",
    "convt:{c},k{k},s2",
    "convt:{c},k{k},s{s},p=same",
    "maxpool:2",
    "maxpool:{k},s{s},p{p},ceil",
    "avgpool:2,nopadcount",
    "lppool:2",
    "adaptiveavg:{k}",
    "adaptivemax:keep",
    "bn",
    "gn:1",
    "ln",
    "rms",
    "in:affine",
    "lrn:3",
    "relu",
    "leakyrelu:0.2",
    "prelu",
    "softmax",
    "scale",
    "dropout:0.25",
    "identity",
    "pad:{p}:{q}",
    "upsample:2",
    "upsample:1.5,mode=linear",
    "upsample:size={k}",
    "se:2",
    "slice:0..1",
    "slice:1..",
    "slice:0..,step=2",
    "chshuffle:2",
    "conv:4,k{k},p{p},g2",
    "dwconv:{k},m2,p{p}",
    "glu",
    "pad:{p},c=1:0",
    "pixelshuffle:2",
    "pixelunshuffle:2",
    "gap:keep",
    "conv:{c},k{k},p=same,d2",
    "conv:{c},k{k},p=same-lower,s2",
)
# With what few networks have: padding that crops or is a window wide, maps that get too small.
ODD = (
    "conv:{c},k{k},s{s},p={m}:{q},mode={mode}",
    "conv:{c},k{k},s{s},d{d},p={word}",
    "dwconv:{k},p={m}:{q},mode={mode}",
    "sepconv:{c},k{k},s{s},p={word}",
    "convt:{c},k{k},s{s},d{d},p={p}:{q},op{p}",
    "{pool}:{k},s{s},p={m}:{q},d{d}",
    "{pool}:{k},s{s},p={word},d{d},ceil",
    "{pool}:{k},s{s},p={m}:{q},ceil",
    "avgpool:{k},s{s},p={m}:{q},nopadcount",
    "avgpool:{k},p={word},nopadcount,ceil",
    "fracmaxpool:{k},ratio=0.5",
    "maxunpool:{k}",
    "upsample:{factor},mode={by}",
    "upsample:size={k},mode={by}",
    "pad:{m}:{q},mode={mode}",
    "unfold:{k},s{s},p={p}:{q},d{d}",
    "ln:axes=-1x0",
    "rms:axes=-1x0",
    "gn:1,axis=-1",
    "bn:axis=-1",
    "linear:{c},axis=-1",
    "softmax:axis=-1",
    "glu:axis=-1",
    "reduce:{reduction},axes=-1,keep",
    "slice:..,axis=-1,step={s}",
    "unflatten:1xinfer,axis=1",
    "flatten:start=1",
    "threshold:0.1,0.2",
    "se:2",
    "mean[ | gap:keep ]",
    "maximum[ slice:..1,axis=-1 | ]",
    "cat:axis=-1[ | relu ]",
)
ON_VECTORS = ("linear:{c}", "relu", "linear:{c},nobias", "dropout", "bn", "softmax", "ln")

numbers = st.fixed_dictionaries(
    {
        "c": st.integers(1, 6),
        "k": st.integers(1, 5),
        "s": st.integers(1, 3),
        "p": st.integers(0, 2),
        "q": st.integers(0, 2),
    }
)


odd_words = st.fixed_dictionaries(
    {
        "d": st.integers(1, 3),
        "m": st.integers(-1, 3),
        "mode": st.sampled_from(("zeros", "reflect", "replicate", "circular")),
        "word": st.sampled_from(("valid", "same", "same-lower")),
        "pool": st.sampled_from(("maxpool", "avgpool", "lppool")),
        "factor": st.sampled_from((0.7, 1.3, 2, 2.3)),
        "by": st.sampled_from(("nearest", "linear", "cubic", "nearest-exact", "area", "lanczos3")),
        "reduction": st.sampled_from(("mean", "max", "norm2", "logsumexp", "var")),
    }
)


@st.composite
def odd_specs(draw: st.DrawFn, max_layers: int = 4) -> str:
    """A chain of layers that seldom meet, on maps that may be as small as one place."""
    shape = (draw(st.integers(1, 6)), *draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    words = ["x".join(map(str, shape))]
    for _ in range(draw(st.integers(1, 3 * max_layers))):
        pattern = draw(st.sampled_from(ODD))
        text = pattern.format(**draw(numbers), **draw(odd_words))
        after = _after(f"{'x'.join(map(str, shape))} {text}") if len(words) <= max_layers else None
        if after:
            words.append(text)
            shape = after
    return " ".join(words if words[1:] else [*words, "identity"])


def _after(spec: str) -> Shape | None:
    """What comes out of a spec; None: it doesn't fit together, or gets large."""
    from cnncalc import analyze
    from cnncalc.errors import SpecError

    try:
        shape = analyze(spec).layers[-1].output_shape
    except SpecError:
        return None
    return shape if len(shape) in (2, 3, 4) and prod(shape) <= 4000 else None


@st.composite
def specs(draw: st.DrawFn, max_layers: int = 6, ranks: tuple[int, ...] = (1, 2, 3)) -> str:
    """A whole spec, input size and all, that every layer accepts."""
    rank = draw(st.sampled_from(ranks))
    shape = (draw(st.integers(1, 4)), *(draw(st.integers(4, 12)) for _ in range(rank)))
    words, _ = _items(draw, shape, max_layers, depth=2)
    return " ".join(["x".join(map(str, shape)), *(words or ["identity"])])


def _items(draw: st.DrawFn, shape: Shape, count: int, depth: int) -> tuple[list[str], Shape]:
    words: list[str] = []
    for _ in range(draw(st.integers(0 if depth < 2 else 1, count))):
        text, shape = _item(draw, shape, depth)
        if text:
            words.append(text)
    return words, shape


def _item(draw: st.DrawFn, shape: Shape, depth: int) -> tuple[str, Shape]:
    choice = draw(st.integers(0, 9))
    if depth and choice == 0:
        return _residual(draw, shape, depth)
    if depth and choice == 1:
        return _concatenation(draw, shape, depth)
    if choice == 2 and len(shape) > 1 and draw(st.booleans()):
        return "flatten", LAYERS["flatten"]().output(shape)
    pattern = draw(st.sampled_from(ON_MAPS if len(shape) > 1 else ON_VECTORS))
    return _fitting(pattern.format(**draw(numbers)), shape)


def _fitting(text: str, shape: Shape) -> tuple[str, Shape]:
    """The layer if it takes this shape, else nothing."""
    from cnncalc.errors import Source, SpecError
    from cnncalc.notations.compact.parsing import parse

    try:
        layer = parse(Source(text)).steps[1].layer
        output = layer.output(shape)
    except (LayerError, SpecError):
        return "", shape
    if max(output) > 4000 or any(n > 64 for n in output[1:]):
        return "", shape
    return word(layer), output


def _residual(draw: st.DrawFn, shape: Shape, depth: int) -> tuple[str, Shape]:
    """add[ a | b ] whose branches keep the shape."""
    branches = []
    for _ in range(draw(st.integers(1, 2))):
        words, after = _items(draw, shape, 2, depth - 1)
        branches.append(" ".join(words) if after == shape else "")
    merge = draw(st.sampled_from(["add", "mul"]))
    return f"{merge}[{' | '.join([*branches, ''])}]", shape


def _concatenation(draw: st.DrawFn, shape: Shape, depth: int) -> tuple[str, Shape]:
    """cat[ a | b ] whose branches agree but for their channels."""
    branches, channels = [], 0
    for _ in range(draw(st.integers(2, 3))):
        words, after = _items(draw, shape, 2, depth - 1)
        fits = after[1:] == shape[1:] and len(after) == len(shape)
        branches.append(" ".join(words) if fits else "")
        channels += after[0] if fits else shape[0]
    return f"cat[{' | '.join(branches)}]", (channels, *shape[1:])


def layers_of(text: str) -> list[Layer]:
    """The layers of a spec, in order."""
    from cnncalc import parse

    return [step.layer for step in parse(text).steps[1:]]
