"""Receptive fields against brute force: which input indices really reach an output.

The engine carries (jump, phases) forward; here index sets are propagated backward instead,
through `reads` alone, before any clipping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import methodcaller
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnncalc.axis.field import IDENTITY, MAX_PERIOD, Field, Phase
from cnncalc.axis.windows import Bins, Resize, Slide, Spread, Window

LENGTH = 40  # of every map: the fields asked about lie anywhere, also outside of it
Stack = list["Window | tuple[Stack, Stack]"]

small, stride = st.integers(1, 4), st.integers(1, 3)
pad = st.integers(-1, 3)
slides = st.builds(Slide, small, stride, pad, pad, stride)
keeping = st.builds(Slide, small, st.just(1), pad, pad, stride)
spreads = st.builds(Spread, small, stride, pad, pad, stride, st.just(0))
resizes = st.builds(
    Resize, small, small, st.just(LENGTH), st.sampled_from([1, 2, 4]), centred=st.booleans()
)
bins = st.builds(Bins, st.integers(1, 12), st.integers(1, 12))
windows = st.one_of(slides, slides, spreads, resizes, bins)


@st.composite
def stacks(draw: st.DrawFn, depth: int = 2) -> Stack:
    """Windows one after another; branches are pairs of stacks."""
    stack: Stack = []
    for _ in range(draw(st.integers(0, 4))):
        if depth and draw(st.integers(0, 3)) == 0:
            stack.append((draw(branches(depth - 1)), draw(branches(depth - 1))))
        else:
            stack.append(draw(windows))
    return stack


@st.composite
def branches(draw: st.DrawFn, depth: int) -> Stack:
    """Mostly branches that keep the jump, as real networks have; some that don't."""
    if draw(st.integers(0, 4)) == 0:
        return draw(stacks(depth))
    stack: Stack = list(draw(st.lists(keeping, max_size=2)))
    if draw(st.booleans()):  # down and up again
        s = draw(stride)
        down = Slide(draw(small), s, draw(pad), draw(pad))
        ups: list[Window] = [Spread(draw(small), s, draw(pad)), Resize(s, 1, LENGTH, 2)]
        up = draw(st.sampled_from(ups))
        stack += [down, *draw(st.lists(keeping, max_size=1)), up]
    return stack


def field_of(stack: Stack, field: Field = IDENTITY) -> Field:
    """The engine's way, forward."""
    for part in stack:
        if isinstance(part, tuple):
            one, two = (field_of(branch, field) for branch in part)
            field = one.union(two, LENGTH)
        else:
            field = field.through(part)
    return field


def reaches(stack: Stack, outputs: set[int], merged: range | None = None) -> set[int]:
    """The slow way, backward: the input indices that any of these outputs reads.

    `merged`: the units that there are where branches meet; None: any.
    """
    for part in reversed(stack):
        if isinstance(part, tuple):
            outputs = {o for o in outputs if merged is None or o in merged}
            outputs = set().union(*(reaches(branch, outputs, merged) for branch in part))
        else:
            outputs = {i for o in outputs for i in part.reads(o)}
    return outputs


def interval(indices: set[int]) -> tuple[int, int] | None:
    return (min(indices), max(indices)) if indices else None


@settings(max_examples=150)
@given(stacks(), st.lists(st.integers(0, LENGTH - 1), min_size=1, max_size=5))
@example([Slide(7, 2, 3, 3), Slide(3, 2, 1, 1), Slide(3, 1, 0, 0, 2), Spread(4, 2)], [0, 1, 17])
@example([Spread(3, 2, 1, 1), Slide(3, 2, 1, 1)], [3, 4, 5])
@example([Spread(2, 3), Slide(2, 1)], [0, 1, 2, 3])
@example([([], [Slide(3, 2, 1), Resize(2, 1, LENGTH, 2, centred=True)])], [0, 1, 2])
@example([Bins(7, 3), Slide(2, 1)], [0, 1, 2])
def test_fields_equal_brute_force(stack: Stack, outputs: list[int]) -> None:
    """Both ends of what each output sees; where only a hull is claimed, it holds them."""
    field = field_of(stack)
    for o in outputs:
        claimed = field.sees(o)
        if field.exact:
            assert claimed == interval(reaches(stack, {o}))
        elif (real := interval(reaches(stack, {o}, range(LENGTH)))) is not None:
            assert claimed is not None
            assert claimed[0] <= real[0]
            assert claimed[1] >= real[1]


@settings(max_examples=80)
@given(st.lists(windows, max_size=5))
def test_stacks_without_branches_are_exact(stack: Sequence[Window]) -> None:
    """A hull is for branches of different jumps and for periods that nobody could read."""
    field = field_of(list(stack))
    period = 1
    for window in stack:
        period *= window.period[0]

    assert field.exact or period > MAX_PERIOD


@settings(max_examples=80)
@given(stacks(), st.integers(0, LENGTH - 1))
def test_periods_repeat(stack: Stack, o: int) -> None:
    """Output o + q sees what o sees, moved by q jumps; no shorter period says the same."""
    field = field_of(stack)
    q = len(field.phases)
    one, next_one = field.sees(o), field.sees(o + q)

    assert field.jump * q == pytest.approx(field.step)
    assert field.reduced() == field
    if one and next_one and field.exact:
        assert next_one == (one[0] + field.step, one[1] + field.step)


def any_field(draw: Random, step: int | None = None, count: int | None = None) -> Field:
    """Phases that may lie before one another, within one another, and see nothing."""
    phases = [(draw.randint(-4, 6), draw.randint(0, 5)) for _ in range(count or draw.randint(1, 4))]
    if draw.random() < 0.5:  # as most fields are
        phases = [(start, size + 1) for start, size in sorted(phases)]
    return Field(draw.randint(0, 4) if step is None else step, tuple(phases))


def any_window(draw: Random) -> Window:
    few, some = partial(draw.randint, 1, 4), partial(draw.randint, -2, 3)
    windows: list[Window] = [
        Slide(few(), few(), some(), some(), few()),
        Spread(few(), few(), some(), some(), few()),
        Resize(few(), few(), LENGTH, draw.choice((1, 2, 4)), draw.random() < 0.5),
        Bins(few() + few(), few() + few()),
    ]
    return draw.choice(windows)


def together(seen: Iterable[tuple[int, int] | None]) -> tuple[int, int] | None:
    """From the first to the last of what several see."""
    known = [each for each in seen if each]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None


def test_any_field_through_any_window() -> None:
    """A unit sees what those see that its window reads."""
    draw = Random(1)
    for _ in range(700):
        field, window = any_field(draw), any_window(draw)
        after = field.through(window)
        for o in range(7):
            expected = together(map(field.sees, window.reads(o)))
            assert after.sees(o) == expected, (field, repr(window), o)


def test_any_two_fields_that_meet() -> None:
    """A unit sees what either sees; where only a bound says it, that holds both."""
    draw = Random(2)
    for _ in range(500):
        one, length = any_field(draw), draw.randint(1, 9)
        two = any_field(draw, 2 * one.step, 2 * len(one.phases)) if length % 3 else any_field(draw)
        union = one.union(two, length)
        assert union.exact or one.jump != two.jump
        for o in range(length):
            expected, claimed = together([one.sees(o), two.sees(o)]), union.sees(o)
            if union.exact and union not in (one, two):
                assert claimed == expected
            elif expected:
                assert claimed
                assert claimed[0] <= expected[0] <= expected[1] <= claimed[1], (one, two, length)


def test_what_a_field_says_of_itself() -> None:
    """Bounds that are reached, the span of so many units, the shortest period."""
    draw = Random(3)
    for _ in range(300):
        field, length = any_field(draw), draw.randint(0, 9)
        sees = [field.sees(o) for o in range(length)]
        assert field.span(range(length)) == together(sees)
        assert field.jump == field.step / len(field.phases)
        assert field.size == max(size for _, size in field.phases)
        twice = (*field.phases, *((start + field.step, size) for start, size in field.phases))
        assert Field(2 * field.step, twice).reduced() == field.reduced()
        if all(size for _, size in field.phases):
            jump, low, high = field.bounds()
            ends = [(field.sees(o), jump * o) for o in range(2 * len(field.phases))]
            assert low == pytest.approx(min(seen[0] - at for seen, at in ends if seen))
            assert high == pytest.approx(max(seen[1] - at for seen, at in ends if seen))
            centres = [sum(seen) / 2 - at for seen, at in ends if seen]
            assert field.centre == pytest.approx(sum(centres) / len(centres))


HALF = Field(1.5, ((1, 2),), False)  # a bound whose units lie one and a half places apart


@pytest.mark.parametrize(
    ("field", "window", "expected"),
    [
        # at o the place before o * 1334 / 1031 times 3 at the earliest, and one for rounding
        (Field(3, ((0, 1),)), Resize(1031, 1334, 1), Field(3 * (1334 / 1031), ((-3, 5),), False)),
        (Field(3, ((-1, 3),)), Bins(1334, 1031), Field(3 * (1334 / 1031), ((-4, 11),), False)),
        # to a third of a place behind unit 0, and no more where units lie whole places apart
        (HALF, Spread(3, 3), Field(0.5, ((0, 4),), False)),
        (HALF, Resize(3, 2, 9, 2, True), Field(1, ((-1, 6),), False)),
        (HALF, Slide(3, 2, 1), Field(3.0, ((-1, 6),), False)),
        (HALF, Slide(3, 1, 1), Field(1.5, ((-1, 6),), False)),
        (HALF, Slide(2, 1, 0), Field(1.5, ((1, 5),), False)),
        (HALF, Slide(2, 1, -1), Field(1.5, ((2, 5),), False)),
        (HALF, Slide(1, 3, 0, 0, 2), Field(4.5, ((1, 3),), False)),
    ],
)
def test_bounds_behind_windows(field: Field, window: Window, expected: Field) -> None:
    """Worked out by hand: the lowest and the highest line that holds all units."""
    assert field.through(window) == expected


WIDE = Field(1, ((-10, 30),))  # sees a lot, and moves on


@pytest.mark.parametrize(
    ("one", "two", "length", "expected"),
    [
        (IDENTITY, Field(2, ((0, 1),)), 4, Field(1, ((0, 4),), False)),
        (Field(2, ((0, 1),)), Field(1, ((-1, 3),)), 5, Field(2, ((-5, 7),), False)),
        (Field(2, ((0, 1),)), Field(1, ((-1, 3),)), 1, Field(2, ((-1, 3),), False)),
        (IDENTITY, Field(0, ((0, 3),)), 4, Field(1, ((-3, 6),), False)),
        (IDENTITY, Field(0, ((0, 4),)), 4, Field(0, ((0, 4),))),
        (Field(0, ((0, 4),), False), IDENTITY, 4, Field(0, ((0, 4),), False)),
        (WIDE, Field(2, ((0, 1),)), 4, Field(1, ((-10, 30),), False)),
        # units a whole number of places apart, of which but a bound is known
        (Field(6, ((0, 1), (1, 2))), Field(3.0, ((0, 2),), False), 4, Field(3, ((-2, 4),), False)),
        (Field(3.0, ((0, 2),), False), Field(6, ((0, 1), (1, 2))), 4, Field(3, ((-2, 4),), False)),
        (HALF, Field(1.5, ((2, 3),), False), 4, Field(1.5, ((1, 5),), False)),
        # a branch that sees nothing needs nothing of the other, which stands at the border then
        (Field(0, ((0, 1),)), Field(3, ((5, 0),)), 2, Field(0, ((0, 1),))),
        (Field(0, ((1, 1),)), Field(3, ((5, 0),)), 2, Field(0, ((1, 7),), False)),
        (Field(0, ((-5, 5),)), Field(3, ((5, 0),)), 2, Field(0, ((-5, 5),))),
        (Field(0, ((-5, 4),)), Field(3, ((5, 0),)), 2, Field(0, ((-5, 13),), False)),
        # exact if both are
        (IDENTITY, Field(1, ((1, 1),), False), 3, Field(1, ((0, 2),), False)),
        (Field(1, ((1, 1),), False), IDENTITY, 3, Field(1, ((0, 2),), False)),
        (Field(2, ((0, 1), (1, 2))), Field(1, ((0, 2),)), 3, Field(1, ((0, 2),))),
        # both see nothing: where the first does
        (Field(1, ((3, 0),)), Field(1, ((5, 0),)), 3, Field(1, ((3, 0),))),
        (Field(2, ((3, 0), (7, 1))), Field(2, ((5, 0), (0, 0))), 3, Field(2, ((3, 0), (7, 1)))),
        (Field(2, ((3, 1), (7, 0))), Field(2, ((5, 0), (0, 0))), 3, Field(2, ((3, 1), (3, 0)))),
    ],
)
def test_fields_that_meet(one: Field, two: Field, length: int, expected: Field) -> None:
    """Worked out by hand; a bound is no wider than it must be."""
    assert one.union(two, length) == expected


def test_a_unit_that_sees_nothing_has_a_place() -> None:
    """Where the first unit begins that its window reads, or would, if the window reads none."""
    blind = Field(8, ((1, 0), (2, 1), (3, 0), (4, 1)))

    assert blind.through(Slide(1, 2)).phases == ((1, 0), (3, 0))
    assert blind.through(Slide(1, 2, 1)).phases == ((-4, 1), (2, 1))
    assert blind.through(Slide(1, 2, -2)).phases == ((3, 0), (1, 0))
    assert blind.through(Slide(2, 4, 0, 0, 2)) == Field(8, ((1, 0),))
    assert blind.through(Slide(2, 4, -2, 0, 2)) == Field(8, ((3, 0),))
    assert blind.through(Spread(1, 2)).phases == tuple(
        (start, size if even else 0) for start, size in blind.phases for even in (True, False)
    )
    assert Field(3, ((5, 1),)).through(Spread(1, 3)).phases == ((5, 1), (5, 0), (5, 0))
    rest = Field(4, ((1, 2), (9, 3))).through(Spread(1, 3, 1))
    assert rest.phases == ((1, 0), (1, 0), (9, 3), (9, 0), (9, 0), (5, 2))


def test_what_fields_are_called() -> None:
    """Whole numbers are written as such, and places between two pixels belong to the first."""
    field = Field(6, ((4, 3), (9, 1), (2, 5)))

    assert (field.start, field.size) == (4, 5)
    assert str(field.jump) == "2"
    assert str(Field(3, ((0, 1), (2, 1))).jump) == "1.5"
    assert [HALF.sees(o) for o in (0, 1, 2, 3, -1)] == [(1, 2), (2, 3), (4, 5), (5, 6), (-1, 0)]
    assert Field(0, ((0, 0),)).span(range(3)) is None
    assert IDENTITY != ((0, 1),)
    assert Field(1, ((0, 1),)) == IDENTITY
    assert Field(1, ((0, 1),), False) != IDENTITY
    assert len({IDENTITY, Field(1, ((0, 1),)), field}) == 2


class Asked(Field):
    """A field that notes which units it is asked about."""

    __slots__ = ("units",)

    def __init__(self, field: Field) -> None:
        super().__init__(field.step, field.phases, field.exact)
        self.units: list[int] = []

    def sees(self, o: int) -> tuple[int, int] | None:
        self.units.append(o)
        return super().sees(o)


def asked_by(field: Field, work: Callable[[Field], object]) -> list[int]:
    asked = Asked(field)
    work(asked)
    return asked.units


def test_a_long_row_of_units_costs_no_more_than_a_period() -> None:
    """What lies between the first and the last of each phase is not looked at."""
    for count in (1, 2, 5):
        field = Field(3, tuple((o, 1) for o in range(count)))
        units = asked_by(field, lambda f: f.span(range(100)))
        assert units == [*range(count), *range(100 - count, 100)]


@pytest.mark.parametrize(
    ("phases", "rise"),
    [
        (((0, 2), (1, 2)), True),
        (((0, 2), (0, 3), (3, 1)), True),  # ends that stay where they are
        (((0, 2), (1, 1)), True),
        (((0, 1), (5, 1)), True),
        (((0, 1), (6, 1)), False),  # before the first of the period after
        (((0, 1), (4, 3)), False),  # the next ends before it
        (((0, 3), (1, 1)), False),
        (((1, 3), (0, 5)), False),
        (((0, 0), (1, 2)), False),
        (((0, 2), (1, 0)), False),
    ],
)
def test_units_that_rise_are_told_by_the_ends(phases: tuple[Phase, ...], rise: bool) -> None:
    """No unit in between has to be looked at, and the others are told as well."""
    field = Field(5, phases)
    for window in (Slide(4, 1, 1), Resize(2, 1, 9), Spread(3, 2)):
        assert (asked_by(field, methodcaller("through", window)) == []) == rise
        for o in range(7):
            expected = together(map(field.sees, window.reads(o)))
            assert field.through(window).sees(o) == expected


def test_bounds_go_through_windows() -> None:
    """Past a long period, and from then on, a bound holds all that is read."""
    draw = Random(4)
    for _ in range(150):
        field, window = any_field(draw), any_window(draw)
        bound = field._hull_through(window)
        further = any_window(draw)
        beyond = bound.through(further)
        assert not bound.exact
        assert not beyond.exact
        for o in range(9):
            for claims, units in ((bound, [o]), (beyond, further.reads(o))):
                real = together(field.sees(i) for unit in units for i in window.reads(unit))
                claimed = claims.sees(o)
                if real:
                    assert claimed
                    assert claimed[0] <= real[0] <= real[1] <= claimed[1]


@pytest.mark.parametrize(
    ("stack", "sizes", "jump"),
    [
        ([Slide(3), Slide(3)], [5], 1),
        ([Slide(3, 1, 2, 2, 2)], [5], 1),
        ([Slide(1)], [1], 1),
        ([Slide(3, 2), Slide(3, 2)], [7], 4),
        ([Spread(3, 2, 1, 1)], [1, 2], 0.5),
        ([Spread(2, 2)], [1, 1], 0.5),
        ([Spread(2, 3)], [1, 1, 0], 1 / 3),
        ([Resize(2, 1, 10)], [1, 1], 0.5),
        ([Resize(2, 1, 10, 2, centred=True)], [2, 2], 0.5),
        ([Resize(3, 1, 10, 2, centred=True)], [2, 1, 2], 1 / 3),
        ([Resize(3, 2, 10)], [1, 1, 1], 2 / 3),
        ([Slide(2, 2), Resize(2, 1, 10)], [2, 2], 1),
        ([Slide(7, 2), Slide(3, 2), Slide(3, 1, dilation=2), Spread(4, 2)], [31, 31], 2),
        ([Bins(7, 3)], [3, 3, 3], 7 / 3),
    ],
)
def test_sizes_and_jumps(stack: Stack, sizes: list[int], jump: float) -> None:
    """Small ones that can be drawn on paper."""
    field = field_of(stack)

    assert [size for _, size in field.phases] == sizes
    assert field.jump == pytest.approx(jump)
    assert field.exact


def test_the_shortest_period_is_found() -> None:
    """Also where it is half of all, and not where one phase differs."""
    assert Field(6, ((0, 1), (3, 1))).reduced() == Field(3, ((0, 1),))
    assert Field(8, ((0, 2), (1, 1), (4, 2), (5, 1))).reduced() == Field(4, ((0, 2), (1, 1)))
    assert Field(9, ((0, 2), (3, 2), (6, 2))).reduced() == Field(3, ((0, 2),))
    assert Field(3, ((0, 1), (1, 1), (2, 1)), False).reduced() == Field(1, ((0, 1),), False)
    for field in (
        Field(5, ((0, 1), (2, 1))),
        Field(4, ((0, 1), (2, 2))),
        Field(9, ((0, 1),) * 2),
        Field(3, ((0, 1), (5, 1), (2, 1))),  # two of three go on alike
        Field(5, ((0, 1), (3, 1), (2, 1), (5, 1), (4, 1))),
    ):
        assert field.reduced() is field


def test_a_union_of_equal_jumps_is_exact() -> None:
    """The first start and the last end of either branch, whatever their centres."""
    narrow, wide = IDENTITY.through(Slide(3, 1, 1, 1)), IDENTITY.through(Slide(4, 1, 0, 3))

    assert narrow.union(wide, 10) == Field(1, ((-1, 5),))
    assert narrow.union(narrow, 10) is narrow


def test_a_union_of_other_jumps_is_a_hull() -> None:
    """Of o and 2o (o from 0 to 3): no interval of one jump is both, so a bound is claimed."""
    union = IDENTITY.union(IDENTITY.through(Slide(1, 2)), 4)

    assert not union.exact
    for o in range(4):
        seen = union.sees(o)
        assert seen is not None
        assert seen[0] <= o
        assert seen[1] >= 2 * o


@pytest.mark.parametrize("resize", [Resize(1031, 1334, 1031), Resize(1031, 1334, 1031, 1, True)])
def test_long_periods_are_bounded(resize: Resize) -> None:
    """Places rounded down are multiplied by the jump before: what is read lies in the bound."""
    field = IDENTITY.through(Slide(1, 3)).through(resize)

    assert not field.exact
    for o in range(0, 1031, 10):
        seen, (index,) = field.sees(o), resize.reads(o)
        assert seen is not None
        assert seen[0] <= 3 * index <= seen[1]


def test_a_branch_that_saw_everything_settles_the_union() -> None:
    """A gate over the whole map, stretched over it, sees all that the units see."""
    whole = Field(0, ((-1, 14),))

    assert IDENTITY.through(Slide(3, 1, 1, 1)).union(whole, 12) == whole
    assert whole.union(IDENTITY.through(Slide(3, 1, 1, 1)), 12) == whole


def test_the_mean_centre_of_an_upsampled_field_is_where_it_belongs() -> None:
    """Down by 2 and up by 2 stays in place on average, so a long skip meets it aligned."""
    down_and_up = field_of([Slide(2, 2), Slide(3, 1, 1, 1), Spread(2, 2)])

    assert down_and_up.phases == ((-2, 6), (-2, 6))
    assert down_and_up.centre == IDENTITY.centre == 0


def test_a_branch_of_which_some_units_see_nothing_settles_no_union() -> None:
    """Every second unit sees all; the others what the other branch shows them."""
    gaps, narrow = Field(0, ((0, 9), (0, 0))), Field(1, ((0, 1),))
    for union in (gaps.union(narrow, 5), narrow.union(gaps, 5)):
        for o in range(5):
            first, last = union.sees(o) or (1, 0)
            assert first <= o <= last
            assert o % 2 or (first <= 0 and last >= 8)
