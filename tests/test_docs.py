"""README and docs say what the program does: their generated parts are fresh, their code runs."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import cnncalc
from cnncalc.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def generator() -> ModuleType:
    """The module docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    path = sys.path[:]
    spec.loader.exec_module(module)
    sys.path[:] = path  # which it adds the project to
    return module


@pytest.mark.parametrize("page", generator().PAGES)
def test_generated_parts_are_fresh(page: str) -> None:
    """Running `python docs/generate.py` would change nothing."""
    assert generator().fresh(page) == (ROOT / page).read_text(encoding="utf-8")


def test_a_stale_part_is_seen() -> None:
    """The check can fail: a part that was typed over is made anew."""
    generate = generator()
    part = "<!-- file: LICENSE -->\ntyped over\n<!-- end -->"

    assert "MIT License" in generate.PART.sub(
        lambda match: generate.KINDS[match[1]](match[2]), part
    )


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_pages_python_runs(page: str) -> None:
    """It is run; what stands behind `#` is the value of its line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)
    checked = re.findall(r"^(\S.*?)  # (\(.*\)|\d+|True)$", block, re.MULTILINE)

    assert len(checked) >= 3
    for expression, value in checked:
        assert eval(expression, names) == eval(value)


def test_every_command_is_in_the_readme() -> None:
    """A command that nobody reads about is lost."""
    missing = [name for name in COMMANDS if f"cnncalc {name}" not in README]

    assert missing == []


def test_the_readme_is_short() -> None:
    """What a newcomer needs; the rest is in docs/, and each page is linked."""
    pages = sorted((ROOT / "docs").glob("*.md"))

    assert len(README.splitlines()) < 370
    assert [page.name for page in pages if f"](docs/{page.name})" not in README] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *generator().PAGES])
def test_links_lead_somewhere(page: str) -> None:
    """Those to files of this project, from where the page lies."""
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))

    for link in links:
        assert re.match("https?:", link) or (path.parent / link).exists()


def test_the_changelog_has_this_version() -> None:
    """Version and changelog go together."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## {cnncalc.__version__}" in changelog


def test_the_readmes_two_commands_are_what_ci_runs() -> None:
    """The test command of the README is CI's, word for word behind the environment's path."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert "-m pytest" in script
    assert re.search(r"^\.venv/bin/pip install -q '\.\[test\]' && \.venv/bin/python -m pytest$",
                     README, re.MULTILINE)  # fmt: skip


def test_the_readmes_commands_are_found_by_name() -> None:
    """What installs it lets the shell know it, before anything is typed that needs that."""
    beginning = README[: README.index("$ cnncalc ")]

    assert beginning.index("-m venv .venv") < beginning.index("\n. .venv/bin/activate\n")
