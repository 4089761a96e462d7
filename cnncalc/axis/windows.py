"""The arithmetic of one spatial axis: output lengths, and the inputs that each output reads.

Every spatial layer is one of a few windows on each axis (Dumoulin & Visin 2016,
"A guide to convolution arithmetic for deep learning", arXiv:1603.07285). There is
no 1-d, 2-d or 3-d code anywhere else.

A window has

- `length(n)`: how many outputs an axis of `n` inputs gives;
- `reads(o)`: the input indices that output `o` reads, in ascending order and before
  clipping to the axis (padding has negative indices, or indices from `n` on);
- `period`: `(outputs, inputs)`; output `o + outputs` reads what `o` reads, moved by `inputs`;
- `hull`: `(slope, low, high)`; `reads(o)` lies between `slope*o + low` and `slope*o + high`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from cnncalc.axis.channels import Dealt, Grouped

__all__ = [
    "Bins",
    "Picked",
    "Resize",
    "Same",
    "Slide",
    "Spread",
    "Window",
    "adaptive",
    "ceil_slide",
    "ratio",
]

MOST_PARTS = 4096  # of a whole, that a factor in decimals is taken to mean


class Slide:
    """A window that slides: convolution, pooling, padding and cropping (kernel 1).

    length: floor((n + before + after - dilation*(kernel - 1) - 1) / stride) + 1
    (torch.nn.Conv2d, torch.nn.MaxPool2d; Dumoulin & Visin, relationship 15).
    """

    __slots__ = ("after", "before", "dilation", "kernel", "stride")

    def __init__(
        self, kernel: int, stride: int = 1, before: int = 0, after: int = 0, dilation: int = 1
    ) -> None:
        self.kernel = kernel
        self.stride = stride
        self.before = before
        self.after = after
        self.dilation = dilation

    def __repr__(self) -> str:
        return f"Slide({self.kernel}, {self.stride}, {self.before}, {self.after}, {self.dilation})"

    def length(self, n: int) -> int:
        room = n + self.before + self.after - self.dilation * (self.kernel - 1) - 1
        return room // self.stride + 1

    def reads(self, o: int) -> Sequence[int]:
        first = o * self.stride - self.before
        return range(first, first + self.dilation * (self.kernel - 1) + 1, self.dilation)

    @property
    def period(self) -> tuple[int, int]:
        return 1, self.stride

    @property
    def hull(self) -> tuple[float, float, float]:
        return self.stride, -self.before, self.dilation * (self.kernel - 1) - self.before

    def then(self, after: Slide) -> Slide:
        """The one slide that a stack of two is (both undilated in the result).

        Lengths compose exactly as long as none falls below 1; sources compose
        exactly before clipping.
        """
        extent = self.dilation * (self.kernel - 1) + 1
        reach = after.dilation * (after.kernel - 1)
        return Slide(
            extent + reach * self.stride,
            self.stride * after.stride,
            self.before + after.before * self.stride,
            self.after + after.after * self.stride,
        )


class Same:
    """Padding chosen so that the output is ceil(n / stride), as TensorFlow does it.

    The odd pixel goes after (TensorFlow, Keras, ONNX SAME_UPPER) or, with `lower`,
    before (ONNX SAME_LOWER). Which pads that takes depends on `n`: `at(n)` is the slide.
    """

    __slots__ = ("dilation", "kernel", "lower", "stride")

    def __init__(
        self, kernel: int, stride: int = 1, dilation: int = 1, lower: bool = False
    ) -> None:
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        self.lower = lower

    def length(self, n: int) -> int:
        return (n + self.stride - 1) // self.stride

    def at(self, n: int) -> Slide:
        """The slide whose padding makes the length come out."""
        extent = self.dilation * (self.kernel - 1) + 1
        total = max((self.length(n) - 1) * self.stride + extent - n, 0)
        before = (total + 1) // 2 if self.lower else total // 2
        return Slide(self.kernel, self.stride, before, total - before, self.dilation)


class Spread:
    """A transposed convolution: each input is spread over `kernel` outputs.

    length: (n - 1)*stride - before - after + dilation*(kernel - 1) + output_padding + 1
    (torch.nn.ConvTranspose2d; Dumoulin & Visin, relationship 14).
    """

    __slots__ = ("after", "before", "dilation", "kernel", "output_padding", "stride")

    def __init__(
        self,
        kernel: int,
        stride: int = 1,
        before: int = 0,
        after: int = 0,
        dilation: int = 1,
        output_padding: int = 0,
    ) -> None:
        self.kernel = kernel
        self.stride = stride
        self.before = before
        self.after = after
        self.dilation = dilation
        self.output_padding = output_padding

    def length(self, n: int) -> int:
        spread = (n - 1) * self.stride + self.dilation * (self.kernel - 1) + 1
        return spread - self.before - self.after + self.output_padding

    def reads(self, o: int) -> Sequence[int]:
        place = o + self.before
        offsets = range(self.dilation * (self.kernel - 1), -1, -self.dilation)
        steps = [divmod(place - offset, self.stride) for offset in offsets]
        return [index for index, rest in steps if rest == 0]

    @property
    def period(self) -> tuple[int, int]:
        return self.stride, 1

    @property
    def hull(self) -> tuple[float, float, float]:
        reach = self.dilation * (self.kernel - 1)
        slope = 1 / self.stride
        return slope, (self.before - reach) * slope, self.before * slope


class Resize:
    """Upsampling (or downsampling) by `outputs / inputs`, to a given size.

    Output `o` sits at the source coordinate `o * inputs/outputs` (nearest, and linear
    with aligned corners) or `(o + 1/2) * inputs/outputs - 1/2` (`centred`: linear and
    cubic, and nearest-exact rounded half up), and reads the `taps` indices around it: 1
    nearest, 2 linear, 4 cubic; only one where the coordinate is an index
    (torch.nn.functional.interpolate).
    """

    __slots__ = ("centred", "inputs", "outputs", "size", "taps")

    def __init__(
        self, outputs: int, inputs: int, size: int, taps: int = 1, centred: bool = False
    ) -> None:
        self.outputs, self.inputs = _lowest(outputs, inputs)
        self.size = size
        self.taps = taps
        self.centred = centred

    def length(self, n: int) -> int:
        return self.size

    def reads(self, o: int) -> Sequence[int]:
        if self.centred and self.taps == 1:
            return ((2 * o + 1) * self.inputs // (2 * self.outputs),)
        if self.centred:
            index, rest = divmod((2 * o + 1) * self.inputs - self.outputs, 2 * self.outputs)
        else:
            index, rest = divmod(o * self.inputs, self.outputs)
        if self.taps == 1 or rest == 0:
            return (index,)
        return range(index - self.taps // 2 + 1, index + self.taps // 2 + 1)

    @property
    def period(self) -> tuple[int, int]:
        return self.outputs, self.inputs

    @property
    def hull(self) -> tuple[float, float, float]:
        slope = self.inputs / self.outputs
        if self.taps == 1:  # the coordinate is rounded down, or to the nearest
            last = slope / 2 if self.centred else 0.0
            return slope, last - 1, last
        start = (slope - 1) / 2 if self.centred else 0.0
        return slope, start - self.taps // 2, start + self.taps // 2


class Bins:
    """Adaptive pooling of `inputs` to `outputs`: bin `o` runs from floor(o*n/m) to ceil((o+1)*n/m).

    (torch.nn.AdaptiveAvgPool2d.)
    """

    __slots__ = ("inputs", "outputs")

    def __init__(self, inputs: int, outputs: int) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def length(self, n: int) -> int:
        return self.outputs

    def reads(self, o: int) -> Sequence[int]:
        first = o * self.inputs // self.outputs
        return range(first, -(-(o + 1) * self.inputs // self.outputs))

    @property
    def period(self) -> tuple[int, int]:
        return _lowest(self.outputs, self.inputs)

    @property
    def hull(self) -> tuple[float, float, float]:
        slope = self.inputs / self.outputs
        return slope, -1.0, slope


class Picked:
    """Some of the inputs, ascending: output `o` reads the o-th of them, and nothing reads the rest.

    (The windows of torch.nn.Fold that lie in the map, which are not those in its padding.)
    """

    __slots__ = ("inputs",)

    def __init__(self, inputs: Sequence[int]) -> None:
        self.inputs = inputs

    def length(self, n: int) -> int:
        return len(self.inputs)

    def reads(self, o: int) -> Sequence[int]:
        turn, place = divmod(o, len(self.inputs))
        return (self.inputs[place] + turn * self.period[1],)

    @property
    def period(self) -> tuple[int, int]:
        return len(self.inputs), self.inputs[-1] + 1

    @property
    def hull(self) -> tuple[float, float, float]:
        outputs, inputs = self.period
        slope = inputs / outputs
        apart = [i - slope * o for o, i in enumerate(self.inputs)]
        return slope, min(apart), max(apart)


Window = Slide | Spread | Resize | Bins | Picked | Grouped | Dealt


def _lowest(outputs: int, inputs: int) -> tuple[int, int]:
    """A quotient in lowest terms."""
    divisor = gcd(outputs, inputs)
    return outputs // divisor, inputs // divisor


def adaptive(inputs: int, outputs: int) -> Window:
    """Adaptive pooling: a slide where the bins are equal (the identity where sizes are)."""
    if not outputs:
        return Slide(inputs + 1)  # no bins: a window that never fits
    whole, rest = divmod(inputs, outputs)
    return Bins(inputs, outputs) if rest else Slide(whole, whole)


def ceil_slide(n: int, kernel: int, stride: int, before: int, after: int, dilation: int) -> Slide:
    """The slide that ceil mode is at a known `n`.

    The length is rounded up, less a last window that would start beyond the input and
    its left padding: min((e + s - 1)//s, (n + before - 1)//s) + 1 with
    e = n + before + after - dilation*(kernel - 1) - 1 (torch.nn.MaxPool2d, ceil_mode).
    """
    room = n + before + after - dilation * (kernel - 1) - 1
    length = min((room + stride - 1) // stride, (n + before - 1) // stride) + 1
    reach = (length - 1) * stride + dilation * (kernel - 1) + 1
    return Slide(kernel, stride, before, reach - n - before, dilation)


def ratio(factor: float) -> tuple[int, int]:
    """A factor as people meant it, as a fraction: 1.1 is (11, 10), 0.3333333333333333 is (1, 3)."""
    from fractions import Fraction  # costs milliseconds that few networks need

    simple = Fraction(factor).limit_denominator(MOST_PARTS)
    meant = simple if float(simple) == factor else Fraction(repr(float(factor)))
    return meant.numerator, meant.denominator
