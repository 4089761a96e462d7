"""A report against a run: whether what was predicted is what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import GLIMPSE, Run, StepRun, Tensor
from cnncalc.executors.memory import Need, need
from cnncalc.layers.base import Shape, Weight
from cnncalc.report import Report, Row
from cnncalc.seen import Along

__all__ = ["compare"]

Interval = tuple[int, int]

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def compare(report: Report, run: Run, needed: Need | None = None) -> dict[str, Any]:
    """The document `verify` of the contract.

    Beside its keys: `unchecked`, the steps that the executor couldn't build or reach; `dtype`,
    what was really computed in; `measured` beside `predicted`, what the run took. A step that
    failed in the executor counts as a mismatch: its `actual` says why.

    Args:
        report: what is predicted.
        run: what came out.
        needed: the memory that was foreseen; None: of an executor that frees what it can.
    """
    if len(report.rows) != len(run.steps):
        raise CnnCalcError(f"{len(run.steps)} steps were run but {len(report.rows)} predicted")
    comparison = _Comparison(report, run)
    for row in report.layers:
        comparison.take(row)
    comparison.totals()
    comparison.backward()
    trained = run.backward_seconds is not None
    needed = needed or need(report, dtype=run.dtype, backward=trained)
    return {
        "executor": run.executor,
        "device": run.device,
        "dtype": run.dtype,
        "ok": not comparison.mismatches,
        "checked": comparison.checked,
        "fields_by": run.fields,
        "unchecked": comparison.unchecked,
        "mismatches": comparison.mismatches,
        "seconds": round(run.seconds, 6),
        "measured": {
            "forward_seconds": round(run.forward_seconds, 6),
            "backward_seconds": round(run.backward_seconds or 0, 6) if trained else None,
            "peak_bytes": run.peak_bytes,
        },
        "predicted": {
            "peak_bytes": needed.total,
            "weight_bytes": needed.weights,
            "gradient_bytes": needed.gradients,
            "activation_bytes": needed.activations,
            "workspace_bytes": needed.workspace,
        },
    }


class _Comparison:
    """What was compared so far, and where the two sides differ."""

    def __init__(self, report: Report, run: Run) -> None:
        self.report = report
        self.run = run
        self.checked = {"shapes": 0, "params": 0, "macs": 0, "receptive_field": 0}
        if run.backward_seconds is not None:
            self.checked["gradients"] = 0
        self.unchecked: list[int] = []
        self.mismatches: list[dict[str, Any]] = []

    def take(self, row: Row) -> None:
        """Compare one step."""
        step = self.run.steps[row.index]
        if not step.built:
            self.unchecked.append(row.index)
            return
        predicted = self.report.shape(row.output_shape)
        actual = step.error if step.shape is None else self.report.shape(step.shape)
        self._check("shapes", row.index, "shape", predicted, actual)
        if step.error is not None:
            return
        for place, (weight, tensor) in enumerate(self._weights(row)):
            self._check("params", row.index, *_weight_difference(place, weight, tensor))
            if "gradients" in self.checked and weight and tensor:
                self._gradient(row, weight, tensor)
        if step.macs is not None and (step.macs or row.macs):
            self._check("macs", row.index, "macs", row.macs, step.macs)
        self._field(row, step)

    def _field(self, row: Row, step: StepRun) -> None:
        """Compare what the units in the middle see, one for each phase."""
        if not step.reach or step.shape != row.output_shape:
            return
        views = _views(row, step.reach, self.report.frame)
        wrong = next((unit for unit in views if any(view.wrong for view in unit)), None)
        decided = wrong or any(all(view.decided for view in unit) for unit in views)
        self.checked["receptive_field"] += bool(decided)
        if wrong:
            predicted, actual = ([_listed(view[side]) for view in wrong] for side in (0, 1))
            self._differ(row.index, "receptive_field", predicted, actual)

    def _gradient(self, row: Row, weight: Weight, tensor: Tensor) -> None:
        """Compare what a weight received in the backward pass: a gradient of its shape."""
        if row.shares is not None or not (weight.trainable or tensor.gradient):
            return
        predicted = list(weight.shape) if weight.trainable else None
        actual = None if tensor.gradient is None else list(tensor.gradient)
        self._check("gradients", row.index, f"gradient of {weight.name}", predicted, actual)

    def backward(self) -> None:
        """A backward pass that ended in the middle is a mismatch of the whole."""
        if self.run.backward_error is not None:
            self._differ(0, "backward pass", "runs", self.run.backward_error)

    def _weights(self, row: Row) -> list[tuple[Weight | None, Tensor | None]]:
        """Predicted weights and allocated tensors, side by side in their order."""
        step = self.run.steps[row.index if row.shares is None else row.shares]
        tensors = self._relabelled(row, step)
        predicted = [weight for weight in row.weights if weight.name not in self.run.lacking]
        count = max(len(predicted), len(tensors))
        weights = [*predicted, *[None] * (count - len(predicted))]
        return list(zip(weights, [*tensors, *[None] * (count - len(tensors))], strict=True))

    def _relabelled(self, row: Row, step: StepRun) -> list[Tensor]:
        """The tensors by the names that the report's own framework has for them."""
        relabel = self.report.network.relabel
        if relabel is None:
            return step.tensors
        layer = self.report.network.steps[row.index].layer
        return [
            Tensor(weight.name, weight.shape, weight.count, _renamed(tensor, weight.shape))
            for tensor in step.tensors
            for weight in relabel(layer, (_as_weight(tensor),))
        ]

    def totals(self) -> None:
        """Compare the sum over all tensors, each counted once."""
        if self.unchecked or any(step.error for step in self.run.steps):
            return
        lacking = (
            weight.count
            for row in self.report.layers
            if row.shares is None
            for weight in row.weights
            if weight.name in self.run.lacking
        )
        held = sum(row.params + row.buffers for row in self.report.layers)
        predicted = held - sum(lacking)
        actual = sum(
            tensor.elements
            for row in self.report.layers
            if row.shares is None
            for tensor in self._relabelled(row, self.run.steps[row.index])
        )
        if predicted != actual:
            self._differ(0, "weights in all", predicted, actual)

    def _check(self, subject: str, index: int, what: str, predicted: Any, actual: Any) -> None:
        self.checked[subject] += 1
        if predicted != actual:
            self._differ(index, what, predicted, actual)

    def _differ(self, index: int, what: str, predicted: Any, actual: Any) -> None:
        self.mismatches.append(
            {"index": index, "what": what, "predicted": predicted, "actual": actual}
        )


def _as_weight(tensor: Tensor) -> Weight:
    buffer = tensor.name in BUFFERS
    return Weight(tensor.name, tensor.shape, "buffer" if buffer else "parameter", not buffer)


def _renamed(tensor: Tensor, shape: Shape) -> Shape | None:
    """A tensor's gradient in another order of axes: of the tensor's own shape, if it was that."""
    return shape if tensor.gradient == tensor.shape else tensor.gradient


def _weight_difference(
    place: int, weight: Weight | None, tensor: Tensor | None
) -> tuple[str, Any, Any]:
    """What is compared about the tensor at a place: its count, or its name where that differs."""
    if weight is None or tensor is None:
        name = (weight or tensor).name  # type: ignore[union-attr]
        return f"weight {name}", weight and weight.count, tensor and tensor.elements
    if weight.name != tensor.name:
        return f"weight {place + 1}", weight.name, tensor.name
    return f"weight {weight.name}", weight.count, tensor.elements


class _View(NamedTuple):
    """What one unit sees of one axis of the input, as predicted (clipped to it) and measured.

    Attributes:
        decided: whether the borders of the maps on the way leave anything to compare.
    """

    predicted: Interval | None
    actual: Interval | None
    decided: bool
    wrong: bool


def _listed(interval: Any) -> list[int] | None:
    return interval and list(interval)


def _views(row: Row, reaches: Sequence[Any], input_shape: Shape) -> list[list[_View]]:
    """For each unit to look at, its views of the axes."""
    axes = list(zip(row.seen.axes, reaches, input_shape[1:], strict=True))
    periods = [len(along.field.phases) for along, _, _ in axes]
    return [
        [_view(row, along, reach, n, turn) for along, reach, n in axes]
        for turn in range(min(max(periods, default=1), GLIMPSE))
    ]


def _view(row: Row, along: Along, reach: Any, n: int, turn: int) -> _View:
    """One axis of one unit: the middle one, or `turn` after it."""
    foreseen = None if row.seen.whole else along.place
    place = foreseen if reach.place is None else reach.place
    size = 1 if place is None else row.output_shape[place]
    unit = min(size // 2 + turn, size - 1)
    seen = along.field.sees(0 if foreseen is None else unit)
    predicted = (0, n - 1) if row.seen.whole else _clipped(seen, n)
    actual = reach.of(unit)
    if reach.merged and not along.merged:
        return _View(predicted, actual, decided=False, wrong=False)
    if actual is None and row.seen.whole:  # `global` speaks of the units that see anything
        return _View(predicted, actual, decided=False, wrong=False)
    exact = row.seen.whole or (along.field.exact and not along.merged)
    return _View(predicted, actual, *_judged(predicted, actual, exact, reach.cut(unit)))


def _clipped(seen: Interval | None, n: int) -> Interval | None:
    if seen is None or seen[1] < 0 or seen[0] > n - 1:
        return None
    return max(seen[0], 0), min(seen[1], n - 1)


def _judged(
    predicted: Interval | None, actual: Interval | None, exact: bool, cut: tuple[bool, bool]
) -> tuple[bool, bool]:
    """Whether anything can be said, and whether it is that the two differ.

    Nothing may be seen outside the prediction. An exact prediction must be seen to its ends,
    but for an end that the border of a map on the way cut.
    """
    if actual == predicted:
        return True, False
    if actual is None:
        return (True, True) if exact and not any(cut) else (not exact, False)
    if predicted is None or actual[0] < predicted[0] or actual[1] > predicted[1]:
        return True, True
    if not exact:
        return True, False
    short = actual[0] > predicted[0] and not cut[0], actual[1] < predicted[1] and not cut[1]
    return (True, True) if any(short) else (False, False)
