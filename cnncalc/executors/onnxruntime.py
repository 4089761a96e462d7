"""ONNX Runtime as an executor: the network's ONNX model is run, every step's output looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING

import numpy
import onnxruntime

from cnncalc.analysis import analyze
from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Array, Executor, Forward, How, Run, StepRun, Tensor
from cnncalc.executors.shortage import MemoryErrors, ran_out
from cnncalc.executors.stepping import whole_numbers
from cnncalc.findings import Findings
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations.onnx.writing import Written, shape_name, write_report
from cnncalc.packages import said
from cnncalc.rows import Row, as_layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OnnxRuntimeExecutor"]

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
LEAVE_OUT = 16  # steps that may fail before the run is given up
# What the runtime has no kernel for says nothing about sizes.
UNABLE = re.compile(
    r"NOT_IMPLEMENTED|Unsupported (pooling size|kernel dimension)|mode only supports"
)
FATAL = 4  # the runtime's own messages are for its errors, which are caught here


class OnnxRuntimeExecutor(Executor):
    """One forward pass in float32, whatever the dtype.

    Sizes and tensors are the same. Progress is told once, before the run. The package `onnx` is
    needed too.
    """

    name = "onnxruntime"
    devices = tuple(PROVIDERS)  # `cuda` where the runtime was built for it
    keeps = True  # every step's output is one of the model's
    # Tensors that PyTorch and Keras keep beside a layer and ONNX's operators don't have.
    lacking = frozenset(
        {"num_batches_tracked", "count", "running_std", "renorm_mean", "renorm_std"}
    )
    most_values = 2_000_000_000

    def ready(self, device: str) -> tuple[bool, str]:
        try:
            _provider(device)
        except CnnCalcError as error:
            return False, f"{error.message}: {error.help}"
        if not find_spec("onnx"):
            return False, "the package `onnx` isn't installed: pip install 'cnncalc[onnxruntime]'"
        return True, f"onnxruntime {onnxruntime.__version__}"

    def ran(self, network: Network, input_shape: Shape, how: How) -> Run:
        """As for every executor; CnnCalcError too where the runtime refuses the whole model."""
        provider = _provider(how.device)
        shape = as_layout(input_shape, network.layout)
        report = Findings(analyze(network, shape, batch=how.batch))
        if how.progress:
            how.progress(0, len(report.rows), report.rows[0].name)
        trial = _Trial(provider, report, how.batch)
        with MemoryErrors():
            steps = trial.steps()
        done = Run(self.name, how.device, "float32", how.batch, steps, lacking=self.lacking)
        done.forward_seconds = trial.forward_seconds
        return done

    def prepare(self, network: Network, asked: frozenset[int], *, device: str = "cpu") -> Forward:
        try:
            report = Findings(analyze(network))
            written = write_report(report, weights="made", without={})
            session = _session(_provider(device), written)
        except Exception as error:
            return _passed_over(error)
        names = {
            row.name: row.index
            for row in report.layers
            if row.index in asked and row.index not in written.missing
        }

        def forward(x: Array) -> Iterable[tuple[int, Array]]:
            fed = {row.name: _fed(row, x) for row in report.rows if row.kind == "input"}
            try:
                found = session.run(list(names), fed) if names else []
            except Exception as error:
                return _passed_over(error)(x)
            return zip(names.values(), found, strict=True)

        return forward


class _Trial:
    """Runs of one model: a step at which the runtime fails is left out of the next run."""

    def __init__(self, provider: str, report: Findings, batch: int) -> None:
        self.provider = provider
        self.report = report
        self.batch = batch
        self.failures: dict[int, str] = {}
        self.forward_seconds = 0.0

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
                if ran_out(error):
                    raise
                message = said(error)[:300]
                culprit = self._culprit(written, str(error))
                if culprit in self.failures or len(self.failures) == LEAVE_OUT:
                    raise CnnCalcError(
                        f"ONNX Runtime refuses the model: {message}", code="executor"
                    ) from None
                self.failures[culprit] = message

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

    def _values(self, written: Written) -> Mapping[str, NDArray[numpy.generic]]:
        """Every output of the model, by its name."""
        random = numpy.random.default_rng(0)
        fed = {
            row.name: self._given(row, random) for row in self.report.rows if row.kind == "input"
        }
        if not written.model.graph.output:  # nothing could be written
            return fed
        session = _session(self.provider, written)
        names = [output.name for output in session.get_outputs()]
        begin = perf_counter()
        found = session.run(names, fed)
        self.forward_seconds = perf_counter() - begin
        return fed | dict(zip(names, found, strict=True))

    def _given(self, row: Row, random: numpy.random.Generator) -> NDArray[numpy.generic]:
        """What flows in at an input: whole numbers for an embedding to look up."""
        shape = (self.batch, *row.output_shape)
        entries = self.report.network.looked_up.get(row.index)
        if entries is not None:
            return whole_numbers(shape, entries, "float32")
        values: NDArray[numpy.generic] = random.uniform(-1, 1, shape).astype("float32")
        return values

    def _step(
        self, written: Written, values: Mapping[str, NDArray[numpy.generic]], number: int
    ) -> StepRun:
        row = self.report.rows[number]
        if number in written.missing:
            reached = written.missing[number] is not None
            failure = self.failures.get(number) if reached else None
            if failure and UNABLE.search(failure):
                return StepRun(built=False, reason=f"ONNX Runtime can't compute it: {failure}")
            return StepRun(error=failure, built=failure is not None)
        tensors = []
        for name, held in written.held[number]:
            sizes = tuple(int(size) for size in values[shape_name(held)])
            tensors.append(Tensor(name, sizes, prod(sizes)))
        return StepRun(tuple(int(size) for size in values[row.name].shape[1:]), tensors)


def _session(provider: str, written: Written) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    model = written.model.SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=[provider])


def _passed_over(error: Exception) -> Forward:
    """No values: of what was wrong the run itself said what there is to say."""
    if ran_out(error):
        raise error
    return lambda x: ()


def _fed(row: Row, x: Array) -> Array:
    """The samples, or zeros for a further input."""
    return numpy.zeros((len(x), *row.output_shape), dtype=x.dtype) if row.index else x


def _provider(device: str) -> str:
    provider = PROVIDERS.get(device)
    if provider is None:
        raise CnnCalcError(
            f"`{device}` is no device of ONNX Runtime", code="device", help="`cpu` or `cuda`"
        )
    if provider not in onnxruntime.get_available_providers():
        raise CnnCalcError(
            f"this ONNX Runtime was built without the device `{device}`",
            code="device",
            help="pip install onnxruntime-gpu, in the place of onnxruntime",
        )
    return provider
