"""Values and axes in another order: what is read gives what torch gives."""

from __future__ import annotations

from importlib import import_module
from inspect import isroutine
from pkgutil import iter_modules
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.notations.source.torch import functions
from cnncalc.notations.source.torch.functions.order import ORDER
from cnncalc.notations.source.torch.functions.table import BEYOND, METHODS, TORCH
from tests.source.reading import net

CALLS = (
    "torch.flip(x, (2, 3))",
    "x.flip(1)",
    "x.flip(dims=[1, -1])",
    "torch.fliplr(x)",
    "torch.roll(x, 1, 2)",
    "torch.roll(x, shifts=(1, -2), dims=(2, 3))",
    "x.roll(5, 1)",
    "torch.rot90(x, 1, (2, 3))",
    "torch.rot90(x, k=-1, dims=[-2, -1])",
    "x.rot90(2, (1, 3))",
    "torch.movedim(x, 1, -1)",
    "x.movedim((1, 2), (-1, 1))",
    "torch.moveaxis(x, source=3, destination=1)",
    "torch.narrow_copy(x, 2, 1, 2)",
    "torch.hstack([x, x + 1])",
    "torch.dstack((x, x))",
    "torch.clamp_max(x, 7)",
    "torch.broadcast_to(x[:, :1], (-1, 3, 4, 5))",
)


@pytest.mark.parametrize("call", CALLS)
def test_the_values_are_torchs(call: str) -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(60.0).reshape(1, 3, 4, 5)
    names: dict[str, Any] = {"torch": torch, "x": x}
    written = cnncalc.convert(net("", f"return {call}"), "torch", (3, 4, 5), name="Net")
    assert isinstance(written, str)
    exec(written, names)

    assert torch.equal(names["Net"]()(x), eval(call, names))


@pytest.mark.parametrize("call", CALLS)
def test_the_fields_are_measured(call: str) -> None:
    report = cnncalc.verify(net("", f"return {call}"), (3, 4, 5))

    assert report.verify is not None
    assert report.verify["ok"]


def test_constants_too() -> None:
    turned = "torch.ones(5, 4).rot90(1, (0, 1)).flip(0)"
    plain, moved = (
        cnncalc.analyze(net("", f"return x + {call}"), (3, 4, 5)).layers[0].text
        for call in ("torch.ones(4, 5)", f"torch.roll({turned}, 1, 1)")
    )

    assert plain == moved


@pytest.mark.parametrize("call", ["torch.roll(x, 4, 2)", "x.rot90(4, (2, 3))", "x.movedim(1, 1)"])
def test_nothing_to_move_is_no_step(call: str) -> None:
    assert len(cnncalc.analyze(net("", f"return {call}"), (3, 4, 5)).layers) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("x.flip(0)", "`flip` along axis 0 mixes the samples of a batch"),
        ("x.flipud()", "`flip` along axis 0 mixes the samples of a batch"),
        ("torch.roll(x, 1)", "this `roll` runs through all values"),
        ("torch.roll(x, (1, 2), 1)", "`roll` has 2 shifts for 1 axes"),
        ("torch.roll(x, 1.5, 1)", "is no whole number to roll by"),
        ("torch.rot90(x, 2)", "`rot90` along axis 0 mixes the samples of a batch"),
        ("x.rot90(1, (2, 2))", "`rot90` turns a plane of two axes"),
        ("x.rot90(0.5, (2, 3))", "is no number of quarter turns"),
        ("x.movedim((1, 2), 3)", "`movedim` takes a place for each axis that it moves"),
        ("x.movedim((1, 2), (3, 3))", "and each of them once"),
        ("x.flip(4)", "a tensor of 4 axes has no axis 4"),
    ],
)
def test_what_is_refused(call: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        cnncalc.analyze(net("", f"return {call}"), (3, 4, 5))


def tables(file: str) -> dict[str, Any]:
    """What the tables of a file of functions hold, by name."""
    module = import_module(f"{functions.__name__}.{file}")
    found = [getattr(module, name) for name in module.__all__]
    return {
        name: each for table in found if isinstance(table, dict) for name, each in table.items()
    }


FILES = {each.name for each in iter_modules(functions.__path__)} - {"table", "view"}


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_new_function_is_an_entry(file: str) -> None:
    """What stands in a table of its file is a function of torch, a method of tensors, or both."""
    entries = tables(file)

    assert entries
    for name, function in entries.items():
        assert function in (TORCH.get(name), METHODS.get(name)), name


def test_which_are_both() -> None:
    for name, function in ORDER.items():
        assert TORCH[name] is METHODS[name] is function
    assert not {"cat", "zeros", "where"} & METHODS.keys()
    assert not {"view", "item", "size"} & TORCH.keys()


# What NumPy's arrays have, which are read as tensors.
OF_ARRAYS = {"astype"}


def names_of(*homes: Any, called: bool = False) -> set[str]:
    """What stands there, or can be called; `x.normal_()` is read as `normal`, in place."""
    names = {(home, name) for home in homes for name in dir(home)}
    return {
        name.removesuffix("_")
        for home, name in names
        if not called or isroutine(getattr(home, name))
    }


def test_what_torch_has_as_functions_and_as_methods() -> None:
    """A new entry is both, until one of two lists of `functions/table.py` says otherwise."""
    torch = pytest.importorskip("torch")
    functions = names_of(torch, torch.nn.functional, torch.special, torch.linalg)
    no_methods = METHODS.keys() - names_of(torch.Tensor) - OF_ARRAYS

    told = {
        **dict.fromkeys(no_methods, "no method of torch.Tensor: NO_METHODS"),
        **dict.fromkeys(TORCH.keys() - functions, "no function of torch: NO_FUNCTIONS"),
    }
    assert told == {}


def test_every_method_is_read_or_refused() -> None:
    """One that torch has isn't told as a name that is misspelt."""
    torch = pytest.importorskip("torch")
    named = names_of(torch, called=True) & names_of(torch.Tensor)
    both = {name for name in named if not name.startswith("_")}

    told = {
        **dict.fromkeys(both - {*METHODS, *BEYOND}, "not read: a function of its own, or BEYOND"),
        **dict.fromkeys({*BEYOND} - both, "in BEYOND, but not what torch has"),
        **dict.fromkeys({*BEYOND} & {*METHODS}, "in BEYOND, but read"),
    }
    assert told == {}
    with pytest.raises(SpecError, match=r"`torch.Tensor.tan` has no counterpart"):
        cnncalc.analyze(net("", "return x.tan()"), (3, 4, 5))


def test_a_norm_as_a_function() -> None:
    """With a weight that counts, or without."""
    call = "F.rms_norm(x, (5,), self.w, eps=1e-5) + F.rms_norm(x, [5])"
    found = cnncalc.analyze(net("self.w = nn.Parameter(torch.ones(5))", f"return {call}"),
                            (3, 4, 5))  # fmt: skip

    assert [(row.text, row.params) for row in found.layers] == [
        ("rms:axes=-1", 5),
        ("rms:axes=-1,noaffine", 0),
        ("add", 0),
    ]
