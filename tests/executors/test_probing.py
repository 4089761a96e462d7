"""What units see by probing: found where the prediction has it, looked for where it isn't."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.executors.base import Run, StepRun
from cnncalc.executors.bundled.executor import BundledExecutor
from cnncalc.executors.probing import search
from cnncalc.executors.probing.kinds import probes_of
from cnncalc.layers import KINDS
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from cnncalc.receptive.maps import Interval
from cnncalc.receptive.middles import middles_of
from cnncalc.verification import compare
from tests.executors.common import looked_at
from tests.library import NAMES, report

PLENTY = 10**9
BUNDLED = BundledExecutor()
SPECS = [
    "3x20x20 conv:4,k3,s2,p1 bn relu maxpool:3,s2,ceil conv:6,k3,g2",
    "2x30 conv:4,k3,d4,p=same avgpool:3,s2,p1 upsample:2 conv:2,k3",
    "2x9x9x8 conv:4,k3 maxpool:2 flatten linear:3 softmax",
    "4x16x16 convt:3,k4,s2,p1 sepconv:4,3,m2 se:2 gn:2",
    "4x16x16 a@conv:4,k3,p1 conv:4,k3,p1 cat[ | @a ] chshuffle:2 slice:0..3 dwconv:3,m2",
    "4x16x16 add[ conv:4,k3,p1 | pwconv:4 ] mul[ | gap:keep ] pixelshuffle:2 conv:2,k3",
    "4x12x12 glu conv:3,k3 glu:axis=1 logsoftmax:axis=2",
    "2x12x12 permute:1x0x2 conv:3,k3,p1 permute:1x0x2",
    "3x12x12 reduce:mean,axes=1,keep expand:3x5x12 linear:4,axis=-1",
    "2x12 unfold:3,s2 conv:3,k3 linear:4,axis=1",
    "4x9x8 convt:6,k2,s3,p=same",
    "2x16x16 pad:2:3,mode=reflect crop:1 conv:2,k3,p1,mode=circular upsample:1.5,mode=linear",
]


def sights(done: Run) -> list[Any]:
    """What the units of each step see."""
    return [step.sights for step in done.steps]


@pytest.mark.parametrize("spec", SPECS)
def test_probes_agree_with_the_report(spec: str) -> None:
    """Unit for unit, and of every step."""
    right = cnncalc.analyze(spec)
    done = looked_at(right)

    assert compare(right, done)["mismatches"] == []
    assert all(step.sights for step in done.steps[1:])
    exact = [each for each in middles_of(right) if each.reached and each.reached.exact]
    found = {(n, each.unit): each.ends for n, step in enumerate(done.steps) for each in step.sights}
    assert exact
    assert all(found[each.step, each.unit] == each.reached.ends for each in exact if each.reached)


@pytest.mark.parametrize("name", ["lenet5", "dcgan", "m5", "mobilenet-blocks", "inception"])
def test_examples_agree(name: str) -> None:
    right = report(name)
    outcome = compare(right, looked_at(right))

    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] == len(right.layers)


def astray(ends: Interval | None, off: tuple[int, int], n: int) -> Interval:
    first, last = ends or (0, n - 1)
    return min(max(first + off[0], 0), n - 1), min(max(last + off[1], 0), n - 1)


@pytest.mark.parametrize("spec", SPECS[:6])
@pytest.mark.parametrize("off", [(-1, 0), (1, 0), (0, -1), (0, 1), (3, -2)])
def test_what_is_predicted_wrong_is_found_by_halving(spec: str, off: tuple[int, int]) -> None:
    """The prediction only says where to look first."""
    right = cnncalc.analyze(spec)
    sizes = right.frame[1:]
    wrong = []
    for each in middles_of(right):
        assert each.reached
        pairs = zip(each.reached.ends, sizes, strict=True)
        ends = tuple(astray(seen, off, n) for seen, n in pairs)
        wrong.append(each._replace(reached=each.reached._replace(ends=ends)))
    done = BUNDLED.run(right.network, right.input)
    search.measure(right, done, BUNDLED.prepare, PLENTY, wrong)

    assert sights(done) == sights(looked_at(right))


def test_small_batches_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many samples run together changes nothing."""
    right = cnncalc.analyze("3x20x20 a@conv:4,k3,p1 maxpool:2 convt:4,k2,s2 cat[ | @a ] gap")
    found = []
    for at_once in (1, 10_000, 2**25):
        monkeypatch.setattr(search, "AT_ONCE", at_once)
        found.append(sights(looked_at(right)))

    assert found[0] == found[1] == found[2]
    assert all(found[0][1:])


@pytest.mark.slow
def test_nothing_underflows_in_a_deep_network() -> None:
    """The ends of a field would have weights of 31^-215, which is 0 in double precision."""
    right = cnncalc.analyze("1x6600 " + "conv:1,k31,p15 " * 215)
    done = looked_at(right)

    (sight,) = done.steps[-1].sights
    assert sight.ends == ((3300 - 215 * 15, 3300 + 215 * 15),)
    assert compare(right, done)["mismatches"] == []


@pytest.mark.slow
@pytest.mark.parametrize("pool", ["gap:keep", "reduce:mean,axes=1,keep", "adaptiveavg:1", "glp"])
def test_one_place_of_millions_is_seen(pool: str) -> None:
    """Though it is a small part of the mean."""
    right = cnncalc.analyze(f"1x3000000 {pool}")
    (sight,) = looked_at(right).steps[1].sights

    assert sight.ends == ((0, 2_999_999),)


def test_a_window_of_padding_alone_sees_nothing() -> None:
    """Its largest is lower than any number, and the norm of that higher."""
    right = cnncalc.analyze("2x8x1 maxpool:2,s1,p=same-lower,d3,ceil lppool:1,s3")

    assert compare(right, looked_at(right))["mismatches"] == []


def test_a_further_input_is_not_seen() -> None:
    """What stands beside the network's input moves units too, but not from there."""
    add, conv = KINDS["add"](), KINDS["conv"](4, 3, padding=((1, 1),))
    steps = [Step(Input(), (), "input"), Step(Input((3, 8, 8)), (), "noise")]
    steps += [Step(conv, (1,), "one"), Step(conv, (0,), "two"), Step(add, (2, 3), "both")]
    done = looked_at(cnncalc.analyze(Network(steps, (3, 8, 8))))

    assert [step.sights for step in done.steps[1:3]] == [[], []]  # it has no field to measure
    seen = [step.sights[0].ends for step in done.steps[3:]]
    assert seen == [((3, 5), (3, 5)), ((3, 5), (3, 5))]


def test_a_step_without_values_is_not_measured() -> None:
    """Nor is anything looked for without end."""
    right = cnncalc.analyze("3x9x9 conv:4,k3 relu")
    done = BUNDLED.run(right.network, right.input)

    search.measure(right, done, lambda network, asked: lambda x: (), PLENTY, middles_of(right))

    assert [step.sights for step in done.steps[1:]] == [[], []]


def test_a_map_of_another_size_is_not_measured() -> None:
    """Its units are none of those that were predicted."""
    right = cnncalc.analyze("3x20x20 maxpool:2 conv:4,k3 relu adaptiveavg:4")
    done = BUNDLED.run(right.network, right.input)
    done.steps[2].shape = (4, 8, 7)
    middles = middles_of(right)
    search.measure(right, done, BUNDLED.prepare, PLENTY, middles)

    assert [bool(step.sights) for step in done.steps[1:]] == [True, False, True, True]


UNTOLD = {
    "maxunpool:2": "max unpooling puts values where maxima were, which probes don't tell",
    "fracmaxpool:2,size=5": "fractional pooling draws its windows at random",
    "upsample:2,mode=cubic": "the taps of `cubic` have both signs, and may cancel",
    "upsample:1.02": "frameworks pass over a factor where positions are copied or doubled",
}


@pytest.mark.parametrize("layer", UNTOLD)
def test_what_cannot_be_probed_is_listed(layer: str) -> None:
    """And what comes after it; branches beside it are measured."""
    right = cnncalc.analyze(f"3x9x9 a@conv:4,k3 {layer} relu @a conv:4,k3")
    done = looked_at(right)

    assert [bool(step.sights) for step in done.steps[1:]] == [True, False, False, True]
    assert compare(right, done)["fields_unchecked"] == [
        {"index": index, "reason": UNTOLD[layer]} for index in (2, 3)
    ]


def test_large_networks_are_measured_in_part() -> None:
    """As many steps as there may be values for, the last one among them."""
    right = cnncalc.analyze("3x40x40 " + "conv:4,k3 " * 8)
    done = looked_at(right, most=200_000)

    measured = [bool(step.sights) for step in done.steps[1:]]
    assert measured[-1]
    assert 1 <= sum(measured) < 8
    assert compare(right, done)["mismatches"] == []


def test_vectors_have_no_fields() -> None:
    right = cnncalc.analyze("8 linear:4 relu")

    assert [step.sights for step in looked_at(right).steps[1:]] == [[], []]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"shufflenet_v2_x1_0"}))
def test_channels_that_are_alike_are_one(name: str) -> None:
    """A probe of an example makes a small part of the values that its network does."""
    right = report(name)
    done = Run("none", "cpu", "float32", 1, [StepRun(row.output_shape) for row in right.rows])
    probes = probes_of(right.network, done)

    of_maps = [of for of, row in zip(probes.of, right.rows, strict=True) if row.output_shape]
    assert None not in of_maps
    assert sum(probes.sizes) < right.total.activation_bytes / 4 / 2


def test_a_wrong_field_is_caught() -> None:
    """By what was measured, not by what was said."""
    right = cnncalc.analyze("2x40x40 conv:3,k3,p1 conv:2,k3,p1")
    wrong = cnncalc.analyze("2x40x40 conv:3,k3,p1 conv:2,k3,d2,p2")
    outcome = compare(wrong, looked_at(right))

    assert [(each["index"], each["what"]) for each in outcome["mismatches"]] == [
        (2, "receptive_field")
    ]
