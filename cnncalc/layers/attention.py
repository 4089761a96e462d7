"""Attention: layers that weigh a map by what they saw of all of it."""

from __future__ import annotations

from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Route, Shape, Weight, check_map, option, place, show
from cnncalc.layers.product import Product
from cnncalc.symbols.size import number as at_witness


class SqueezeExcitation(Layer):
    """Squeeze and excitation: each channel is scaled by a gate that saw the whole map.

    Global average, 1x1 convolution to the squeezed channels, ReLU, 1x1 convolution back,
    sigmoid, times the input. Weights: fc1 (c, C, 1…), fc2 (C, c, 1…), both with bias.
    """

    kind = "se"
    formula = "c = max(1, C // r); params = 2Cc + c + C; MACs = 2Cc"
    source = "Hu et al. 2018, arXiv:1709.01507; torchvision.ops.SqueezeExcitation"

    reduction: int = option(
        "count",
        "how many channels are squeezed into one",
        key="r",
        positional=True,
        default=16,
        minimum=1,
    )
    channels: int | None = option(
        "count", "squeezed channels, instead of a reduction", key="c", default=None, minimum=1
    )

    def squeezed(self, channels: int) -> int:
        return self.channels or max(1, channels // self.reduction)

    def output(self, *shapes: Shape) -> Shape:
        check_map(self, shapes[0])
        return shapes[0]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        channels, ones = shapes[0][0], (1,) * (len(shapes[0]) - 1)
        squeezed = self.squeezed(channels)
        return (
            Weight("fc1.weight", (squeezed, channels, *ones)),
            Weight("fc1.bias", (squeezed,)),
            Weight("fc2.weight", (channels, squeezed, *ones)),
            Weight("fc2.bias", (channels,)),
        )

    def macs(self, *shapes: Shape) -> int:
        first, _, second, _ = self.weights(*shapes)
        return first.count + second.count

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, mixes=tuple(range(len(shape))))


class MultiHeadAttention(Product):
    """Multi-head attention: each position is a mean of all, weighed by how well they match.

    Input (E, L), output (E, L). One input attends to itself; of two the first asks and the other
    answers; of three (queries, keys, values) each has its own. Weights as torch.nn has them:
    in_proj_weight (3E, E), or q_, k_ and v_proj_weight where features differ, in_proj_bias (3E,),
    out_proj (E, E). With a size for each head's keys the three are layers of their own (Keras).
    """

    kind = "mha"
    arity = "either"
    formula = (
        "params = 4E² + 4E; MACs = E² (2L + 2S) + 2LSE, at equal lengths 4LE² + 2L²E; "
        "with key and value sizes dk, dv: hdk(Eq + Ek) + hdv(Ev + out)"
    )
    source = "Vaswani et al. 2017, arXiv:1706.03762; torch.nn.MultiheadAttention"

    heads: int = option("count", "heads", positional=True, minimum=1)
    bias: bool = option("flag", "whether biases are added", default=True, word="nobias")
    axis: int = option("count", "the axis of the features", default=0, minimum=-8)
    key: int | None = option(
        "count", "features of each head's queries and keys; the four layers are apart then",
        default=None, minimum=1,
    )  # fmt: skip
    value: int | None = option(
        "count", "features of each head's values, where they aren't the keys'", default=None,
        minimum=1,
    )  # fmt: skip
    out: int | None = option(
        "count", "output features, where they aren't the queries'", default=None, minimum=1
    )
    bias_kv: bool = option(
        "flag", "whether a learned position is put behind keys and values", default=False,
        word="biaskv",
    )  # fmt: skip
    zero: bool = option(
        "flag", "whether a position of zeros is put behind keys and values", default=False,
        word="zeroattn",
    )  # fmt: skip

    def check(self) -> None:
        if self.key is None and (self.value, self.out) != (None, None):
            raise LayerError(
                "`value` and `out` go with `key`", code="missing-option", option="key",
                help="`key=` tells the features of each head",
            )  # fmt: skip
        if self.key is not None and (self.bias_kv or self.zero):
            raise LayerError(
                "`biaskv` and `zeroattn` don't go with `key`", code="bad-value", option="key"
            )

    def sides(self, *shapes: Shape) -> tuple[Shape, Shape, Shape]:
        """(features, positions) of the queries, the keys and the values."""
        if len(shapes) > 3:
            raise LayerError(
                f"`mha` takes queries, keys and values and has {len(shapes)} branches",
                code="branches",
                help=f"`mha:{self.heads}[ queries | keys | values ]`",
            )
        sides = []
        for shape in shapes:
            if len(shape) != 2:
                raise LayerError(
                    f"`mha` works on features at positions but receives {show(shape)}",
                    code="wrong-axes",
                    help=f"put `flatten:start=1` before it: {shape[0]}×{prod(shape[1:])}"
                    if len(shape) > 2
                    else None,
                )
            axis = place(self.axis, shape)
            sides.append((shape[axis], shape[1 - axis]))
        queries, keys, values = (*sides, sides[-1], sides[-1])[:3]
        return queries, keys, values

    def output(self, *shapes: Shape) -> Shape:
        queries, keys, values = self.sides(*shapes)
        if keys[1] != values[1]:
            raise LayerError(
                f"`mha` has {keys[1]} keys and {values[1]} values",
                code="branches",
                help="a value for each key: two branches `[ queries | memory ]` take both from one",
            )
        if self.key is None and queries[0] % self.heads:
            raise LayerError(
                f"{queries[0]} features can't be dealt out to {self.heads} heads",
                code="groups",
                option="heads",
                help=f"a number of heads that divides {queries[0]}, such as "
                f"{near_divisor(queries[0], self.heads)}",
            )
        sizes = self.out or queries[0], queries[1]
        return sizes if place(self.axis, shapes[0]) == 0 else sizes[::-1]

    def place_of(self, shape: Shape) -> int:
        """The axis of the features, 0 or 1."""
        return place(self.axis, shape)

    def inner(self, features: int) -> tuple[int, int]:
        """The features of all heads' keys together, and of their values."""
        if self.key is None:
            return features, features
        return self.heads * self.key, self.heads * (self.value or self.key)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (features, _), (of_keys, _), (of_values, _) = self.sides(*shapes)
        inner, inner_values = self.inner(features)
        sizes = {
            "q_proj": (inner, features),
            "k_proj": (inner, of_keys),
            "v_proj": (inner_values, of_values),
        }
        out = self._layer("out_proj", (self.out or features, inner_values))
        if self.key is not None:
            apart = (self._layer(name, each) for name, each in sizes.items())
            return (*(weight for layer in apart for weight in layer), *out)
        if features == of_keys == of_values:
            sizes = {"in_proj": (3 * features, features)}
        found = [Weight(f"{name}_weight", each) for name, each in sizes.items()]
        if self.bias:
            found.append(Weight("in_proj_bias", (3 * features,)))
        if self.bias_kv:
            found += [Weight(name, (1, 1, features)) for name in ("bias_k", "bias_v")]
        return (*found, *out)

    def _layer(self, name: str, sizes: Shape) -> tuple[Weight, ...]:
        weight = Weight(f"{name}.weight", sizes)
        return (weight, Weight(f"{name}.bias", sizes[:1])) if self.bias else (weight,)

    def macs(self, *shapes: Shape) -> int:
        (features, asked), (of_keys, length), (of_values, _) = self.sides(*shapes)
        inner, inner_values = self.inner(features)
        into = asked * features * inner + length * (of_keys * inner + of_values * inner_values)
        scored = asked * (length + self.bias_kv + self.zero) * (inner + inner_values)
        return into + scored + asked * inner_values * (self.out or features)

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, mixes=(0, 1))

    def routes(self, *shapes: Shape) -> tuple[Route, ...]:
        asking, *others = shapes
        own = Route(asking, mixes=(place(self.axis, asking),))
        return own, *(Route(shape, mixes=(0, 1)) for shape in others)

    def summed(self, *shapes: Shape) -> tuple[Shape, ...]:
        return self.output(*shapes), *((1, 1) for _ in shapes[1:])


def near_divisor(number: int, wanted: int) -> int:
    """The divisor that lies nearest to a number; of two the smaller."""
    number = at_witness(number)
    start = min(number, wanted)
    around = (d for apart in range(start) for d in (start - apart, start + apart))
    return next(d for d in around if number % d == 0)
