"""Hooks of modules: they run beside the forward, and may change what flows."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from tests.source.reading import net, refused, report_of

TAPS = """
self.taps = []
self.a = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2))
{hooks}
"""
KEEP = "lambda module, inputs, output: self.taps.append(output)"
# What is registered, and what the forward makes of it.
CASES = {
    "kept": (f"self.a[0].register_forward_hook({KEEP})", "self.a(x)\nreturn self.taps[0]"),
    "kept by a closure": (
        "def into(taps):\n    def hook(module, inputs, output):\n        taps.append(inputs[0])\n"
        "    return hook\nfor each in self.a.children():\n"
        "    each.register_forward_hook(into(self.taps))",
        "self.a(x)\nreturn self.taps[2].mean((2, 3))",
    ),
    "another output": (
        "self.a[1].register_forward_hook(lambda m, i, o: o[..., ::2])",
        "return self.a(x)",
    ),
    "another input": (
        "self.a.register_forward_pre_hook(lambda m, i: F.pad(i[0], (1, 2)))\n"
        "self.a[2].register_forward_pre_hook(lambda m, i: (i[0] * 2,))",
        "return self.a(x)",
    ),
    "one after the other": (
        "self.a.register_forward_hook(lambda m, i, o: o.flatten(1))\n"
        "self.a.register_forward_hook(lambda m, i, o: o[:, :10])",
        "return self.a(x)",
    ),
    "removed": (
        "handle = self.a.register_forward_hook(lambda m, i, o: o.flatten(1))\nhandle.remove()\n"
        "handle.remove()",
        "return self.a(x)",
    ),
    "of gradients": (
        "self.a.register_full_backward_hook(lambda m, i, o: (i[0].flatten(1),))",
        "return self.a(x)",
    ),
    "of the whole": ("self.register_forward_hook(lambda m, i, o: o + 1)", "return self.a(x)"),
    "inside a layer of the library": (
        "self.t = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)\n"
        f"self.t.linear1.register_forward_hook({KEEP})\n"
        f"self.t.self_attn.register_forward_hook(lambda m, i, o: self.taps.append(o[0]))",
        "self.t(x[:, 0])\nreturn torch.cat(self.taps, 2)",
    ),
}


@pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")
@pytest.mark.parametrize("case", CASES)
def test_sizes_are_those_of_a_run(case: str) -> None:
    import torch

    hooks, forward = CASES[case]
    text = net(TAPS.format(hooks=hooks), forward)
    names: dict[str, Any] = {}
    exec(text, names)
    module = names["Net"]()
    ran = tuple(module(torch.zeros(2, 3, 9, 8)).shape[1:])
    report = report_of(text, (3, 9, 8))
    assert report.rows[report.outputs[0]].output_shape == ran
    params = sum(weight.numel() for weight in module.parameters())
    assert report.total.params + report.total.unused_params == params


def test_a_hook_with_options_is_refused() -> None:
    text = net(
        "self.a = nn.ReLU()\nself.a.register_forward_hook(print, with_kwargs=True)",
        "return self.a(x)",
    )
    assert "a hook with `with_kwargs` can't be followed" in refused(text, (3, 8, 8)).message


def test_a_hook_that_runs_its_own_module_ends() -> None:
    text = net(
        "self.a = nn.ReLU()\nself.a.register_forward_hook(lambda m, i, o: m(o))",
        "return self.a(x)",
    )
    assert "nested" in refused(text, (3, 8, 8)).message
