"""Residual blocks, a shared layer, two outputs: the functional style."""

import keras
from keras import layers
from keras import ops


def block(x, filters, stride=1, name=None):
    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_shortcut")(x)
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.SeparableConv2D(filters, 3, padding="same", name=name + "_sep")(x)
    x = layers.add([x, shortcut])
    return layers.Activation("swish")(x)


inputs = keras.Input(shape=(32, 48, 3), name="image")
x = layers.Rescaling(1.0 / 255)(inputs)
x = block(x, 16, name="b1")
skip = block(x, 32, stride=2, name="b2")
x = block(skip, 32, name="b3")
x = layers.Conv2DTranspose(16, 3, strides=2, padding="same")(x)
x = layers.Concatenate()([x, layers.UpSampling2D()(skip)])
shared = layers.Conv2D(48, 1, name="shared")
x = shared(ops.relu(shared(x)))
mask = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x)
pooled = layers.GlobalAveragePooling2D()(x * 0.5 + 1.0)
label = layers.Dense(4, name="label")(pooled)
model = keras.Model(inputs=inputs, outputs=[mask, label], name="both")
