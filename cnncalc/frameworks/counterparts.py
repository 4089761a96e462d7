"""What one notation calls a thing that another calls differently, for those who come from there.

Only messages read this: it says what somebody may have meant, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from cnncalc.frameworks.ops import BY_KIND, Op, forms, names_in
from cnncalc.suggestions import plain

__all__ = ["OPTIONS", "layer_names", "option_names", "texts"]

Row = tuple[str, str, str, str]

# A layer a row: in the compact notation, in PyTorch, in Keras, and other words for it. `*` stands
# for the number of spatial axes; where a framework has no class, how it is written there.
LAYERS: tuple[Row, ...] = (
    ("conv", "Conv*d", "Conv*D", "convolution convolutional"),
    ("convt", "ConvTranspose*d", "Conv*DTranspose", "transposed transposedconv upconv tconv"),
    ("dwconv", "Conv*d(…, groups=…)", "DepthwiseConv*D", "depthwise dw"),
    ("pwconv", "", "", "pointwise pointwiseconv pw"),
    ("sepconv", "", "SeparableConv*D", "separable separableconv"),
    ("linear", "Linear", "Dense", "fullyconnected innerproduct"),
    ("bn", "BatchNorm*d", "BatchNormalization", ""),
    ("gn", "GroupNorm", "GroupNormalization", ""),
    ("ln", "LayerNorm", "LayerNormalization", ""),
    ("rms", "RMSNorm", "RMSNormalization", ""),
    ("in", "InstanceNorm*d", "", "instancenormalization"),
    ("lrn", "LocalResponseNorm", "", "localresponsenormalization"),
    ("maxpool", "MaxPool*d", "MaxPooling*D", "max pool pooling"),
    ("avgpool", "AvgPool*d", "AveragePooling*D", "avg averagepool avgpooling meanpool"),
    (
        "gap",
        "AdaptiveAvgPool*d(1)",
        "GlobalAveragePooling*D",
        "globalavgpool globalavgpooling globalpool",
    ),
    ("gmp", "AdaptiveMaxPool*d(1)", "GlobalMaxPooling*D", ""),
    ("gmp", "AdaptiveMaxPool*d(1)", "GlobalMaxPool*D", ""),
    (
        "adaptiveavg",
        "AdaptiveAvgPool*d",
        "AdaptiveAveragePooling*D",
        "adaptivepool adaptiveavgpooling",
    ),
    ("adaptivemax", "AdaptiveMaxPool*d", "AdaptiveMaxPooling*D", ""),
    ("pad", "ZeroPad*d", "ZeroPadding*D", "padding"),
    ("crop", "", "Cropping*D", ""),
    ("upsample", "Upsample", "UpSampling*D", "resize interpolate resizing"),
    ("dropout", "Dropout*d", "SpatialDropout*D", ""),
    ("dropout", "Dropout", "Dropout", ""),
    ("flatten", "Flatten", "Flatten", "view ravel"),
    ("unflatten", "Unflatten", "Reshape", ""),
    ("permute", "torch.permute", "Permute", "transpose"),
    ("add", "x + y", "Add", "residual shortcut skip sum plus"),
    ("mul", "x * y", "Multiply", "times"),
    ("cat", "torch.cat", "Concatenate", "concat merge parallel"),
    ("se", "", "", "squeezeexcitation squeezeexcite squeezeandexcitation seblock"),
    ("pixelshuffle", "PixelShuffle", "", "subpixel depthtospace"),
    ("chshuffle", "ChannelShuffle", "", "shuffle"),
    ("scale", "", "", "layerscale"),
    ("noise", "", "GaussianNoise", ""),
)
COLUMNS = {"compact": 0, "torch": 1, "keras": 2}

# The names that the frameworks, and people, have for the options of layers.
OPTIONS: dict[str, tuple[str, ...]] = {
    "amount": ("cropping",),
    "axis": ("dim",),
    "bias": ("use_bias",),
    "ceil": ("ceil_mode",),
    "corners": ("align_corners",),
    "dilation": ("dilation_rate",),
    "end": ("end_dim",),
    "factor": ("scale_factor", "upscale_factor", "downscale_factor", "size"),
    "groups": ("groups", "num_groups"),
    "kernel": ("kernel_size", "pool_size"),
    "mode": ("padding_mode", "interpolation"),
    "multiplier": ("depth_multiplier",),
    "n": ("num_parameters",),
    "out_channels": ("filters",),
    "out_features": ("units",),
    "rate": ("p",),
    "size": ("output_size", "size"),
    "sizes": ("unflattened_size", "target_shape"),
    "slope": ("negative_slope",),
    "start": ("start_dim",),
    "stride": ("strides",),
}
# Further words for them, which no framework has.
WORDS: dict[str, tuple[str, ...]] = {
    "kernel": ("filter_size", "ksize", "window"),
    "multiplier": ("depth_mult",),
    "out_channels": ("out", "output_channels", "nb_filter", "num_filters", "num_outputs"),
    "out_features": ("out", "outputs", "num_outputs", "hidden", "neurons"),
    "rate": ("prob", "probability", "keep_prob", "drop"),
    "stride": ("step", "subsample"),
}

# Words that the frameworks take as texts, in quotes.
TEXTS = (
    "area", "bicubic", "bilinear", "causal", "channels_first", "channels_last", "circular",
    "constant", "full", "linear", "nearest", "reflect", "replicate", "same", "symmetric",
    "trilinear", "valid", "zeros",
)  # fmt: skip


@cache
def texts() -> frozenset[str]:
    """All words that the frameworks take in quotes, Keras's activations with them."""
    return frozenset((*TEXTS, *(form.name for _, form in names_in("keras") if not form.needs)))


def _element_wise(op: Op) -> Row:
    """A row of the table of element-wise kinds, which Keras has as a class or as a word."""
    names = [form.name for form in forms(op.keras, op.kind) if not form.needs]
    classes = [form.name for form in forms(op.layer)]
    keras = [*classes, *(f'Activation("{name}")' for name in names), ""]
    torch = [*(form.name for form in forms(op.torch)), ""]
    return op.kind, torch[0], keras[0], " ".join([op.words, *names])


@cache
def layer_names(notation: str) -> dict[str, str]:
    """What a notation writes for a layer, by its names elsewhere and other words in plain letters.

    Args:
        notation: `compact`, `torch` or `keras`.
    """
    here = COLUMNS[notation]
    names: dict[str, str] = {}
    element_wise = [_element_wise(op) for op in BY_KIND.values() if op.torch or op.keras]
    for row in (*LAYERS, *element_wise):
        if row[here]:
            for name, answer in _spelt(row, row[here]):
                names.setdefault(plain(name), answer)
    return names


def _spelt(row: Row, here: str) -> Iterator[tuple[str, str]]:
    """Each name of a row, with and without a number of axes, and what it is here."""
    compact, *classes, words = row
    for name in (compact, *words.split(), *classes):
        if name.isidentifier() or "*" in name:
            yield name.replace("*d", "").replace("*D", ""), here.replace("*", "2")
            for rank in "213" if "*" in name else "":
                yield name.replace("*", rank), here.replace("*", rank)


@cache
def _groups() -> Mapping[str, frozenset[str]]:
    """For a plain name of an option every name of the options that are called so."""
    groups: dict[str, frozenset[str]] = {}
    for name in OPTIONS:
        group = frozenset((name, *OPTIONS[name], *WORDS.get(name, ())))
        for each in group:
            groups[plain(each)] = groups.get(plain(each), frozenset()) | group
    return groups


def option_names(known: Mapping[str, str]) -> dict[str, str]:
    """What options that are known here are called elsewhere, in plain letters.

    Args:
        known: the options' names, and what is written for each.
    """
    names: dict[str, str] = {}
    for name, answer in known.items():
        for other in _groups().get(plain(name), ()):
            names.setdefault(plain(other), answer)
    return names
