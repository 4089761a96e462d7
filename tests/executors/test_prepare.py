"""Probing networks run by every executor: which places are read shows in what isn't 0."""

from __future__ import annotations

import numpy as np
import pytest

import cnncalc
from cnncalc.executors import EXECUTORS, find
from cnncalc.layers import KINDS
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from tests.verification.standing_in import installed_or_skip

NAMES = sorted(EXECUTORS)
SPECS = [
    "1x9x8 conv:1,k3,s2,p1,nobias maxpool:2 linear:1,axis=1,nobias",
    "1x9 a@conv:1,k3,p1,nobias add[ | conv:1,k3,nobias,p1 ] cat[ | @a ] slice:1..2",
    "2x6x6 dwconv:3,nobias permute:1x0x2 avgpool:2 flatten linear:2,nobias",
]


def samples(shape: tuple[int, ...]) -> np.ndarray:
    """Ones from each place of the first spatial axis on."""
    x = np.zeros((shape[1], *shape), dtype="float32")
    for place in range(shape[1]):
        x[place, :, place:] = 1
    return x


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spec", SPECS)
def test_values_say_what_is_read(spec: str, name: str) -> None:
    """As those of the bundled executor do, whose kernels are compared with PyTorch's."""
    installed_or_skip(name)
    network = cnncalc.parse(spec)
    assert network.input is not None
    asked = frozenset(range(1, len(network.steps)))
    x = samples(network.input)
    ours, theirs = (dict(find(each).prepare(network, asked)(x)) for each in ("bundled", name))

    assert set(theirs) == asked
    for number in asked:
        np.testing.assert_array_equal(np.asarray(theirs[number]) > 0, ours[number] > 0)
    assert (ours[len(network.steps) - 1] > 0).mean() > 0


@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_asked_for_comes(name: str) -> None:
    installed_or_skip(name)
    network = cnncalc.parse("1x6x6 conv:1,k3,nobias avgpool:2 gap:keep")
    forward = find(name).prepare(network, frozenset({2}))

    for count in (3, 5):  # as many samples as one likes, again and again
        ((number, value),) = forward(np.ones((count, 1, 6, 6), dtype="float32"))
        assert (number, value.shape) == (2, (count, 1, 2, 2))


@pytest.mark.parametrize("name", NAMES)
def test_a_further_input_is_zeros(name: str) -> None:
    installed_or_skip(name)
    add = KINDS["add"]()
    steps = [Step(Input(), (), "input"), Step(Input((1, 4, 4)), (), "more")]
    network = Network([*steps, Step(add, (0, 1), "both")], (1, 4, 4))
    x = samples((1, 4, 4))
    ((_, value),) = find(name).prepare(network, frozenset({2}))(x)

    np.testing.assert_array_equal(value, x)


@pytest.mark.parametrize("name", ["bundled", "torch", "keras"])
def test_what_does_not_fit_is_passed_over(name: str) -> None:
    """And what comes after it; the run itself says what was wrong."""
    installed_or_skip(name)
    steps = [Step(Input(), name="input"), Step(KINDS["reshape"]((5, 7)), (0,), "odd")]
    steps += [Step(KINDS["relu"](), (1,), "after"), Step(KINDS["relu"](), (0,), "beside")]
    forward = find(name).prepare(Network(steps, (1, 4, 4)), frozenset({1, 2, 3}))

    assert [number for number, _ in forward(samples((1, 4, 4)))] == [3]
