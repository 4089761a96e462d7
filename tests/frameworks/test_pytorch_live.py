"""Drawn calls, valid and not, against the real modules: sizes, tensors, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from cnncalc.errors import LayerError
from cnncalc.frameworks.pytorch import READERS, convolution, pooling
from tests.frameworks.live_pytorch import real, torch_or_skip
from tests.frameworks.pytorch_cases import CASES
from tests.frameworks.pytorch_reading import Accepted, Refused, layer_of, ours

UNSIZED: dict[str, Any] = {
    "ConvTranspose": convolution.to_output_size,
    "MaxUnpool": pooling.to_output_size,
}
drawn = settings(suppress_health_check=list(HealthCheck))


def by_design(said: Accepted | Refused, judged: Accepted | Refused) -> str | None:
    """Why we refuse what PyTorch takes, or None: shapes here have no batch, and places."""
    if isinstance(judged, Refused) or isinstance(said, Accepted):
        return None
    if said.code == "batch-axis":
        return "it works along the batch, or takes it for channels"
    if said.code == "over-cropped":
        return "what comes out was never written: it shows what memory held before"
    if 0 in judged.output:
        return "a map of no places would come out"
    return None


def compare(name: str, case: tuple[dict[str, Any], tuple[int, ...]]) -> None:
    args, shape = case
    judged, said = real(name, args, shape), ours(name, args, shape)
    if isinstance(judged, Refused) and isinstance(said, Refused):
        return
    if not by_design(said, judged):
        assert said == judged, f"nn.{name} {args} at {shape}"


@pytest.mark.parametrize("name", sorted(CASES))
def test_agrees_with_pytorch(name: str) -> None:
    """A few dozen calls of each class, the same ones every time."""
    torch_or_skip()

    @settings(drawn, max_examples=40, phases=[Phase.generate])
    @given(CASES[name])
    def check(case: Any) -> None:
        compare(name, case)

    check()


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(CASES))
def test_agrees_with_pytorch_at_length(name: str) -> None:
    """Two thousand calls of each class."""
    torch_or_skip()

    @settings(drawn, max_examples=2000)
    @given(CASES[name])
    def check(case: Any) -> None:
        compare(name, case)

    check()


# Cells are layers of a sequence of one step, which the reader of source makes: test_recurrent.
UNDRAWN = {"GRUCell", "LSTMCell", "RNNCell"}


def test_every_class_has_a_strategy() -> None:
    assert sorted(CASES) == sorted(READERS.keys() - UNDRAWN)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_draws_are_mostly_taken(name: str) -> None:
    """A strategy that draws nothing but refused calls would compare nothing."""
    taken = []

    @settings(drawn, max_examples=40, phases=[Phase.generate])
    @given(CASES[name])
    def check(case: Any) -> None:
        taken.append(isinstance(ours(name, *case), Accepted))

    check()

    assert sum(taken) >= len(taken) / 8


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A size, a weight's name, a missing refusal and one too many are each found."""
    torch_or_skip()
    call = {"in_channels": 3, "out_channels": 4, "kernel_size": 3}
    right = ours("Conv2d", call, (3, 8, 8))
    assert isinstance(right, Accepted)
    wrong = (
        Accepted((4, 6, 7), right.parameters, []),
        Accepted((4, 6, 6), [("scale", (4, 3, 3, 3)), ("bias", (4,))], []),
        Accepted((4, 6, 6), right.parameters, [("count", ())]),
        Refused("no", "argument"),
    )
    compare("Conv2d", (call, (3, 8, 8)))

    for said in wrong:
        monkeypatch.setattr(f"{__name__}.ours", lambda *_, said=said: said)
        with pytest.raises(AssertionError):
            compare("Conv2d", (call, (3, 8, 8)))
    monkeypatch.setattr(f"{__name__}.ours", lambda *_: right)
    with pytest.raises(AssertionError):
        compare("Conv2d", (call, (3, 2, 2)))


@pytest.mark.parametrize("name", [f"{kind}{n}d" for kind in UNSIZED for n in (1, 2, 3)])
def test_output_size_of_a_forward(name: str) -> None:
    """Sizes that the call can make are made, and the others refused."""
    torch = torch_or_skip()
    to_output_size = UNSIZED[name[:-2]]

    @settings(drawn, max_examples=60, phases=[Phase.generate])
    @given(CASES[name], st.lists(st.integers(-3, 5), min_size=3, max_size=3))
    def check(case: Any, offsets: list[int]) -> None:
        args, shape = case
        args.pop("output_padding", None)
        # Tuples of one number, for all axes elsewhere, PyTorch doesn't spread here.
        assume(not any(isinstance(value, tuple) and len(value) == 1 for value in args.values()))
        usual = ours(name, args, shape)
        assume(isinstance(usual, Accepted))
        module = getattr(torch.nn, name)(**args)
        asked = tuple(n + more for n, more in zip(usual.output[1:], offsets, strict=False))
        values = torch.rand(2, *shape)
        indices = [torch.zeros(values.shape, dtype=torch.long)] if "Unpool" in name else []
        try:
            judged = tuple(module(values, *indices, output_size=list(asked)).shape[1:])
        except (RuntimeError, ValueError):
            judged = None
        try:
            layer = to_output_size(layer_of(name, args), asked, shape).layer
            said = layer.output(shape)
        except LayerError:
            said = None
        if judged is None or 0 not in judged:
            assert said == judged

    check()
