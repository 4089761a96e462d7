"""Layers added one after another, the old way."""

from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten
from keras.layers import LeakyReLU, MaxPooling2D
from keras.models import Sequential


def build(classes=10, width=32):
    model = Sequential()
    for i, filters in enumerate([width, width * 2]):
        if i == 0:
            model.add(Conv2D(filters, (3, 3), padding="same", input_shape=(32, 32, 3)))
        else:
            model.add(Conv2D(filters, (3, 3), padding="same"))
        model.add(Activation("relu"))
        model.add(BatchNormalization())
        model.add(MaxPooling2D(pool_size=(2, 2)))
        model.add(Dropout(0.25))
    model.add(Flatten())
    model.add(Dense(128, kernel_initializer="he_normal", kernel_regularizer=None))
    model.add(LeakyReLU(negative_slope=0.1))
    model.add(Dense(classes))
    model.add(Activation("softmax"))
    return model
