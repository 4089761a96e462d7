"""A model class with a layer class of its own."""

import keras
from keras import layers


class ConvBlock(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(filters, 3, padding="same")
        self.bn = layers.BatchNormalization()
        self.filters = filters

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(self.filters,), initializer="ones", name="gamma")
        super().build(input_shape)

    def call(self, inputs, training=False):
        x = self.bn(self.conv(inputs), training=training)
        if training:
            x = keras.random.dropout(x, 0.5)
        return keras.activations.relu(x) * self.gamma


class Net(keras.Model):
    def __init__(self, classes=5):
        super().__init__()
        self.blocks = [ConvBlock(8), ConvBlock(16)]
        self.pool = layers.MaxPool2D()
        self.flatten = layers.Flatten()
        self.head = layers.Dense(classes)

    def call(self, x):
        for block in self.blocks:
            x = self.pool(block(x))
        return self.head(self.flatten(x))
