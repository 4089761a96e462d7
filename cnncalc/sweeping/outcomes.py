"""What flows on in the designs of a sweep: shapes, what the layers cost, and what their units see.

A stack of slides is one slide. So what a map sees is told in relation to the last place where
one map alone flowed on: from there to here fields are short, and equal in many designs, and the
way to there is a part of the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

from cnncalc.analysis import MAX_ELEMENTS, settle
from cnncalc.axis.field import IDENTITY, Field
from cnncalc.designs import Cost, Inputs, Outcome, Sizes
from cnncalc.errors import CnnCalcError, LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.merge import Concatenate, Input
from cnncalc.layers.product import Product
from cnncalc.network import Step
from cnncalc.receptive.channels import advance
from cnncalc.receptive.layer import Passages, gathers, onward
from cnncalc.receptive.maps import Along, Seen, network_input
from cnncalc.receptive.merge import meet_alike

__all__ = [
    "MOST_STATES",
    "Figures",
    "NoFieldsError",
    "ShapeAndView",
    "Slides",
    "View",
    "chained",
    "seen_by",
]

MOST_STATES = 100_000

# Of each axis of the input: how much farther units lie apart than before, and how much more
# they see, in units of before.
Slides = tuple[tuple[int, int], ...]


class NoFieldsError(CnnCalcError):
    """Fields that tables don't tell."""


class View(NamedTuple):
    """What the units of a map see.

    Attributes:
        axes: along each axis of the input; of a map that was taken as a whole, what its units saw.
        frozen: whether it was.
        mixed: whether channels see different things.
    """

    axes: tuple[Along, ...]
    frozen: bool = False
    mixed: bool = False


class ShapeAndView(NamedTuple):
    """A shape, what its units see (None where nobody asks), and whether no layer made it."""

    shape: Shape
    view: View | None
    bare: bool = False


class _Told(NamedTuple):
    """What a layer says of the shapes that flow in."""

    layer: Layer
    output: Shape
    params: int
    macs: int
    elements: int


class Figures(Sizes):
    """Shapes, costs and, if asked for, fields.

    A cost is parameters, MACs, elements of outputs, and the slides of the fields.

    Attributes:
        places: of an input's shape, the axes that are places; None: nobody asks for fields.
        asked_for: how many questions layers were asked.
    """

    counted = True

    def __init__(
        self, places: Callable[[Shape], Sequence[int]] | None, most: int = MOST_STATES
    ) -> None:
        self.places = places
        self.most = most
        self.told: dict[tuple[int, tuple[Shape, ...]], _Told | LayerError] = {}
        self.layers: list[Layer] = []  # kept, as they are known by where they are
        self.passages = Passages()
        self.viewed: dict[tuple[object, ...], View] = {}
        self.asked_for = 0

    def start(self, shape: Shape) -> Outcome:
        if self.places is None:
            return ShapeAndView(shape, None, bare=True)
        axes = network_input(self.places(shape)).axes
        return ShapeAndView(shape, View(axes, frozen=not axes), bare=True)

    def priced(self, step: Step, layer: Layer, inputs: Inputs) -> tuple[Outcome, Cost]:
        shapes = tuple([each.shape for each in inputs])
        key = id(layer), shapes
        told = self.told.get(key)
        if told is None:
            told = self.told[key] = self.ask(step, layer, shapes)
        if isinstance(told, LayerError):
            raise told
        view = None
        if self.places is not None:
            views = tuple([each.view for each in inputs])
            view = self.view(told, shapes, views)
        return ShapeAndView(told.output, view), (told.params, told.macs, told.elements, ())

    def ask(self, step: Step, layer: Layer, shapes: tuple[Shape, ...]) -> _Told | LayerError:
        """Ask a layer about the shapes that flow in."""
        self.asked_for += 1
        self.layers.append(layer)
        declared = step if layer is step.layer else step.replaced(layer=layer)
        try:
            layer = settle(declared, shapes)
            output = layer.output(*shapes)
            weights = layer.weights(*shapes)
            macs = layer.macs(*shapes)
            if prod(output) > MAX_ELEMENTS:
                raise LayerError("the output is beyond any machine", code="too-large")
        except LayerError as error:
            return error
        params = sum(each.count for each in weights if each.role != "buffer")
        elements = 0 if isinstance(layer, Input) else prod(output)
        return _Told(layer, output, params, macs, elements)

    def view(self, told: _Told, shapes: tuple[Shape, ...], views: tuple[View, ...]) -> View:
        """What the units see past a layer."""
        if not views or isinstance(told.layer, Product):
            what = "a product of two maps" if views else "a further input"
            raise NoFieldsError(f"tables don't tell of fields behind {what}", code="no-fields")
        key = id(told.layer), shapes, views
        if key not in self.viewed:
            many = len(views) > 1
            made = _met(told, shapes, views) if many else self.past(told, shapes[0], views[0])
            self.viewed[key] = made
        return self.viewed[key]

    def past(self, told: _Told, shape: Shape, view: View) -> View:
        """What they see past a layer with one input."""
        passage = self.passages.of(told.layer, shape)
        if view.frozen or passage is None:
            return view
        route, before = passage.route, Seen(view.axes)
        seen = onward(passage, before)
        if seen is None:
            seen = advance(passage, told.output, before, shape, _unsaid)
            if seen.whole or all(along.place is None for along in seen.axes):
                return view._replace(frozen=True)
        if gathers(route, view.axes, seen.axes):
            return view._replace(frozen=True)
        if view.mixed and _tells_apart(told, shape):
            raise NoFieldsError(
                f"`{told.layer.kind}` takes channels apart that see different things, and tables "
                "don't tell of each",
                code="no-fields",
            )
        mixed = view.mixed and 0 not in route.mixes
        return View(seen.axes, mixed=mixed)

    def cut(self, flow: Inputs) -> tuple[Inputs, Cost]:
        """Where one map alone flows on, its field so far becomes cost."""
        if self.places is None:
            return flow, ()
        at = [place for place, each in enumerate(flow) if each is not None]
        if len(at) != 1:
            return flow, ()
        (place,) = at
        view = flow[place].view
        slides = _slides(view)
        if slides is None:
            return flow, ()
        axes = tuple([along._replace(field=IDENTITY) for along in view.axes])
        apart = flow[place]._replace(view=view._replace(axes=axes))
        return (*flow[:place], apart, *flow[place + 1 :]), (0, 0, 0, slides)

    def combined(self, one: Cost, two: Cost) -> Cost:
        if not one or not two:
            return one or two
        return one[0] + two[0], one[1] + two[1], one[2] + two[2], chained(one[3], two[3])


def chained(one: Slides, two: Slides) -> Slides:
    """Two slides one after another, along each axis."""
    if not one or not two:
        return one or two
    pairs = zip(one, two, strict=True)
    return tuple(
        [(jump * further, more + jump * least) for (jump, more), (further, least) in pairs]
    )


def _slides(view: View) -> Slides | None:
    """What units see, as slides from those of the map that they descend from; None: no slides."""
    slides = []
    for along in view.axes:
        field = along.field
        if len(field.phases) > 1 or not field.size or not isinstance(field.step, int):
            return None
        slides.append((0 if view.frozen else field.step, field.size - 1))
    return tuple(slides)


def _met(told: _Told, shapes: tuple[Shape, ...], views: tuple[View, ...]) -> View:
    """What units see where branches meet."""
    frozen = next((view for view in views if view.frozen), None)
    if frozen is not None:
        return frozen
    seens = [Seen(view.axes) for view in views]
    seen, _ = meet_alike(told.layer, shapes, told.output, seens, _unsaid)
    if all(along.place is None for along in seen.axes):
        return views[0]._replace(frozen=True)
    joined = isinstance(told.layer, Concatenate) and told.layer.place(told.output) == 0
    differ = joined and any(view.axes != views[0].axes for view in views)
    return View(seen.axes, mixed=differ or any(view.mixed for view in views))


def _tells_apart(told: _Told, shape: Shape) -> bool:
    """Whether a layer leaves out some of the channels, or may."""
    route = told.layer.route(shape)
    if route is None:
        return False
    return 0 not in route.mixes and (route.across is None or len(route.read(0)) < shape[0])


def _unsaid(_: object) -> None:
    """What reaches a map, which isn't known."""


def seen_by(view: View | None) -> tuple[int, ...]:
    """How much units see along each axis, from the last place where one map alone flowed on."""
    fields: list[Field] = [] if view is None else [along.field for along in view.axes]
    return tuple([field.size for field in fields])
