"""`--backward`: every weight that is trained receives a gradient of its shape, or it is told."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.tables.table import human_bytes
from tests.conftest import Command
from tests.executors.test_torch import shrunk
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import NAMES, report

SPEC = "3x16x16 conv:8,k3,p1 bn relu se:4 maxpool:2 flatten linear:10"


@pytest.fixture(autouse=True)
def torch() -> Any:
    return torch_or_skip()


def trained(spec: Any, input: Any = None, **options: Any) -> dict[str, Any]:
    options = {"executor": "torch", "backward": True} | options
    outcome = cnncalc.verify(spec, input, **options).verify
    assert outcome is not None
    return outcome


def wrong(outcome: dict[str, Any]) -> list[tuple[Any, ...]]:
    assert outcome["ok"] == (not outcome["mismatches"])
    return [
        (each["index"], each["what"], each["predicted"], each["actual"])
        for each in outcome["mismatches"]
    ]


def test_every_weight_receives_a_gradient() -> None:
    outcome = trained(SPEC, batch=2)

    assert wrong(outcome) == []
    assert outcome["checked"]["gradients"] == 2 + 2 + 4 + 2
    assert outcome["measured"]["backward_seconds"] > 0
    assert outcome["predicted"]["gradient_bytes"] == 4 * cnncalc.analyze(SPEC).total.trainable
    assert "gradients" not in trained(SPEC, backward=False)["checked"]


@pytest.mark.parametrize("name", NAMES)
def test_examples_train(name: str) -> None:
    """Each example, sizes alone."""
    outcome = trained(report(name).network, report(name).input, device="meta")

    assert wrong(outcome) == []
    weights = [
        weight for row in report(name).layers if row.shares is None for weight in row.weights
    ]
    assert outcome["checked"]["gradients"] == sum(weight.trainable for weight in weights)


@pytest.mark.parametrize(
    "name",
    [
        *("lenet5", "resnet18", "wavenet", "dcgan"),
        pytest.param("aspp", marks=pytest.mark.slow),
        pytest.param("unet", marks=pytest.mark.thorough),
    ],
)
def test_examples_train_on_real_arrays(name: str) -> None:
    small = shrunk(name)

    assert wrong(trained(small.network, small.input)) == []


SHARED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.norm.weight.requires_grad = False
        self.head = nn.Linear(3, 2)
        for parameter in self.head.parameters():
            parameter.requires_grad = False

    def forward(self, x):
        x = self.conv(self.norm(self.conv(x)))
        return self.head(x.mean(dim=(2, 3)))
"""


def test_shared_and_frozen_weights() -> None:
    """Shared ones are one; what the source freezes gets no gradient, and that is right."""
    network = cnncalc.parse(SHARED, notation="torch")
    outcome = trained(network, (3, 8, 8))

    assert wrong(outcome) == []
    assert outcome["checked"]["gradients"] == 2 + 1


def test_keras_weights_are_compared_in_keras_shapes() -> None:
    source = (
        "keras.Sequential([keras.Input((16, 16, 3)), layers.SeparableConv2D(8, 3), "
        "layers.BatchNormalization(), layers.Flatten(), layers.Dense(5, trainable=False)])"
    )
    outcome = trained(cnncalc.parse(source, notation="keras"))

    assert wrong(outcome) == []
    assert outcome["checked"]["gradients"] == 3 + 2


def test_statistics_of_one_value_are_no_fault() -> None:
    """PyTorch refuses to train on the mean of one value; they keep to what they have stored."""
    for norm in ("bn", "in:stats"):
        outcome = trained(f"3x8x8 conv:4,k3 gap:keep {norm} conv:2,k1")

        assert (wrong(outcome), outcome["unchecked"]) == ([], [])


@pytest.mark.parametrize(
    "spec", ["4x13x9 gn:3,axis=-1", "4x3x1 gn:1,axis=2", "4x13x9 bn:axis=-1", "4x13x9 ln:axes=1"]
)
def test_another_axis_than_the_channels_is_normalised(spec: str) -> None:
    """Backwards too: PyTorch ends in a segmentation fault where it is only moved there."""
    outcome = trained(spec, batch=2)

    assert wrong(outcome) == []
    assert outcome["checked"]["gradients"] == 2


def test_networks_without_weights() -> None:
    outcome = trained("3x8x8 relu maxpool:2")

    assert wrong(outcome) == []
    assert outcome["checked"]["gradients"] == 0


def test_weights_before_what_cannot_be_built_are_checked() -> None:
    outcome = trained("3x8x8 conv:4,k3 sparsemax linear:3,axis=0")

    assert outcome["unchecked"] == [2, 3]
    assert (wrong(outcome), outcome["checked"]["gradients"]) == ([], 2)


# --- faults -----------------------------------------------------------------------------


def test_a_gradient_that_does_not_arrive_is_found(torch: Any, monkeypatch: Any) -> None:
    """A step that cuts the graph: what lies before it learns nothing."""
    monkeypatch.setattr(torch.nn.ReLU, "forward", lambda self, x: x.detach())

    assert wrong(trained("3x8x8 conv:4,k3,p1 relu conv:2,k1")) == [
        (1, "gradient of weight", [4, 3, 3, 3], None),
        (1, "gradient of bias", [4], None),
    ]


def test_a_gradient_where_none_is_foreseen_is_found() -> None:
    report = cnncalc.analyze("3x8x8 conv:4,k3 relu")
    report.rows[1].weights[1].trainable = False
    from cnncalc.verification import verify_report

    found = verify_report(report, executor="torch", backward=True).verify
    assert found is not None
    assert wrong(found) == [(1, "gradient of bias", None, [4])]


def test_a_backward_pass_that_fails_is_found(torch: Any, monkeypatch: Any) -> None:
    """It is a mismatch of the whole, in PyTorch's words."""

    class Broken(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(at: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(at: Any, *gradients: Any) -> Any:
            raise RuntimeError("no way back")

    monkeypatch.setattr(torch.nn.ReLU, "forward", lambda self, x: Broken.apply(x))
    found = wrong(trained("3x8x8 conv:4,k3 relu"))

    assert (0, "backward pass", "runs", "no way back") in found


def test_types_that_pytorch_cannot_train_in(torch: Any, monkeypatch: Any) -> None:
    """That says nothing about the network: it is an error."""

    def refuse(*_: Any) -> None:
        raise RuntimeError('"col2im" not implemented for "Half"')

    monkeypatch.setattr(torch.autograd, "backward", refuse)
    with pytest.raises(CnnCalcError, match="PyTorch can't train this in float16 on cpu: ") as error:
        trained(SPEC, dtype="float16")
    assert error.value.code == "backward"
    assert error.value.help == "`--dtype float32`"


def test_memory_that_runs_out_on_the_way_back(torch: Any, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried too much")

    monkeypatch.setattr(torch.autograd, "backward", refuse)
    with pytest.raises(CnnCalcError, match="the run ran out of memory") as error:
        trained(SPEC)
    assert error.value.code == "memory"


def test_executors_that_cannot(command: Command) -> None:
    """Are told apart, with who can."""
    with pytest.raises(CnnCalcError, match="`bundled` has no backward pass") as error:
        trained(SPEC, executor="bundled")
    assert error.value.help == "`--backward` goes with `--executor torch`"
    code, _, err = command("shape", *SPEC.split(), "--verify", "--backward")
    assert code == 2
    assert "error[backward]: the executor `bundled` has no backward pass" in err


def test_what_is_said(command: Command) -> None:
    words = ("shape", *SPEC.split(), "--verify", "--executor", "torch", "--backward")
    code, out, _ = command(*words)

    assert code == 0
    assert ", backward " in out
    trainable = cnncalc.analyze(SPEC).total.trainable
    assert f", gradients {human_bytes(4 * trainable)}, " in out
    assert "and 10 gradients agree" in out


# --- memory and time --------------------------------------------------------------------


def test_memory_is_counted_from_operations_to_their_end(torch: Any) -> None:
    """What is kept for a backward pass counts, views don't, and what is freed doesn't."""
    from cnncalc.executors.torch.peak import watch

    one = 4 * 2**10
    with watch("cpu") as peak:
        x = torch.ones(2**10)
        assert peak.bytes == one
        y = x.relu().reshape(32, 32).relu()
        assert peak.bytes == 3 * one  # two at work, and the input
        del y
        peak.reset()
        assert peak.bytes == one
        weight = torch.ones(2**10, requires_grad=True)
        loss = (weight.exp() * 2).sum()
        assert 4 * one <= peak.bytes < 4 * one + 64  # what exp gave is kept
        loss.backward()
    assert peak.bytes < 7 * one


def test_sizes_without_memory_are_not_measured() -> None:
    measured = trained(SPEC, device="meta")["measured"]

    assert measured["peak_bytes"] is None


@pytest.mark.gpu
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", ["resnet50", "vgg16", "unet"])
def test_examples_run_and_train_on_a_gpu(name: str, backward: bool, torch: Any) -> None:
    """The same there, with the memory that PyTorch's allocator gave out."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    outcome = trained(
        report(name).network, report(name).input, device="cuda", batch=4, backward=backward
    )

    assert wrong(outcome) == []
    measured, foreseen = outcome["measured"], outcome["predicted"]
    assert measured["peak_bytes"] >= foreseen["weight_bytes"] + foreseen["gradient_bytes"]
    assert 0 < measured["forward_seconds"] < outcome["seconds"]
