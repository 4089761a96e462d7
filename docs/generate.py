"""Writes the generated parts of README.md and docs/*.md.

    python docs/generate.py            # rewrite them
    python docs/generate.py --check    # exit status 1 if one is stale

A part stands between `<!-- KIND: ARGUMENT -->` and `<!-- end -->`: `output` runs cnncalc on
the words, `file` shows a file, `generated` is one of the tables below.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
PART = re.compile(r"<!-- (output|file|generated): (.+?) -->\n.*?<!-- end -->", re.DOTALL)


def output(words: str) -> str:
    """A command and what it prints, as a code block; what a run took is left out: it varies."""
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", *shlex.split(words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1"},
        check=False,
    )
    text = re.sub(r" \((under )?[\d.]+ s\)", "", (done.stdout + done.stderr).rstrip())
    text = re.sub(r"^measured: .*\n", "", text, flags=re.MULTILINE)
    return f"```console\n$ cnncalc {words}\n{text}\n```"


def file(path: str) -> str:
    """A file as a code block."""
    return f"```\n{(ROOT / path).read_text(encoding='utf-8').rstrip()}\n```"


def generated(name: str) -> str:
    """One of the tables that the code knows."""
    return TABLES[name]()


def layers() -> str:
    """Every layer kind with its options, formula and source."""
    from cnncalc.cli.vocabulary import group, in_order, words

    rows = ["| layer | options | formula | source |", "| --- | --- | --- | --- |"]
    groups = []
    for layer in in_order():
        if group(layer) not in groups:
            groups.append(group(layer))
            rows.append(f"| **{groups[-1]}** | | | |")
        names = " ".join(f"`{name}`" for name in (layer.kind, *layer.aliases))
        options = ", ".join(f"`{words(option)}`" for option in layer.options.values())
        cells = (names, options, layer.formula, layer.source)
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(rows)


def differences() -> str:
    """Where the frameworks differ: the cases that tests hold against the frameworks."""
    sys.path.insert(0, str(ROOT))
    from tests.differences import table

    return table()


def worked() -> str:
    """What each tool counts for a few layers."""
    sys.path.insert(0, str(ROOT))
    from tests.counted import worked

    return worked()


def tools() -> str:
    """The tools whose way of counting is known."""
    from cnncalc.counts import TOOLS

    rows = ["| name | version | prints | counts |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{name}` | {tool.version} | {tool.unit} | {tool.says} |" for name, tool in TOOLS.items()
    ]
    return "\n".join(rows)


def counts() -> str:
    """What the tools were recorded to print."""
    sys.path.insert(0, str(ROOT))
    from tests.counted import table

    return table()


TABLES: dict[str, Callable[[], str]] = {
    "layers": layers,
    "differences": differences,
    "worked": worked,
    "tools": tools,
    "counts": counts,
}
KINDS: dict[str, Callable[[str], str]] = {"output": output, "file": file, "generated": generated}


def fresh(page: str) -> str:
    """A page with its generated parts made anew."""

    def part(match: re.Match[str]) -> str:
        kind, argument = match.groups()
        return f"<!-- {kind}: {argument} -->\n{KINDS[kind](argument)}\n<!-- end -->"

    return PART.sub(part, (ROOT / page).read_text(encoding="utf-8"))


def main() -> int:
    """Rewrite the pages, or say which are stale."""
    stale = [page for page in PAGES if fresh(page) != (ROOT / page).read_text(encoding="utf-8")]
    if "--check" in sys.argv:
        print("\n".join(f"{page} is stale: run python docs/generate.py" for page in stale))
        return 1 if stale else 0
    for page in stale:
        (ROOT / page).write_text(fresh(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
