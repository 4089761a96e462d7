"""Products of two tensors: both are what flows."""

from __future__ import annotations

from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Route, Shape, option, order, show
from cnncalc.layers.merge import common


class Product(Layer):
    """What layers share whose every unit reads whole rows of several maps.

    Each map goes a route of its own, on which what is summed over is taken together and becomes
    an axis of size 1; then they meet element-wise, axes of size 1 stretched.
    """

    def routes(self, *shapes: Shape) -> tuple[Route, ...]:
        """The route of each map, to the axes of the output."""
        raise NotImplementedError

    def summed(self, *shapes: Shape) -> tuple[Shape, ...]:
        """The shape that each map meets the others in, all of as many axes as the output."""
        raise NotImplementedError


class MatrixProduct(Product):
    """The product of two branches, over the last axis of a and the one before the last of b.

    Inputs (…, m, k) and (…, k, n), output (…, m, n); axes in front are stretched as
    torch.matmul does. With order `last` the last axis is the channels (Keras).
    """

    kind = "matmul"
    arity = "many"
    formula = "output = a b, (…, m, k) and (…, k, n) to (…, m, n); MACs = … * m * k * n"
    source = "torch.matmul; keras.ops.matmul; ONNX MatMul"

    transpose: bool = option(
        "flag", "whether b is (…, n, k), turned before", default=False, word="transpose"
    )
    order: str = order()

    def output(self, *shapes: Shape) -> Shape:
        return _placed(self._product(*shapes), self.order)

    def _product(self, *shapes: Shape) -> Shape:
        """The output, its last axis at the end."""
        if len(shapes) != 2:
            raise LayerError(
                f"`matmul` takes two branches and has {len(shapes)}",
                code="branches",
                help="two branches, as in `matmul[ linear:8,axis=-1 | ]`",
            )
        a, b = self._matrices(*shapes)
        if a[-1] != b[-2]:
            raise LayerError(
                f"`matmul` sums over {a[-1]} of {show(shapes[0])} and {b[-2]} of "
                f"{show(shapes[1])}, which differ",
                code="branches",
                help=self._turned(a, b),
            )
        front = _stretched(a[:-2], b[:-2])
        if front is None:
            raise LayerError(
                f"`matmul` can't multiply the {show(a[:-2])} matrices of {show(shapes[0])} with "
                f"the {show(b[:-2])} of {show(shapes[1])}",
                code="branches",
                help="as many of both, or 1",
            )
        return *front, a[-2], b[-1]

    def _turned(self, a: Shape, b: Shape) -> str:
        """What would fit: b turned, where its other axis is as long."""
        if a[-1] == b[-1] and not self.transpose:
            return "`matmul:transpose` turns the second branch"
        if a[-1] == b[-1]:
            return "leave `transpose` out"
        second = f"n×{a[-1]}" if self.transpose else f"{a[-1]}×n"
        return f"branches of …×m×{a[-1]} and …×{second}"

    def _matrices(self, *shapes: Shape) -> tuple[Shape, Shape]:
        """Both branches with the last axis at the end, and b as it is multiplied."""
        for shape in shapes:
            if len(shape) < 2:
                raise LayerError(
                    f"`matmul` multiplies matrices but receives {show(shape)}",
                    code="not-a-map",
                    help=f"`unflatten:1x{shape[0]}` makes a row of it" if shape else None,
                )
        a, b = (_placed(shape, self.order, back=True) for shape in shapes)
        return a, (*b[:-2], b[-1], b[-2]) if self.transpose else b

    def macs(self, *shapes: Shape) -> int:
        inner = self._matrices(*shapes)[0][-1]
        return prod(self._product(*shapes)) * inner

    def routes(self, *shapes: Shape) -> tuple[Route, ...]:
        rank = max(map(len, shapes))
        b_sums = -1 if self.transpose else -2
        a, b = shapes
        return self._route(a, rank, -1, -2, -2), self._route(b, rank, b_sums, -3 - b_sums, -1)

    def _route(self, shape: Shape, rank: int, summed: int, kept: int, to: int) -> Route:
        """One matrix's: the axis summed over, and the other one with its place in the output."""
        moves = list(range(len(shape)))
        for axis in range(-len(shape), 0):
            target = to if axis == kept else -3 - to if axis == summed else axis
            moves[self._stored(axis, len(shape))] = self._stored(target, rank)
        return Route(shape, mixes=(self._stored(summed, len(shape)),), moves=tuple(moves))

    def _stored(self, axis: int, rank: int) -> int:
        """An axis, counted from the last, among the channels first."""
        return (axis + (self.order == "last")) % rank

    def summed(self, *shapes: Shape) -> tuple[Shape, ...]:
        a, b = self._matrices(*shapes)
        rank = max(map(len, shapes))
        ones_a, ones_b = (1,) * (rank - len(a)), (1,) * (rank - len(b))
        met = (*ones_a, *a[:-1], 1), (*ones_b, *b[:-2], 1, b[-1])
        return tuple(_placed(shape, self.order) for shape in met)


def _placed(shape: Shape, order: str, back: bool = False) -> Shape:
    """Sizes in the order of axes that flow, from those with the last axis at the end; `back`."""
    if order != "last":
        return shape
    return (*shape[1:], shape[0]) if back else (shape[-1], *shape[:-1])


def _stretched(one: Shape, two: Shape) -> Shape | None:
    """The common sizes of axes counted from the last; None where they differ."""
    rank = max(len(one), len(two))
    whole = [(1,) * (rank - len(each)) + each for each in (one, two)]
    sizes: list[int] = []
    for pair in zip(*whole, strict=True):
        size = common(pair)
        if size is None:
            return None
        sizes.append(size)
    return tuple(sizes)
