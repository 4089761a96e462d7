"""Each reader's signature against its class's, and what torch.nn has beside them."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

import pytest

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.pytorch import READERS
from tests.frameworks.live_pytorch import torch_or_skip

# Their `__init__` is Module's own, which takes nothing in spite of its signature.
BARE = {"LogSigmoid", "Sigmoid", "Softmax2d", "Softsign", "Tanh", "Tanhshrink"}

# What torch.nn has and a network of layers over one map has not.
NO_LAYERS = {
    "containers": "Container DataParallel Module ModuleDict ModuleList ParameterDict ParameterList "
    "Sequential",
    "losses": "AdaptiveLogSoftmaxWithLoss BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss "
    "CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss "
    "LinearCrossEntropyLoss MSELoss MarginRankingLoss MultiLabelMarginLoss "
    "MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss "
    "SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss",
    "recurrent": "RNNBase RNNCellBase",
    "attention": "Transformer TransformerDecoder TransformerDecoderLayer "
    "TransformerEncoder TransformerEncoderLayer",
    "two inputs": "Bilinear CosineSimilarity PairwiseDistance",
}


def form(function: Any) -> list[tuple[str, Any]]:
    """Names and defaults in order."""
    return [(each.name, each.default) for each in signature(function).parameters.values()]


@pytest.mark.parametrize("name", sorted(READERS))
def test_signature_is_the_class_s(name: str) -> None:
    """Names, order and defaults."""
    nn = torch_or_skip().nn
    expected = [] if name in BARE else form(getattr(nn, name))
    if name in ("GRU", "LSTM", "RNN"):  # which hand what they are given on to their base
        expected = [
            each for each in form(nn.RNNBase)[1:] if name == "LSTM" or each[0] != "proj_size"
        ]
        expected[3:3] = [("nonlinearity", "tanh")] if name == "RNN" else []

    assert form(READERS[name]) == expected
    if name in BARE:
        assert getattr(nn, name).__init__ is nn.Module.__init__


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_argument_is_by_position_or_name(name: str) -> None:
    """As in the classes; nothing can be given by name alone."""
    kinds = {each.kind for each in signature(READERS[name]).parameters.values()}

    assert kinds <= {Parameter.POSITIONAL_OR_KEYWORD} or name == "Identity"


def test_every_class_is_read_or_listed() -> None:
    """A new release of PyTorch shows here what it brings."""
    nn = torch_or_skip().nn
    listed = {name for names in NO_LAYERS.values() for name in names.split()}
    classes = {
        name
        for name, value in vars(nn).items()
        if isinstance(value, type) and issubclass(value, nn.Module)
    }

    assert classes - set(READERS) - listed == set(), (
        "add each to frameworks/pytorch/ (a row of frameworks/ops.py if it is element-wise), "
        "or here to NO_LAYERS"
    )
    assert set(READERS) - classes == set()
    assert listed - classes == set()


def test_the_comparison_can_fail() -> None:
    """Another default, name or order is told apart."""

    def right(a: int, b: int = 1) -> None: ...
    def default(a: int, b: int = 2) -> None: ...
    def name(a: int, c: int = 1) -> None: ...

    assert form(right) != form(default)
    assert form(right) != form(name)


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "message", "help"),
    [
        ("Conv2d", (3, 8), {}, "nn.Conv2d needs `kernel_size`", None),
        ("Conv2d", (), {}, "nn.Conv2d needs `in_channels` and `out_channels` and", None),
        ("Conv2d", (3, 8, 3), {"strides": 2}, "no argument `strides`", "did you mean `stride`?"),
        ("Conv2d", (3, 8, 3), {"in_channels": 3}, "given `in_channels` twice", None),
        ("ReLU", (True, 1), {}, "2 values by position but has 1 argument", None),
        ("Tanh", (1,), {}, "1 value by position but has 0 arguments", "it takes none"),
        ("Threshold", (1,), {}, "nn.Threshold needs `value`", None),
    ],
)
def test_arguments_that_do_not_fit(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], message: str, help: str | None
) -> None:
    """The message names the call and the argument, and the help what it takes."""
    with pytest.raises(LayerError) as caught:
        read(READERS[name], f"nn.{name}", args, kwargs)

    assert message in caught.value.message
    assert (help or "it takes") in (caught.value.help or "")
