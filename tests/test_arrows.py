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
    "findings",
    "forks",
    "named_steps",
    "regions",
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
    "render",
    "report",
    "explanation",
    "api",
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


def files() -> list[str]:
    paths = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in paths if path != "__init__.py")


def module_of(path: str) -> str:
    """The name by which a file of the package is imported."""
    return "cnncalc." + path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


MODULES = frozenset(map(module_of, files()))


# When a module is imported: as the file is loaded, never (for types), or on use.
LOAD, TYPES, USE = "load", "types", "use"


class Import(ast.NodeVisitor):
    """The modules that a source imports, with when that happens.

    On use is what functions import, and what `OnUse` stands for.
    """

    def __init__(self, source: str) -> None:
        self.found: list[tuple[str, str]] = []
        self.when = LOAD
        self.visit(ast.parse(source))

    def visit_inside(self, node: ast.AST, when: str) -> None:
        outside, self.when = self.when, when
        self.generic_visit(node)
        self.when = outside

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_inside(node, USE)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        types = ast.unparse(node.test).endswith("TYPE_CHECKING")
        self.visit_inside(node, TYPES if types else self.when)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "OnUse":
            (name,) = node.args
            assert isinstance(name, ast.Constant)
            assert name.value in MODULES
            self.found.append((name.value, USE))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, self.when) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert not node.level, "imports are absolute here"
        assert node.module
        for alias in node.names:
            part = f"{node.module}.{alias.name}"  # from cnncalc import api
            module = part if part in MODULES or node.module == "cnncalc" else node.module
            self.found.append((module, self.when))


def storey(module: str) -> int | None:
    """The storey of a module's name; None for the package itself and for what is none of its."""
    parts = module.split(".")
    if parts[0] != "cnncalc" or len(parts) < 2:
        return None
    return STOREYS.index(parts[1]) if parts[1] in STOREYS else None


def wrong_arrows(path: str, found: list[tuple[str, str]]) -> Iterator[str]:
    """What a file of the package may not import, by its path in the package."""
    here = STOREYS.index(path.removesuffix(".py").split("/")[0])
    for module, when in found:
        top = module.split(".")[0]
        there = storey(module)
        if path.startswith("python/") and there is not None and STOREYS[there] not in INTERPRETER:
            yield f"{path} imports {module}, which is about networks"
        elif there is not None and there > here:
            yield f"{path} imports {module}, which is above it"
        if not path.startswith(ONLY_IN.get(top, path)):
            yield f"{path} imports {top}"
        if top in ON_USE and when == LOAD and not path.startswith(ABOUT_ARRAYS):
            yield f"{path} imports {top} before it is used"


@cache
def imports_of(path: str) -> list[tuple[str, str]]:
    """What a file of the package imports, and when."""
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
        ("errors.py", "def f():\n    from cnncalc.render.text import plain"),
        ("findings.py", "if TYPE_CHECKING:\n    from cnncalc.report import Report"),
        ("findings.py", 'reports = OnUse("cnncalc.render.reports")'),
        ("explaining/explained.py", "from cnncalc.explanation import Explanation"),
        ("report.py", "from cnncalc import api"),
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


def imports() -> dict[str, set[str]]:
    """For each module of the package those that it imports, whenever."""
    return {
        module_of(path): {name for name, _ in imports_of(path)} & MODULES - {module_of(path)}
        for path in files()
    }


def circles(graph: dict[str, set[str]]) -> set[str]:
    """The modules that can't be put in an order in which each imports only earlier ones."""
    waiting = dict(graph)
    while free := [name for name, modules in waiting.items() if not modules & waiting.keys()]:
        for name in free:
            del waiting[name]
    return set(waiting)


def test_no_circles() -> None:
    """Of imports on load, for types, inside functions and by `OnUse`, together."""
    assert circles(imports()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "from cnncalc.errors import SpecError",
        "def f():\n    from cnncalc import errors",
        "if TYPE_CHECKING:\n    from cnncalc.errors import SpecError",
        'errors = OnUse("cnncalc.errors")',
    ],
)
def test_a_circle_is_found(source: str) -> None:
    message = {name for name, _ in Import(source).found}
    graph = imports() | {"cnncalc.message": message}

    assert {"cnncalc.message", "cnncalc.errors"} <= circles(graph)


# Imports of our own that aren't done on load, for start-up's sake: of what most runs don't need.
DOORS = {
    ("errors", "message"),
    ("api", "comparison"),
    ("api", "conversion"),
    ("api", "explanation"),
    ("api", "symbolic"),
    ("api", "solving.goals"),
    ("api", "solving.question"),
    ("api", "solving.search"),
    ("api", "sweeping.asking"),
    ("api", "validity"),
    ("solving.question", "notations.compact.writer"),
    ("explanation", "render.formulas"),
    ("findings", "counts"),
    ("report", "notations.compact.writer"),
    ("report", "render.reports"),
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
    ("cli.stages", "cli.each"),
    ("cli.stages", "cli.verification"),
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
    ("notations.texts", "python.module_search"),
    ("notations.texts", "notations.refusals"),
    ("tables.views", "tables.tree"),
}


def doors(source: str) -> set[str]:
    """The modules of ours that a source imports on use."""
    return {name for name, when in Import(source).found if when == USE and name in MODULES}


def test_doors() -> None:
    """They are few, and listed."""
    found = {
        (module_of(path).removeprefix("cnncalc."), module.removeprefix("cnncalc."))
        for path in files()
        for module in doors((PACKAGE / path).read_text(encoding="utf-8"))
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
    assert doors(source) == {"cnncalc.api"}


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
