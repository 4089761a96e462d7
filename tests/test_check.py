"""`cnncalc check`: the networks of a pyproject.toml, and what is wrong in such a file."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import jsonschema
import pytest

from cnncalc.cli.project import KEYS, _places
from tests import processes
from tests.conftest import Command, Golden
from tests.test_schema import SCHEMA, closed

ROOT = Path(__file__).parent.parent
DOCUMENT = jsonschema.Draft202012Validator(
    {"$ref": "#/$defs/checked", "$defs": closed(SCHEMA["$defs"])}
)

GOOD = """\
[tool.cnncalc.networks.lenet]
spec = "lenet5"
max-params = 70_000
expect = [10]
"""
SMALL = """\
[tool.cnncalc.networks.small]
spec = ["3x32x32", "conv:16,k3,p1", "relu", "flatten", "linear:10"]
max-params = "25k"
"""
WRONG = """\
[tool.cnncalc.networks.wrong]
spec = "3x32x32 conv:16,k3 linear:10"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pyproject.toml in it, as the working one."""
    shutil.copytree(ROOT / "tests" / "project", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pyproject.toml"


def test_a_project(project: Path, command: Command) -> None:
    code, out, err = command("check")
    lines = out.splitlines()

    assert (code, err) == (0, "")
    assert [line.split()[:5] for line in lines[1:]] == [
        ["classifier", "ok", "3", "of", "3"],
        ["backbone", "ok", "3", "of", "3"],
    ]


@pytest.mark.parametrize(
    ("text", "verdicts", "status"),
    [
        (GOOD, ["ok"], 0),
        (SMALL, ["missed"], 1),
        (GOOD + SMALL, ["ok", "missed"], 1),
        (WRONG + GOOD, ["error", "ok"], 2),
        (SMALL + WRONG + GOOD, ["missed", "error", "ok"], 2),
    ],
)
def test_the_worst_is_the_exit_status(
    text: str, verdicts: list[str], status: int, project: Path, command: Command
) -> None:
    """And each network is one line, whatever became of the others."""
    project.write_text(text)
    code, out, _ = command("check")

    assert code == status
    assert [line.split()[1] for line in out.splitlines()[1:]] == verdicts


def test_what_is_missed_is_said(project: Path, command: Command) -> None:
    project.write_text(SMALL)
    out = command("check").out

    assert "164,298 parameters are 139,298 more than --max-params 25k" in out


def test_a_wrong_network_is_told_in_whole(project: Path, command: Command) -> None:
    project.write_text(GOOD + WRONG)
    err = command("check").err

    assert err.startswith("pyproject.toml:5: the network `wrong`\nerror[linear-on-a-map]: ")
    assert "^^^^" in err
    assert command("check", "lenet").code == 0


def test_documents(project: Path, command: Command) -> None:
    """All networks in one document, or one on each line; the errors are in them."""
    project.write_text(GOOD + SMALL + WRONG)
    code, out, err = command("check", "--json")
    document = json.loads(out)

    assert (code, err) == (2, "")
    DOCUMENT.validate(document)
    assert [each["ok"] for each in document["networks"]] == [True, False, False]
    assert document["networks"][0]["checks"] == [
        {"what": "max-params", "limit": 70_000, "value": 61_706, "ok": True},
        {"what": "expect", "limit": [10], "value": [10], "ok": True},
    ]
    assert document["networks"][2]["error"]["code"] == "linear-on-a-map"
    lines = command("check", "-f", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == document["networks"]
    rows = list(csv.DictReader(io.StringIO(command("check", "-f", "csv").out)))
    assert [row["ok"] for row in rows] == ["True", "False", "False"]


def test_verify_is_a_check(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_text(GOOD + "verify = true\n")
    assert command("check").code == 0
    from cnncalc.layers.linear import Linear

    weights = Linear.weights
    monkeypatch.setattr(Linear, "weights", lambda *args: weights(*args)[:1])
    code, out, _ = command("check")

    assert code == 1
    assert "2 of 3" in out
    assert "not verified by bundled on cpu" in out


def test_paths_are_from_the_file(project: Path, command: Command) -> None:
    """From whatever folder below it is called, and with another file's name."""
    below = project.parent / "src" / "deep"
    below.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(below)
        assert command("check").code == 0
        assert command("check", "-f", "csv", "-o", "out.csv").code == 0
        assert Path.cwd() == below
    assert (below / "out.csv").exists()
    other = project.rename(project.with_name("networks.toml"))
    assert command("check", "--config", str(other)).code == 0
    assert command("check").code == 2


def test_inputs_by_name(project: Path, command: Command) -> None:
    both = "[tool.cnncalc.networks.gan]\nspec = 'cgan'\ninput = {z = 100, label = 'scalar'}\n"
    project.write_text(both)
    assert command("check").code == 0
    project.write_text(both.replace("{z = 100, label = 'scalar'}", "['z=100', 'label=scalar']"))
    assert command("check").code == 0


FILES = {
    "no TOML": "[tool.cnncalc.networks.a]\nspec = \n",
    "no network": "[project]\nname = 'a'\n",
    "no table": "[tool]\ncnncalc = 3\n",
    "network is no table": "[tool.cnncalc.networks]\na = 'lenet5'\n",
    "no spec": "[tool.cnncalc.networks.a]\nmax-params = 3\n",
    "no such key": "[tool.cnncalc.networks.a]\nspec = 'lenet5'\nmax-param = 3\n",
    "value": "[tool.cnncalc.networks.a]\nspec = 'lenet5'\n\n  batch = true # or so\n",
    "flag": "[tool.cnncalc.networks.'a b']\nspec = 'lenet5'\nverify = 'yes'\n",
    "inline": "[tool.cnncalc]\nnetworks.a = {spec = 'lenet5', inputs = 3}\n",
    "dotted": "[tool]\ncnncalc.networks.a.spec = 'lenet5'\ncnncalc.networks.a.depth = 1\n",
    "in a text": '[tool.cnncalc.networks.a]\nspec = """\nbatch = 3\nlenet5"""\nbatch = []\n',
}


def test_what_is_wrong_in_the_file(project: Path, command: Command, golden: Golden) -> None:
    """Each is told with its place, and nothing is checked."""
    pages = []
    for title, text in FILES.items():
        project.write_text(text)
        code, out, err = command("check")
        assert (code, out) == (2, "")
        pages.append(f"# {title}\n{err}")
    project.write_text(GOOD)
    pages.append(f"# name\n{command('check', 'lent').err}")
    pages.append(f"# another network\n{command('check', 'resnet50').err}")
    pages.append(f"# file\n{command('check', '--config', 'none.toml').err}")
    golden("check.txt", "\n".join(pages))


def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = command("check")

    assert code == 2
    assert err.startswith("error[no-file]: neither this folder nor one above has a pyproject.toml")


def test_places_of_keys() -> None:
    """As tomllib reads this project's own file, each table and key is where it is said to be."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    places = dict(_places(text))
    whole = tomllib.loads(text)

    assert len(places) > 30
    for path, (start, end) in places.items():
        at = whole
        for key in path:
            at = at[0] if isinstance(at, list) else at
            at = at[key]
        assert path[-1] in text[start:end]


def test_every_key_is_told() -> None:
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")

    assert [key for key in KEYS if f"`{key}`" not in page] == []


def test_the_hook_runs(tmp_path: Path) -> None:
    """The command of the hook, as pre-commit would run it: in the repository, without names."""
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hook = dict(re.findall(r"^[- ] (\w+): (.*)$", text, re.MULTILINE))
    program, *words = shlex.split(hook["entry"])
    shutil.copytree(ROOT / "tests" / "project", tmp_path, dirs_exist_ok=True)

    assert (program, hook["pass_filenames"]) == ("cnncalc", "false")
    assert re.search(hook["files"].strip("'"), "src/model.py")
    assert re.search(hook["files"].strip("'"), "pyproject.toml")
    ran = processes.cnncalc(*words, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    model = tmp_path / "model.py"
    model.write_text(model.read_text().replace("32 * 8 * 8", "32 * 7 * 7"))
    ran = processes.cnncalc(*words, cwd=tmp_path)
    assert ran.returncode == 2
    assert "model.py" in ran.stderr


@pytest.mark.parametrize("recipe", ["- run: cnncalc check", "entry: cnncalc check"])
def test_the_recipes_run_the_same(recipe: str) -> None:
    assert recipe in (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
