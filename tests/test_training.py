"""What inference and training take: small networks by hand, laws, and PyTorch's own storages."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc import CnnCalcError, analyze
from cnncalc.executors.memory import owners_of
from cnncalc.executors.training import OPTIMIZERS, inference, training
from cnncalc.moments import Memory, Moment
from tests.conftest import Command
from tests.library import NAMES, report
from tests.strategies import specs
from tests.test_schema import STRICT

SMALL = ("3x8x8", "conv:4,k3,p1", "relu", "maxpool:2", "flatten", "linear:10")


def alive(spec: str) -> list[int]:
    """Elements alive while each row works."""
    return [each // 4 for each in inference(analyze(spec)).rows]


@pytest.mark.parametrize(
    ("spec", "elements"),
    [
        ("4x8x8 relu relu relu", [256, 512, 768, 768]),  # the input stays
        (
            "4x8x8 conv:8,k1 flatten linear:10",
            [256, 768 + 512, 768, 778],
        ),  # in a copy; a view takes nothing
        ("4x8x8 add[ conv:4,k1 | ]", [256, 512 + 256, 768]),
        ("4x8x8 relu add[ conv:4,k1 conv:4,k1 | ]", [256, 512, 768 + 256, 1024 + 256, 1024]),
        ("4x8x8 relu dropout relu", [256, 512, 512, 768]),  # nothing is dropped
    ],
)
def test_what_is_alive(spec: str, elements: list[int]) -> None:
    assert alive(spec) == elements


@pytest.mark.parametrize(
    ("spec", "elements"),
    [
        ("4x8x8 relu", [0, 0]),  # nothing is trained before it
        ("4x8x8 conv:4,k1 relu", [0, 256, 256]),  # the input, and what relu gave
        ("4x8x8 conv:4,k1 gelu", [0, 256, 256]),  # the input, and what gelu read
        ("4x8x8 conv:4,k1 bn relu", [0, 256, 256, 256]),
        ("4x8x8 conv:4,k1 relu conv:4,k1", [0, 256, 256, 0]),  # what relu gave is kept once
        ("4x8x8 conv:4,k1 maxpool:2", [0, 256, 256 + 2 * 64]),  # and 64-bit places
        ("4x8x8 conv:4,k1 dropout", [0, 256, 256]),  # what it let through
    ],
)
def test_what_is_kept(spec: str, elements: list[int]) -> None:
    assert [each // 4 for each in training(analyze(spec), "sgd").rows] == elements


def test_the_way_back_by_hand() -> None:
    """Weights, gradients as they come, what is kept, and what flows."""
    memory = training(analyze("4x8x8 conv:4,k1,nobias relu conv:4,k1,nobias"), "sgd")
    there = 256 + 256  # the input, and what came out
    forward = [512 + 256, 768, 768 + 256]  # the first convolution's goes once relu has read it
    backward = [there + 256 + 512, there + 256 + 512, there + 256]  # kept of relu; what flows

    assert [each.sample // 4 for each in memory.moments] == [*forward, *backward, there]
    assert [each.gradients // 4 for each in memory.moments] == [0, 0, 0, 16, 16, 32, 32]


@pytest.mark.parametrize(("name", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_states(name: str, states: int) -> None:
    report = analyze("4x8x8 conv:8,k1 bn", dtype="float16", batch=2)
    memory = training(report, name)

    assert memory.states == states * 2 * (40 + 16)
    assert (memory.parameters, memory.buffers) == (2 * (40 + 16), 2 * 17)


def test_what_is_frozen_has_no_gradient() -> None:
    text = (
        "import torch.nn as nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = nn.Conv2d(4, 4, 1)\n"
        "        self.b = nn.Conv2d(4, 4, 1)\n"
        "        for weight in self.a.parameters():\n"
        "            weight.requires_grad = False\n"
        "    def forward(self, x):\n"
        "        return self.b(self.a(x).relu())\n"
    )
    memory = training(analyze(text, (4, 8, 8)), "adam")

    assert memory.states == 2 * 4 * 20
    assert memory.rows == [0, 0, 0, 4 * 256]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50)), min_size=1),
    st.integers(0, 4000),
)
def test_the_largest_batch(moments: list[tuple[int, int, int]], limit: int) -> None:
    """It fits, and one more doesn't."""
    memory = Memory("sgd", 5, 3, 2, [Moment(*each) for each in moments], [])
    room = memory.room(limit)

    assert room.reserve + room.most == limit
    assert room.batch == 0 or memory.at(room.batch).total <= room.most
    assert memory.at(room.batch + 1).total > room.most


@pytest.mark.parametrize("name", NAMES)
def test_shipped_networks(name: str) -> None:
    """Inference takes less than training, which takes weights, gradients and states at least."""
    whole = report(name)
    trained, passed = training(whole, "adam"), inference(whole)
    weights = whole.total.param_bytes

    assert trained.at(1).total >= 4 * weights
    assert weights <= passed.at(4).total < trained.at(4).total
    assert len(trained.rows) == len(passed.rows) == len(whole.rows)
    assert sum(trained.rows) <= max(each.sample for each in trained.moments)


@given(specs())
def test_any_network(spec: str) -> None:
    """Whatever the layers, every moment takes something, and the last holds input and outputs."""
    found = analyze(spec)
    memory = training(found, "momentum")
    owners = owners_of(found)
    ends = {owners[number] for number in (0, *found.outputs)}

    assert all(each.sample >= 0 for each in memory.moments)
    assert memory.moments[-1].sample == sum(4 * prod(found.rows[n].output_shape) for n in ends)
    assert inference(found).at(1).total > 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_takes_more(optimizer: str) -> None:
    report = analyze("resnet18")

    assert training(report, optimizer).at(8).total > inference(report).at(8).total
    assert training(report, optimizer).room(10**10).batch < inference(report).room(10**10).batch


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("3x32x32 conv:16,k3,p1 bn relu maxpool:2 conv:32,k3,p1 relu gap linear:10", (3, 32, 32)),
        ("8x16x16 conv:8,k1 3*add[ conv:8,k3,p1 bn relu conv:8,k3,p1 bn | ] relu", (8, 16, 16)),
        ("3x32x32 conv:8,k3,p1 x@relu maxpool:2 conv:8,k3,p1 relu convt:8,k2,s2 "
         "cat[ | @x ] conv:8,k3,p1 relu", (3, 32, 32)),
        ("64 linear:256 gelu linear:256 sigmoid linear:10", (64,)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_pytorchs_own_storages(spec: str, shape: tuple[int, ...], optimizer: str) -> None:
    """A step of training in PyTorch, every storage counted from when it is made until it goes."""
    torch = pytest.importorskip("torch")
    foreseen, real = (
        training(analyze(spec), optimizer).at(64).total,
        _trained(spec, shape, optimizer),
    )

    assert torch.is_grad_enabled()
    assert foreseen == pytest.approx(real, rel=0.1)


def _trained(spec: str, shape: tuple[int, ...], name: str) -> int:
    """The most bytes of a step at batch 64, after one that has made the optimizer's states."""
    import torch

    import cnncalc
    from cnncalc.executors.torch.peak import watch

    names: dict[str, Any] = {}
    exec(str(cnncalc.convert(spec, "torch", name="Net")), names)
    net, x = names["Net"](), torch.zeros(64, *shape)
    rules = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimizer = rules[name](net.parameters(), lr=0.1, foreach=True)

    def step() -> None:
        y = net(x)
        (1.0 * y).mean().backward()  # whose gradient is as large as what comes out
        optimizer.step()
        optimizer.zero_grad()

    step()
    states = [value for state in optimizer.state.values() for value in state.values()]
    held = [*net.parameters(), *net.buffers(), x, *states]
    with watch("cpu") as peak:
        for each in held:
            each.view_as(each)  # which it counts from then
        step()
    assert peak.bytes is not None
    return peak.bytes


# The command


def test_the_lines(command: Command) -> None:
    code, out, err = command("shape", *SMALL, "--optimizer", "adam", "--fits", "24GB", "-b", "4")

    assert (code, err) == (0, "")
    assert out.splitlines()[0].split()[-2:] == ["kept", "bytes"]
    assert "\ninference: 14.3 kB at most (parameters 3.05 kB, activations 11.3 kB)\n" in out
    assert "\ntraining with adam: " in out
    assert "\nlargest batch in 24.0 GB, training with adam: " in out
    assert " (2.20 GB in reserve for contexts and workspaces)" in out


def test_inference_alone(command: Command) -> None:
    code, out, err = command("shape", *SMALL, "--fits", "1GB")

    assert (code, err) == (0, "")
    assert out.splitlines()[0].split()[-2:] == ["alive", "bytes"]
    assert "training" not in out


@pytest.mark.parametrize("options", [(), ("--optimizer", "sgd")])
def test_what_does_not_fit_is_missed(options: tuple[str, ...], command: Command) -> None:
    what = "training with sgd" if options else "inference"
    code, _, err = command("shape", *SMALL, "--fits", "1MB", "-b", "1000", *options)

    assert code == 1
    assert err.startswith(f"missed: {what} takes ")
    assert "more than the 850 kB that --fits 1MB leaves beside its reserve" in err


def test_the_document(command: Command) -> None:
    options = ("--fits", "10MB", "--optimizer", "momentum", "-b", "2")
    _, out, _ = command("shape", *SMALL, "--json", *options)
    document = json.loads(out)
    inferred, trained = document["memory"]
    STRICT.validate(document)

    assert (inferred["what"], inferred["optimizer"]) == ("inference", None)
    assert (trained["what"], trained["optimizer"]) == ("training", "momentum")
    assert trained["states_bytes"] == trained["parameters_bytes"] == 4 * 762
    assert trained["fits"]["limit"] == 10**7
    assert trained["fits"]["reserve"] == 1_500_000
    assert document["checks"][0]["what"] == "fits"
    assert document["checks"][0]["value"] == trained["total_bytes"]
    assert len(trained["layer_bytes"]) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--optimizer", "rmsprop"), "there is no optimizer `rmsprop` here"),
        (("--optimizer", "adam", "--dtype", "int8"), "a network of int8 can't be trained"),
        (("--fits", "lots"), "`--fits lots` is no amount"),
    ],
)
def test_refusals(options: tuple[str, ...], message: str, command: Command) -> None:
    code, out, err = command("shape", *SMALL, *options)

    assert (code, out) == (2, "")
    assert message in err


def test_names_are_no_numbers() -> None:
    with pytest.raises(CnnCalcError) as told:
        training(analyze("3xHxW conv:4,k3"), "sgd")

    assert told.value.code == "unbound-symbol"
