"""What a run will take, worked out before it, against what there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from math import prod
from typing import NamedTuple

from cnncalc.errors import CnnCalcError
from cnncalc.executors.bundled.kernels.workspace import WORKSPACE_BYTES
from cnncalc.executors.geometry import convolution_axes, pool_axes
from cnncalc.executors.shortage import LESS
from cnncalc.findings import Findings
from cnncalc.frameworks.ops import BY_KIND
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.each import Each
from cnncalc.layers.pool import SlidingPool
from cnncalc.rows import BYTES, Row
from cnncalc.tables.table import human_bytes

__all__ = [
    "OVER_BUDGET",
    "VIEWS",
    "Need",
    "check_budget",
    "check_room",
    "kept",
    "need",
    "owners_of",
]

OVER_BUDGET = "over-budget"  # the code of a run that isn't begun

# Of which autograd keeps the output, nothing at all, and no memory of its own.
KEEP_OUTPUT = frozenset({"relu", "sigmoid", "tanh", "softmax", "logsoftmax"})
VIEWS = frozenset({"flatten", "unflatten", "reshape", "permute", "slice", "identity"})
KEEP_NOTHING = VIEWS | {"add", "sub", "cat", "mean", "pad", "crop", "upsample", "gap"}
# These are worked out by PyTorch in several steps, or compare: what they keep of their own, in
# copies of the largest map around them.
KEEP_MORE = {op.kind: op.keeps for op in BY_KIND.values()}
KEEP_MORE |= {"lrn": 6, "lppool": 5, "rms": 3, "unitnorm": 3, "div": 2, "prelu": 2, "maximum": 2}
KEEP_MORE |= {
    "embedding": 1,
    "minimum": 2,
    "mean": 1,
    "pad circular": 1,
    "reduce logsumexp": 2,
    "reduce prod": 5,
}
# The copies that a step makes while it works; others make one at most.
COPIES = {"lppool": 3, "lrn": 2, "prelu": 2, "reduce logsumexp": 2, "sepconv": 2, "sparseplus": 2}
COPIES |= {"embedding": 2, "fracmaxpool": 2, "matmul": 2}
# Beside half floats: what is summed up in single precision, in copies of what comes out, and how
# many of its channels any step has in it.
HALF_COPIES = {"convt": 1, "fold": 1, "linear": 3}
HALF_CHANNELS = 2
# The arrays that the bundled executor holds beside what a step reads and gives: as large as the
# map of one sample, or as one channel of it, in no less than single precision.
OF_SAMPLE = {"glp": 2, "ln": 4, "logsoftmax": 2, "reduce std": 3, "reduce var": 3, "rms": 4}
OF_SAMPLE |= {"sparsemax": 11, "standardize": 1, "unitnorm": 4}
OF_CHANNEL = {"adaptiveavg": 3, "avgpool": 3, "lppool": 6, "prelu": 4, "upsample": 4}
# The copies that attention holds of what it projects, and of its scores.
PROJECTED, SCORED = 8, 2
# They give 64-bit places beside their values.
PLACES = frozenset({"maxpool", "adaptivemax"})


class Need(NamedTuple):
    """Bytes that a run takes at once.

    Attributes:
        weights: buffers included.
        activations: alive at once; of a run with a backward pass all, and their gradients.
        workspace: scratch memory.
        gradients: of the weights that are trained.
    """

    weights: int
    activations: int
    workspace: int
    gradients: int = 0

    @property
    def total(self) -> int:
        return sum(self)


def need(
    report: Findings, *, dtype: str | None = None, backward: bool = False, keeps: bool = False
) -> Need:
    """The most that a run takes at once.

    An upper bound: it counts copies where an executor may get by without one.

    Args:
        report: the network.
        dtype: what is computed in; None: the report's, or float32 where that is no float.
        backward: whether a backward pass follows, for which activations are kept.
        keeps: whether the executor frees nothing before the end.
    """
    element = BYTES[dtype or (report.dtype if report.dtype.startswith("float") else "float32")]
    own = [row for row in report.layers if row.shares is None]
    sizes = [prod(row.output_shape) for row in report.rows]
    if backward:  # what flows back is as large as what it meets
        activations = element * report.batch * (_saved(report, element) + 2 * max(sizes))
    elif keeps:
        activations = element * report.batch * (sum(sizes) + max(sizes))
    else:
        activations = _most_alive(report, element)
    return Need(
        element * sum(weight.count for row in own for weight in row.weights),
        activations,
        WORKSPACE_BYTES + (_widened(own) if element < BYTES["float32"] else 0),
        element * sum(row.trainable for row in own) if backward else 0,
    )


def _widened(rows: list[Row]) -> int:
    """Bytes of the largest kernel in float32: half floats are widened to multiply.

    Linear layers do that a few rows at a time, within the workspace.
    """
    counts = [weight.count for row in rows for weight in row.weights if row.kind != "linear"]
    return BYTES["float32"] * max(counts, default=0)


def _saved(report: Findings, element: int) -> int:
    """Elements of one sample that PyTorch's autograd keeps for the backward pass."""
    steps = list(kept(report, element))
    owners = {0}.union(*(saved for saved, _ in steps))
    sizes = (prod(report.rows[number].output_shape) for number in owners)
    return sum(own for _, own in steps) + sum(sizes)


def kept(report: Findings, element: int) -> Iterator[tuple[set[int], int]]:
    """What autograd keeps for each step: the steps whose outputs it holds, and elements of its own.

    A step keeps what it read, but for those whose gradient follows from what they gave, or
    from neither; what it read is a copy with its padding where its module can't pad so. Max
    pooling keeps a 64-bit index for each value too. A view is the step whose memory it shows.
    """
    owners = owners_of(report)
    for row in report.layers:
        saved: set[int] = set()
        own = 0
        layer = report.network.steps[row.index].layer
        padded = _padded(layer, row)
        kind = layer.core.kind
        if kind in KEEP_OUTPUT:
            saved.add(row.index)
        elif kind not in KEEP_NOTHING and not padded:
            saved.update(row.inputs)
        own += _attended(layer, row)
        own += padded + (KEEP_MORE.get(_named(layer), 0) + _turned(layer)) * _largest(row)
        if isinstance(layer.core, SeparableConv):
            own += _between(layer, layer.core, row)
        if kind in PLACES:
            own += 8 * prod(row.output_shape) // element
        yield {owners[number] for number in saved}, own


def _turned(layer: Layer) -> int:
    """How many copies an `each` makes to have its entries in front, and put back."""
    return 2 if isinstance(layer, Each) and layer.trailing else 0


def _sample(layer: Layer, row: Row) -> tuple[Shape, int]:
    """What flows into a layer at once, and how often in one sample."""
    (shape,) = row.input_shapes
    if isinstance(layer, Each):
        return layer.sample(shape), prod(layer.entries(shape))
    return shape, 1


def _between(layer: Layer, part: SeparableConv, row: Row) -> int:
    """Elements between the two convolutions of one in two parts."""
    (channels, *_), _times = _sample(layer, row)
    return int(part.multiplier * channels * (prod(row.output_shape) // part.out_channels))


def _named(layer: Layer) -> str:
    """The kind, and of reductions and pads which."""
    layer = layer.core
    which = {"reduce": "by", "pad": "mode"}.get(layer.kind)
    return f"{layer.kind} {getattr(layer, which)}" if which else str(layer.kind)


def _largest(row: Row) -> int:
    return max(prod(row.output_shape), *map(prod, row.input_shapes), 0)


def _padded(layer: Layer, row: Row) -> int:
    """Elements of the map with the padding that torch.nn's class doesn't put around it itself."""
    core = layer.core
    if isinstance(core, SlidingPool) and not core.ceil:
        shape, times = _sample(layer, row)
        axes = pool_axes(core, shape[1:])
        itself = all(a.before == a.after and 2 * a.before <= a.kernel for a in axes)
    elif isinstance(core, Conv | DepthwiseConv | SeparableConv):
        shape, times = _sample(layer, row)
        axes = convolution_axes(core, shape[1:])
        itself = core.mode == "zeros" and all(axis.before == axis.after for axis in axes)
    else:
        return 0
    if itself:
        return 0
    return times * shape[0] * prod(axis.size + axis.before + axis.after for axis in axes)


def _attended(layer: Layer, row: Row) -> int:
    """Elements that attention holds inside: what it projects, and the scores of each head."""
    if not isinstance(layer, MultiHeadAttention):
        return 0
    (features, asked), (_, known), _ = layer.sides(*row.input_shapes)
    inner, positions = max(layer.inner(features)), max(asked, known + 2)
    return int(PROJECTED * inner * positions + SCORED * layer.heads * asked * (known + 2))


def owners_of(report: Findings, views: Collection[str] = VIEWS) -> list[int]:
    """For each row the one whose memory its output is: its own, but for views."""
    owners = [0]
    for row in report.layers:
        owners.append(owners[row.inputs[0]] if row.inputs and row.kind in views else row.index)
    return owners


def _most_alive(report: Findings, element: int) -> int:
    """Bytes of activations alive at once, with the copies that the step at work makes."""
    readers = Counter(number for row in report.rows for number in row.inputs)
    readers.update(report.outputs)
    readers[0] += 1
    alive = most = 0
    for row in report.rows:
        size = prod(row.output_shape)
        alive += size
        layer = report.network.steps[row.index].layer
        kind = layer.core.kind
        copies = COPIES.get(_named(layer), 1) * max(_largest(row), _padded(layer, row))
        copies += _attended(layer, row) + _turned(layer) * _largest(row)
        places = 8 * size // element if kind in PLACES else 0
        if element < BYTES["float32"]:
            copies += HALF_COPIES.get(kind, 0) * size
        working = max(element * report.batch * copies, _working(layer, row, element))
        most = max(most, element * report.batch * (alive + places) + working)
        readers.subtract(row.inputs)
        for number in {*row.inputs, row.index}:
            if readers[number] == 0:
                alive -= prod(report.rows[number].output_shape)
                readers[number] = -1  # freed
    return most


def _working(layer: Layer, row: Row, element: int) -> int:
    """Bytes that a step works in, of which there is one lot whatever the batch."""
    name, size = _named(layer), _largest(row)
    channels = min((shape[0] for shape in row.input_shapes if shape), default=1)
    if isinstance(layer, Each):
        channels = min(channels, _sample(layer, row)[0][0])
    single = BYTES["float32"]
    least = HALF_CHANNELS if element < single else 0
    of_channel = OF_CHANNEL.get(name, least) * size // max(channels, 1)
    return max(element, single) * max(OF_SAMPLE.get(name, 0) * size, of_channel)


def check_budget(needed: Need, most: int) -> None:
    """CnnCalcError where a run takes more than it may."""
    if needed.total > most:
        raise CnnCalcError(
            f"{_told(needed)}, {human_bytes(needed.total - most)} more than the "
            f"{human_bytes(most)} that it may",
            code=OVER_BUDGET,
            help=LESS,
        )


def check_room(needed: Need, device: str, free: int | None) -> None:
    """CnnCalcError where a device has fewer bytes `free` than a run takes; None: nothing says."""
    if free is None or needed.total <= free:
        return
    where = "memory" if device == "cpu" else "memory on the GPU"
    raise CnnCalcError(
        f"{_told(needed)} but only {human_bytes(free)} of {where} is free",
        code="memory",
        help=LESS,
    )


def _told(needed: Need) -> str:
    gradients = f"gradients {human_bytes(needed.gradients)}, " if needed.gradients else ""
    return (
        f"this run would take {human_bytes(needed.total)} (weights {human_bytes(needed.weights)}, "
        f"{gradients}activations {human_bytes(needed.activations)}, "
        f"workspace {human_bytes(needed.workspace)})"
    )
