"""Notebooks and pages in Markdown: of their text the code is read, each line at its place."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc import Report, analyze
from cnncalc.errors import Source, SpecError
from cnncalc.layers.base import Shape
from tests.conftest import Command

NET = """import torch.nn as nn
class CNN(nn.Module):
    def __init__(self, n=10):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, n)
    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))
"""
PICTURE = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" + "A" * 5_000_000}}
PARAMS = 3 * 9 * 8 + 8 + 90


def cell(source: str | list[str], kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def notebook(*cells: dict[str, Any], **more: Any) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4, **more}, indent=1)


def net_of(*before: str, after: str = "model = CNN(7)\n") -> str:
    return notebook(*map(cell, before), cell(NET), cell(after))


# name: a notebook in which `CNN` is
READ: dict[str, str] = {
    "lines": notebook(cell(NET.splitlines(keepends=True))),
    "one text": notebook(cell(NET)),
    "pages between": notebook(cell("# CNN", "markdown"), cell(NET), cell("text {", "raw")),
    "a picture": notebook(cell("import os\nos.listdir('/')", outputs=[PICTURE] * 2), cell(NET)),
    "brackets in outputs": notebook(cell(NET, outputs=[{"text": ['a "]}\\ b', "{[["]}])),
    "installing": net_of("!pip install torch \\\n  torchvision\n%matplotlib inline\nimport torch"),
    "magic of a cell": net_of("%%time\nimport torch"),
    "a cell of the shell": net_of("%%bash\nfor i in *; do ls $i; done"),
    "help": net_of("nn.Conv2d?\n?nn.Conv2d\nimport torch"),
    "what a command gives": net_of("files = !ls\nn = %timeit -o 1\nimport torch"),
    "in a loop": net_of("for i in range(3):\n    !ls {i}"),
    "a remainder at the start of a line": net_of("n = (7\n  % 4)\nimport torch"),
    "pip without its sign": net_of("pip install torch\nimport torch"),
    "broken cells": net_of("x = (", "Some prose."),
    "of another version": json.dumps(
        {"worksheets": [{"cells": [{"cell_type": "code", "input": [NET]}]}], "nbformat": 3}
    ),
    "source first": json.dumps({"cells": [{"source": NET, "cell_type": "code"}]}),
}


def params(report: Report) -> int:
    return report.total.params


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_notebooks(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(text, encoding="utf-8")

    assert params(analyze(f"{path}:CNN", (3, 8, 8))) == PARAMS
    assert params(analyze(f"{path}:CNN(4)", (3, 8, 8))) == PARAMS - 54
    assert params(analyze(path, (3, 8, 8))) == PARAMS
    assert params(analyze(text, (3, 8, 8))) == PARAMS
    assert params(analyze(Source(text), (3, 8, 8))) == PARAMS


def test_a_variable_of_a_notebook(tmp_path: Path) -> None:
    """The last that was bound so."""
    (tmp_path / "train.ipynb").write_text(net_of(after="model = CNN(5)\nmodel = CNN(7)"))

    assert params(analyze(f"{tmp_path / 'train.ipynb'}:model", (3, 8, 8))) == PARAMS - 27


@pytest.mark.parametrize(
    "text",
    [READ["a picture"], f"Try this:\n\n```python\n{NET}```\n", f"```\n{NET}```"],
    ids=["notebook", "page", "fence"],
)
def test_standard_input(text: str, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, err = command("shape", "-", "-i", "3x8x8", "-f", "csv")

    assert (code, err) == (0, "")
    assert out.count("linear:10")


def test_what_a_notebook_imports(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text(NET)
    (tmp_path / "net.ipynb").write_text(notebook(cell("from parts import CNN\nmodel = CNN()")))

    assert params(analyze(tmp_path / "net.ipynb", (3, 8, 8))) == PARAMS


def failed(path: Path, input: Shape = (3, 8, 8)) -> SpecError:
    with pytest.raises(SpecError) as caught:
        analyze(path, input)
    return caught.value


def test_the_place_is_a_cell_and_its_line(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(net_of("!ls\n", after=""))
    error = failed(path, (4, 8, 8))

    assert (error.file, error.line, error.column) == (f"{path}:cell 2", 5, 31)
    assert error.notes[-1] == "used at line 8: `self.conv(x)`"
    assert f"{path}:cell 2:5:31" in command("shape", str(path), "-i", "4x8x8").err


def test_a_use_in_another_cell(tmp_path: Path) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(net_of(after="model = nn.Sequential(CNN(n='a'))"))
    with pytest.raises(SpecError) as caught:
        analyze(f"{path}:model", (3, 8, 8))
    error = caught.value

    assert error.file == f"{path}:cell 1"
    assert f"used at {path}:cell 2, line 1" in "\n".join(error.notes)


PAGE = f"""# CNN

Install it, then ``run`` it:

```bash
pip install cnn
```

```python
{NET}```

~~~ {{.python .numberLines}}
model = CNN(7)
~~~

```pycon
>>> model = CNN(7)
>>> model
CNN( ...
```
"""
PAGES: dict[str, str] = {
    "a page": PAGE,
    "in a list": "1. So:\n\n   ```py\n" + "".join(f"   {n}\n" for n in NET.splitlines()) + "   ```",
    "quoted": "> ```python\n" + "".join(f"> {n}\n" for n in NET.splitlines()) + "> ```",
    "unsaid": f"```\n{NET}```\n\n```\n$ python train.py\n```",
    "unclosed": f"```python\n{NET}",
    "a longer fence": f"````python\n{NET}'''\n```\n'''\n````",
    "with a result": f"```python\n{NET}```\n\n```python\n{{'top1': 75.3, ...\n```",
}


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_pages(text: str, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")

    assert params(analyze(f"{path}:CNN", (3, 8, 8))) == PARAMS


def test_the_place_is_the_pages_line(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(PAGE)
    error = failed(path, (4, 8, 8))

    assert (error.file, error.line, error.column) == (str(path), 14, 31)


def test_a_docstring_with_a_fence_is_no_page() -> None:
    assert params(analyze(f'"""A net.\n\n```\nx\n```\n"""\n{NET}', (3, 8, 8))) == PARAMS


# name: (text of a notebook, code, line, words of the message)
WRONG = {
    "cut off": (READ["lines"][:200], "notebook", 10, "no whole JSON"),
    "no JSON": ("import torch", "notebook", 1, "no whole JSON"),
    "empty": ("", "notebook", 1, "no whole JSON"),
    "a list": ("[1, 2]", "notebook", 1, "no whole JSON"),
    "no commas": ('{"cells": [] "nbformat": 4}', "notebook", 1, "no whole JSON"),
    "a wrong escape": (r'{"cells": [{"cell_type": "\q"}]}', "notebook", 1, "no whole JSON"),
    "no cells": ('{"nbformat": 4}', "empty", None, "this notebook has no code"),
    "cells that are none": ('{"cells": [3, "a"]}', "notebook", 1, "no whole JSON"),
    "prose alone": (notebook(cell("# CNN", "markdown")), "empty", None, "has no code"),
    "another language": (
        notebook(cell("x <- c(3, 4)[[1]]; f = {"), cell("f(x) = {")),
        "empty",
        None,
        "can be read",
    ),
    "far too much code": (notebook(cell("x = 1\n" * 100_000)), "too-large", None, "too large"),
    "too many cells": (notebook(*[cell("")] * 10_001), "too-large", 50003, "10,000 cells"),
}


@pytest.mark.parametrize(("text", "code", "line", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong(
    text: str, code: str, line: int | None, words: str, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(text)
    error = failed(path)

    assert (error.code, error.line) == (code, line)
    assert words in error.message
    assert error.help
    assert error.file is None or error.file == str(path)
    assert command("shape", str(path)).code == 2


def test_what_was_left_out_is_told(tmp_path: Path) -> None:
    path = tmp_path / "net.ipynb"
    path.write_text(net_of("x = (", "no Python", "nor this", "nor that", after="y = z"))
    with pytest.raises(SpecError) as caught:
        analyze(f"{path}:Missing", (3, 8, 8))

    told = "left out, since no Python: cell 1, cell 2, cell 3 and 1 more"
    assert caught.value.notes == [told]


@pytest.mark.parametrize("way", ["os.system('touch {}')", "!touch {}", "open('{}', 'w')"])
def test_a_cell_that_reaches_out(way: str, tmp_path: Path) -> None:
    """What a model needs of it is refused; the rest is never looked at."""
    made = tmp_path / "made"
    cells = f"import os\n{way.format(made)}", "n = len(os.listdir('/'))", NET
    (tmp_path / "net.ipynb").write_text(notebook(*map(cell, cells), cell("model = CNN(n)")))

    assert params(analyze(f"{tmp_path / 'net.ipynb'}:CNN", (3, 8, 8))) == PARAMS
    with pytest.raises(SpecError):
        analyze(f"{tmp_path / 'net.ipynb'}:model", (3, 8, 8))
    assert not made.exists()


# JSON that is there to cost something.
BOMBS = {
    "deep": '{"cells": ' + "[" * 3_000_000,
    "deep outputs": '{"cells": [{"cell_type": "code", "outputs": ' + "[" * 3_000_000,
    "wide outputs": '{"cells": [{"cell_type": "code", "outputs": [' + "[]," * 4_000_000 + "]}]}",
    "many keys": "{" + '"a": 1,' * 1_000_000 + "}",
    "an endless text": '{"cells": "' + "\\\\" * 3_000_000,
    "one number": '{"cells": ' + "9" * 3_000_000,
    "blanks": '{"cells":' + " " * 3_000_000,
    "deep code": notebook(cell("x = " + "(" * 100_000)),
    "a lone half of a sign": '{"cells": [{"cell_type": "code", "source": "x = \\"\\ud800\\""}]}',
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.ipynb").write_text(text)

    assert failed(tmp_path / "net.ipynb").code in ("notebook", "empty", "too-large")
