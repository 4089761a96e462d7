"""Keras models of several inputs: a conditional generator, a siamese network, a late fusion."""

import keras
from keras import layers, ops


def generator():
    label = keras.Input(shape=(), dtype="int32", name="label")
    noise = keras.Input(shape=(100,), name="noise")
    entry = layers.Embedding(10, 50)(label)
    entry = layers.Reshape((7, 7, 1))(layers.Dense(7 * 7)(entry))
    maps = layers.LeakyReLU(0.2)(layers.Dense(128 * 7 * 7)(noise))
    x = layers.Concatenate()([layers.Reshape((7, 7, 128))(maps), entry])
    x = layers.Conv2DTranspose(128, 4, strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh")(x)
    return keras.Model([noise, label], x)


def siamese():
    branch = keras.Sequential(
        [
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(16),
        ]
    )
    left = keras.Input((28, 28, 1), name="left")
    right = keras.Input((28, 28, 1), name="right")
    apart = layers.Subtract()([branch(left), branch(right)])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(apart))


def fusion():
    image = keras.Input((None, None, 3), name="image")
    facts = keras.Input((12,), name="facts")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(16, 3)(image))
    x = layers.concatenate([x, layers.Dense(8, activation="relu")(facts)])
    return keras.Model(inputs=[image, facts], outputs=layers.Dense(5)(x))
