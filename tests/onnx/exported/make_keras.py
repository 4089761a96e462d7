"""Makes the keras_*.onnx files of this folder, with Keras 3.15 on TensorFlow and tf2onnx 1.17.

`python make_keras.py FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy
from keras import layers


def small() -> Any:
    """Channels last: the file turns them first, and lets batch norms become factors."""
    start = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(start)
    x = layers.MaxPooling2D()(layers.BatchNormalization()(x))
    y = layers.Activation("swish")(layers.SeparableConv2D(8, 3, padding="same")(x))
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(layers.PReLU(shared_axes=[1, 2])(x))
    x = layers.Dropout(0.3)(layers.Dense(16, activation="relu")(x))
    return keras.Model(start, layers.Dense(10, activation="softmax")(x))


def conv1d() -> Any:
    """One axis, which TensorFlow gives a second one."""
    return keras.Sequential(
        [
            keras.Input((64, 2)),
            layers.Conv1D(4, 5, activation="elu"),
            layers.MaxPooling1D(2),
            layers.GroupNormalization(2),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )


def main(folder: Path) -> None:
    """Export each model after it was called once, as Keras wants it."""
    keras.utils.set_random_seed(0)
    random = numpy.random.default_rng(0)
    for make in (small, conv1d):
        model = make()
        for weight in model.weights:  # so that nothing folds away or is kept only once
            weight.assign(random.uniform(0.1, 0.9, weight.shape))
        model(numpy.zeros((1, *model.input_shape[1:]), "float32"))
        model.export(folder / f"keras_{make.__name__}.onnx", format="onnx", verbose=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
