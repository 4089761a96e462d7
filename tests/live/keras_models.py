"""Keras models in the styles that people write."""

from __future__ import annotations

from typing import Any

__all__ = ["MODELS"]


def classes(keras: Any) -> dict[str, Any]:
    """Classes of layers and models as sources have them."""
    layers, ops = keras.layers, keras.ops

    class Block(layers.Layer):  # type: ignore[misc, name-defined]
        """A layer with layers and a weight of its own."""

        def __init__(self, channels: int, **options: Any) -> None:
            super().__init__(**options)
            self.conv = layers.Conv2D(channels, 3, padding="same", name="inner")
            self.bn = layers.BatchNormalization(name="norm")
            self.act = layers.LeakyReLU(0.1, name="act")

        def build(self, shape: Any) -> None:
            self.gamma = self.add_weight(shape=(shape[-1],), name="gamma")
            self.still = self.add_weight(shape=(1, 1, 1), name="still", trainable=False)
            self.idle = self.add_weight(shape=(5,), name="idle", trainable=False)
            self.conv.build(shape)
            self.bn.build((*shape[:-1], self.conv.filters))
            self.built = True

        def call(self, x: Any, training: Any = None) -> Any:
            y = self.act(self.bn(self.conv(x), training=training))
            return y * self.gamma + x + self.still

    class Net(keras.Model):  # type: ignore[misc, name-defined]
        """A model with a `call` of its own, one branch of which is for training only."""

        def __init__(self) -> None:
            super().__init__(name="net")
            self.stem = layers.Conv2D(4, 3, name="stem")
            self.block = Block(4, name="block")
            self.head = keras.Sequential(
                [layers.Flatten(name="flat"), layers.Dense(5, name="out")], name="head"
            )

        def call(self, x: Any, training: bool = False) -> Any:
            if training:
                x = x + 1
            self.stem(x)  # leads nowhere
            return self.head(self.block(self.stem(x), training=training))

    class Two(keras.Model):  # type: ignore[misc, name-defined]
        """Two inputs, and two outputs by name."""

        def __init__(self) -> None:
            super().__init__(name="two")
            self.dense = layers.Dense(4, name="dense")

        def call(self, inputs: Any) -> Any:
            one, other = (self.dense(each) for each in inputs)
            return {"sum": one + other, "larger": ops.maximum(one, other)}

    return {"Block": Block, "Net": Net, "Two": Two}


def sequential(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Conv2D(4, 3, strides=2, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.MaxPooling2D(name="pool"),
            layers.DepthwiseConv2D(3, padding="same", activation="relu", name="deep"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(3, activation="softmax", name="dense"),
        ]
    )
    model.build((None, 16, 14, 3))
    model.get_layer("bn").trainable = False
    return model


def branches(keras: Any) -> Any:
    layers = keras.layers
    image, vector = keras.Input((16, 16, 3), name="image"), keras.Input((6,), name="vector")
    inside = keras.Input((None, None, 3))
    x = layers.SeparableConv2D(8, 3, name="sep")(inside)
    inner = keras.Model(inside, layers.BatchNormalization(name="bn")(x), name="inner")
    shared = layers.Conv2D(8, 3, padding="same", name="shared")
    x = layers.ReLU(max_value=6, name="relu")(inner(image))
    x = layers.Add(name="add")([shared(shared(x)), x])
    y = layers.GlobalAveragePooling2D(name="gap")(x)
    y = layers.Concatenate(name="cat")([y, layers.Dense(2, name="dense")(vector)])
    upper = layers.UpSampling2D(2, interpolation="bilinear", name="up")(x)
    return keras.Model([image, vector], {"class": y, "map": upper}, name="branches")


def functions(keras: Any) -> Any:
    layers = keras.layers
    ops = keras.ops
    image = keras.Input((8, 8, 6), name="image")
    x = ops.relu(image * 2.0 - 1.0)
    x = ops.transpose(ops.concatenate(ops.split(x, 3, axis=-1)[:2], axis=-1), (0, 2, 1, 3))
    x = ops.square(x[:, 1:, ::2, :3]) / 4.0
    pooled = ops.squeeze(ops.mean(x, axis=(1, 2), keepdims=True), (1, 2))
    x = x + ops.expand_dims(ops.expand_dims(pooled, 1), 1)
    x = layers.Lambda(lambda y: ops.softmax(y * 3.0, axis=-1), name="soft")(x)
    return keras.Model(image, ops.reshape(x, (-1, 84)), name="functions")


def first(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((3, 9, 8), name="image")
    options = {"data_format": "channels_first"}
    x = layers.Conv2D(4, 3, name="conv", **options)(image)
    x = layers.BatchNormalization(axis=1, name="bn")(x)
    x = layers.MaxPooling2D(2, name="pool", **options)(x)
    return keras.Model(image, layers.Flatten(name="flat", **options)(x), name="first")


def others(keras: Any) -> Any:
    layers = keras.layers
    video = keras.Input((4, 8, 8, 2), name="video")
    x = layers.Conv3D(4, 3, padding="same", use_bias=False, name="conv")(video)
    x = layers.GroupNormalization(2, name="gn")(x)
    x = layers.LayerNormalization(name="ln")(x)
    x = layers.Conv3DTranspose(2, 2, strides=2, name="up")(layers.PReLU(name="prelu")(x))
    x = layers.AveragePooling3D((1, 2, 2), name="pool")(x)
    x = layers.Reshape((8, -1), name="reshape")(x)
    x = layers.Conv1D(4, 3, padding="causal", dilation_rate=2, name="causal")(x)
    return keras.Model(video, layers.Permute((2, 1), name="permute")(x), name="others")


def custom(keras: Any) -> Any:
    Block = classes(keras)["Block"]  # noqa: N806, it is a class
    image = keras.Input((8, 8, 4), name="image")
    block = Block(4, name="block")
    return keras.Model(image, block(block(image)), name="custom")


def subclassed(keras: Any) -> Any:
    import numpy as np

    Net = classes(keras)["Net"]  # noqa: N806, it is a class
    model = Net()
    model(np.zeros((2, 8, 8, 3), "float32"))
    return model


def two(keras: Any) -> Any:
    import numpy as np

    Two = classes(keras)["Two"]  # noqa: N806, it is a class
    model = Two()
    model([np.zeros((2, 3), "float32"), np.zeros((2, 3), "float32")])
    return model


def attention(keras: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    words, memory = keras.Input((6, 8), name="words"), keras.Input((5, 4), name="memory")
    x = layers.MultiHeadAttention(2, 3, name="own")(words, words)
    x = layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=7, name="cross")(x, memory)
    y = layers.MultiHeadAttention(1, 4, use_bias=False, name="apart")(words, memory, key=memory)
    y = layers.Add(name="sum")([words, y])
    y = layers.Attention(name="dot")([y, words])
    y = ops.matmul(ops.swapaxes(y, 1, 2), x)
    return keras.Model([words, memory], layers.Dot((1, 1), name="product")([x, x]) + y[:, :7])


# How each model is built, by name.
MODELS = {
    each.__name__: each
    for each in (sequential, branches, functions, first, others, custom, subclassed, two, attention)
}
