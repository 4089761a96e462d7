"""Sizes that sources compute with, against plain runs at many sizes: figures, and where they hold.

What a report assumes is to be the exact set: wherever it holds the network works and its figures
are the expressions', and wherever it doesn't the network breaks, or is another one.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cnncalc
from cnncalc import Report, SpecError
from cnncalc.network import Network

HEAD = """import math
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
"""


class Source(NamedTuple):
    """A little network.

    Attributes:
        parts: what it is made of.
        body: what it does with `x`.
        size: of its input, with names.
        most: up to which size it is tried.
        beside: sizes at which other expressions happen to have the same values.
    """

    parts: str
    body: str
    size: str = "3xHxW"
    most: int = 70
    beside: tuple[int, ...] = ()


SOURCES = {
    "upper half": Source("c = nn.Conv2d(3, 4, 3)", "return s.c(x[:, :, : x.size(2) // 2])"),
    "lower half": Source("c = nn.Conv2d(3, 4, 3)", "return s.c(x[:, :, x.shape[2] // 2 :])"),
    "without its edge": Source("c = nn.Conv2d(3, 4, 3)", "return s.c(x)[:, :, 1:-1, 2:-2]"),
    "a float in front": Source(
        "c = nn.Conv2d(3, 4, 3)",
        "h, w = x.shape[2:]\n"
        "        y = F.interpolate(x, size=(int(0.5 * h + 4.5), int(60.0 - w / 2)))\n"
        "        return s.c(y)",
    ),
    "a float before a comparison": Source(
        "c = nn.Conv2d(3, 4, 3)",
        "return s.c(F.avg_pool2d(x, 2) if 10.0 <= x.shape[2] < 50 or 0.0 == x.shape[3] % 2 else x)",
        size="3xHx20",
    ),
    "every other": Source("c = nn.Conv2d(3, 4, 3)", "return s.c(x[:, :, ::2, 1::3])"),
    "the last ones": Source(
        "c = nn.Conv2d(3, 4, 1)", "return s.c(x[:, :, -8:, -x.size(3) // 3 :])"
    ),
    "the first 40": Source("c = nn.Conv2d(3, 4, 1)", "return s.c(x[:, :, :40])"),
    "the last column": Source("c = nn.Conv1d(3, 4, 3)", "return s.c(x[..., -1])"),
    "cropped in the middle": Source(
        "c = nn.Conv2d(3, 4, 3)",
        """y = s.c(s.c2(x))
        top, left = (x.size(2) - y.size(2)) // 2, (x.size(3) - y.size(3)) // 2
        x = x[:, :, top : top + y.size(2), left : left + y.size(3)]
        return torch.cat([x, y], 1)""".replace("s.c2(x)", "F.avg_pool2d(x, 1)"),
    ),
    "a U-Net that crops": Source(
        "d = nn.Conv2d(3, 4, 3); b = nn.Conv2d(4, 8, 3); u = nn.ConvTranspose2d(8, 4, 2, stride=2)",
        """a = s.d(x)
        y = s.u(s.b(F.max_pool2d(a, 2)))
        h, w = y.shape[-2:]
        i, j = (a.shape[-2] - h) // 2, (a.shape[-1] - w) // 2
        return torch.cat((a[:, :, i : i + h, j : j + w], y), dim=1)""",
    ),
    "a U-Net that pads": Source(
        "d = nn.Conv2d(3, 4, 3, padding=1); u = nn.ConvTranspose2d(4, 4, 2, stride=2)",
        """a = s.d(x)
        y = s.u(F.max_pool2d(a, 2))
        dy, dx = a.size(2) - y.size(2), a.size(3) - y.size(3)
        y = F.pad(y, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return torch.cat([a, y], dim=1)""",
    ),
    "padded to a multiple": Source(
        "c = nn.Conv2d(3, 4, 32, stride=32)",
        """h, w = x.shape[-2:]
        x = F.pad(x, (0, -w % 32, 0, (32 - h % 32) % 32))
        return s.c(x)""",
    ),
    "padded, and cropped again": Source(
        "c = nn.Conv2d(3, 4, 3, stride=2, padding=1); u = nn.Upsample(scale_factor=2)",
        """h, w = x.size()[2:]
        x = F.pad(x, (0, (-w) & 7, 0, (-h) & 7))
        return s.u(s.c(x))[..., :h, :w]""",
    ),
    "patches": Source(
        "l = nn.Linear(3 * 8 * 8, 16)",
        """b, c, h, w = x.shape
        x = x.view(b, c, h // 8, 8, w // 8, 8).permute(0, 2, 4, 1, 3, 5)
        return s.l(x.reshape(b, (h // 8) * (w // 8), c * 8 * 8))""",
    ),
    "pixel shuffle by hand": Source(
        "c = nn.Conv2d(3, 8, 3, padding=1)",
        """y = s.c(x)
        b, c, h, w = y.shape
        y = y.view(b, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3)
        return y.reshape(b, c // 4, h * 2, w * 2)""",
    ),
    "chunks": Source(
        "c = nn.Conv2d(3, 4, 3)", "a, b = torch.chunk(x, 2, dim=3)\n        return s.c(a), s.c(b)"
    ),
    "parts of a third": Source(
        "c = nn.Conv2d(3, 4, 1)", "return torch.cat(x.tensor_split(3, dim=2), 1)"
    ),
    "narrow": Source(
        "c = nn.Conv2d(3, 4, 3)", "return s.c(x.narrow(2, x.size(2) // 4, x.size(2) // 2))"
    ),
    "to the size of another": Source(
        "c = nn.Conv2d(3, 4, 3, stride=2)",
        """y = s.c(x)
        y = F.interpolate(y, size=x.shape[-2:], mode='bilinear')
        return torch.cat([x, y], 1)""",
    ),
    "half, rounded": Source(
        "c = nn.Conv2d(3, 4, 1)",
        """h, w = x.shape[-2:]
        return F.interpolate(s.c(x), size=(round(h / 2), int(w * 0.75 + 0.5)))""",
    ),
    "a table of positions": Source(
        "e = nn.Linear(8, 16); p = nn.Parameter(torch.zeros(1, 50, 16))",
        "x = s.e(x)\n        return x + s.p[:, : x.size(1)]",
        "Lx8",
    ),
    "a small GPT": Source(
        "t = nn.Embedding(100, 16); p = nn.Embedding(40, 16); "
        "h = nn.Linear(16, 100, bias=False); l = nn.LayerNorm(16); "
        "m = torch.tril(torch.ones(40, 40)).view(1, 1, 40, 40); a = nn.Linear(16, 48)",
        """b, t = x.size()
        assert t <= 40, f"{t} is too long"
        y = s.t(x) + s.p(torch.arange(0, t, dtype=torch.long, device=x.device))
        q, k, v = s.a(s.l(y)).split(16, dim=2)
        q = q.view(b, t, 4, 4).transpose(1, 2)
        k = k.view(b, t, 4, 4).transpose(1, 2)
        v = v.view(b, t, 4, 4).transpose(1, 2)
        w = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        w = w.masked_fill(s.m[:, :, :t, :t] == 0, float("-inf"))
        y = y + (F.softmax(w, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, 16)
        return s.h(y[:, [-1], :])""",
        "L",
    ),
    "rolled": Source(
        "c = nn.Conv2d(3, 4, 3)",
        "return s.c(torch.roll(x, shifts=(-2, x.size(3) // 2), dims=(2, 3)))",
    ),
    "the first and the last": Source(
        "c = nn.Conv2d(3, 4, 1)", "return s.c(x[:, :, [0, -1]])", "3xHxW", 40
    ),
    "decided by the size": Source(
        "c = nn.Conv2d(3, 4, 3); d = nn.Conv2d(3, 4, 3, stride=2)",
        "return s.c(x) if x.size(2) > 32 else s.d(x)",
    ),
    "windows, with what is missing": Source(
        "c = nn.Conv2d(3, 4, 1)",
        """h, w = x.shape[2:]
        if h % 7 or w % 7:
            x = F.pad(x, (0, (7 - w % 7) % 7, 0, (7 - h % 7) % 7))
        return s.c(x)""",
        "3xHxW",
        60,
    ),
    "one of a list": Source(
        "a = nn.Conv2d(3, 4, 3); b = nn.Conv2d(3, 8, 3)",
        "return [s.a, s.b][x.size(2) % 2](x)",
    ),
    "one of a table": Source(
        "a = nn.Conv2d(3, 4, 3); b = nn.Conv2d(3, 8, 3)",
        "return {20: s.a, 30: s.b}.get(x.size(2), s.b)(x)",
    ),
    "one of several": Source(
        "a = nn.Conv2d(3, 4, 3); b = nn.Conv2d(3, 8, 3)",
        "return (s.a if x.size(2) in (16, 32, 64) or x.size(3) in range(5, 9) else s.b)(x)",
    ),
    "bits": Source(
        "c = nn.Conv2d(3, 4, 1)",
        "return s.c(x[:, :, : x.size(2) & ~3, x.size(3) >> 2 : (x.size(3) & 7) + 9])",
        "3xHxW",
        50,
    ),
    "by a fraction": Source(
        "c = nn.Conv2d(3, 4, 1)",
        """h, w = x.shape[2:]
        y = F.interpolate(x, scale_factor=(h / 64, 0.5))
        return s.c(y)""",
        "3xHxW",
        230,
    ),
    "an area": Source(
        "c = nn.Conv2d(3, 4, 1)",
        """h, w = x.shape[2:]
        return s.c(x[:, :, : int((h * w) ** 0.5)])""",
        "3xHxW",
        230,
    ),
    "the smaller side": Source(
        "c = nn.Conv2d(3, 4, 1)",
        """n = min(x.shape[2:])
        return s.c(x[:, :, :n, :n])""",
    ),
    "as many as divide": Source(
        "c = nn.Conv2d(3, 4, 1)",
        """part = x.size(3) // 2
        return torch.cat([s.c(p) for p in x[..., : part * 2].split(part, dim=3)], 1)""",
    ),
    "a square of tokens": Source(
        "c = nn.Conv2d(3, 4, 4, stride=4)",
        """y = s.c(x).flatten(2)
        b, c, n = y.shape
        side = int(math.sqrt(n))
        return y.view(b, c, side, side)""",
        "3xHxH",
        beside=(4, 5, 6, 7),
    ),
}


def text(source: Source) -> str:
    parts = "".join(f"        s.{part.strip()}\n" for part in source.parts.split(";"))
    return HEAD.replace("self", "s") + parts + f"    def forward(s, x):\n        {source.body}\n"


class Tried(NamedTuple):
    """A source, its report in names, and it read once for plain runs."""

    report: Report
    network: Network


@cache
def tried(name: str) -> Tried:
    source = text(SOURCES[name])
    return Tried(cnncalc.analyze(source, SOURCES[name].size), cnncalc.parse(source))


def figures(report: Report, sizes: dict[str, int]) -> list[list[Any]]:
    """What a report says in numbers, where the names are these."""

    def at(n: Any) -> Any:
        return eval(str(n), {}, sizes)

    return [
        [row.kind, *(at(n) for n in (*row.output_shape, row.params, row.macs))]
        for row in report.rows
    ]


def plain(name: str, sizes: dict[str, int]) -> list[list[Any]] | None:
    """The figures of a run in numbers; None: the network doesn't work."""
    axes = SOURCES[name].size.split("x")
    shape = tuple(sizes[axis] if axis in sizes else int(axis) for axis in axes)
    try:
        return figures(cnncalc.analyze(tried(name).network, shape), {})
    except SpecError:
        return None


def drawn(name: str) -> list[dict[str, int]]:
    """Sizes along each axis, and some pairs."""
    report, most = tried(name).report, SOURCES[name].most
    assert report.symbols
    sets, draw = report.symbols.sets, random.Random(name)
    beside = {key: some.first(most // 2) or some.first() or 1 for key, some in sets.items()}
    found = [{**beside, key: n} for key in sets for n in range(1, most)]
    return found + [{key: draw.randint(1, most) for key in sets} for _ in range(25)]


@pytest.mark.parametrize("name", SOURCES)
def test_figures_and_the_set_on_which_they_hold(name: str) -> None:
    report, held = tried(name).report, 0
    for sizes in drawn(name):
        told = plain(name, sizes)
        if all(eval(each, {}, sizes) for each in report.assumes):
            assert told == figures(report, sizes), (sizes, report.assumes)
            held += 1
        else:
            other = told is None or told != figures(report, sizes)
            known = set(sizes.values()) & {*SOURCES[name].beside}
            assert other or known, f"{sizes} works alike and is not in {report.assumes}"
    assert held


KERAS = """
inputs = keras.Input((None, None, 3))
x = layers.Conv2D(8, 3, padding="same")(inputs)
y = x[:, : x.shape[1] // 2, 1:-1, :]
outputs = layers.Conv2D(4, 3)(y)
model = keras.Model(inputs, outputs)
"""


def sliced_by_size(path: Path) -> Path:
    """A file that halves the height by what it computes, and keeps the last 8 columns."""
    onnx = pytest.importorskip("onnx")
    node, tensor = onnx.helper.make_node, onnx.helper.make_tensor
    whole, fraction = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    numbers = {"two": 2, "zeros": 0, "rows": 2, "columns": 3, "eight": -8, "all": 2**62}
    stored = [tensor(name, whole, [1] * (name != "two"), [n]) for name, n in numbers.items()]
    nodes = [
        node("Shape", ["x"], ["sizes"]),
        node("Gather", ["sizes", "two"], ["height"]),
        node("Div", ["height", "two"], ["half"]),
        node("Unsqueeze", ["half", "zeros"], ["end"]),
        node("Slice", ["x", "zeros", "end", "rows"], ["upper"]),
        node("Slice", ["upper", "eight", "all", "columns"], ["corner"]),
        node("Conv", ["corner", "W"], ["y"]),
    ]
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "sliced",
        [value("x", fraction, ["N", 3, "H", "W"])],
        [value("y", fraction, None)],
        [*stored, tensor("W", fraction, [4, 3, 3, 3], [0.0] * 108)],
    )
    opsets = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets), path)
    return path


@pytest.mark.parametrize("kind", ["keras", "onnx"])
def test_keras_and_files(kind: str, tmp_path: Path) -> None:
    source = KERAS if kind == "keras" else sliced_by_size(tmp_path / "sliced.onnx")
    report = cnncalc.analyze(source, "HxWx3" if kind == "keras" else "3xHxW")
    network, draw = cnncalc.parse(source), random.Random(kind)
    for _ in range(60):
        sizes = {"H": draw.randint(1, 40), "W": draw.randint(1, 40)}
        shape = (*sizes.values(), 3) if kind == "keras" else (3, *sizes.values())
        try:
            told = figures(cnncalc.analyze(network, shape), {})
        except SpecError:
            told = None
        inside = all(eval(each, {}, sizes) for each in report.assumes)
        assert (told == figures(report, sizes)) == inside, (sizes, report.assumes)
