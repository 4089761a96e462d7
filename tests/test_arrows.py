"""The arrows of the design: a file imports only from those above it, and heavy things on use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import cnncalc
from tests import processes

PACKAGE = Path(cnncalc.__file__).parent

# From the bottom of the house to its top. A folder is a storey of its own: files in it may
# import one another, so long as nothing goes round in a circle.
STOREYS = (
    "escaping",
    "widths",
    "message",
    "errors",
    "suggestions",
    "files",
    "packages",
    "garbage",
    "axis",
    "symbols",
    "layers",
    "lookups",
    "network",
    "nesting",
    "rows",
    "branches",
    "analysis",
    "input_size",
    "receptive",
    "counts",
    "moments",
    "report",
    "forks",
    "named_steps",
    "validity",
    "symbolic",
    "law",
    "designs",
    "solutions",
    "comparison",
    "explaining",
    "tables",
    "python",
    "tracing",
    "frameworks",
    "notations",
    "inputs",
    "live",
    "executors",
    "verification",
    "conversion",
    "solving",
    "sweeping",
    "arguments",
    "api",
    "render",
    "cli",
    "__main__",
)

# Who may import what, anywhere in the file.
ONLY_IN = {"rich": ("render/table.py",), "typer": ("cli/",)}
# What is imported where it is used, on use.
ON_USE = (
    "cupy",
    "dask",
    "distributed",
    "keras",
    "matplotlib",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "polars",
    "pyarrow",
    "torch",
)
# Files that are themselves imported on use, and are about these.
ABOUT_ARRAYS = ("executors/",)

# All that the interpreter knows of the house: it reads Python, whatever that is about.
INTERPRETER = ("errors", "files", "suggestions", "python")

# Imports of what is above, on use alone: the way of a report to its drawing.
DRAWINGS = {
    ("report", "render.reports"),
    ("explaining.explanation", "render.formulas"),
}


def files() -> list[str]:
    paths = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in paths if path != "__init__.py")


def module_of(path: str) -> str:
    """The name by which a file of the package is imported."""
    return "cnncalc." + path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


MODULES = frozenset(map(module_of, files()))


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
        for alias in node.names:
            part = f"{node.module}.{alias.name}"  # from cnncalc import api
            module = part if part in MODULES or node.module == "cnncalc" else node.module
            self.found.append((module, self.depth == 0))


def storey(module: str) -> int | None:
    """The storey of a module's name; None for the package itself and for what is none of its."""
    parts = module.split(".")
    if parts[0] != "cnncalc" or len(parts) < 2:
        return None
    return STOREYS.index(parts[1]) if parts[1] in STOREYS else None


def wrong_arrows(path: str, found: list[tuple[str, bool]]) -> Iterator[str]:
    """What a file of the package may not import, by its path in the package."""
    here = STOREYS.index(path.removesuffix(".py").split("/")[0])
    for module, on_load in found:
        top = module.split(".")[0]
        there = storey(module)
        drawn = not on_load and (module_of(path)[8:], module[8:]) in DRAWINGS
        if path.startswith("python/") and there is not None and STOREYS[there] not in INTERPRETER:
            yield f"{path} imports {module}, which is about networks"
        elif there is not None and there > here and not drawn:
            yield f"{path} imports {module}, which is above it"
        if not path.startswith(ONLY_IN.get(top, path)):
            yield f"{path} imports {top}"
        if top in ON_USE and on_load and not path.startswith(ABOUT_ARRAYS):
            yield f"{path} imports {top} before it is used"


@cache
def imports_of(path: str) -> list[tuple[str, bool]]:
    """What a file of the package imports, and whether that is on load."""
    return Import((PACKAGE / path).read_text(encoding="utf-8")).found


@pytest.mark.parametrize("path", files())
def test_arrows_point_down(path: str) -> None:
    assert list(wrong_arrows(path, imports_of(path))) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("errors.py", "from cnncalc.layers import LAYERS"),
        ("layers/conv.py", "from cnncalc.analysis import analyze"),
        ("analysis.py", "def f():\n    from cnncalc.render.text import plain"),
        ("report.py", "from cnncalc import api"),
        ("report.py", "from cnncalc.render.reports import text"),
        ("tables/views.py", "import rich.table"),
        ("render/text.py", "def f():\n    from rich.text import Text"),
        ("api.py", "import typer"),
        ("analysis.py", "import numpy as np"),
        ("notations/compact/builder.py", "from torch import nn"),
        ("python/values.py", "from cnncalc.layers.base import Layer"),
        ("python/calls.py", "def f():\n    from cnncalc.frameworks import pytorch"),
    ],
)
def test_a_wrong_arrow_is_found(path: str, source: str) -> None:
    assert len(list(wrong_arrows(path, Import(source).found))) == 1


def test_the_storeys_are_told() -> None:
    """The table of CONTRIBUTING has them in this order."""
    page = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([\w/]+?)(?:\.py|/)` \|", page, re.MULTILINE)

    assert told == [storey for storey in STOREYS if storey != "__main__"]


def test_every_file_has_a_storey() -> None:
    assert {path.removesuffix(".py").split("/")[0] for path in files()} <= set(STOREYS)


@cache
def imports() -> dict[str, dict[str, bool]]:
    """For each module of the package those that it imports, and whether that is on load."""
    found: dict[str, dict[str, bool]] = {}
    for path in files():
        mine = found.setdefault(module_of(path), {})
        for module, on_load in imports_of(path):
            if module in MODULES and module != module_of(path):
                mine[module] = mine.get(module, False) or on_load
    return found


def circles(graph: dict[str, set[str]]) -> set[str]:
    """The modules that can't be put in an order in which each imports only earlier ones."""
    waiting = dict(graph)
    while free := [name for name, modules in waiting.items() if not modules & waiting.keys()]:
        for name in free:
            del waiting[name]
    return set(waiting)


def test_no_circles_on_load() -> None:
    graph = {
        name: {module for module, on_load in modules.items() if on_load}
        for name, modules in imports().items()
    }

    assert circles(graph) == set()


def test_no_circles_at_all() -> None:
    """Nor by imports for types or inside functions."""
    graph = {
        name: {module for module in modules if (name[8:], module[8:]) not in DRAWINGS}
        for name, modules in imports().items()
    }

    assert circles(graph) == set()


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {"a", "b", "c"}


# Imports of our own that aren't done on load, for start-up's sake: of what most runs don't need.
DOORS = {
    *DRAWINGS,
    ("errors", "message"),
    ("api", "comparison"),
    ("api", "conversion"),
    ("api", "explaining.explanation"),
    ("api", "symbolic"),
    ("api", "solving.goals"),
    ("api", "solving.question"),
    ("api", "solving.search"),
    ("api", "sweeping.asking"),
    ("api", "validity"),
    ("solving.question", "notations.compact.writer"),
    ("api", "notations.compact.writer"),
    ("api", "verification"),
    ("arguments", "comparison"),
    ("arguments", "live"),
    ("cli.analysis", "law"),
    ("cli.analysis", "counts"),
    ("cli.analysis", "executors.training"),
    ("cli.app", "cli.advice"),
    ("cli.command", "cli.app"),
    ("cli.main", "cli.command"),
    ("cli.main", "cli.process"),
    ("cli.options", "cli.completion"),
    ("cli.output", "render.table"),
    ("cli.steps", "cli.each"),
    ("cli.steps", "cli.verification"),
    ("cli.sweep", "cli.chunks"),
    ("cli.sweep", "cli.cluster"),
    ("cli.sweep", "cli.parquet"),
    ("cli.sweep", "cli.parts"),
    ("cli.sweep", "cli.workers"),
    ("cli.sweep", "render.scatter"),
    ("cli.sweep", "render.table"),
    ("cli.verification", "render.table"),
    ("cli.vocabulary", "notations.compact.corrections"),
    ("executors", "executors.bundled.executor"),
    ("executors", "executors.keras.executor"),
    ("executors", "executors.onnxruntime"),
    ("executors", "executors.torch.executor"),
    ("live.torch_live", "live.torch_export"),
    ("report", "counts"),
    ("tables.costs", "counts"),
    ("notations.compact", "notations.compact.parsing"),
    ("notations.compact", "notations.compact.writer"),
    ("notations.compact.grammar", "notations.compact.advice"),
    ("notations.compact.layer_reader", "notations.compact.advice"),
    ("notations.compact.parsing", "notations.compact.choosing"),
    ("notations.compact.scanner", "notations.compact.advice"),
    ("notations.keras_source", "notations.program.keras_functional"),
    ("notations.keras_source", "notations.source"),
    ("notations.onnx", "notations.onnx.reading"),
    ("notations.onnx", "notations.onnx.writing"),
    ("notations.pytorch_source", "notations.program.torch_classes"),
    ("notations.pytorch_source", "notations.source"),
    ("notations.reading", "notations.documents"),
    ("notations.reading", "notations.refusals"),
    ("notations.framework_signs", "frameworks.keras"),
    ("notations.framework_signs", "frameworks.pytorch"),
    ("notations.source.framework", "notations.model_packages"),
    ("notations.source.framework", "notations.source.wrong_names"),
    ("notations.source.keras.library", "notations.source.keras.names"),
    ("notations.source.einops.library", "notations.source.einops.functions"),
    ("notations.source.einops.library", "notations.source.einops.layers"),
    ("notations.source.numpy.library", "notations.source.numpy.functions"),
    ("notations.source.reading", "notations.source.given_sizes"),
    ("notations.source.reading", "notations.source.keras.network"),
    ("notations.source.reading", "notations.source.printed"),
    ("notations.source.torch.library", "notations.source.torch.names"),
    ("notations.source.torch.library", "notations.source.torch.operations"),
    ("notations.texts", "notations.missing"),
    ("render.text", "render.page"),
    ("tables.views", "tables.laws"),
    ("notations.texts", "notations.model_packages"),
    ("notations.texts", "python.search"),
    ("notations.texts", "notations.refusals"),
    ("tables.views", "tables.tree"),
}


class Doors(ast.NodeVisitor):
    """The modules of ours that a source imports in functions, or by `OnUse` in their place."""

    def __init__(self, source: str) -> None:
        self.found: set[str] = set()
        self.visit(ast.parse(source))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        late = Import(ast.unparse(node)).found
        self.found |= {name for name, _ in late if name in MODULES}

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "OnUse":
            (name,) = node.args
            assert isinstance(name, ast.Constant)
            assert name.value in MODULES
            self.found.add(name.value)
        self.generic_visit(node)


def test_doors() -> None:
    """They are few, and listed."""
    found = {
        (module_of(path).removeprefix("cnncalc."), module.removeprefix("cnncalc."))
        for path in files()
        for module in Doors((PACKAGE / path).read_text(encoding="utf-8")).found
    }

    assert found == DOORS


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    from cnncalc import api",
        "class A:\n    def f(self):\n        import cnncalc.api",
        'if x:\n    pass\nelse:\n    api = OnUse("cnncalc.api")',
    ],
)
def test_a_door_is_found(source: str) -> None:
    assert Doors(source).found == {"cnncalc.api"}


def loaded_by(code: str) -> set[str]:
    """The modules that are loaded after running some code in a fresh Python."""
    script = f"{code}\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    ran = processes.python("-c", script)
    assert ran.returncode == 0, ran.stderr
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

    assert not loaded_by(code) & (HEAVY - {"typer", "dataclasses"})


@pytest.mark.parametrize(
    "words",
    [
        ["shape", "3x8x8", "conv:4,k3", "-i", "3x9x9", "--let", "H=3", "--json"],
        ["params", "lenet5", "-f", "csv"],
        ["--help"],
        ["shape", "--help"],
        ["shape", "3x8x8", "cnov:4"],
        ["shape", "--bogus"],
        ["shape", "lenet5", "-b", "two"],
        ["--version"],
        [],
    ],
)
def test_no_command_loads_pydantic(words: list[str]) -> None:
    """Typer does, to find that a text is a text, and that takes longer than all the rest."""
    loaded = loaded_by(f"from cnncalc.cli.main import main\nmain({words})")

    assert not {name for name in loaded if name.startswith("pydantic")}


def test_the_formula_sheet_loads_no_inspect() -> None:
    """Nor what that loads, for all that is done without a command."""
    code = "import cnncalc\ncnncalc.analyze('3x8x8 conv:4,k3').to_dict()"

    assert not loaded_by(code) & {"ast", "dis", "inspect", "pkgutil"}


def test_something_heavy_would_be_seen() -> None:
    assert "numpy" in loaded_by("import cnncalc, numpy")
