"""Keras's layers that only move values: padding, cropping, upsampling, flatten, reshape."""

from __future__ import annotations

from cnncalc.frameworks.keras.arguments import finish, integer, pair, pairs, per_axis, word
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.reshape import Flatten, Permute, Reshape
from cnncalc.layers.resize import Upsample
from cnncalc.network import Declared, Expects

__all__ = ["RESHAPING"]

MODES = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}
MODES |= {"lanczos3": "lanczos3", "lanczos5": "lanczos5"}


def zero_padding(
    call: Call, padding: object = 1, data_format: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """ZeroPadding1D, ZeroPadding2D and ZeroPadding3D."""
    one_axis = call.rank == 1
    pads = (pair(call, "padding", padding),) if one_axis else pairs(call, "padding", padding)
    return finish(call, keywords, *call.on_map(Pad(pads), data_format))


def cropping1d(call: Call, cropping: object = 1, **keywords: object) -> tuple[Declared, ...]:
    """Cropping1D, which is always channels last."""
    layer = Crop((pair(call, "cropping", cropping),))
    return finish(call, keywords, *call.on_map(layer, "channels_last"))


def cropping2d(
    call: Call, cropping: object = 0, data_format: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """Cropping2D."""
    layer = Crop(pairs(call, "cropping", cropping))
    return finish(call, keywords, *call.on_map(layer, data_format))


def cropping3d(
    call: Call, cropping: object = 1, data_format: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """Cropping3D, whose default differs from Cropping2D's."""
    return cropping2d(call, cropping, data_format, **keywords)


def up_sampling1d(call: Call, size: object = 2, **keywords: object) -> tuple[Declared, ...]:
    """UpSampling1D, which is always channels last."""
    layer = Upsample((integer(call, "size", size),))
    return finish(call, keywords, *call.on_map(layer, "channels_last"))


def up_sampling2d(
    call: Call,
    size: object = 2,
    data_format: object = None,
    interpolation: object = "nearest",
    **keywords: object,
) -> tuple[Declared, ...]:
    """UpSampling2D."""
    mode = MODES[word(call, "interpolation", interpolation, tuple(MODES))]
    layer = Upsample(per_axis(call, "size", size), mode=mode)
    return finish(call, keywords, *call.on_map(layer, data_format))


def up_sampling3d(
    call: Call, size: object = 2, data_format: object = None, **keywords: object
) -> tuple[Declared, ...]:
    """UpSampling3D."""
    layer = Upsample(per_axis(call, "size", size))
    return finish(call, keywords, *call.on_map(layer, data_format))


def resizing(
    call: Call,
    height: object,
    width: object,
    interpolation: object = "bilinear",
    crop_to_aspect_ratio: object = False,
    pad_to_aspect_ratio: object = False,
    fill_mode: object = "constant",
    fill_value: object = 0.0,
    antialias: object = False,
    data_format: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Resizing to a given size, whatever the aspect ratio."""
    if crop_to_aspect_ratio or pad_to_aspect_ratio or antialias:
        raise call.error(
            "is read only where it stretches the image, without antialias",
            "leave out crop_to_aspect_ratio, pad_to_aspect_ratio and antialias",
        )
    mode = MODES[word(call, "interpolation", interpolation, tuple(MODES), lower=False)]
    size = (integer(call, "height", height), integer(call, "width", width))
    return finish(call, keywords, *call.on_map(Upsample(size=size, mode=mode), data_format))


def flatten(call: Call, data_format: object = None, **keywords: object) -> tuple[Declared, ...]:
    """Flatten: the values as Keras has them; channels first, it puts the channels last before."""
    channels_last = call.data_format(data_format) == "channels_last"
    if call.frame.order == "first":
        return finish(call, keywords, Flatten(order="first" if channels_last else "last"))
    if not channels_last:
        raise call.error(
            'with data_format="channels_first" doesn\'t fit a model whose other layers are '
            "channels last",
            "the same data_format in all layers",
        )
    return finish(call, keywords, Flatten(order="last"))


def reshape(call: Call, target_shape: object, **keywords: object) -> tuple[Declared, ...]:
    """Reshape; -1 stands for what is left."""
    if not isinstance(target_shape, tuple | list):
        raise call.error(
            f"can't take target_shape={target_shape!r:.40}", "a tuple of sizes, such as (7, 7, 64)"
        )
    sizes = [
        "infer" if size == -1 else integer(call, "a size in target_shape", size)
        for size in target_shape
    ]
    order = call.frame.order if sizes else "first"  # a single number has none
    return finish(call, keywords, Reshape(call.frame.sizes(sizes), order))


def permute(call: Call, dims: object, **keywords: object) -> tuple[Declared, ...]:
    """Permute; `dims` count Keras's axes from 1."""
    whole = list(range(1, len(dims) + 1)) if isinstance(dims, tuple | list) else []
    if not isinstance(dims, tuple | list) or not dims or sorted(dims) != whole:
        raise call.error(f"can't take dims={dims!r:.40}", "each axis once, from 1, such as (2, 1)")
    inside, rank = call.frame.inside, len(dims)
    order = {inside(axis, rank): inside(dim - 1, rank) for axis, dim in enumerate(dims)}
    layer = Permute(tuple(order[axis] for axis in range(rank)))
    return finish(call, keywords, Declared(layer, Expects(call.words, (rank - 1,))))


def repeat_vector(call: Call, n: object, **keywords: object) -> tuple[Declared, ...]:
    """RepeatVector: (features,) becomes (n, features)."""
    stretched = (
        Declared(Reshape(("infer", 1)), Expects(call.words, (0,))),
        Upsample((integer(call, "n", n),)),
    )
    last = call.frame.order == "last"
    return finish(call, keywords, *stretched, *(() if last else (Permute((1, 0)),)))


RESHAPING: Vocabulary = {
    "ZeroPadding1D": (zero_padding, 1),
    "ZeroPadding2D": (zero_padding, 2),
    "ZeroPadding3D": (zero_padding, 3),
    "Cropping1D": (cropping1d, 1),
    "Cropping2D": (cropping2d, 2),
    "Cropping3D": (cropping3d, 3),
    "UpSampling1D": (up_sampling1d, 1),
    "UpSampling2D": (up_sampling2d, 2),
    "UpSampling3D": (up_sampling3d, 3),
    "Resizing": (resizing, 2),
    "Flatten": (flatten, 0),
    "Reshape": (reshape, 0),
    "Permute": (permute, 0),
    "RepeatVector": (repeat_vector, 0),
}
