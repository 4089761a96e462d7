"""Layers on frames that are one axis with the batch: a video CNN, as torch has it."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import Report, verify
from cnncalc.layers import KINDS
from cnncalc.layers.each import each
from tests.source.reading import HEAD, net, refused, report_of
from tests.verification.standing_in import installed_or_skip

VIDEO = f"""{HEAD}
class Video(nn.Module):
    def __init__(self, classes=5):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, groups=2, bias=False)
        self.skip = nn.Conv2d(8, 16, 1, stride=2)
        self.up = nn.ConvTranspose2d(16, 4, 2, stride=2)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.flat = nn.Flatten()
        self.fc = nn.Linear(16, 10)
        self.head = nn.Linear(10, classes)

    def forward(self, x):
        b, t, c, h, w = x.shape
        x = x.view(b * t, c, h, w)
        x = F.relu(self.bn(self.conv1(x)))
        x = F.max_pool2d(x, 2)
        x = torch.relu(self.conv2(F.pad(x, (1, 1, 1, 1))) + self.skip(x))
        x = torch.cat([self.up(x), F.interpolate(x[:, :4], scale_factor=2)], 1)[:, 4:]
        x = self.flat(self.pool(x))
        x = F.dropout(self.fc(x).view(b, t, -1), 0.5)
        return self.head(x.mean(dim=1))
"""
SHAPE = (7, 3, 32, 32)  # without the batch


def live(text: str) -> tuple[Any, dict[str, Any]]:
    """The module of a source, and what each of its modules gave in a run on two samples."""
    torch = pytest.importorskip("torch")
    names: dict[str, Any] = {}
    exec(text, names)
    model = names.get("Video", names.get("Net"))().eval()
    gave: dict[str, Any] = {}
    for name, module in model.named_modules():
        module.register_forward_hook(lambda m, i, out, name=name: gave.update({name: out.shape}))
    model(torch.zeros(2, *SHAPE))
    return model, gave


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(VIDEO, SHAPE)


def test_sizes_are_those_of_a_run(report: Report) -> None:
    """The frames stand behind the batch, which no row has."""
    _, gave = live(VIDEO)
    rows = {row.name: row.output_shape for row in report.rows}
    for name, shape in gave.items():
        if name not in ("", "head"):
            assert rows[name] == (7, *shape[1:]), name
    assert report.rows[-1].output_shape == (5,)


def test_weights_and_macs_are_torchs(report: Report) -> None:
    """Weights count once, and MACs for each frame."""
    model, _ = live(VIDEO)
    torch = pytest.importorskip("torch")
    counter = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(torch.zeros(2, *SHAPE))
    assert report.total.params == sum(each.numel() for each in model.parameters())
    assert report.total.macs == counter.get_total_flops() // 2 // 2  # of a sample, an addition each


def test_layers(report: Report) -> None:
    """Each as the frames have it; what does the same to every value is as it is."""
    layers = {row.name: row.text for row in report.rows}
    assert layers["conv1"] == "each[conv:8,k3,p1]"
    assert layers["bn"] == "each[bn]"
    assert layers["relu"] == "relu"
    assert layers["flat"] == "flatten:start=1"
    assert layers["fc"] == "linear:10,axis=-1"


@pytest.mark.parametrize("executor", ["bundled", "torch", "keras", "onnxruntime"])
def test_runs(executor: str) -> None:
    """Shapes, weights and receptive fields along the frames, the channels and the places."""
    installed_or_skip(executor)
    found = verify(VIDEO, SHAPE, executor=executor).verify
    assert found is not None
    assert (found["mismatches"], found["unchecked"]) == ([], [])
    assert found["checked"]["receptive_field"] == found["checked"]["shapes"]


FORWARDS = {
    "by flatten": "return self.conv(x.flatten(0, 1)).unflatten(0, (-1, 7))",
    "by -1": "return self.conv(x.reshape(-1, 3, 32, 32)).view(x.size(0), 7, 4, 30, 30)",
    "frames in front": (
        "t = x.size(1)\ny = self.conv(x.transpose(0, 1).flatten(0, 1))\n"
        "return y.view(t, -1, 4, 30, 30).transpose(0, 1)"
    ),
    "over two axes": (
        "b, t, c, h, w = x.shape\ny = F.max_pool1d(x.view(b * t * c, h, w), 2)\n"
        "return self.conv(y.view(b * t, c, h, -1)).view(b, t, 4, 30, 14)"
    ),
    "channels alone": "return F.avg_pool2d(x.flatten(0, 2).unsqueeze(1), 3).view(-1, 7, 3, 10, 10)",
}


@pytest.mark.parametrize("forward", FORWARDS.values(), ids=list(FORWARDS))
def test_ways_to_put_frames_in_the_batch(forward: str) -> None:
    text = net("self.conv = nn.Conv2d(3, 4, 3)", forward)
    _, gave = live(text)
    report = report_of(text, SHAPE)
    assert report.rows[-1].output_shape == tuple(gave[""][1:])
    assert [row.kind for row in report.rows].count("each") >= 1


def test_what_a_layer_declares_is_asked_of_a_frame() -> None:
    """The message says what flows in at one of them."""
    error = refused(
        net("self.conv = nn.Conv2d(4, 8, 3)", "return self.conv(x.flatten(0, 1))"), SHAPE
    )
    assert error.message == "`nn.Conv2d(4, 8, 3)` receives 3 channels (3×32×32)"
    assert str(error.help).endswith("or write `nn.Conv2d(3, 8, 3)`")


def test_a_frame_that_is_too_small() -> None:
    error = refused(net("self.pool = nn.MaxPool2d(33)", "return self.pool(x.flatten(0, 1))"), SHAPE)
    assert "33" in error.message


@pytest.mark.parametrize(
    ("layer", "axes", "order", "made"),
    [
        (KINDS["relu"](), 2, "first", "relu"),
        (KINDS["add"](), 1, "last", "add"),
        (KINDS["cat"](0), 1, "first", "cat:axis=1"),
        (KINDS["cat"](-1), 1, "first", "cat:axis=-1"),
        (KINDS["cat"](0), 1, "last", "cat"),
        (each(KINDS["bn"](), 1), 2, "first", "each:3[bn]"),
    ],
)
def test_the_plainest(layer: Any, axes: int, order: str, made: str) -> None:
    from cnncalc.layers.spelling import word

    assert word(each(layer, axes, order)) == made
