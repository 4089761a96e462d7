"""A base model that is frozen, and a head on it."""

import keras
from keras import layers

base_input = keras.Input((64, 64, 3))
h = layers.Conv2D(8, 3, strides=2, activation="relu", name="c1")(base_input)
h = layers.BatchNormalization(name="n1")(h)
h = layers.Conv2D(16, 3, strides=2, activation="relu", name="c2")(h)
base = keras.Model(base_input, h, name="base")
for layer in base.layers[:-1]:
    layer.trainable = False

cut = keras.Model(base.input, base.get_layer("n1").output, name="cut")

inputs = keras.Input(shape=(64, 64, 3))
x = keras.Sequential([layers.RandomFlip("horizontal")], name="augmentation")(inputs)
x = base(x)
x = layers.GlobalMaxPooling2D()(x)
outputs = layers.Dense(3, activation="softmax")(x)
model = keras.Model(inputs, outputs)
