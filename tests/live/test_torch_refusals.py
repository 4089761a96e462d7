"""What of a live module can't be read, said clearly; and that no module changes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import cnncalc
from cnncalc import CnnCalcError
from cnncalc.live import from_torch
from tests.frameworks.live_pytorch import torch_or_skip
from tests.live.torch_models import ASKING, TRACED

MAP = (3, 8, 8)
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, while it exports


@pytest.fixture(autouse=True)
def _torch() -> None:
    torch_or_skip()


def of(forward: Callable[..., Any], **parts: Any) -> Any:
    """A module with this forward and these parts."""
    from torch import nn

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

        def forward(self, x: Any) -> Any:
            return forward(self, x)

    return Net()


def pruned(nn: Any) -> Any:
    from torch.nn.utils import prune

    module = nn.Sequential(nn.Conv2d(3, 3, 1))
    prune.l1_unstructured(module[0], "weight", 0.5)
    return module


def refusals() -> dict[str, tuple[Any, str]]:
    """What can't be read, and what is said of it."""
    import torch
    from torch import nn

    class Two(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, y: Any) -> Any:
            return x + y

    def part(self: Any, x: Any) -> Any:
        x[:, :1].add_(1)
        return x * 2

    def sized(self: Any, x: Any) -> Any:
        return self.up(x, output_size=(18, 18)) if x.shape[2] > 3 else x

    changed = nn.Sequential(nn.ReLU())
    changed[0].forward = torch.sigmoid
    norm = nn.utils.parametrizations.weight_norm
    sides = (
        "can't be traced by torch.fx: symbolically traced variables cannot be used as inputs to "
        "control flow; nor by torch.export at 3×8×8: "
    )
    return {
        "word": ("conv", "takes a torch.nn.Module, not a str"),
        "class": (nn.Conv2d, "takes a torch.nn.Module, not a type"),
        "bilinear": (
            nn.Sequential(nn.Bilinear(3, 4, 5)),
            "`0` is a `Bilinear`, which is not known here",
        ),
        "values": (of(lambda self, x: x if x.sum() > 0 else -x), sides + "Could not guard"),
        "wrong channels": (
            of(lambda self, x: self.c(x) if x.shape[2] > 3 else x, c=nn.Conv2d(4, 2, 3)),
            sides + "Given groups=1",
        ),
        "function": (
            of(lambda self, x: torch.fft.fft2(x)),
            "the function `torch._C._fft.fft_fft2` is not known here; nor by torch.export at "
            "3×8×8: the operator `aten.fft_fft2` is not known here",
        ),
        "function of torch": (of(lambda self, x: torch.cumsum(x, 1)), "`torch.cumsum` "),
        "part": (of(part), "`add_` writes into a part of a tensor that is used again"),
        "two inputs": (Two(), "takes more inputs than one, and the size of `y` is missing: `x` is"),
        "other size": (
            of(sized, up=nn.ConvTranspose2d(3, 3, 3, stride=2)),
            "`up` gives 3×17×17 as it is read, and 3×18×18 in torch.export",
        ),
        "weight norm": (
            nn.Sequential(nn.utils.weight_norm(nn.Conv2d(3, 3, 1))),
            "`0` keeps `weight_g`, which a `Conv2d` doesn't have",
        ),
        "parametrized": (nn.Sequential(norm(nn.Conv2d(3, 3, 1))), "`0` is a `ParametrizedConv2d`"),
        "pruned": (pruned(nn), "`0` keeps `weight_orig`, which a `Conv2d` doesn't have"),
        "lazy": (nn.Sequential(nn.LazyConv2d(3, 1)), "`0.weight` has no size yet"),
        "lock": (of(lambda self, x: x, lock=threading.Lock()), "can't be copied to be read"),
        "nothing": (of(lambda self, x: None), "returns None, no tensor"),
        "argument": (of(lambda self, x: x * 2j), "an argument of the kind `complex`"),
        "forward": (changed, "`0` has a forward of its own, which a `ReLU` doesn't have"),
        "choice": (
            of(
                lambda self, x: torch.cond(self.flag, torch.sin, torch.cos, (x,)),
                flag=torch.tensor(True),
            ),
            "nor by torch.export at 3×8×8: `get_attr` of torch.export can't be followed",
        ),
    }


REFUSED = (
    "word", "class", "bilinear", "values", "wrong channels", "function", "function of torch",
    "two inputs", "other size", "weight norm", "parametrized", "pruned", "lazy", "lock", "nothing",
    "part", "argument", "forward", "choice",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    module, message = refusals()[name]
    with pytest.raises(CnnCalcError) as caught:
        cnncalc.analyze(from_torch(module, MAP))
    assert message in str(caught.value)
    assert capfd.readouterr() == ("", "")  # torch.export logs and prints what it can't follow


def test_wrong_sizes() -> None:
    module = TRACED["dense"][0]()
    for size in ("3x8xw", "", 3.0, (3, 0, 8), (True, 3), (3.0, 8.0)):
        with pytest.raises(CnnCalcError, match="`from_torch` can't take the input"):
            from_torch(module, size)  # type: ignore[arg-type]
    with pytest.raises(CnnCalcError, match=r"receives 1 channels? \(1×8×8\)"):
        cnncalc.analyze(from_torch(module, (1, 8, 8)))
    with pytest.raises(CnnCalcError, match="3×8 has an axis too few") as caught:
        cnncalc.analyze(from_torch(module, (3, 8)))
    assert caught.value.help == "write `3x8x8`"


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(CnnCalcError, match="needs PyTorch") as caught:
        from_torch(object())
    assert caught.value.help == "pip install 'cnncalc[torch]'"


def test_models_of_keras_are_sent_on() -> None:
    """With PyTorch under it, a Keras layer is a torch.nn.Module, too."""
    from torch import nn

    class Dense(nn.Module):  # type: ignore[misc]
        def get_build_config(self) -> None:
            """As Keras's layers have it."""

    with pytest.raises(CnnCalcError, match="model of Keras") as caught:
        from_torch(Dense())
    assert "from_keras" in str(caught.value.help)


def watched(module: Any) -> tuple[Any, list[Any]]:
    """The module with hooks that note when it is run."""
    ran: list[Any] = []
    for each in module.modules():
        each.register_forward_hook(lambda *args: ran.append(args))
        each.register_forward_pre_hook(lambda *args: ran.append(args))
    return module, ran


def state(module: Any) -> Any:
    """What of a module may not change."""
    import torch

    return (
        [(name, id(each), each.training, sorted(vars(each))) for name, each in
         module.named_modules()],
        [(name, id(each), each.requires_grad, str(each.device), each.dtype, each.grad is None)
         for name, each in module.named_parameters()],
        [(name, each.clone().tolist()) for name, each in
         [*module.named_parameters(), *module.named_buffers()]],
        [(len(each._forward_hooks), len(each._forward_pre_hooks)) for each in module.modules()],
        torch.random.get_rng_state().tolist(),
        torch.is_grad_enabled(),
        str(torch.get_default_device()),
    )  # fmt: skip


@pytest.mark.parametrize("name", [*TRACED, *ASKING])
def test_the_module_stays_as_it_is(name: str) -> None:
    """Traced or exported, in training or not: no hook runs, and nothing is another object."""
    make, size = {**TRACED, **ASKING}[name]
    module, ran = watched(make())
    next(module.children()).eval()
    for parameter in list(module.parameters())[:1]:
        parameter.requires_grad = False
    before = state(module)

    cnncalc.analyze(from_torch(module, size))

    assert not ran
    assert state(module) == before


def test_wrappers_are_looked_through() -> None:
    import torch
    from torch import nn

    stack = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    for wrapped in (torch.compile(stack), nn.DataParallel(stack)):
        assert [row.name for row in cnncalc.analyze(from_torch(wrapped, MAP)).layers] == ["0", "1"]


def test_other_arguments_keep_their_defaults() -> None:
    """A branch on an argument is taken as its default has it, not as a traced value would."""
    from torch import nn

    class Flags(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Any, mask: Any = None, scale: float = 2.0) -> Any:
            x = self.conv(x)
            if mask is not None:
                x = x * mask
            return nn.functional.relu(x) * scale

    class Early(Flags):
        def forward(self, x: Any, early: bool = False) -> Any:
            return x if early else super().forward(x)

    for module in (Flags(), Early()):
        report = cnncalc.analyze(from_torch(module), MAP)
        assert [(row.name, row.text) for row in report.layers] == [
            ("conv", "conv:4,k3"),
            ("relu", "relu"),
            ("mul", "rescale:2"),
        ]


def test_what_is_traced_but_not_read_is_exported() -> None:
    """`swapdims` is no word of the reader's; torch.export says what it is."""
    from torch import nn

    module = of(lambda self, x: self.conv(x.swapdims(1, 2)), conv=nn.Conv2d(8, 4, 3))
    report = cnncalc.analyze(from_torch(module, MAP))
    assert [(row.name, row.output_shape) for row in report.layers] == [
        ("permute", (8, 3, 8)),
        ("conv", (4, 1, 6)),
    ]


def test_a_method_is_not_the_function_of_its_name() -> None:
    """`x.unfold(2, 2, 2)` gives windows along an axis, and isn't `F.unfold`."""
    import torch

    report = cnncalc.analyze(from_torch(of(lambda self, x: x.unfold(2, 2, 2)), MAP))
    shape = torch.zeros(MAP).unfold(1, 2, 2).shape
    assert report.layers[-1].output_shape == shape


def test_what_is_written_in_place_goes_on() -> None:
    """`x.mul_(2)` changes what reads `x` afterwards."""
    from torch import nn

    def run(self: Any, x: Any) -> Any:
        x.mul_(2)
        return self.conv(x)

    report = cnncalc.analyze(from_torch(of(run, conv=nn.Conv2d(3, 4, 3)), MAP))
    assert [(row.kind, row.inputs) for row in report.layers] == [("rescale", (0,)), ("conv", (1,))]


def test_half_precision_and_tied_weights() -> None:
    from torch import nn

    def run(self: Any, x: Any) -> Any:
        return self.conv(x) if x.shape[-1] > 3 else x

    module = of(run, conv=nn.Conv2d(3, 4, 3)).double()
    assert cnncalc.analyze(from_torch(module, MAP)).total.params == 112
    one, two = nn.Linear(4, 4), nn.Linear(4, 4)
    two.weight = one.weight
    report = cnncalc.analyze(from_torch(nn.Sequential(one, two), (4,)))
    assert [row.params for row in report.layers] == [20, 4]
