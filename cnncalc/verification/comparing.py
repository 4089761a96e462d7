"""A report against a run: whether what was predicted is what came out."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Run, StepRun, Tensor
from cnncalc.executors.memory import Need, need
from cnncalc.findings import Findings
from cnncalc.layers.base import Shape, Weight
from cnncalc.layers.recurrent import STARTS
from cnncalc.receptive.middles import Middle, middles_of
from cnncalc.rows import JsonObject, Row
from cnncalc.verification.fields import difference

__all__ = ["compare"]

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def compare(
    report: Findings,
    run: Run,
    needed: Need | None = None,
    middles: Sequence[Middle] | None = None,
) -> JsonObject:
    """The document `verify` of the contract.

    Beside its keys: `unchecked`, the steps that the executor couldn't build or reach, and
    `reasons`, why, where that isn't plain; `dtype`, what was really computed in; `measured`
    beside `predicted`, what the run took. A step that failed in the executor counts as a
    mismatch: its `actual` says why. Where there are steps and none could be checked, `ok` is false.

    Args:
        report: what is predicted.
        run: what came out.
        needed: the memory that was foreseen; None: of an executor that frees what it can.
        middles: the units that were looked at; None: those in the middle of each map.
    """
    if len(report.rows) != len(run.steps):
        raise CnnCalcError(f"{len(run.steps)} steps were run but {len(report.rows)} predicted")
    comparison = _Comparison(report, run, middles_of(report) if middles is None else middles)
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
        "ok": comparison.ok,
        "checked": comparison.checked,
        "fields_by": "probes",
        "unchecked": comparison.unchecked,
        "reasons": [
            {"index": index, "reason": run.steps[index].reason}
            for index in comparison.unchecked
            if run.steps[index].reason
        ],
        "fields_unchecked": [
            {"index": index, "reason": step.unseen}
            for index, step in enumerate(run.steps)
            if step.unseen and step.built
        ],
        "mismatches": comparison.mismatches,
        "seconds": round(run.seconds, 6),
        "measured": {
            "forward_seconds": round(run.forward_seconds, 6),
            "backward_seconds": round(run.backward_seconds or 0, 6) if trained else None,
            "peak_bytes": run.peak_bytes,
        },
        "predicted": _predicted(needed, run),
    }


def _predicted(needed: Need, run: Run) -> dict[str, int]:
    """The memory that was foreseen, in bytes; `bound`: whether a run takes that at most."""
    return {
        "peak_bytes": needed.total,
        "bound": run.bound,
        "weight_bytes": needed.weights,
        "gradient_bytes": needed.gradients,
        "activation_bytes": needed.activations,
        "workspace_bytes": needed.workspace,
    }


class _Comparison:
    """What was compared so far, and where the two sides differ."""

    def __init__(self, report: Findings, run: Run, middles: Sequence[Middle]) -> None:
        self.report = report
        self.run = run
        self.middles = {(each.step, each.unit): each for each in middles}
        self.checked = {"shapes": 0, "params": 0, "macs": 0, "receptive_field": 0}
        if run.backward_seconds is not None:
            self.checked["gradients"] = 0
        self.unchecked: list[int] = []
        self.mismatches: list[JsonObject] = []

    @property
    def ok(self) -> bool:
        """Whether all agrees; a run that has shown nothing hasn't shown that."""
        shown = any(self.checked.values()) or not self.report.layers
        return shown and not self.mismatches

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
        if not step.sights or step.shape != row.output_shape:
            return
        seen = self.report.fields[row.index]
        self.checked["receptive_field"] += 1
        for sight in step.sights:
            wrong = difference(seen, self.middles[row.index, sight.unit], sight, self.report.frame)
            if wrong:
                predicted, actual = (list(map(_listed, side)) for side in wrong)
                self._differ(row.index, "receptive_field", predicted, actual)
                return

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
        if not step.tensors and (step.error or not step.built):
            return []  # a step that shares the weights of one that holds none, since it failed
        tensors = self._in_source(row, step)
        predicted = [weight for weight in row.weights if weight.name not in self.run.lacking]
        if row.shares is not None:  # of a first use that learned what it started from beside them
            names = {weight.name for weight in predicted}
            tensors = [each for each in tensors if each.name in names or each.name not in STARTS]
        count = max(len(predicted), len(tensors))
        weights = [*predicted, *[None] * (count - len(predicted))]
        return list(zip(weights, [*tensors, *[None] * (count - len(tensors))], strict=True))

    def _in_source(self, row: Row, step: StepRun) -> list[Tensor]:
        """The tensors by the names that the report's own framework has for them."""
        network = self.report.network
        declared = network.steps[row.index]
        return [
            Tensor(weight.name, weight.shape, weight.count, _renamed(tensor, weight.shape))
            for tensor in step.tensors
            for weight in network.in_source(declared, (_as_weight(tensor),))
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
            for tensor in self._in_source(row, self.run.steps[row.index])
        )
        if predicted != actual:
            self._differ(0, "weights in all", predicted, actual)

    def _check(
        self, subject: str, index: int, what: str, predicted: object, actual: object
    ) -> None:
        self.checked[subject] += 1
        if predicted != actual:
            self._differ(index, what, predicted, actual)

    def _differ(self, index: int, what: str, predicted: object, actual: object) -> None:
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
) -> tuple[str, int | str | None, int | str | None]:
    """What is compared about the tensor at a place: its count, or its name where that differs."""
    if weight is None or tensor is None:
        name = (weight or tensor).name  # type: ignore[union-attr]
        declared = None if weight is None else weight.count
        return f"weight {name}", declared, None if tensor is None else tensor.elements
    if weight.name != tensor.name:
        return f"weight {place + 1}", weight.name, tensor.name
    return f"weight {weight.name}", weight.count, tensor.elements


def _listed(interval: Sequence[int] | None) -> list[int] | None:
    return None if interval is None else list(interval)
