"""What sources do beside building a network: weights begun, values looked up, registries."""

from __future__ import annotations

import pytest

from tests.source.reading import net, refused, report_of

# name: (lines of __init__, forward, head, parameters, MACs) at 3×8×8
CONV = "self.conv = nn.Conv2d(3, width, 1)"  # 4 parameters and 192 MACs for each channel
READ: dict[str, tuple[str, str, str, int, int]] = {
    "numbers changed in place": (
        f"n = torch.tensor([0])\nn.add_(3).mul_(2)\nwidth = int(n.item())\n{CONV}",
        "return self.conv(x)", "", 24, 1152,
    ),
    "a clone has numbers of its own": (
        "n = torch.tensor([4])\nm = n.clone()\nm.mul_(2)\nwidth = n.item() + m.item()\n" + CONV,
        "return self.conv(x)", "", 48, 2304,
    ),
    "values drawn for large layers": (
        "self.fc = nn.Linear(192, 4096)\n"
        "for _ in range(2000):\n"
        "    self.fc.weight.data.uniform_(-1, 1)\n"
        "    self.fc.weight.data.mul_(0.1)\n"
        "    self.fc.weight.data *= self.fc.weight.abs().max() > 0.5",
        "return self.fc(x.flatten(1))", "", 192 * 4096 + 4096, 192 * 4096,
    ),
    "what each value is made of": (
        "w = torch.empty(8, 4, 3, 3)\nfan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(w)\n"
        "width = (fan_out - fan_in) // 9 * int(nn.init.calculate_gain('relu') ** 2 + 0.5)\n" + CONV,
        "return self.conv(x)", "", 32, 1536,
    ),
    "sums of a row": (
        "width = torch.tensor([1, 1, 1]).cumsum(0)[-1].item()\n" + CONV,
        "return self.conv(x)", "", 12, 576,
    ),
    "how many values differ": (
        "width = len(torch.unique(torch.tensor([3, 1, 3, 2])))\n" + CONV,
        "return self.conv(x)", "", 12, 576,
    ),
    "in how many ways": (
        "import math\nwidth = math.comb(4, 2)\n" + CONV, "return self.conv(x)", "", 24, 1152,
    ),
    "a partial of a partial": (
        "from functools import partial\nmake = partial(partial(nn.Conv2d, 3), kernel_size=1)\n"
        "self.conv = make(2) if make.func is nn.Conv2d else None",
        "return self.conv(x)", "", 8, 384,
    ),
    "an argument that a layer doesn't have": (
        "try:\n    self.act = nn.GELU(inplace=True)\nexcept TypeError:\n    self.act = nn.GELU()\n"
        "width = 1\n" + CONV,
        "return self.act(self.conv(x))", "", 4, 192,
    ),
    "a forward set on the object": (
        "self.part = Part()", "return self.part(x)",
        "class Part(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 2, 1)\n        self.forward = self.fast\n"
        "    def fast(self, x):\n        return self.conv(x)\n",
        8, 384,
    ),
    "a product added": (
        "self.w = nn.Parameter(torch.ones(3, 1, 1))\nself.b = nn.Parameter(torch.zeros(3, 1, 1))",
        "return torch.addcmul(self.b, self.w, x)", "", 6, 0,
    ),
    "weights that are standardized": (
        "self.w = nn.Parameter(torch.ones(2, 3, 1, 1))\nself.gain = nn.Parameter(torch.ones(2))",
        "w = F.batch_norm(self.w.view(1, 2, -1), None, None, weight=self.gain, training=True)\n"
        "return F.conv2d(x, w.view_as(self.w))",
        "", 8, 384,
    ),
    "both ends of a queue": (
        "from collections import deque\nq = deque([2, 3])\nq.appendleft(5)\nq.rotate(1)\n"
        "width = q.popleft() + q[0]\n" + CONV,
        "return self.conv(x)", "", 32, 1536,
    ),
    "a registry that looks at modules by name": (
        "width = WIDTHS['make']\n" + CONV, "return self.conv(x)",
        "import sys\nWIDTHS = {}\ndefaults = {'make': 4}\n"
        "def register(f):\n    mod = sys.modules[f.__module__]\n"
        "    WIDTHS[f.__name__] = mod.defaults[f.__name__]\n"
        "    return f\n@register\ndef make():\n    return 1\n",
        16, 768,
    ),
    "a variable that isn't set": (
        "import os\nos.environ['CNNCALC_B'] = '2'\n"
        "width = int(os.environ.get('CNNCALC_NOT_SET', 3)) + int(os.environ['CNNCALC_B'])\n"
        "width += 'CNNCALC_NOT_SET' in os.environ\n" + CONV,
        "return self.conv(x)", "", 20, 960,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_is_read(name: str) -> None:
    init, forward, head, params, macs = READ[name]
    total = report_of(net(init, forward, head), (3, 8, 8)).total

    assert (total.params, total.unused_params, total.macs) == (params, 0, macs)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("n = torch.tensor([1, 2])\nn[0].fill_(5)\nwidth = n[0].item()", "only a run knows it"),
        ("n = torch.tensor([1])\nn.view(1, 1).mul_(7)\nwidth = n.item()", "only a run knows it"),
        ("n = torch.ones(1)\nn.normal_()\nwidth = int(n.item())", "only a run knows it"),
        ("n = torch.ones(1)\nnn.init.constant_(n, 4)\nwidth = int(n.item())", "only a run knows"),
        ("width = len(torch.unique(torch.rand(4)))", "how many different values"),
        ("import math\nwidth = math.comb(10 ** 6, 500)", "beyond what a network needs"),
        ("import sys\nwidth = len(sys.modules['torch'].__all__)", "modules have been loaded"),
        ("import os\nwidth = int(os.environ['CNNCALC_NOT_SET'])", "not set in the environment"),
    ],
)
def test_what_is_not_known_is_not_guessed(lines: str, words: str) -> None:
    error = refused(net(f"{lines}\n{CONV}", "return self.conv(x)"), (3, 8, 8))

    assert words in error.message


def test_a_variable_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is never looked at, and without it the figures would be wrong."""
    monkeypatch.setenv("CNNCALC_WIDTH", "7")
    text = net(f"import os\nwidth = int(os.getenv('CNNCALC_WIDTH', 3))\n{CONV}", "return x")

    assert "`CNNCALC_WIDTH` is set" in refused(text, (3, 8, 8)).message


def test_what_stopped_at_the_top_level_is_not_absent() -> None:
    head = "import torch\nSIZES = [1].appended(2)\nmodule = None\n"
    init = "try:\n    width = SIZES[0]\nexcept AttributeError:\n    width = 9\n" + CONV

    assert "appended" in refused(net(init, "return self.conv(x)", head), (3, 8, 8)).message


def test_fvcore_leaves_out_padding_by_word_and_plain_means() -> None:
    """As fvcore 0.1.5 prints: 0 for `_convolution_mode`, 0 for `mean`, 1 a value for a pool."""
    report = report_of(
        net(
            "self.a = nn.Conv2d(3, 4, 3, padding='same')\nself.b = nn.Conv2d(4, 4, 3, padding=1)\n"
            "self.pool = nn.AdaptiveAvgPool2d(1)",
            "x = self.b(self.a(x))\nreturn x.mean((2, 3)) + self.pool(x).flatten(1)",
        ),
        (3, 8, 8),
    )

    assert report.total.macs == (3 + 4) * 4 * 9 * 64
    assert report.count("fvcore") == 4 * 4 * 9 * 64 + 4 * 64


def test_a_long_network_whose_weights_are_scaled() -> None:
    """69 dense blocks of five convolutions, as super-resolution has them: fuel is for all of it."""
    head = """
class Dense(nn.Module):
    def __init__(self, c=64, g=32):
        super().__init__()
        sizes = [g, g, g, g, c]
        self.convs = nn.ModuleList(nn.Conv2d(c + i * g, n, 3, 1, 1) for i, n in enumerate(sizes))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight)
                m.weight.data *= 0.1
                m.bias.data.fill_(0)
    def forward(self, x):
        seen = [x]
        for conv in self.convs:
            seen.append(F.leaky_relu(conv(torch.cat(seen, 1)), 0.2))
        return seen[-1] * 0.2 + x
"""
    text = net(
        "self.body = nn.Sequential(*[Dense() for _ in range(69)])",
        "return self.body(x)",
        head,
    )
    dense = 9 * 32 * (64 + 96 + 128 + 160) + 4 * 32 + 9 * 64 * 192 + 64

    assert report_of(text, (64, 32, 32)).total.params == 69 * dense
