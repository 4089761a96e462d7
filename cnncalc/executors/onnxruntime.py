"""ONNX Runtime as an executor: the network's ONNX model is run, every step's output looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from time import perf_counter
from typing import Any

from cnncalc.analysis import analyze
from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Progress, Run, StepRun, Tensor
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations.onnx_write import Written, shape_name, write_report
from cnncalc.report import Report, as_layout

__all__ = ["DEVICES", "ready", "run"]

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
DEVICES = tuple(PROVIDERS)
LEAVE_OUT = 16  # steps that may fail before the run is given up
FATAL = 4  # the runtime's own messages are for its errors, which are caught here

# Tensors that PyTorch and Keras keep beside a layer and ONNX's operators don't have.
LACKING = frozenset({"num_batches_tracked", "count", "running_std", "renorm_mean", "renorm_std"})


def run(
    network: Network,
    input_shape: Shape,
    *,
    device: str = "cpu",
    dtype: str = "float32",
    batch: int = 1,
    progress: Progress | None = None,
) -> Run:
    """One forward pass in float32, whatever the dtype: sizes and tensors are the same.

    Args:
        network: what to run.
        input_shape: channels first, without batch.
        device: `cpu`, or `cuda` where the runtime was built for it.
        dtype: has no effect.
        batch: samples at a time.
        progress: called once, before the run.

    Raises:
        CnnCalcError: ONNX Runtime or the package `onnx` is not installed, a device that isn't
            there, or a model that the runtime refuses as a whole.
    """
    begin = perf_counter()
    runtime = _package()
    provider = _provider(runtime, device)
    report = analyze(network, as_layout(input_shape, network.layout), batch=batch)
    if progress:
        progress(0, len(report.rows), report.rows[0].name)
    trial = _Trial(runtime, provider, report, batch)
    done = Run("onnxruntime", device, "float32", batch, trial.steps(), lacking=LACKING)
    done.forward_seconds = trial.forward_seconds
    done.peak_bytes = trial.bytes
    done.seconds = perf_counter() - begin
    return done


def ready(device: str) -> tuple[bool, str]:
    """Whether a device can be used, and with what or why not."""
    try:
        runtime = _package()
        _provider(runtime, device)
    except CnnCalcError as error:
        return False, f"{error.message}: {error.help}" if error.help else error.message
    return True, f"onnxruntime {runtime.__version__}"


class _Trial:
    """Runs of one model: a step at which the runtime fails is left out of the next run."""

    def __init__(self, runtime: Any, provider: str, report: Report, batch: int) -> None:
        self.runtime = runtime
        self.provider = provider
        self.report = report
        self.batch = batch
        self.failures: dict[int, str] = {}
        self.forward_seconds = 0.0
        self.bytes = 0

    def steps(self) -> list[StepRun]:
        """What each step did."""
        while True:
            written = self._written(self.failures)
            try:
                values = self._values(written)
                return [self._step(written, values, number) for number in range(self._count)]
            except CnnCalcError:
                raise
            except Exception as error:  # the runtime has kinds of its own for everything
                message = str(error).splitlines()[0][:300]
                if len(self.failures) == LEAVE_OUT:
                    raise CnnCalcError(
                        f"ONNX Runtime refuses the model: {message}", code="executor"
                    ) from None
                self.failures[self._culprit(written, str(error))] = message

    def _written(self, without: Mapping[int, str]) -> Written:
        return write_report(self.report, weights="made", without=without)

    def _culprit(self, written: Written, message: str) -> int:
        """The step that an error of the runtime is about: it names a node, or it is looked for."""
        words = re.findall(r"'([^']+)'|\(([^()]+)\)|node name: (\S+)", message)
        named = [each for found in words for each in found if each in written.owners]
        if named:
            return written.owners[named[0]]
        fine, wrong = 0, self._count - 1
        while wrong - fine > 1:
            middle = (fine + wrong) // 2
            later = dict.fromkeys(range(middle + 1, self._count), "later")
            try:
                self._values(self._written(self.failures | later))
                fine = middle
            except Exception:
                wrong = middle
        return wrong

    @property
    def _count(self) -> int:
        return len(self.report.rows)

    def _values(self, written: Written) -> Mapping[str, Any]:
        """Every output of the model, by its name."""
        import numpy

        options = self.runtime.SessionOptions()
        options.log_severity_level = FATAL
        session = self.runtime.InferenceSession(
            written.model.SerializeToString(), options, providers=[self.provider]
        )
        random = numpy.random.default_rng(0)
        fed = {
            row.name: random.uniform(-1, 1, (self.batch, *row.output_shape)).astype("float32")
            for row in self.report.rows
            if row.kind == "input"
        }
        names = [output.name for output in session.get_outputs()]
        begin = perf_counter()
        found = session.run(names, fed) if names else []
        self.forward_seconds = perf_counter() - begin
        self.bytes = sum(int(value.nbytes) for value in (*found, *fed.values()))
        return fed | dict(zip(names, found, strict=True))

    def _step(self, written: Written, values: Mapping[str, Any], number: int) -> StepRun:
        row = self.report.rows[number]
        if number in written.missing:
            reached = written.missing[number] is not None
            failure = self.failures.get(number) if reached else None
            return StepRun(error=failure, built=failure is not None)
        tensors = []
        for name, held in written.held[number]:
            sizes = tuple(int(size) for size in values[shape_name(held)])
            tensors.append(Tensor(name, sizes, prod(sizes)))
            self.bytes += 4 * prod(sizes)
        return StepRun(tuple(int(size) for size in values[row.name].shape[1:]), tensors)


def _package() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise CnnCalcError(
            "the executor `onnxruntime` needs ONNX Runtime, which isn't installed",
            code="executor",
            help="pip install 'cnncalc[onnxruntime]'",
        ) from None
    return onnxruntime


def _provider(runtime: Any, device: str) -> str:
    provider = PROVIDERS.get(device)
    if provider is None:
        raise CnnCalcError(
            f"`{device}` is no device of ONNX Runtime", code="device", help="`cpu` or `cuda`"
        )
    if provider not in runtime.get_available_providers():
        raise CnnCalcError(
            f"this ONNX Runtime was built without the device `{device}`",
            code="device",
            help="pip install onnxruntime-gpu, in the place of onnxruntime",
        )
    return provider
