"""Live modules: through torch.fx and torch.export, against hooks, and against their source."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc import Report
from cnncalc.layers.base import Shape
from cnncalc.live import from_torch
from tests.frameworks.live_pytorch import torch_or_skip
from tests.live.telling import told
from tests.live.torch_models import ASKING, TRACED
from tests.source.reading import SAMPLES, report_of_file
from tests.source.test_samples import CASES, IDS, MODELS, live_module

MODELS_HERE = {**TRACED, **ASKING}
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, while it exports


@pytest.fixture(autouse=True)
def _torch() -> None:
    torch_or_skip()


def exported(module: Any, input: Shape) -> Report:
    """The report through torch.export alone."""
    import torch

    from cnncalc.live.torch_copy import empty_copy
    from cnncalc.live.torch_export import exported_network

    network = exported_network(torch, empty_copy(torch, module), type(module).__name__, input)
    return cnncalc.analyze(network, input)


def shapes_by_hooks(module: Any, input: Shape) -> dict[str, Shape]:
    """What comes out of each layer when it is really run, by the names of `named_modules`."""
    import torch

    found: dict[str, Shape] = {}

    def hook(name: str) -> Any:
        def note(_: Any, __: Any, output: Any) -> None:
            output = output[0] if isinstance(output, tuple | list) else output
            count = sum(key.partition("#")[0] == name for key in found)
            found[f"{name}#{count + 1}" if count else name] = tuple(output.shape[1:])

        return note

    for name, each in module.named_modules():
        if name and not list(each.children()):
            each.register_forward_hook(hook(name))
    with torch.no_grad():
        module.eval()(torch.rand(3, *input))
    return found


def check(module: Any, input: Shape, report: Report) -> None:
    """Sizes, names and weights of a report are the module's."""
    hooked = shapes_by_hooks(module, input)
    rows = {row.name: row for row in report.rows}
    weighted = {row.name for row in report.layers if row.params and row.name in hooked}
    assert {name: rows[name].output_shape for name in hooked if name in rows} == {
        name: shape for name, shape in hooked.items() if name in rows
    }
    assert len(hooked.keys() & rows.keys()) >= len(hooked) - 5  # several steps make no row
    assert weighted or not hooked
    parameters = list(module.parameters())
    assert report.total.params + report.total.unused_params == sum(p.numel() for p in parameters)
    held = {row.name: row for row in report.layers}
    for name, each in module.named_modules():
        if name in held and held[name].params:
            own = [p for p in each.parameters() if p.requires_grad]
            assert held[name].trainable == sum(p.numel() for p in own), name


@pytest.mark.parametrize("name", MODELS_HERE)
def test_against_a_run(name: str) -> None:
    make, size = MODELS_HERE[name]
    check(make(), size, cnncalc.analyze(from_torch(make(), size)))


@pytest.mark.parametrize("name", TRACED)
def test_both_ways_say_the_same(name: str) -> None:
    make, size = TRACED[name]
    assert told(exported(make(), size)) == told(cnncalc.analyze(from_torch(make(), size)))


@pytest.mark.parametrize("name", ASKING)
def test_only_export_follows(name: str) -> None:
    """These are the cases that torch.fx can't trace; without a size there is nothing to export."""
    import torch

    make, _ = ASKING[name]
    with pytest.raises(Exception, match=r"control flow|Proxy|iterated"):
        torch.fx.symbolic_trace(make())
    with pytest.raises(cnncalc.CnnCalcError, match=r"can't be traced: ") as caught:
        from_torch(make())
    assert "give its input's size" in str(caught.value.help)


@pytest.mark.parametrize(("file", "entry", "input"), [case[:3] for case in CASES], ids=IDS)
def test_against_its_source(file: str, entry: str | None, input: Shape) -> None:
    """A module says what its source says, traced or exported."""
    module = eval(entry or MODELS.get(file, "Net()"), vars(live_module(file)))
    module = module() if isinstance(module, type) else module
    source = told(report_of_file(SAMPLES / file, input, entry))

    assert told(cnncalc.analyze(from_torch(module, input))) == source
    assert told(exported(module, input)) == source
    check(module, input, cnncalc.analyze(from_torch(module, input)))


def test_any_size_through_export() -> None:
    """What asks for sizes is exported anew at each of them."""
    make, size = ASKING["crop"]
    network = from_torch(make(), size)

    kinds = [[row.kind for row in cnncalc.analyze(network, (3, n, n)).layers] for n in (12, 13)]
    assert "pad" not in kinds[0]
    assert "pad" in kinds[1]


def test_tensors_and_layers_that_are_called_like_no_attribute() -> None:
    """Keys of dictionaries may be any text; each keeps its own name in the report."""
    import torch

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = {"lambda": 3, "a-b": 3, "a_b": 3, "_w": 3, "w": 3}
            self.held = torch.nn.ParameterDict(
                {name: torch.ones(n, 1, 1) for name, n in sizes.items()}
            )
            self.kept = torch.nn.ModuleDict(
                {name: torch.nn.Conv2d(3, 3, 1) for name in ("class", "in", "a b", "\x1b[31m")}
            )

        def forward(self, x: Any) -> Any:
            for held in self.held.values():
                x = x * held
            for kept in self.kept.values():
                x = kept(x)
            return x

    module = Net()
    report = cnncalc.analyze(from_torch(module, (3, 4, 4)))
    names = [name.removesuffix(".weight") for name, _ in module.named_parameters()]

    assert [row.name for row in report.layers] == [n for n in names if not n.endswith("bias")]
    assert report.total.params == sum(each.numel() for each in module.parameters())


@pytest.mark.parametrize(
    "options", [{}, {"bias": False}, {"add_bias_kv": True, "add_zero_attn": True, "vdim": 8}]
)
def test_attention(options: dict[str, Any]) -> None:
    """Its tensors, its multiply-adds and which of its weights are trained."""
    torch = torch_or_skip()

    class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.attn = torch.nn.MultiheadAttention(8, 2, batch_first=True, **options)

        def forward(self, x: Any) -> Any:
            y, _ = self.attn(x, x, x)
            return y

    module = Net()
    module.attn.out_proj.weight.requires_grad = False
    row = cnncalc.analyze(from_torch(module, (5, 8))).rows[-1]
    longer = 5 + 2 * bool(options.get("add_zero_attn"))

    assert (row.name, row.kind, row.output_shape) == ("attn", "mha", (5, 8))
    assert [(each.name, each.shape, each.trainable) for each in row.weights] == [
        (name, tuple(each.shape), each.requires_grad)
        for name, each in sorted(
            module.attn.named_parameters(), key=lambda pair: pair[0].startswith("out_proj")
        )
    ]
    assert row.macs == 4 * 5 * 8 * 8 + 2 * 5 * longer * 8
