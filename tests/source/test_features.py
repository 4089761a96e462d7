"""Ways of writing a network that files in public use, each beside torch's own answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc import analyze
from cnncalc.api import verify
from cnncalc.errors import Source
from cnncalc.layers.base import Shape
from cnncalc.notations import source
from tests.source.reading import HEAD, all_params, net, report_of, report_of_file

REGISTRY = '''
class Store:
    """Named things."""
    def __init__(self, name):
        self.parts = {}
        self.__doc__ = f"{name}: {self.__doc__}"
    def add_part(self, name, value):
        assert self.__doc__ is not None
        self.parts[name] = value
    def part(self, name):
        def keep(value):
            self.add_part(name, value)
            return value
        return keep
    def __getattr__(self, name):
        if name in self.parts:
            return self.parts[name]
        return super().__getattribute__(name)
store = Store("store")
store.add_part("relu", nn.ReLU)
store.add_part("broken", open("nothing"))
@store.part("conv")
def make(n):
    return nn.Conv2d(3, n, 3)
TABLE = {}
def register(name):
    def keep(cls):
        TABLE[name] = cls
        return cls
    return keep
@register("block")
class Block(nn.Module):
    def forward(self, x):
        return x * 2
'''
MADE = """
import functools
class Base(nn.Module):
    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.kernel = 3
        return made
def kept(function):
    @functools.wraps(function)
    def inner(self, *args, **kwargs):
        return function(self, *args, **kwargs)
    return inner
class Part(Base):
    @kept
    def __init__(self, n):
        super().__init__()
        self.c = nn.Conv2d(3, n, self.kernel)
    def forward(self, x):
        return self.c(x)
"""
MODES = """
import enum
from enum import Enum
class Mode(str, enum.Enum):
    A = "a"
    B = "b"
def looked_up(name, table):
    if isinstance(table, enum.EnumMeta):
        assert name in {each.value for each in table}
        return table(name)
    return table[name]
"""
# name: (lines of __init__, forward, what stands before the class, input)
FEATURES: dict[str, tuple[str, str, str, Shape]] = {
    "zeros joined as channels": (
        "self.c = nn.Conv2d(8, 4, 3)",
        "b, c, h, w = x.size()\ny = torch.zeros(b, 5, h, w, device=x.device)\n"
        "return self.c(torch.cat((x, y), 1))",
        "",
        (3, 8, 8),
    ),
    "filled channels in front": (
        "self.c = nn.Conv2d(5, 4, 3)",
        "y = torch.FloatTensor(x.size(0), 2, 8, 8).fill_(1)\n"
        "return self.c(torch.cat([y.type_as(x), x], dim=1))",
        "",
        (3, 8, 8),
    ),
    "coordinates as channels": (
        "self.c = nn.Conv2d(5, 4, 3)",
        "rows = torch.linspace(-1, 1, x.shape[2]).view(1, 1, -1, 1).expand(x.shape[0], 1, 8, 6)\n"
        "cols = torch.linspace(-1, 1, 6).view(1, 1, 1, -1).expand(x.shape[0], 1, 8, 6)\n"
        "return self.c(torch.cat([x, rows, cols], 1))",
        "",
        (3, 8, 6),
    ),
    "a learned part joined": (
        "self.token = nn.Parameter(torch.randn(1, 2, 8, 8))\nself.c = nn.Conv2d(5, 4, 1)",
        "return self.c(torch.cat([self.token.expand(x.shape[0], -1, -1, -1), x], 1))",
        "",
        (3, 8, 8),
    ),
    "rows below": (
        "pass",
        "return torch.cat([x, torch.ones_like(x)[:, :, :2]], 2)",
        "",
        (3, 8, 8),
    ),
    "a state of zeros": (
        "self.a = nn.Linear(6, 6)\nself.b = nn.Linear(6, 6)",
        "h = torch.zeros_like(x)\nfor _ in range(2):\n    h = torch.tanh(self.a(x) + self.b(h))\n"
        "return h",
        "",
        (6,),
    ),
    "emptied": ("self.a = nn.Linear(6, 2)", "return self.a(x.clone().zero_())", "", (6,)),
    "noise": (
        "self.w = nn.Parameter(torch.zeros(1))",
        "n = x.new_empty(x.shape[0], 1, 8, 8).normal_()\nreturn x + self.w * n",
        "",
        (3, 8, 8),
    ),
    "one number of each sample": (
        "self.c = nn.Conv2d(3, 1, 8)",
        "return self.c(x).view(-1, 1) + self.c(x).mean([1, 2, 3]).unsqueeze(1)",
        "",
        (3, 8, 8),
    ),
    "features counted by hand": (
        "self.c = nn.Conv2d(3, 4, 3)\nself.f = nn.Linear(144, 2)",
        "x = self.c(x)\nn = 1\nfor s in x.size()[1:]:\n    n *= s\n"
        "assert n == x.numel() // x.shape[0]\nreturn self.f(x.view(-1, n))",
        "",
        (3, 8, 8),
    ),
    "a run to count features": (
        "self.c = nn.Conv2d(3, 4, 3)\nwith torch.no_grad():\n"
        "    n = self.c(torch.zeros(1, 3, 8, 8)).flatten(1).shape[1]\nself.f = nn.Linear(n, 2)",
        "return self.f(self.c(x).flatten(1))",
        "",
        (3, 8, 8),
    ),
    "a run to count features in the forward": (
        "self.c = nn.Conv2d(3, 4, 3)\nself.n = None",
        "if self.n is None:\n    self.n = self.c(torch.zeros(1, *x.shape[1:])).numel()\n"
        "return self.c(x).view(-1, self.n)",
        "",
        (3, 8, 8),
    ),
    "a crop worked out in tensors": (
        "self.c = nn.Conv2d(3, 3, 3)",
        "y = self.c(x)\ngap = torch.tensor(x.shape)[2:] - torch.tensor(y.shape)[2:]\n"
        "half = torch.div(gap, 2, rounding_mode='floor')\n"
        "pads = -torch.stack((half, half)).t().flatten()\n"
        "return F.pad(x, pads.tolist()) + y",
        "",
        (3, 9, 9),
    ),
    "padding worked out in arrays": (
        "import numpy as np\nk = np.atleast_1d((3, 5))\nassert not np.any((k - 1) * 1 % 2 == 1)\n"
        "p = tuple(int(each) for each in (k - 1) / 2)\n"
        "w, n = np.unique([4, 4, 8, 8, 8], return_counts=True)\n"
        "assert w.tolist() == [4, 8] and n.tolist() == [2, 3]\n"
        "r = np.full((4,), 1)\nr[1:-1] *= 2\n"
        "assert [len([0] * each) for each in r] == [1, 2, 2, 1]\n"
        "assert np.ceil(np.array([1.5, 2.0])).tolist() == [2.0, 2.0] and min(r[1], 5) == 2\n"
        "assert np.power(2, r).tolist() == [2, 4, 4, 2]\n"
        "self.c = nn.Conv2d(3, int(np.cumsum(w)[-1]), (3, 5), padding=p)",
        "return self.c(x)",
        "",
        (3, 8, 8),
    ),
    "a matrix of ones on the diagonal": (
        "import numpy as np\nself.k = torch.from_numpy(np.eye(3).flatten().astype(np.float32))\n"
        "self.c = nn.Conv2d(3, np.identity(2).shape[0], 1)",
        "return self.c(x * self.k.view(1, 3, 3).sum(2)[..., None, None])",
        "",
        (3, 8, 8),
    ),
    "arrays by rows": (
        "t = torch.tensor([[1, 2, 3], [4, 5, 6]])\n"
        "assert t.t().tolist() == [[1, 4], [2, 5], [3, 6]]\n"
        "assert t[1, 1:].tolist() == [5, 6]\n"
        "u = torch.cat([t, t[:1]], 0) * torch.tensor([[1], [2], [3]])\n"
        "assert u.flatten().tolist() == [1, 2, 3, 8, 10, 12, 3, 6, 9]\n"
        "assert sum(int(row[0]) for row in u) == 12\n"
        "assert len([1, 2] * int(torch.tensor(2))) == 4\n"
        "assert (torch.arange(4) < 2).tolist() == [True, True, False, False]\n"
        "v = torch.arange(3)\nv[1:] = 7\nself.c = nn.Conv2d(3, int(v[2]), 1)",
        "return self.c(x)",
        "",
        (3, 8, 8),
    ),
    "channels in another order": (
        "self.register_buffer('order', torch.randperm(4))\nself.c = nn.Conv2d(4, 6, 1)",
        "x = torch.index_select(x[:, [2, 1, 0, 3]], 1, torch.randperm(x.size(1)))\n"
        "return self.c(x[:, self.order])[..., torch.tensor([0, -1, 3])]",
        "",
        (4, 8, 8),
    ),
    "piled up in front of the batch": (
        "self.c = nn.ModuleList(nn.Conv2d(3, 4, 3, padding=i, dilation=i) for i in (1, 2, 3))",
        "y = torch.stack([c(x) for c in self.c])\nassert len(y) == y.size(0) == 3\n"
        "a, b, c = y\nz = y.sum(0) + torch.max(y, dim=0)[0] + y[-1] + a + sum(y)\n"
        "return torch.stack((z, b), dim=0).mean(dim=0)",
        "",
        (3, 8, 8),
    ),
    "places that the forward passes over": (
        "self.m = nn.ModuleList([nn.Conv2d(3, 4, 1), None, nn.Conv2d(3, 5, 1)])\n"
        "self.m.append(None)\nassert len(self.m) == 4 and self.m[1] is None",
        "return torch.cat([x if m is None else m(x) for m in self.m], 1)",
        "",
        (3, 8, 8),
    ),
    "functions of weights": (
        "self.w = nn.Parameter(torch.ones(3))\nself.g = nn.Parameter(torch.zeros(1))\n"
        "self.r = nn.ReLU()",
        "w = self.r(self.w)\nw = w / (torch.sum(w, dim=0) + 1e-4) + F.softmax(self.w, dim=0)\n"
        "x = w[0] * x + w[1] * F.relu_(x) + torch.softmax(self.w, -1)[2] * x\n"
        "return x * torch.sigmoid(self.g) + F.softplus(self.w).tanh().view(1, -1, 1, 1)",
        "",
        (3, 8, 8),
    ),
    "registries": (
        "self.c = store.conv(4)\nself.r = store.relu()\nself.b = TABLE['block']()",
        "return self.b(self.r(self.c(x)))",
        REGISTRY.replace('store.add_part("broken", open("nothing"))\n', ""),
        (3, 8, 8),
    ),
    "objects made by new": ("self.p = Part(4)", "return self.p(x)", MADE, (3, 8, 8)),
    "modes": (
        "self.c = nn.Conv2d(3, {Mode.A: 4, Mode.B: 5}[looked_up('b', Mode)], 1)",
        "return self.c(x)",
        MODES,
        (3, 8, 8),
    ),
    "classes by their names": (
        "self.c = globals()['Small'](4)\nself.d = globals().get('Large', Small)(5)\n"
        "assert 'Small' in globals()",
        "return self.d(self.c(x)[:, :3])",
        "class Small(nn.Conv2d):\n    def __init__(self, n):\n        super().__init__(3, n, 1)\n",
        (3, 8, 8),
    ),
    "names in texts": (
        "self.c = eval('nn.Conv2d')(3, 4, 1)\nself.a = eval('Act')()",
        "return self.a(self.c(x))",
        "Act = nn.ReLU\n",
        (3, 8, 8),
    ),
    "what a class takes": (
        "import inspect\ntakes = inspect.signature(nn.BatchNorm2d).parameters\n"
        "mine = inspect.signature(Own).parameters\nassert list(mine) == ['n', 'm']\n"
        "self.bn = nn.BatchNorm2d(**({'num_features': 3} if 'num_features' in takes else {}))",
        "return self.bn(x)",
        "class Own:\n    def __init__(self, n, m=2):\n        pass\n",
        (3, 8, 8),
    ),
    "settings in a text": (
        "import json, keyword\nself.c = nn.Conv2d(3, json.loads('{\"n\": [1, 6]}')['n'][1], 1)\n"
        "assert keyword.iskeyword('for')",
        "return self.c(x)",
        "",
        (3, 8, 8),
    ),
}
SILENT = pytest.mark.filterwarnings("ignore:.*:UserWarning")


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature(name: str) -> None:
    """It is read, and the bundled executor finds the same sizes and weights."""
    init, forward, head, shape = FEATURES[name]
    found = verify(source.parse(Source(net(init, forward, head)), entry="Net"), shape).verify

    assert found is not None
    assert found["ok"], found["mismatches"]


@SILENT
@pytest.mark.parametrize("name", FEATURES)
def test_torch_agrees(name: str) -> None:
    torch = pytest.importorskip("torch")
    init, forward, head, shape = FEATURES[name]
    names: dict[str, Any] = {"__name__": "feature"}
    exec(net(init, forward, head), names)
    model = names["Net"]().eval()
    report = report_of(net(init, forward, head), shape, "Net")

    assert sum(each.numel() for each in model.parameters()) == all_params(report)
    assert tuple(model(torch.zeros(2, *shape)).shape[1:]) == report.rows[-1].output_shape


def test_a_registry_with_an_entry_that_cannot_be_followed() -> None:
    """What is never asked for may be anything."""
    init, forward, _, shape = FEATURES["registries"]

    assert report_of(net(init, forward, REGISTRY), shape, "Net").total.params == 112


PATCHED = """
def pooled(module, x):
    return nn.functional.max_pool2d(x, 2)
def make():
    nn.ReLU.forward = pooled
    torch.float32.name = "changed"
    return nn.ReLU()
model = make()
"""


def test_what_a_source_changes_of_a_library_is_its_own() -> None:
    """Also at another size, and the next source finds the library as it was."""
    before = report_of("nn.Conv2d(3, 8, 3), nn.ReLU()", (3, 8, 8)).to_dict()
    network = source.parse(Source(HEAD + PATCHED))

    assert [row.kind for row in analyze(network, (3, 8, 8)).layers] == ["maxpool"]
    assert report_of("nn.Conv2d(3, 8, 3), nn.ReLU()", (3, 8, 8)).to_dict() == before
    assert analyze(network, (3, 6, 6)).layers[-1].output_shape == (3, 3, 3)
    assert report_of("nn.Conv2d(3, 8, 3), nn.ReLU()", (3, 8, 8)).to_dict() == before


def test_the_batch_stays_unknown_in_an_array() -> None:
    text = net("pass", "s = torch.tensor(x.shape)\nreturn x.view(s[0], -1)[:, : int(s[1])]")

    assert report_of(text, (3, 8, 8)).rows[-1].output_shape == (3,)


def test_files_that_import_one_another_by_star(tmp_path: Path) -> None:
    """As packages do whose `__init__` brings everything together."""
    package = tmp_path / "nets"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from .parts import *\nfrom .net import *\nfrom . import more\n"
    )
    (package / "parts.py").write_text(f"{HEAD}from nets import *\nclass Part(nn.ReLU):\n    pass\n")
    (package / "more.py").write_text(
        "from nets.net import *\nfrom nets.parts import *\nwidth = 4\n"
    )
    main = package / "net.py"
    main.write_text(
        f"{HEAD}from nets import *\nimport nets\nmodel = nn.Sequential("
        "nn.Conv2d(3, nets.more.width, 1), Part(), more.Part())\n"
    )
    report = report_of_file(main, (3, 8, 8))

    assert [row.kind for row in report.layers] == ["conv", "relu", "relu"]
