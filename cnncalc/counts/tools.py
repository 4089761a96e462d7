"""The rule of each tool: a table by layer kind, of what the tool counts for one such layer.

A layer counts as the module of its framework does; what a source calls as a function, tools that
hook modules don't see. Kinds without an entry count nothing, or as `otherwise` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.counts.work import Rule, Work, plus, times, where_affine

__all__ = ["TOOLS", "Tool"]

CONVOLUTIONS = ("conv", "dwconv", "pwconv", "sepconv")
POOLS = ("maxpool", "avgpool", "adaptiveavg", "adaptivemax", "gap", "gmp")
GATED = ("gru", "rnn")  # recurrent layers that PyTorch computes step by step on the CPU
RECURRENT = ("lstm", *GATED)


class Tool(NamedTuple):
    """A tool, and how it counts.

    Attributes:
        version: which one was recorded.
        unit: what it calls its figure.
        says: its rule in one sentence.
        rules: by kind.
        otherwise: for the kinds that have none.
    """

    version: str
    unit: str
    says: str
    rules: Mapping[str, Rule]
    otherwise: Rule = Work.zero

    def of(self, kind: str) -> Rule:
        """The rule for a kind of layer."""
        return self.rules.get(kind, self.otherwise)


def each(kinds: tuple[str, ...], rule: Rule) -> dict[str, Rule]:
    """One rule for several kinds."""
    return dict.fromkeys(kinds, rule)


def on_axes(**rules: Rule) -> Rule:
    """Rules for maps of one, two and three axes: `one`, `two`, `three`."""
    names = ("one", "two", "three")
    return lambda work: rules.get(names[work.axes - 1], Work.zero)(work) if 0 < work.axes < 4 else 0


def by_mode(**rules: Rule) -> Rule:
    """Rules for ways of interpolation."""
    return lambda work: rules.get(work.layer.mode, Work.zero)(work)


MACS = {
    **each((*CONVOLUTIONS, "convt", "linear", "se", "matmul", "mha", *RECURRENT), Work.macs),
}
# What interpolation takes for each value that comes out, on so many axes.
FLAT = {"one": times(5, Work.given), "two": times(11, Work.given)}
LINEAR = on_axes(**FLAT, three=times(31, Work.given))
INTERPOLATION = {"linear": on_axes(**FLAT), "cubic": on_axes(two=times(259, Work.given))}
BIASED = plus(Work.macs, Work.biases)
SQUEEZE = plus(Work.macs, Work.squeezed, Work.channels)  # with the biases of both convolutions
POOLED = plus(Work.read, Work.given)

THOP = {
    **each((*CONVOLUTIONS, "linear"), Work.macs),
    "convt": Work.gathered,
    **each(("bn", "ln", "in"), where_affine(4, 2)),
    "prelu": Work.read,
    "softmax": Work.softmax,
    "avgpool": Work.given,
    **each(("adaptiveavg", "gap"), POOLED),
    "upsample": by_mode(nearest=Work.given, **INTERPOLATION),
    "se": plus(Work.macs, Work.read, Work.channels),
    "lstm": plus(Work.params_each_step, times(8, Work.hidden)),
    "gru": plus(Work.params_each_step, times(7, Work.hidden)),
    "rnn": plus(Work.params_each_step, Work.hidden),
}
ULTRALYTICS = {
    **THOP,
    **each(("convt", "matmul"), Work.macs),
    **each(("gn", "rms"), where_affine(4, 2)),
    **each(("adaptiveavg", "gap"), plus(Work.binned, Work.given)),
    "avgpool": plus(Work.inside, Work.given),
    "softmin": plus(Work.softmax, Work.read),
    "logsoftmax": plus(Work.softmax, Work.rows_of_softmax),
    "upsample": by_mode(**INTERPOLATION | {"linear": LINEAR}),
    "mha": lambda work: work.row.macs + 3 * work.scores() - work.scores() // work.sides()[1],
}
FVCORE = {
    **each(("pwconv", "convt", "linear", "matmul"), Work.macs),
    # PyTorch runs `padding="same"` as an operator of its own, which it doesn't know
    **each(("conv", "dwconv", "sepconv"), Work.macs_unless_same),
    "bn": where_affine(2, 1),
    **each(("gn", "ln", "in"), where_affine(5, 4)),
    **each(("adaptiveavg", "gap"), on_axes(two=Work.averaged)),
    "upsample": on_axes(two=by_mode(nearest=Work.given, linear=times(4, Work.given))),
    "se": plus(Work.macs, on_axes(two=Work.read)),
    "mha": Work.projections,
}
PTFLOPS = {
    **each((*CONVOLUTIONS, "convt", "linear"), BIASED),
    "matmul": Work.macs,
    **each(("bn", "gn", "in"), where_affine(2, 1)),
    "ln": Work.read,
    # Modules that call a function which it counts too
    **each(("relu", "elu", "gelu", "prelu"), times(2, Work.given)),
    **each(POOLS, times(2, Work.read)),
    "upsample": times(2, Work.given),
    **each(("leakyrelu", "relu6", "silu", "softmax"), Work.given),
    "se": plus(SQUEEZE, times(2, Work.read), times(2, Work.squeezed)),
    "lstm": plus(Work.params_each_step, times(10, Work.hidden)),
    "gru": plus(Work.params_each_step, times(7, Work.hidden)),
    "rnn": plus(Work.params_each_step, Work.hidden),
    "mha": lambda work: sum(
        (work.row.macs, work.scores(), 2 * work.of_queries(),
         work.of_all_sides() if work.has("in_proj_bias") else 0)
    ),
}  # fmt: skip
PTFLOPS_ATEN = {
    **each((*CONVOLUTIONS, "convt", "linear"), BIASED),
    "matmul": Work.macs,
    "se": SQUEEZE,
    **each(GATED, Work.params_each_step),
    "mha": lambda work: sum(
        (work.projections(),
         work.of_all_sides() + work.of_queries() if work.has("in_proj_bias") else 0)
    ),
}  # fmt: skip
TORCHINFO = {
    **each((*CONVOLUTIONS, "convt"), Work.params_everywhere),
    **each(RECURRENT, Work.params_each_step),
    **each(("scale", "shift", "token", "mha"), Work.zero),
}

TOOLS = {
    "torchvision": Tool(
        "0.28.0",
        "MACs",
        "the GFLOPS of its tables are the MACs here",
        MACS,
    ),
    "fvcore": Tool(
        "0.1.5",
        "flops",
        "the MACs here, 2 for each value of a batch norm, 5 of others, 1 of global averages",
        FVCORE,
    ),
    "torchinfo": Tool(
        "1.8.0",
        "mult-adds",
        "each parameter, biases too, for each place of a convolution, else once",
        TORCHINFO,
        Work.params,
    ),
    "thop": Tool(
        "0.1.1",
        "MACs",
        "the MACs here, 4 for each value of a norm, averages, softmax, interpolation",
        THOP,
    ),
    "ultralytics-thop": Tool(
        "2.2.3",
        "MACs",
        "as thop, with attention, and transposed convolutions as they are",
        ULTRALYTICS,
    ),
    "ptflops": Tool(
        "0.7.5",
        "MACs",
        "the MACs here, biases, norms, twice each value of pools and of most activations",
        PTFLOPS,
    ),
    "ptflops-aten": Tool(
        "0.7.5",
        "MACs",
        "the MACs here and biases",
        PTFLOPS_ATEN,
    ),
    "pytorch": Tool(
        "2.13.0",
        "FLOPs",
        "FlopCounterMode: 2 for each of the MACs here",
        {kind: times(2, rule) for kind, rule in MACS.items()} | {"lstm": Work.zero},
    ),
    "keras": Tool(
        "3.15.1",
        "parameters",
        "count_params: with the moving statistics of batch norm",
        {},
        Work.held,
    ),
}
