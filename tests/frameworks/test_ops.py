"""The table of element-wise kinds: complete, true to each framework, and the only place of names.

Without a row, a record or a computation of a kind the first test says which one is missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.executors.bundled.compute import activations, arithmetic
from cnncalc.executors.bundled.compute.table import COMPUTATIONS
from cnncalc.frameworks.ops import BY_KIND, OPS, Op, forms, names_in
from cnncalc.layers import KINDS
from cnncalc.layers.activation import ACTIVATIONS
from cnncalc.layers.arithmetic import FUNCTIONS
from cnncalc.layers.base import REQUIRED
from cnncalc.notations.source.torch.nn.functional import arguments, classes
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_onnx import onnxruntime_or_skip
from tests.frameworks.live_pytorch import torch_or_skip

PACKAGE = Path(cnncalc.__file__).parent
RECORDS = [layer.kind for layer in (*ACTIVATIONS, *FUNCTIONS)]
ALONG = [op.kind for op in OPS if op.along]
VALUED = [op.kind for op in BY_KIND.values() if not op.along]
FIELDS = ("torch", "function", "aten", "keras", "ops", "layer", "onnx")


def missing(rows: Collection[str], records: Collection[str], computed: Collection[str]) -> set[str]:
    """What element-wise kinds lack, of their three places."""
    every = {*rows, *records}
    return {
        *(f"`{kind}` has no row in frameworks/ops.py" for kind in every - {*rows}),
        *(f"`{kind}` has no record in layers/" for kind in every - {*records}),
        *(
            f"`{kind}` has no computation in executors/bundled/compute/"
            for kind in every - {*computed}
        ),
    }


def test_nothing_is_missing() -> None:
    assert missing(VALUED, RECORDS, COMPUTATIONS) == set()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (0, "`softsign` has no row in frameworks/ops.py"),
        (1, "`softsign` has no record in layers/"),
        (2, "`softsign` has no computation in executors/bundled/compute/"),
    ],
)
def test_what_is_missing_is_told(place: int, told: str) -> None:
    places: list[Collection[str]] = [VALUED, RECORDS, COMPUTATIONS]
    places[place] = {*places[place]} - {"softsign"}

    assert missing(*places) == {told}


def test_a_row_without_a_record_is_told() -> None:
    """Where nothing else can be read: the table is made of the records."""
    with pytest.raises(LookupError, match=r"`mush` has a row .* no record in layers/"):
        forms("Mush", "mush")


def test_the_rest_works_along_an_axis() -> None:
    assert {"axis" in KINDS[kind].options for kind in ALONG} == {True}
    assert {"axis" in KINDS[kind].options for kind in VALUED} == {False}


def test_a_name_has_one_row() -> None:
    for field in FIELDS:
        names = [form.name for _, form in names_in(field)]
        # The one class of Keras that is several kinds, by its arguments.
        assert len(names) == len(set(names)), field


@pytest.mark.parametrize("op", OPS, ids=lambda op: f"{op.kind}{list(op.options) or ''}")
def test_a_row_has_names(op: Op) -> None:
    """Some vocabulary has it, and its forms don't say more than the kind has options."""
    assert any(getattr(op, field) for field in FIELDS)
    for field in ("torch", "keras", "ops", "layer", "onnx"):
        for form in forms(getattr(op, field), op.kind):
            assert len(form.arguments) <= len(KINDS[op.kind].options), form


# What PyTorch has.


@pytest.mark.parametrize("op", OPS, ids=lambda op: f"{op.kind}{list(op.options) or ''}")
def test_torch_has_the_names(op: Op) -> None:
    torch = torch_or_skip()
    for form in forms(op.torch):
        assert hasattr(torch.nn, form.name)
    for form in forms(op.function):
        home = torch.nn.functional if op.torch else torch
        assert hasattr(home, form.name)
        assert hasattr(torch.Tensor, form.name) == (op.method or not op.torch)
    for form in forms(op.aten):
        assert hasattr(torch.ops.aten, form.name)


def own_arguments(function: Any) -> list[str] | None:
    """What a function of PyTorch's has after its input; None where Python can't tell."""
    try:
        parameters = signature(function).parameters.values()
    except ValueError:  # built in
        return None
    if any(each.kind is Parameter.VAR_POSITIONAL for each in parameters):
        return None  # one of two functions, by its arguments
    return [each.name for each in parameters][1:]


def test_arguments_of_functions() -> None:
    functional = torch_or_skip().nn.functional
    own = {name: own_arguments(getattr(functional, name)) for name in classes()}
    known = {name: names for name, names in own.items() if names is not None}

    assert {name: list(arguments(name)) for name in known} == known
    assert {"relu", "rrelu", "softmax", "dropout2d", "fold"} < known.keys()


# What Keras has.


@pytest.mark.parametrize("field", ["keras", "ops"])
def test_keras_has_the_functions(field: str) -> None:
    """With these arguments first, and these defaults."""
    keras = keras_or_skip()
    for _, form in names_in(field):
        home = keras.ops if field == "ops" else keras.activations
        _, *own = signature(getattr(home, form.name)).parameters.values()
        found = {each.name: each.default for each in own[: len(form.defaults)]}
        expected = {
            name: Parameter.empty if default is REQUIRED else default
            for name, default in form.defaults.items()
        }
        assert found == expected, form.name


# What ONNX has.


def test_onnx_has_the_operators() -> None:
    """Whose attributes are single floats."""
    onnxruntime_or_skip()
    import onnx

    for op, form in names_in("onnx"):
        own = onnx.defs.get_schema(form.name).attributes
        for name, default in form.defaults.items():
            assert own[name].default_value.f == pytest.approx(default), (op.kind, name)


# The formulas, against the computations.


def computed(kind: str, x: Any, *options: float) -> Any:
    table = activations.ACTIVATIONS | arithmetic.FUNCTIONS
    function: Any = table[kind]
    return function(np, np.asarray(x), np.empty_like(x), KINDS[kind](*options))


LEAST = {"log1p": -0.9}  # from where on they have a value


@pytest.mark.parametrize("kind", [op.kind for op in BY_KIND.values() if op.formula])
def test_formulas(kind: str) -> None:
    formula: Any = BY_KIND[kind].formula
    x = np.linspace(LEAST.get(kind, -8), 8, 97)
    options = {"rrelu": (0.1, 0.4), "hardsigmoid": (0.3, 0.4), "softplus": (2.0,)}.get(kind, ())

    found = formula(computed, x, KINDS[kind](*options))

    np.testing.assert_allclose(found, computed(kind, x, *options), 1e-9, 1e-9)


# Where names stand.

MOST = 4
# Kinds that stand in more files, as something else than a name in a vocabulary.
MORE = {
    "relu relu6 leakyrelu elu": "one class of Keras is three of them; ONNX's Clip is two",
    "hardtanh": "Clip, clamp and bounds by any other name",
    "softshrink hardshrink": "one operator of ONNX is both",
    "selu": "torch.nn.init has a gain of its own for it",
    "gelu softplus": "exporters write them out in several operators",
    "sigmoid tanh hardsigmoid": "gates of other layers are made of them",
    "threshold identity exponential abs ceil erf floor log log1p power round sign sqrt": (
        "words of English, of Python or of its mathematics"
    ),
}


@cache
def texts() -> dict[str, str]:
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.name != "tools.py"  # what other tools count, whatever they have a rule for
    }


def spellings(kind: str) -> Iterator[str]:
    """A kind's name, and what the frameworks call it."""
    yield kind
    for field in ("torch", "function", "aten", "keras", "onnx"):
        yield from (form.name for form in forms(getattr(BY_KIND[kind], field)))


def files_that_name(kind: str) -> set[str]:
    pattern = re.compile(rf"(?i)\b({'|'.join(map(re.escape, spellings(kind)))})\b")
    return {path for path, text in texts().items() if pattern.search(text)}


@pytest.mark.parametrize("kind", sorted({*VALUED} - {*" ".join(MORE).split()}))
def test_a_kind_is_named_in_few_files(kind: str) -> None:
    """Its row, its record, its computation, and one more."""
    found = files_that_name(kind)

    assert len(found) <= MOST, f"more than that, or MORE says why: {sorted(found)}"
    assert "frameworks/ops.py" in found


@pytest.mark.slow
def test_names_are_found() -> None:
    """In all spellings, and no exception is without need."""
    assert len(files_that_name("relu")) > MOST
    assert {"layers/activation.py", "frameworks/ops.py"} < files_that_name("hardswish")
    for kind in " ".join(MORE).split():
        assert len(files_that_name(kind)) > MOST, kind
