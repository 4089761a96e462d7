"""What files of whole collections do around their networks, each in a sample of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnncalc
from tests.source.reading import HEAD, all_params, net, refused, report_of, report_of_file

CONV = "self.c = nn.Conv2d(3, 8, 1)"
# A layer whose bias goes, and its parameters.
WITHOUT_BIAS = {
    "set to None": f"{CONV}\nself.c.bias = None",
    "deleted": f"{CONV}\ndelattr(self.c, 'bias')\nself.c.register_parameter('bias', None)",
    "deleted by `del`": f"{CONV}\ndel self.c.bias\nself.c.bias = None",
    "registered as None": f"{CONV}\nself.c.register_parameter('bias', None)",
    "of one whose weight is made of others": (
        "self.c = nn.utils.spectral_norm(nn.Conv2d(3, 8, 1))\n"
        "self.c.register_parameter('bias', None)"
    ),
}


@pytest.mark.parametrize("init", WITHOUT_BIAS.values(), ids=list(WITHOUT_BIAS))
def test_a_bias_that_is_taken_away(init: str) -> None:
    assert all_params(report_of(net(init, "return self.c(x)"), (3, 8, 8))) == 24


# What a forward of 3×8×8 does, and what comes out.
FORWARDS = {
    "the batch back from windows": (
        "w = x.view(x.size(0), 3, 4, 2, 8).permute(0, 2, 1, 3, 4).reshape(-1, 3, 2, 8)\n"
        "b = int(w.shape[0] / (8 * 8 / 4 / 4))\n"
        "return w.view(b, 4, 3, 2, 8)",
        (4, 3, 2, 8),
    ),
    "the least number of a type": (
        "m = torch.tril(torch.ones(8, 8))\nreturn x.masked_fill(m == 0, -torch.finfo(x.dtype).max)",
        (3, 8, 8),
    ),
    "sizes": ("return x.view(x.size(0), *torch.Size((3, 64)))", (3, 64)),
    "on no accelerator": (
        "on = x.is_cuda or x.is_xpu or x.is_mps or not x.is_cpu\nreturn x[:, :1] if on else x",
        (3, 8, 8),
    ),
    "where it lies": ("return x * 2 if x.get_device() < 0 else x[:, :1]", (3, 8, 8)),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_what_a_forward_does(name: str) -> None:
    torch = pytest.importorskip("torch")
    forward, shape = FORWARDS[name]
    text = net("", forward)
    names: dict[str, Any] = {}
    exec(HEAD + text, names)

    assert report_of(text, (3, 8, 8)).rows[-1].output_shape == shape
    assert names["Net"]()(torch.ones(2, 3, 8, 8)).shape == (2, *shape)


BOUNDED = (
    "torch.max(x, self.t)",
    "torch.maximum(self.t, x)",
    "torch.min(x, other=self.t)",
    "x.clamp(max=self.t)",
    "torch.clamp(x, min=self.t)",
)


@pytest.mark.parametrize("call", BOUNDED)
def test_a_bound_that_is_learned(call: str) -> None:
    """What flows isn't dropped, and t counts once."""
    torch = pytest.importorskip("torch")
    text = net("self.t = nn.Parameter(torch.ones(3, 1, 1))", f"return {call}")
    x = torch.linspace(-3, 3, 48).reshape(1, 3, 4, 4)
    names: dict[str, Any] = {}
    exec(HEAD + text, names)
    expected = names["Net"]()(x)
    written = cnncalc.convert(text, "torch", (3, 4, 4), name="Net")
    assert isinstance(written, str)
    exec(written, names)
    model = names["Net"]()
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(1.0)

    assert report_of(text, (3, 4, 4)).total.params == 3
    assert torch.allclose(model(x), expected, atol=1e-6)


def test_rows_of_a_parameter() -> None:
    init = "self.kv = nn.Parameter(torch.randn(2, 3, 1, 1))"
    report = report_of(
        net(init, "k, v = map(lambda t: t * 2, self.kv)\nreturn x * k + v"), (3, 4, 4)
    )

    assert [row.kind for row in report.layers] == ["scale", "shift"]
    assert report.total.params == 6


def test_flip_takes_axes() -> None:
    assert "takes the axes" in refused(net("", "return torch.flip(x)"), (3, 4, 4)).message


BLOCKS = """
import torch.nn as nn
def small(channels=4):
    return nn.Conv2d(3, channels, 1)
"""
MODELS = """
import torch.nn as nn
from . import blocks
class Net(nn.Module):
    def __init__(self, name="small", width=8):
        options = {k: v for k, v in locals().items() if k == "width"}
        super().__init__()
        self.body = blocks.__dict__[name](options["width"])
    def forward(self, x):
        return self.body(x)
"""


def test_names_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    for name, text in {"__init__": "", "blocks": BLOCKS, "models": MODELS}.items():
        (tmp_path / "nets" / f"{name}.py").write_text(text)

    assert report_of_file(tmp_path / "nets" / "models.py", (3, 4, 4)).total.params == 32


OLD_NAMES = """
import functools
import torch.nn as nn

class Weights:
    DEFAULT = {"classes": 7}

def handle_legacy_interface(**weights):
    def outer(builder):
        @functools.wraps(builder)
        def inner(*args, **kwargs):
            for new, (old, default) in weights.items():
                kwargs[new] = default if kwargs.pop(old, False) else None
            return builder(*args, **kwargs)
        return inner
    return outer

@handle_legacy_interface(weights=("pretrained", Weights.DEFAULT))
def build(*, weights=None, progress=True, **kwargs):
    if weights is not None:
        kwargs.setdefault("classes", weights["classes"])
    return nn.Conv2d(3, kwargs.get("classes", 5), 1, bias=False)
"""


@pytest.mark.parametrize(
    ("entry", "classes"),
    [
        ("build()", 5),
        ("build(pretrained=False)", 5),
        ("build(False)", 5),
        ("build(pretrained=True)", 7),
        ("build(True)", 7),
        ("build(pretrained=False, classes=2)", 2),
        ("build(weights=None, classes=3)", 3),
    ],
)
def test_old_names_of_arguments(entry: str, classes: int) -> None:
    assert report_of(OLD_NAMES, (3, 4, 4), entry).total.params == 3 * classes


def test_a_model_of_timm_by_its_name(tmp_path: Path) -> None:
    """The function of that name, in a package that is read; nothing of it fills a registry."""
    models = tmp_path / "timm" / "models"
    models.mkdir(parents=True)
    (tmp_path / "timm" / "__init__.py").write_text("from .models import *\n")
    (models / "__init__.py").write_text("from .plain import *\n")
    (models / "plain.py").write_text(
        "import torch.nn as nn\n\ndef plain_8(pretrained=False, **kwargs):\n"
        "    of_tag = 21 if kwargs.get('pretrained_cfg') == 'in21k' else 8\n"
        "    return nn.Conv2d(3, kwargs.get('num_classes', of_tag), 1)\n"
    )
    cases = {"'plain_8'": 32, "'plain_8.in21k'": 84, "'plain_8.x', num_classes=4": 16}
    for call, params in cases.items():
        text = net(f"import timm\nself.b = timm.create_model({call})", "return self.b(x)")
        report = cnncalc.analyze(cnncalc.parse(text, path=[tmp_path]), (3, 4, 4))
        assert report.total.params == params


def test_what_no_layer_is_ends_the_flow_alone() -> None:
    error = refused(net(CONV, "return self.c(x).topk(2, 1)"), (3, 4, 4))

    assert "`torch.Tensor.topk` has no counterpart" in error.message
    assert error.report is not None
    assert error.report.total.params == 32


def test_nothing_is_joined_of_no_channels() -> None:
    report = report_of(
        net(CONV, "return torch.cat([self.c(x), x.new_empty(x.size(0), 0, 8, 8)], 1)"), (3, 8, 8)
    )
    assert [row.kind for row in report.layers] == ["conv"]


REGISTRY = """
import torch.nn as nn
import somewhere
NETS = {}

def register(cls):
    NETS[somewhere.key_of(cls)] = cls
    return cls

@register
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 8, 1)
    def forward(self, x):
        return self.c(x)

def build(name):
    return NETS[name]()
"""


def test_a_registry_that_was_passed_over_is_told_of() -> None:
    """Its classes are read all the same; a name that is missing in it says why."""
    assert report_of(REGISTRY, (3, 4, 4), "Small()").total.params == 32
    error = refused(REGISTRY, (3, 4, 4), "build('small')")

    assert [note for note in error.notes if "passed over" in note] == [
        "the registry at line 7 was passed over: `somewhere.key_of` can't be followed: `somewhere` "
        "is neither in this source tree nor installed"
    ]
