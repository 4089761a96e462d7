"""What may be said of each kind of layer, in its order, and what holds where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.layers import KINDS
from cnncalc.layers.base import REQUIRED, Layer, Option
from cnncalc.layers.spelling import WRITERS

ALONG = "/axis=0 /order=first"
POOL = "kernel /stride=None /padding=0 /dilation=1 /ceil=False /empty=False"
RECURRENT = (
    "hidden /layers=1 /bidirectional=False /backwards=False /bias=True /biases=2 /last=False "
    "/learned=False /axis=0"
)
SCALED = "/affine=True /scale=True /shift=True"
# Behind `/` what is given by its name alone. The values are those of PyTorch's page of each, but
# for what Keras alone has (squareplus, noise, the slope of relu) and what is spelled so here alone.
DECLARED = {
    "relu": "slope=0 limit=None threshold=0",
    "leakyrelu": "slope=0.01",
    "rrelu": "lower=0.125 upper=0.3333333333333333",
    "elu": "alpha=1",
    "celu": "alpha=1",
    "hardsigmoid": "slope=0.16666666666666666 offset=0.5",
    "hardtanh": "low=-1 high=1",
    "softplus": "beta=1 threshold=20",
    "softshrink": "threshold=0.5",
    "hardshrink": "threshold=0.5",
    "threshold": "threshold=0 value=0",
    "squareplus": "b=4",
    **dict.fromkeys(("softmax", "logsoftmax", "softmin", "sparsemax", "glu", "cat"), ALONG),
    "prelu": "n=1 /shared=None /order=first",
    "dropout": "rate=0.5",
    "noise": "deviation=0.1",
    "rescale": "factor /offset=0",
    "adaptiveavg": "size /empty=False",
    "adaptivemax": "size /empty=False",
    "gap": "/keep=False",
    "gmp": "/keep=False",
    "glp": "/keep=False /norm=2",
    "fracmaxpool": "kernel /size=None /ratio=None",
    "maxpool": POOL,
    "avgpool": f"{POOL} /count_padding=True /divisor=None",
    "lppool": f"{POOL} /norm=2",
    "maxunpool": "kernel /stride=None /padding=0 /size=None",
    "power": "exponent=2",
    "reduce": "by=mean /axes=0 /keep=False /biased=False /order=first",
    "input": "shape=None",
    **dict.fromkeys(("add", "mul", "sub", "div", "mean", "maximum", "minimum"), "/align=equal"),
    "matmul": "/transpose=False /order=first",
    "mha": "heads /bias=True /axis=0 /key=None /value=None /out=None /bias_kv=False /zero=False",
    "lstm": f"{RECURRENT} /proj=None /activation=tanh /gate=sigmoid",
    "gru": f"{RECURRENT} /activation=tanh /gate=sigmoid /after=True",
    "rnn": f"{RECURRENT} /activation=tanh",
    "state": "features /cell=False /at=-1",
    "se": "reduction=16 /channels=None",
    "conv": "out_channels kernel /stride=1 /padding=0 /dilation=1 /groups=1 /mode=zeros /bias=True",
    "dwconv": "kernel /multiplier=1 /stride=1 /padding=0 /dilation=1 /mode=zeros /bias=True",
    "pwconv": "out_channels /stride=1 /groups=1 /bias=True",
    "sepconv": (
        "out_channels kernel /multiplier=1 /stride=1 /padding=0 /dilation=1 /mode=zeros /bias=True"
    ),
    "convt": (
        "out_channels kernel /stride=1 /padding=0 /output_padding=0 /dilation=1 /groups=1 "
        "/bias=True /empty=False"
    ),
    "unfold": "kernel /stride=1 /padding=0 /dilation=1",
    "fold": "kernel /size /stride=1 /padding=0 /dilation=1",
    "each": "/layer axes=1 /order=first",
    "embedding": "entries features /axis=0 /order=first",
    "expand": "sizes",
    "scale": "/shape=None /role=parameter",
    "shift": "/shape=None /role=parameter",
    "token": "count=1 /axis=-1 /behind=False /role=parameter",
    "linear": "out_features /bias=True /axis=None",
    "bn": f"/affine=True /stats=True /scale=True /shift=True {ALONG} /renorm=False",
    "gn": f"groups {SCALED} {ALONG}",
    "ln": f"/axes=0 /order=first {SCALED}",
    "rms": "/axes=0 /order=first /affine=True",
    "unitnorm": "/axes=0 /order=first",
    "standardize": "/axes=0 /order=first /given=False /invert=False",
    "in": "/affine=False /stats=False /shift=True",
    "lrn": "size=5 /alpha=0.0001 /beta=0.75 /k=1",
    "pad": "padding /mode=zeros /value=0 /channels=0 /empty=False",
    "crop": "amount",
    "flatten": "/start=0 /end=-1 /order=first",
    "unflatten": "sizes /axis=0",
    "reshape": "sizes /order=first",
    "permute": "axes",
    "slice": "interval /axis=0 /step=1",
    "upsample": "factor=None /size=None /mode=nearest /corners=False",
    "pixelshuffle": "factor",
    "pixelunshuffle": "factor",
    "chshuffle": "groups",
}


def said(option: Option) -> str:
    """An option as the table has it."""
    name = option.name if option.positional else f"/{option.name}"
    value: Any = option.default
    if value is REQUIRED:
        return name
    plain = isinstance(value, bool | str | None)
    return f"{name}={value if plain else WRITERS[option.kind](value)}"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_what_holds_where_nothing_is_said(kind: type[Layer]) -> None:
    assert " ".join(map(said, kind.options.values())) == DECLARED.get(kind.kind, "")
