"""Networks, reports and errors that are pickled, copied or sent elsewhere stay the same."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import CnnCalcError, Network, Report, SpecError
from cnncalc.errors import Piece, Source, Span
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape
from cnncalc.live.program import Followed
from cnncalc.network import Fed
from tests import processes
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import text
from tests.live.keras_models import MODELS
from tests.live.torch_models import ASKING, TRACED
from tests.source.reading import SAMPLES
from tests.source.test_samples import CASES

EXPORTED = Path(__file__).parent / "onnx" / "exported"
TORCH = "class Net(nn.Module):\n    def forward(self, x):\n        return x.view(x.size(0), -1)"
KERAS = "keras.Sequential([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten()])"

# Networks as texts, each with a size for its input.
TEXTS: dict[str, tuple[str, Shape | None]] = {
    "compact": (text("resnet18"), None),
    "labels": ("3x8x8 a@conv:4,k3,p1 relu cat[ | @a ] def b(c) = [ conv:$c,k3 ] 2*b:8", None),
    "without a size": ("conv:16,k3 bn relu", (3, 8, 8)),
    "with a symbol": ("3xHxW conv:16,k3", (3, 8, 8)),
    "torch": ("nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())", (3, 8, 8)),
    "torch that asks for sizes": (TORCH, (3, 8, 8)),
    "keras": (KERAS, (8, 8, 3)),
    "keras with an input": (KERAS.replace("([", "([keras.Input((8, 8, 3)), "), None),
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda thing, protocol=protocol: pickle.loads(
            pickle.dumps(thing, protocol)
        )
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}


def check(network: Network, size: Shape | None, other: Shape | None = None) -> None:
    """Copies of a network and of its report give the same document, at another size, too."""
    sizes = [size, *([other] if other else [])]
    documents = [cnncalc.analyze(network, each).to_dict() for each in sizes]
    report = cnncalc.analyze(network, size)
    for name, make in COPIES.items():
        twin = make(network)
        assert [cnncalc.analyze(twin, each).to_dict() for each in sizes] == documents, name
        again = make(report)
        assert again.to_dict() == documents[0], name
        assert str(again) == str(report), name
        # The steps in a report are a network of their own, at one size.
        assert cnncalc.analyze(again.network, size).to_dict() == documents[0], name


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    check(cnncalc.parse(TEXTS[name][0]), TEXTS[name][1])


def test_sizes_that_are_not_the_copys_own() -> None:
    torch = (
        "class Net(nn.Module):\n    def forward(self, x):\n        return x[:, :, ::x.size(2) // 2]"
    )
    check(cnncalc.parse(torch), (3, 8, 8), (3, 6, 7))
    check(cnncalc.parse(KERAS), (8, 8, 3), (9, 5, 1))
    check(cnncalc.parse("unet"), None, (1, 204, 204))


def test_every_kind_of_layer() -> None:
    """Also those whose classes are made in a loop, and are no name of their module."""
    for kind, layer in KINDS.items():
        try:
            made = layer()
        except CnnCalcError:
            continue
        except ValueError:  # it needs an option
            continue
        twin = pickle.loads(pickle.dumps(made))
        assert (type(twin), twin) == (layer, made), kind
        assert copy.deepcopy(made) == made


@pytest.mark.parametrize(("file", "entry", "size"), [case[:3] for case in CASES[::3]])
def test_files_of_other_people(file: str, entry: str | None, size: Shape) -> None:
    check(cnncalc.parse(f"{SAMPLES / file}{f':{entry}' if entry else ''}"), size)


def test_files_that_are_gone(tmp_path: Path) -> None:
    """What was read of the disk goes with the network, the files that it imports, too."""
    inner = tmp_path / "package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").write_text("")
    (inner.parent / "parts.py").write_text("from package.inner.sizes import WIDE\n")
    (inner / "sizes.py").write_text("WIDE = 4\n")
    (inner / "net.py").write_text(
        "from torch import nn\nfrom ..parts import WIDE\nnet = nn.Conv2d(3, WIDE, 3)\n"
    )
    network = cnncalc.parse(inner / "net.py")
    document = cnncalc.analyze(network, (3, 64, 64)).to_dict()
    pickled = pickle.dumps(network)
    shutil.rmtree(tmp_path / "package")

    twin = pickle.loads(pickled)
    assert cnncalc.analyze(twin, (3, 64, 64)).to_dict() == document
    assert cnncalc.analyze(twin, (3, 32, 32)).rows[-1].output_shape == (4, 30, 30)


def test_a_shallow_copy_reads_nothing_again() -> None:
    network = cnncalc.parse("nn.Conv2d(3, 4, 3)")
    assert copy.copy(network).tracer is network.tracer


def test_files_that_change(tmp_path: Path) -> None:
    """A network stays what it was when it was read."""
    (tmp_path / "wide.py").write_text("WIDE = 4\n")
    file = tmp_path / "net.py"
    file.write_text("from wide import WIDE\nfrom torch import nn\nnet = nn.Conv2d(3, WIDE, 3)\n")
    network = cnncalc.parse(file)
    assert cnncalc.analyze(network, (3, 8, 8)).total.params == 112

    (tmp_path / "wide.py").write_text("WIDE = 5\n")
    for same in (network, copy.deepcopy(network)):
        assert cnncalc.analyze(same, (3, 9, 9)).total.params == 112
    assert cnncalc.analyze(file, (3, 9, 9)).total.params == 140


@pytest.mark.parametrize("path", sorted(EXPORTED.glob("*.onnx")), ids=lambda path: path.stem)
def test_onnx(path: Path) -> None:
    pytest.importorskip("onnx")
    network = cnncalc.parse(path)
    check(network, network.input or (3, 32, 32))


@pytest.mark.filterwarnings("ignore")  # torch's own, while it exports
@pytest.mark.parametrize("name", ["mobile", "own", "crop"])
def test_live_modules(name: str) -> None:
    torch_or_skip()
    make, size = {**TRACED, **ASKING}[name]
    check(cnncalc.from_torch(make(), size), size)


@pytest.mark.filterwarnings("ignore")
def test_a_module_that_is_exported_is_not_copied() -> None:
    """In another process there are the sizes that were asked for."""
    torch_or_skip()
    make, size = ASKING["crop"]
    network = cnncalc.from_torch(make(), size)
    again = copy.deepcopy(network)
    assert cnncalc.analyze(again, (3, 14, 14)).rows[-1].output_shape == (2, 14, 14)

    twin = pickle.loads(pickle.dumps(network))
    cnncalc.analyze(twin, (3, 14, 14))
    with pytest.raises(CnnCalcError, match="this copy of `Crop` knows its steps at") as caught:
        cnncalc.analyze(twin, (3, 15, 15))
    assert "the model itself is not copied" in str(caught.value.help)


@pytest.mark.parametrize("name", ["branches", "custom", "subclassed"])
def test_live_models_of_keras(name: str) -> None:
    keras = keras_or_skip()
    check(cnncalc.from_keras(MODELS[name](keras)), None)


def test_what_is_followed_is_followed_once() -> None:
    asked: list[Shape] = []

    def follow(shape: Shape, fed: Fed) -> Network:
        asked.append(shape)
        return cnncalc.parse("relu")

    followed = Followed("Net", follow)
    assert followed((3, 8)) is followed((3, 8))
    assert asked == [(3, 8)]


def test_verified_reports() -> None:
    report = cnncalc.verify("3x8x8 conv:4,k3 relu")
    for make in COPIES.values():
        twin = make(report)
        assert twin.to_dict() == report.to_dict()
        assert twin.verify["ok"]


def wrong() -> list[CnnCalcError]:
    """Errors of every origin."""
    found = []
    for given, size in (
        ("3x8x8 conv:4,z3", None),
        ("3x8x8 conv:4,k9", None),
        ("3x8x8 upsample:size=HxH", None),
        ("nn.Conv2d(4, 4, 3)", (3, 8, 8)),
        ("class Net(nn.Module):\n    def forward(self, x):\n        return y", (3, 8, 8)),
        ("keras.Sequential([layers.Conv2D(4, 30)])", (8, 8, 3)),
        (None, None),
    ):
        with pytest.raises(CnnCalcError) as caught:
            cnncalc.analyze(given, size)
        found.append(caught.value)
    return found


def test_errors() -> None:
    for error in wrong():
        for make in COPIES.values():
            twin = make(error)
            assert type(twin) is type(error)
            assert twin.to_dict() == error.to_dict()
            assert (str(twin), repr(twin)) == (str(error), repr(error))
            assert isinstance(twin, ValueError) == isinstance(error, SpecError)


def test_an_error_of_ones_own() -> None:
    error = SpecError("no", Span(Source("a b", [Piece(0, "x")]), 2, 3), code="x", help="yes")
    error.notes.append("why")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


SCRIPT = """
import json, pickle, sys
import cnncalc
things, sizes = pickle.load(open(sys.argv[1], "rb"))
reports = [t if isinstance(t, cnncalc.Report) else cnncalc.analyze(t, s)
           for t, s in zip(things, sizes)]
print(json.dumps([report.to_dict() for report in reports]))
"""


def test_another_process(tmp_path: Path) -> None:
    """One that was started anew and knows nothing of this one."""
    networks = [cnncalc.parse(text) for text, _ in TEXTS.values()]
    sizes = [size for _, size in TEXTS.values()]
    reports: list[Report] = [
        cnncalc.analyze(network, size) for network, size in zip(networks, sizes, strict=True)
    ]
    path = tmp_path / "things"
    path.write_bytes(pickle.dumps(([*networks, *reports], [*sizes, *sizes])))

    ran = processes.python("-c", SCRIPT, str(path))
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == json.loads(
        json.dumps([report.to_dict() for report in [*reports, *reports]])
    )
