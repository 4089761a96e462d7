"""The arrows of the design: a file imports only from those above it, and heavy things on use."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnncalc

PACKAGE = Path(cnncalc.__file__).parent

# From the bottom of the house to its top. A folder is a storey of its own: files in it may
# import one another, so long as nothing goes round in a circle.
STOREYS = (
    "errors",
    "escaping",
    "windows",
    "indices",
    "fields",
    "layers",
    "network",
    "seen",
    "receptive",
    "meeting",
    "channels",
    "report",
    "backward",
    "analysis",
    "sources",
    "tables",
    "columns",
    "tensors",
    "verdicts",
    "views",
    "frameworks",
    "notations",
    "live",
    "executors",
    "verification",
    "conversion",
    "api",
    "render",
    "cli",
    "__main__",
)

# Who may import what, anywhere in the file.
ONLY_IN = {"rich": ("render/table.py",), "typer": ("cli/",)}
# What is imported where it is used, on use.
ON_USE = ("cupy", "dask", "keras", "matplotlib", "numpy", "onnx", "onnxruntime", "torch")
# Files that are themselves imported on use, and are about these.
ABOUT_ARRAYS = ("executors/", "notations/onnx_file/folding/")


class Import(ast.NodeVisitor):
    """The modules that a source imports, with whether that happens when it is loaded."""

    def __init__(self, source: str) -> None:
        self.found: list[tuple[str, bool]] = []
        self.depth = 0
        self.visit(ast.parse(source))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        typing_only = ast.unparse(node.test).endswith("TYPE_CHECKING")
        self.depth += typing_only
        self.generic_visit(node)
        self.depth -= typing_only

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, self.depth == 0) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert not node.level, "imports are absolute here"
        assert node.module
        if node.module == "cnncalc":  # from cnncalc import api
            self.found += [(f"cnncalc.{alias.name}", self.depth == 0) for alias in node.names]
        else:
            self.found.append((node.module, self.depth == 0))


def storey(module: str) -> int | None:
    """The storey of a module's name; None for the package itself and for what is none of its."""
    parts = module.split(".")
    if parts[0] != "cnncalc" or len(parts) < 2:
        return None
    return STOREYS.index(parts[1]) if parts[1] in STOREYS else None


def wrong_arrows(path: str, source: str) -> Iterator[str]:
    """What a file of the package may not import, by its path in the package."""
    here = STOREYS.index(path.removesuffix(".py").split("/")[0])
    for module, on_load in Import(source).found:
        top = module.split(".")[0]
        there = storey(module)
        if there is not None and there > here:
            yield f"{path} imports {module}, which is above it"
        if not path.startswith(ONLY_IN.get(top, path)):
            yield f"{path} imports {top}"
        if top in ON_USE and on_load and not path.startswith(ABOUT_ARRAYS):
            yield f"{path} imports {top} before it is used"


def files() -> list[str]:
    paths = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in paths if path != "__init__.py")


@pytest.mark.parametrize("path", files())
def test_arrows_point_down(path: str) -> None:
    assert list(wrong_arrows(path, (PACKAGE / path).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("errors.py", "from cnncalc.layers import LAYERS"),
        ("layers/conv.py", "from cnncalc.analysis import analyze"),
        ("analysis.py", "def f():\n    from cnncalc.render.text import plain"),
        ("report.py", "from cnncalc import api"),
        ("views.py", "import rich.table"),
        ("render/text.py", "def f():\n    from rich.text import Text"),
        ("api.py", "import typer"),
        ("analysis.py", "import numpy as np"),
        ("notations/compact.py", "from torch import nn"),
    ],
)
def test_a_wrong_arrow_is_found(path: str, source: str) -> None:
    assert len(list(wrong_arrows(path, source))) == 1


def test_every_file_has_a_storey() -> None:
    assert {path.removesuffix(".py").split("/")[0] for path in files()} <= set(STOREYS)


def test_no_circles() -> None:
    """Modules can be put in an order in which each imports only earlier ones on load."""
    waiting = {
        "cnncalc." + path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): {
            module
            for module, on_load in Import((PACKAGE / path).read_text(encoding="utf-8")).found
            if on_load
        }
        for path in files()
    }
    while waiting:
        free = [name for name, modules in waiting.items() if not modules & (set(waiting) - {name})]
        assert free, f"these import one another: {sorted(waiting)}"
        for name in free:
            del waiting[name]


def loaded_by(code: str) -> set[str]:
    """The modules that are loaded after running some code in a fresh Python."""
    script = f"{code}\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


HEAVY = {"typer", "rich", "pydantic", "dataclasses", *ON_USE}


def test_import_loads_nothing_heavy() -> None:
    loaded = loaded_by("import cnncalc")

    assert "cnncalc" in loaded
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("cnncalc.")} == set()


def test_analysis_loads_nothing_heavy() -> None:
    loaded = loaded_by("import cnncalc\ncnncalc.analyze('3x8x8 conv:4,k3').to_dict()")

    assert not loaded & HEAVY
    assert not {name for name in loaded if name.startswith("cnncalc.frameworks.")}


def test_a_piped_command_loads_no_rich() -> None:
    """Typer itself is there, but neither rich nor anything that computes."""
    code = "from cnncalc.cli.main import main\nmain(['shape', '3x8x8', 'conv:4,k3', 'relu'])"

    assert not loaded_by(code) & (HEAVY - {"typer", "pydantic", "dataclasses"})


def test_something_heavy_would_be_seen() -> None:
    assert "numpy" in loaded_by("import cnncalc, numpy")
