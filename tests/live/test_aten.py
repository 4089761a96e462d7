"""Each operator that torch.export leaves, in the words of source: its size is torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.frameworks.ops import names_in
from cnncalc.layers.base import Shape
from cnncalc.python.wordlists import words
from tests.frameworks.live_pytorch import torch_or_skip

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, while it exports
MAP = (4, 6, 6)
LINE = (4, 8)
SOLID = (4, 4, 4, 4)

# operator: function of the module and its input, the input's size; `P(…)` is a parameter.
CASES: dict[str, tuple[str, Shape]] = {
    "conv1d": ("F.conv1d(x, P(2, 4, 3), P(2), stride=2)", LINE),
    "conv2d": ("F.conv2d(x, P(2, 2, 3, 3), None, 1, 'same', 1, 2)", MAP),
    "conv3d": ("F.conv3d(x, P(2, 4, 1, 3, 1), padding=(0, 1, 0))", SOLID),
    "conv_transpose1d": ("F.conv_transpose1d(x, P(4, 2, 3), stride=2, output_padding=1)", LINE),
    "conv_transpose2d": ("F.conv_transpose2d(x, P(4, 1, 3, 3), P(2), 2, 1, 0, 2)", MAP),
    "conv_transpose3d": ("F.conv_transpose3d(x, P(4, 2, 2, 2, 2), stride=2)", SOLID),
    "linear": ("F.linear(x, P(3, 6), P(3))", MAP),
    "matmul": ("x @ P(6, 3)", MAP),
    "mm": ("torch.mm(x, P(4, 3))", (4,)),
    "addmm": ("torch.addmm(P(3), x, P(4, 3))", (4,)),
    "bmm": ("torch.bmm(x, x.transpose(1, 2))", (6, 4)),
    "einsum": ("torch.einsum('bchw,bdhw->bcd', x, x)", MAP),
    "masked_fill": ("(x @ x.mT).masked_fill(torch.ones(6, 6).tril() == 0, -1e9)", MAP),
    "where": ("torch.where(torch.ones(6, 6) < 1, x @ x.mT, -1e9)", MAP),
    "index": ("x[:, torch.arange(2)]", MAP),
    "mT": ("x.mT", MAP),
    "scaled_dot_product_attention": (
        "F.scaled_dot_product_attention(x, x[:, :, 2:], x[:, :, 2:, :5], scale=0.5)", MAP),
    "batch_norm": ("F.batch_norm(x, S(4), S(4), P(4), P(4))", MAP),
    "layer_norm": ("F.layer_norm(x, [6], P(6), P(6))", MAP),
    "rms_norm": ("F.rms_norm(x, [6], P(6))", MAP),
    "group_norm": ("F.group_norm(x, 2, P(4), P(4))", MAP),
    "instance_norm": ("F.instance_norm(x)", MAP),
    "prelu": ("F.prelu(x, P(4))", MAP),
    "max_pool1d": ("F.max_pool1d(x, 3, 2, 1, ceil_mode=True)", LINE),
    "max_pool2d": ("F.max_pool2d(x, 2)", MAP),
    "max_pool3d": ("F.max_pool3d(x, 2, dilation=2, stride=1)", SOLID),
    "avg_pool1d": ("F.avg_pool1d(x, 3, 2, 1, True)", LINE),
    "avg_pool2d": ("F.avg_pool2d(x, 3, padding=1, count_include_pad=False)", MAP),
    "avg_pool3d": ("F.avg_pool3d(x, 2)", SOLID),
    "adaptive_avg_pool1d": ("F.adaptive_avg_pool1d(x, 3)", LINE),
    "adaptive_avg_pool2d": ("F.adaptive_avg_pool2d(x, (3, None))", MAP),
    "adaptive_avg_pool3d": ("F.adaptive_avg_pool3d(x, 1)", SOLID),
    "adaptive_max_pool1d": ("F.adaptive_max_pool1d(x, 3)", LINE),
    "adaptive_max_pool2d": ("F.adaptive_max_pool2d(x, 2)", MAP),
    "adaptive_max_pool3d": ("F.adaptive_max_pool3d(x, 2)", SOLID),
    **{name: (f"F.{name}(x)", MAP) for name in words(
        "relu relu6 selu silu mish hardsigmoid hardswish leaky_relu rrelu elu celu gelu hardtanh "
        "softplus softshrink hardshrink alpha_dropout dropout")},
    "sigmoid": ("torch.sigmoid(x)", MAP),
    "tanh": ("x.tanh()", MAP),
    "log_sigmoid": ("F.logsigmoid(x)", MAP),
    "glu": ("F.glu(x, 1)", MAP),
    "threshold": ("F.threshold(x, 0.5, 1.0)", MAP),
    "softmax": ("x.softmax(-1)", MAP),
    "log_softmax": ("F.log_softmax(x, 1)", MAP),
    "feature_dropout": ("F.dropout2d(x, 0.2, False)", MAP),
    "upsample_nearest1d": ("F.interpolate(x, scale_factor=2)", LINE),
    "upsample_nearest2d": ("F.interpolate(x, (7, 9))", MAP),
    "upsample_nearest3d": ("F.interpolate(x, scale_factor=2)", SOLID),
    "upsample_linear1d": ("F.interpolate(x, size=5, mode='linear')", LINE),
    "upsample_bilinear2d": ("F.interpolate(x, scale_factor=1.5, mode='bilinear')", MAP),
    "upsample_bicubic2d": ("F.interpolate(x, 12, mode='bicubic', align_corners=True)", MAP),
    "upsample_trilinear3d": ("F.interpolate(x, 8, mode='trilinear')", SOLID),
    "pixel_shuffle": ("F.pixel_shuffle(x, 2)", MAP),
    "pixel_unshuffle": ("F.pixel_unshuffle(x, 3)", MAP),
    "channel_shuffle": ("F.channel_shuffle(x, 2)", MAP),
    "im2col": ("F.unfold(x, 3, padding=1, stride=2)", MAP),
    "col2im": ("F.fold(F.unfold(x, 2), 6, 2)", MAP),
    "pad": ("F.pad(x, [1, 2, 0, -1], value=1.0)", MAP),
    "constant_pad_nd": ("torch.constant_pad_nd(x, [1, 1], 0.0)", MAP),
    "reflection_pad1d": ("torch._C._nn.reflection_pad1d(x, [1, 2])", LINE),
    "reflection_pad2d": ("torch._C._nn.reflection_pad2d(x, [1, 1, 2, 2])", MAP),
    "reflection_pad3d": ("torch._C._nn.reflection_pad3d(x, [1] * 6)", SOLID),
    "replication_pad1d": ("torch._C._nn.replication_pad1d(x, [1, 2])", LINE),
    "replication_pad2d": ("torch._C._nn.replication_pad2d(x, [1, 1, 2, 2])", MAP),
    "replication_pad3d": ("torch._C._nn.replication_pad3d(x, [1] * 6)", SOLID),
    "add": ("torch.add(x, x, alpha=2) + 1", MAP),
    "sub": ("x - x.mean(1, keepdim=True)", MAP),
    "rsub": ("1 - x", MAP),
    "mul": ("x * P(4, 1, 1) * 2", MAP),
    "div": ("x / 2.0", MAP),
    "pow": ("x ** 2", MAP),
    "subtract": ("x.subtract(1)", MAP),
    "multiply": ("x.multiply(P(4, 1, 1))", MAP),
    "divide": ("x.divide(2)", MAP),
    "true_divide": ("torch.true_divide(x, 2)", MAP),
    "negative": ("x.negative()", MAP),
    "absolute": ("x.absolute()", MAP),
    "swapdims": ("x.swapdims(1, 2)", MAP),
    "swapaxes": ("x.swapaxes(1, -1)", MAP),
    "special_softmax": ("torch.special.softmax(x, 1)", MAP),
    "special_expit": ("torch.special.expit(x)", MAP),
    "maximum": ("torch.maximum(x, -x)", MAP),
    "minimum": ("torch.minimum(x, x.neg())", MAP),
    "clamp": ("x.clamp(0, 6)", MAP),
    "clamp_min": ("torch.clamp_min(x, 0)", MAP),
    "clamp_max": ("torch.clamp_max(x, 6)", MAP),
    **{form.name: (f"torch.{form.name}(x)", MAP) for op, form in names_in("function")
       if not op.torch and not form.defaults},
    "sum": ("x.sum(1)", MAP),
    "mean": ("x.mean((2, 3), keepdim=True)", MAP),
    "amax": ("x.amax(1, True)", MAP),
    "amin": ("x.amin((1, 2))", MAP),
    "logsumexp": ("torch.logsumexp(x, 1)", MAP),
    "var": ("x.var(1, keepdim=True)", MAP),
    "std": ("x.std(1) + x.std(1, unbiased=False) + x.std(1, correction=0)", MAP),
    "var_mean": ("torch.var_mean(x, 1, keepdim=True)[0]", MAP),
    "std_mean": ("torch.std_mean(x, (2, 3))[1]", MAP),
    "max": ("x.max(dim=1, keepdim=True)[0]", MAP),
    "min": ("x.min(2)[0]", MAP),
    "view": ("x.view(x.size(0), 8, -1)", MAP),
    "reshape": ("x.reshape(-1, 4, 36)", MAP),
    "flatten": ("x.flatten(2)", MAP),
    "unflatten": ("x.unflatten(1, (2, -1))", MAP),
    "permute": ("x.permute(0, 2, 3, 1)", MAP),
    "transpose": ("x.transpose(1, 2)", MAP),
    "squeeze": ("x.mean(1, keepdim=True).squeeze(1)", MAP),
    "unsqueeze": ("x.unsqueeze(-1)", MAP),
    "expand": ("x.mean((2, 3), keepdim=True).expand(-1, -1, 6, 5)", MAP),
    "expand_as": ("x.mean(1, keepdim=True).expand_as(x)", MAP),
    "view_as": ("x.flatten(1).view_as(x)", MAP),
    "repeat": ("x.repeat(1, 2, 1, 1)", MAP),
    "cat": ("torch.cat([x, x], -1)", MAP),
    "stack": ("torch.stack((x, x), 2)", MAP),
    "chunk": ("x.chunk(3, 2)[-1]", MAP),
    "split": ("x.split(4, 2)[1]", MAP),
    "split_with_sizes": ("x.split([1, 3], 1)[1]", MAP),
    "unbind": ("x.unbind(1)[2]", MAP),
    "narrow": ("x.narrow(1, 1, 2)", MAP),
    "select": ("x[:, 2]", MAP),
    "slice": ("x[:, 1:, ::2, -3:]", MAP),
    "sym_size": ("x.reshape(x.shape[0], 144)", MAP),
    "clone": ("x.clone() * 2", MAP),
    "contiguous": ("x.transpose(1, 2).contiguous()", MAP),
    "detach": ("x.detach() + 1", MAP),
    "alias": ("torch.ops.aten.alias(x) + 1", MAP),
    "to": ("x.to(torch.float64)", MAP),
    "_to_copy": ("torch.ops.aten._to_copy(x, dtype=torch.float64) + 1", MAP),
    "lift_fresh_copy": ("x * torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])", MAP),
    "zeros": ("x + torch.zeros(4, 1, 1)", MAP),
    "ones": ("x + torch.ones(6)", MAP),
    "empty": ("x * torch.empty(6)", MAP),
    "rand": ("x + torch.rand(6)", MAP),
    "randn": ("x + torch.randn(6)", MAP),
    "full": ("x + torch.full((6,), 2.0)", MAP),
    "arange": ("x + torch.arange(6)", MAP),
    **{f"{name}_like": (f"x + torch.{name}_like(P(6))", MAP) for name in
       words("zeros ones empty rand randn")},
}  # fmt: skip
# What is read so that the refusal is the reader's own, with its reason.
REFUSED = {"einsum": ("torch.einsum('bchw,bdhw->cd', x, x)", MAP)}


def module_of(code: str) -> Any:
    """A module whose forward is these words; on small maps it does something else."""
    torch = torch_or_skip()
    from torch import nn

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.held = nn.ParameterList()
            self.stats = [torch.zeros(4), torch.ones(4)]
            self.run: Callable[[Any], Any] = eval(f"lambda x, P, S: {code}", {
                "torch": torch, "F": nn.functional})  # fmt: skip
            self.eager(torch.rand(2, *SIZES[code]))

        def eager(self, x: Any) -> Any:
            def parameter(*shape: int) -> Any:
                self.held.append(nn.Parameter(torch.rand(*shape)))
                return self.held[-1]

            return self.run(x, parameter, lambda n: torch.ones(n))

        def forward(self, x: Any) -> Any:
            given = iter(self.held)
            return self.run(x, lambda *shape: next(given), lambda n: torch.ones(n))

    return Net().eval()


SIZES = dict([*CASES.values(), *REFUSED.values()])


def export(code: str, size: Shape) -> tuple[Any, cnncalc.Report]:
    torch = torch_or_skip()
    from cnncalc.live.torch_copy import empty_copy
    from cnncalc.live.torch_export import exported_network

    module = module_of(code)
    network = exported_network(torch, empty_copy(torch, module), "Net", size)
    return module, cnncalc.analyze(network, size)


@pytest.mark.parametrize("name", CASES)
def test_an_operator(name: str) -> None:
    torch = torch_or_skip()
    code, size = CASES[name]
    module, report = export(code, size)

    with torch.no_grad():
        real = module(torch.rand(3, *size))
    assert report.rows[report.outputs[0]].output_shape == tuple(real.shape[1:])
    held = sum(each.numel() for each in module.parameters())
    assert report.total.params + report.total.unused_params == held


@pytest.mark.parametrize("name", REFUSED)
def test_an_operator_that_is_refused(name: str) -> None:
    with pytest.raises(CnnCalcError) as caught:
        export(*REFUSED[name])
    assert "aten." not in str(caught.value)


def test_every_operator_has_a_case() -> None:
    """Those with a row of their own, and those that the table of element-wise kinds names."""
    torch = torch_or_skip()
    from cnncalc.live.torch_aten import ATEN

    named = {form.name for field in ("function", "aten") for _, form in names_in(field)}
    named = {name for name in named if hasattr(torch.ops.aten, name)}
    assert {*ATEN, *named} - set(CASES) == set(), "add a call that is exported as each to CASES"
    assert {"mish", "log_sigmoid", "erf"} < named


def test_an_argument_that_a_function_has_not() -> None:
    """It isn't left out unseen: an operator that takes more than its namesake is refused."""
    from cnncalc.live.torch_aten import aten_call

    assert aten_call("flatten", {"self": "x", "start_dim": "2"}) == "torch.flatten(x, start_dim=2)"
    assert aten_call("flatten", {"self": "x", "by": "2"}) is None
    assert aten_call("unfold", {"self": "x", "dimension": "2", "size": "3", "step": "1"}) is None


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("x.cumprod(1)", "cumprod"),
        ("torch.digamma(x)", "digamma"),
        ("torch.lgamma(x)", "lgamma"),
        ("torch.sort(x)[0]", "sort"),
    ],
)
def test_an_unknown_operator_is_named(code: str, name: str) -> None:
    SIZES[code] = MAP
    with pytest.raises(CnnCalcError, match=f"`aten.{name}` is not known"):
        export(code, MAP)
