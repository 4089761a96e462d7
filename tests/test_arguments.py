"""What the Python API takes for a network, and what it says of anything else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import CnnCalcError, SpecError
from tests.conftest import Golden
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip

MODEL = """
from torch import nn


class Net(nn.Module):
    def __init__(self, classes=3, wide=8):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, wide, 3), nn.ReLU())
        self.head = nn.Linear(wide, classes)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))
"""
SPEC = "3x8x8 conv:4,k3 relu"
MAP = (3, 8, 8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of networks, to be in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "net.cnn").write_text(f"{SPEC}  # a comment\n")
    (tmp_path / "no ending").write_text(SPEC)
    (tmp_path / "a:b.cnn").write_text(SPEC)
    return tmp_path


# What is given, and the parameters of the network that is meant.
FORMS = (
    (SPEC, 112),
    (f"\n  {SPEC}\n", 112),
    ("conv:4,k3", 112),
    ("relu", 0),
    ("alexnet", 61_100_840),
    ("  alexnet\n", 61_100_840),
    ("net.cnn", 112),
    (Path("net.cnn"), 112),
    ("./net.cnn", 112),
    (Path("no ending"), 112),
    (Path("a:b.cnn"), 112),
    ("model.py", 251),
    (Path("model.py"), 251),
    ("model.py:Net", 251),
    ("model.py:Net(10)", 314),
    ("model.py:Net(10, 4)", 162),
    ("model.py:Net(classes=10, wide=4)", 162),
    (Path("model.py:Net(10)"), 314),
    ("model.py:Net.features", 224),
    ("nn.Conv2d(3,8//2,3)", 112),
    ("nn.Conv2d(3, 4, 3)", 112),
    ("3x8x8 conv:4,k3 relu # as in model.py", 112),
)


@pytest.mark.parametrize(("given", "params"), FORMS, ids=[str(given) for given, _ in FORMS])
def test_forms_of_a_network(given: Any, params: int, folder: Path) -> None:
    """A network, whatever it is given to."""
    size = None if params > 10**6 or "8x8" in str(given) else MAP
    network = cnncalc.parse(given)
    report = cnncalc.analyze(given, size)

    assert report.total.params == params
    assert cnncalc.analyze(network, size).to_dict() == report.to_dict()
    assert cnncalc.convert(given, "mermaid", size) == cnncalc.convert(network, "mermaid", size)
    if params < 1000:
        assert cnncalc.verify(given, size).verify["ok"]  # type: ignore[index]


@pytest.mark.parametrize("given", ["missing.cnn", "missing.py:Net", "net.cnn:Net", "model.py:Nett"])
def test_files_as_texts_and_as_paths_fail_alike(given: str, folder: Path) -> None:
    errors = []
    for form in (given, Path(given)):
        with pytest.raises(SpecError) as caught:
            cnncalc.analyze(form, MAP)
        errors.append(caught.value.to_dict())
    assert errors[0] == errors[1]


def test_a_folder_is_no_file(folder: Path) -> None:
    with pytest.raises(SpecError, match="is a folder"):
        cnncalc.parse(folder)


def test_live_modules() -> None:
    nn = torch_or_skip().nn
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    report = cnncalc.analyze(module, MAP)

    assert [row.name for row in report.layers] == ["0", "1"]
    assert cnncalc.analyze(cnncalc.parse(module), MAP).to_dict() == report.to_dict()
    assert cnncalc.verify(module, MAP).verify["ok"]  # type: ignore[index]
    assert cnncalc.convert(module, "compact", MAP) == f"{SPEC}\n"
    assert cnncalc.analyze(module).symbols is not None  # figures with names for sizes


def test_live_models_of_keras() -> None:
    """Also with PyTorch under it, where they are modules of PyTorch, too."""
    keras = keras_or_skip()
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])

    report = cnncalc.analyze(model)
    assert (report.layout, report.total.params) == ("channels-last", 112)
    assert cnncalc.convert(model, "compact") == "3x8x8 conv:4,k3\n"


def test_nothing_is_imported_to_find_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "torch.nn", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CnnCalcError, match="is no network"):
        cnncalc.analyze(object())


class Widget:
    """Something of the user's, whose text is long and has line ends."""

    def __repr__(self) -> str:
        return "Widget(\n" + "x" * 1000


class Broken:
    """Something that can't even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


class Net:
    """A class that could be a module's, for its bases are called so."""

    class Module:
        """As in torch.nn."""


class Made(Net.Module):
    """No object yet."""


def build() -> None:
    """Something that makes a network."""


Wrong = tuple[str, Callable[[], Any]]


def wrong_networks() -> dict[str, Any]:
    """What is no network, as it is written and as it is."""
    return {
        "None": None,
        "3": 3,
        "True": True,
        "[]": [],
        '["3x8x8", "relu"]': ["3x8x8", "relu"],
        '{"spec": "relu"}': {"spec": "relu"},
        "{1: 2}": {1: 2},
        'b"3x8x8 relu"': b"3x8x8 relu",
        "build": build,
        "lambda: 0": lambda: 0,
        "Made": Made,
        "dict": dict,
        "Widget()": Widget(),
        "Broken()": Broken(),
        '["x"] * 1000': ["x"] * 1000,
        "[0] * 1000": [0] * 1000,
        "sys": sys,
        "report": cnncalc.analyze("3x8x8 relu"),
    }


def settings() -> list[Wrong]:
    """Settings of other types than they have."""
    calls: list[tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, list[Any]]]] = [
        ("parse", cnncalc.parse, ("relu",), {
            "notation": [3, "tork"], "let": [3, {"H": "x"}, {"H": True}, {3: 4}, ["H"], {"H": 3}],
        }),
        ("parse", cnncalc.parse, (cnncalc.parse("relu"),), {
            "notation": ["torch"], "let": [{"H": 3}],
        }),
        ("analyze", cnncalc.analyze, (SPEC,), {
            "batch": ["3", 2.0, True, 0], "dtype": [None, 32, float, "float31"],
            "layout": [3, "nchw", ("channels-last",)],
        }),
        ("verify", cnncalc.verify, (SPEC,), {
            "executor": [None, 3, "tensorfow"], "device": [None, 0, "tpu"],
            "backward": ["yes", 1], "max_memory": ["1GB", 1.5, False], "progress": [3],
        }),
        ("convert", cnncalc.convert, (SPEC,), {"to": [None, 3, "tork"]}),
        ("convert", cnncalc.convert, (SPEC, "torch"), {"name": [3, "a b"]}),
    ]  # fmt: skip
    return [
        (f"{word}({', '.join([*map(repr, args), f'{name}={value!r}'])})",
         lambda f=function, a=args, n=name, v=value: f(*a, **{n: v}))
        for word, function, args, options in calls
        for name, values in options.items()
        for value in values
    ]  # fmt: skip


def test_every_message(golden: Golden) -> None:
    """What is no network, and what no setting can be: one clear sentence, and what would be."""
    cases: list[Wrong] = [
        (f"analyze({word})", lambda given=given: cnncalc.analyze(given))  # type: ignore[misc]
        for word, given in wrong_networks().items()
    ]
    page = []
    for words, call in [*cases, *settings()]:
        with pytest.raises(CnnCalcError) as caught:
            call()
        assert caught.value.help, words
        page.append(f">>> {words}\n{caught.value}\n")
    golden("arguments.txt", "\n".join(page))


@pytest.mark.parametrize("function", [cnncalc.parse, cnncalc.analyze, cnncalc.verify])
def test_every_function_says_so(function: Callable[[Any], Any]) -> None:
    for given in wrong_networks().values():
        with pytest.raises(CnnCalcError, match="is no network"):
            function(given)


def test_convert_says_so() -> None:
    for given in wrong_networks().values():
        with pytest.raises(CnnCalcError, match="is no network"):
            cnncalc.convert(given, "torch")


def test_what_of_frameworks_is_no_network() -> None:
    torch, keras = torch_or_skip(), keras_or_skip()
    for given, advice in (
        (torch.nn.Conv2d, "an object of it: `Conv2d()`"),
        (torch.ones(3), "a text such as"),
        (keras.layers.Conv2D(4, 3), "keras.Sequential(["),
        (keras.Model, "an object of it: `Model()`"),
    ):
        with pytest.raises(CnnCalcError, match="is no network") as caught:
            cnncalc.analyze(given)
        assert advice in str(caught.value.help)


def test_whole_numbers_of_numpy() -> None:
    import numpy as np

    report = cnncalc.analyze(SPEC, batch=np.int64(3))  # type: ignore[arg-type]
    assert report.to_dict()["input"]["batch"] == 3
    assert type(report.batch) is int
