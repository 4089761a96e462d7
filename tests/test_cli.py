"""The command line: every way in and every way out."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest

import cnncalc
from cnncalc.cli.app import COMMANDS
from cnncalc.cli.main import main
from cnncalc.cli.options import Settings
from cnncalc.layers.conv import Conv
from tests import processes
from tests.conftest import Command
from tests.test_schema import STRICT

SPEC = ("3x8x8", "conv:4,k3,p1", "relu", "maxpool:2", "flatten", "linear:10")


# What comes out


@pytest.mark.parametrize("name", ["shape", "params", "rf"])
def test_the_document_is_the_report(name: str, command: Command) -> None:
    code, out, err = command(name, *SPEC, "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == cnncalc.analyze(" ".join(SPEC)).to_dict()


def test_options_reach_the_report(command: Command) -> None:
    words = ("--json", "-i", "3x9x12", "-b", "4", "--dtype", "float16", "--layout", "channels-last")
    _, out, _ = command("shape", *SPEC, *words)

    expected = cnncalc.analyze(
        " ".join(SPEC), (3, 9, 12), batch=4, dtype="float16", layout="channels-last"
    )
    assert json.loads(out) == expected.to_dict()
    assert json.loads(out)["input"]["shape"] == [9, 12, 3]


@pytest.mark.parametrize("size", ["3x9x12", "3×9×12", "3,9,12", " 3x9x12 "])
def test_sizes_are_read_as_people_write_them(size: str, command: Command) -> None:
    _, out, _ = command("shape", "conv:4,k3", "--json", "--input", size)

    assert json.loads(out)["input"]["shape"] == [3, 9, 12]


def test_let_binds_symbols(command: Command) -> None:
    _, out, _ = command("shape", "3xHxW", "conv:4,k3", "--let", "H=9", "--let", "W=12", "--json")

    assert json.loads(out)["input"]["shape"] == [3, 9, 12]


def test_spec_from_standard_input(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(" ".join(SPEC).encode())))

    assert command("shape", "-") == command("shape", *SPEC)


def test_words_after_two_dashes(command: Command) -> None:
    assert command("shape", "--json", "--", *SPEC) == command("shape", *SPEC, "--json")


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ("index,output", ["index", "output_shape"]),
        (" Output , index,output_shape", ["output_shape", "index"]),
        ("text,activation_bytes,rf", ["text", "activation_bytes", "receptive_field"]),
    ],
)
def test_columns_are_chosen(wanted: str, keys: list[str], command: Command) -> None:
    _, out, _ = command("shape", *SPEC, "-f", "csv", "--columns", wanted)

    assert out.splitlines()[0].split(",") == keys


def test_columns_are_added(command: Command) -> None:
    usual = command("shape", *SPEC).out.splitlines()[0]
    more = command("shape", *SPEC, "--columns", "+input,share").out.splitlines()[0]

    assert more.split() == [*usual.split(), "input", "share"]


# Files


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("r.json", "{"),
        ("r.JSON", "{"),
        ("r.csv", "index,"),
        ("r.md", "|"),
        ("r.tex", "% needs \\usepackage{booktabs}\n\\begin{tabular}"),
        ("r.html", "<!DOCTYPE html>"),
        ("r.jsonl", '{"index": 1'),
        ("r.txt", "  #"),
        ("r", "  #"),
    ],
)
def test_a_file_tells_the_format(
    name: str, beginning: str, tmp_path: Path, command: Command
) -> None:
    assert command("shape", *SPEC, "-o", str(tmp_path / name)) == (0, "", "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_a_file_is_replaced_whole(tmp_path: Path, command: Command) -> None:
    target = tmp_path / "report.json"
    target.write_text("before")
    target.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(target)

    assert command("shape", *SPEC, "-o", str(link))[0] == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["schema"] == "cnncalc.report/1"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "report.json"]


@pytest.mark.parametrize("name", ["r.png", "r.PDF", "r.v2", "net.cnn"])
def test_an_ending_that_tells_no_format(name: str, tmp_path: Path, command: Command) -> None:
    """Whoever wants a picture would get a table of text; a format that is named is written."""
    code, _, err = command("shape", *SPEC, "-o", str(tmp_path / name))

    assert code == 2
    assert "none here has the ending" in err
    assert list(tmp_path.iterdir()) == []
    assert command("shape", *SPEC, "-o", str(tmp_path / name), "-f", "csv") == (0, "", "")


@pytest.mark.parametrize("words", [("shape", *SPEC), ("layers",), ("schema",), ("examples",)])
def test_a_dash_is_standard_output(words: tuple[str, ...], command: Command) -> None:
    assert command(*words, "-o", "-") == command(*words)


@pytest.mark.parametrize("name", ["folder", "folder/", "new/", "new/r.csv", "loop.csv", "lost.csv"])
def test_what_is_no_place_for_a_file(name: str, tmp_path: Path, command: Command) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "lost.csv").symlink_to("nowhere/r.csv")
    code, out, err = command("shape", *SPEC, "-o", f"{tmp_path}/{name}")

    assert (code, out) == (2, "")
    assert "can't be written: " in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "loop.csv", "lost.csv"]
    assert (tmp_path / "loop.csv").is_symlink()


def test_a_link_that_leads_to_no_file_yet(tmp_path: Path, command: Command) -> None:
    (tmp_path / "link.csv").symlink_to("new.csv")

    assert command("shape", *SPEC, "-o", str(tmp_path / "link.csv")).code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "new.csv").read_text().startswith("index,")


def test_names_as_long_as_the_system_has_them(tmp_path: Path, command: Command) -> None:
    longest = os.pathconf(tmp_path, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    path = tmp_path / f"{'n' * (longest - 4)}.csv"

    assert command("shape", *SPEC, "-o", str(path)) == (0, "", "")
    assert "too long" in command("shape", *SPEC, "-o", str(path.with_suffix(".jsonl"))).err
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_file_is_left_as_it_was_when_writing_fails(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    target.write_text("before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    code, _, err = command("shape", *SPEC, "-o", str(target))

    assert code == 2
    assert "no space left" in err
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert target.read_text() == "before"


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no such device here")
def test_a_device_is_written_to() -> None:
    ran = processes.cnncalc("shape", *SPEC, "-o", "/dev/stdout", "-f", "csv")

    assert (ran.returncode, ran.stdout[:6], ran.stderr) == (0, "index,", "")


# Checks


@pytest.mark.parametrize(
    ("options", "missed"),
    [
        (["--max-params", "0.7k"], "762 parameters are 62 more than --max-params 0.7k"),
        (["--max-params", "762"], None),
        (["--max-params", "761"], "are 1 more"),
        (["--max-params", "1,000"], None),
        (["--max-params", "7B"], None),
        (["--max-params", "9" * 400], None),
        (["--max-memory", "9" * 400 + "PiB"], None),
        (["--max-macs", "7.5k"], "7,552 MACs are 52 more than --max-macs 7.5k"),
        (["--max-macs", "7.552k"], None),
        (["--max-memory", "5kB"], "take 5.65 kB, 648 bytes more than --max-memory 5kB"),
        (["--max-memory", "1GiB"], None),
        (["--min-rf", "8"], None),
        (["--min-rf", "9"], "the output's receptive field is 8×8, 1 less than --min-rf 9"),
        (["--min-rf", "8x10"], "2 less"),
        (["--min-rf", "8x8x8"], "2 spatial axes"),
        (["--expect", "10"], None),
        (["--expect", "12"], "the output is 10, not 12: -2"),
        (["--expect", "10x1"], "the output is 10, not 10×1"),
    ],
)
def test_budgets(options: list[str], missed: str | None, command: Command) -> None:
    code, out, err = command("shape", *SPEC, *options)

    assert out == command("shape", *SPEC)[1]
    if missed is None:
        assert (code, err) == (0, "")
    else:
        assert code == 1
        assert missed in err


@pytest.mark.parametrize("name", ["shape", "params", "rf"])
def test_budgets_stand_in_the_document(name: str, command: Command) -> None:
    limits = ("--max-params", "700", "--max-macs", "8k", "--max-memory", "1MB")
    code, out, _ = command(name, *SPEC, "--json", *limits, "--min-rf", "8", "--expect", "10")

    assert code == 1
    STRICT.validate(json.loads(out))
    assert json.loads(out)["checks"] == [
        {"what": "max-params", "limit": 700, "value": 762, "ok": False},
        {"what": "max-macs", "limit": 8000, "value": 7552, "ok": True},
        {"what": "max-memory", "limit": 1_000_000, "value": 5648, "ok": True},
        {"what": "min-rf", "limit": [8, 8], "value": [8, 8], "ok": True},
        {"what": "expect", "limit": [10], "value": [10], "ok": True},
    ]
    assert "checks" not in json.loads(command(name, *SPEC, "--json")[1])


@pytest.mark.parametrize("word", ["float16", "fp16", "half", "Half", "f16", "torch.float16"])
def test_dtypes_have_other_names(word: str, command: Command) -> None:
    _, out, _ = command("shape", *SPEC, "--dtype", word, "--json")

    assert json.loads(out)["input"]["dtype"] == "float16"
    assert json.loads(out)["total"]["param_bytes"] == 2 * 762


@pytest.mark.parametrize("path", ["missing.cnn", "nowhere/missing.py", "."])
def test_an_error_has_the_name_of_a_file_that_cant_be_read(path: str, command: Command) -> None:
    _, _, err = command("shape", path, "--json")
    error = json.loads(err)["error"]

    assert (error["code"], error["file"], error["line"]) == ("no-file", path, None)


def test_what_grows_with_the_batch_is_said(command: Command) -> None:
    _, out, _ = command("shape", *SPEC, "-b", "4")

    assert "(float32, batch 4)\nbatch 4: activations grow with it; shapes and" in out
    assert "activations grow" not in command("shape", *SPEC)[1]


@pytest.mark.parametrize("name", ["shape", "params", "rf"])
def test_verify(name: str, command: Command) -> None:
    code, out, err = command(name, *SPEC, "--verify")

    assert (code, err) == (0, "")
    assert "verified by bundled on cpu: 5 shapes, 4 weight tensors" in out.splitlines()[-1]


def test_verify_beside_other_formats(command: Command) -> None:
    code, out, err = command("shape", *SPEC, "--verify", "-f", "csv")

    assert code == 0
    assert len(out.splitlines()) == 6
    assert "\nverified by bundled on cpu: " in err


def test_a_mismatch_is_listed(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Conv.output
    monkeypatch.setattr(Conv, "output", lambda *a: (*output(*a)[:-1], output(*a)[-1] + 2))
    code, out, _ = command("shape", *SPEC[:3], "--verify")

    assert code == 1
    assert "not verified by bundled on cpu: " in out
    assert "step 1 `conv:4,k3,p1`: shape predicted 4×8×10, actual 4×8×8" in out
    assert command("shape", *SPEC[:3], "--verify", "--json")[0] == 1


# Ways to end


def test_a_bug_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("cnncalc.api.analyze", fail)
    monkeypatch.delenv("CNNCALC_DEBUG", raising=False)
    code, out, err = command("shape", *SPEC)

    assert (code, out) == (2, "")
    assert err.startswith("error[bug]: this is a bug in cnncalc: RuntimeError: two lines\n")
    monkeypatch.setenv("CNNCALC_DEBUG", "1")
    with pytest.raises(RuntimeError):
        command("shape", *SPEC)


def test_an_interrupt_ends_quietly(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cnncalc.api.analyze", interrupt)

    assert command("shape", *SPEC) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell there")
def test_a_reader_may_stop_early() -> None:
    """`| head -1` ends silently, though the whole table doesn't fit into a pipe."""
    spec = "'3x8x8 5000*[conv:8,k3,p1 relu]'"
    ran = processes.shell(f"'{sys.executable}' -m cnncalc shape {spec} | head -1")

    assert ran.stdout.split() == ["#", "layer", "output", "RF", "params", "MACs"]
    assert ran.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell there")
def test_closed_outputs_are_no_crash() -> None:
    ran = processes.shell(f"'{sys.executable}' -m cnncalc shape {' '.join(SPEC)} >&- 2>&-")

    assert ran.returncode == 0


def test_an_encoding_without_our_signs() -> None:
    ran = processes.cnncalc(
        "shape", "3x8x8", "conv:4,k3", environment={"PYTHONIOENCODING": "ascii"}
    )

    assert ran.returncode == 0
    assert "4x6x6" in ran.stdout


def test_words_that_are_no_text() -> None:
    ran = processes.cnncalc("shape", b"3x8x8", b"re\xfflu\x1b[31m", encoding=None)

    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr
    assert b"\x1b" not in ran.stderr


# Errors


@pytest.mark.parametrize("option", [["--json"], ["-f", "json"], ["--format=json"]])
def test_errors_as_json(option: list[str], command: Command) -> None:
    code, out, err = command("shape", "3x8x8", "cnov:3", *option)

    assert (code, out) == (2, "")
    assert json.loads(err) == {
        "schema": "cnncalc.error/1",
        "error": {
            "code": "unknown-layer",
            "message": "there is no layer `cnov`",
            "file": None,
            "line": 1,
            "column": 7,
            "end_column": 11,
            "help": "did you mean `conv`?",
        },
    }


def test_usage_errors_as_json(command: Command) -> None:
    code, out, err = command("shape", "--json", "--inptu", "3x3")

    assert (code, out) == (2, "")
    assert json.loads(err)["error"]["code"] == "usage"
    assert command("shape", "--", "--json").err.startswith("error[")


# Help, versions, completion


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, command: Command) -> None:
    code, out, err = command(name, "--help")

    assert (code, err) == (0, "")
    assert f"cnncalc {name}" in out
    assert command(name, "-h") == (code, out, err)


def test_every_option_has_help(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = command("shape", "--help")

    for name in Settings.declared():
        flag = {"words": "SPEC", "notation": "--from"}.get(name, "--" + name.replace("_", "-"))
        assert flag in out


def test_no_command_shows_the_commands(command: Command) -> None:
    code, out, err = command()

    assert (code, err) == (2, "")
    assert all(name in out for name in COMMANDS)


def test_version(command: Command) -> None:
    assert command("--version") == (0, f"cnncalc {cnncalc.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("cnncalc sh", {"shape"}),
        ("cnncalc shape vgg1", {"vgg11", "vgg13", "vgg16", "vgg19"}),
        ("cnncalc shape convt", {"convt"}),
        ("cnncalc shape relu --max-m", {"--max-macs", "--max-memory"}),
        ("cnncalc shape relu --layout channels-l", {"channels-last"}),
        ("cnncalc layers dwc", {"dwconv"}),
        ("cnncalc expl", {"explain"}),
        ("cnncalc explain relu -f l", {"latex"}),
        ("cnncalc shape relu --dtype bf", {"bfloat16", "bf16"}),
        ("cnncalc shape relu --count ptf", {"ptflops", "ptflops-aten"}),
        ("cnncalc shape relu --optimizer ad", {"adam", "adamw"}),
        ("cnncalc shape net", {"net.cnn", "nets.py"}),
        ("cnncalc shape nets.py:", {"nets.py:Small", "nets.py:large"}),
        ("cnncalc shape nets.py:S", {"nets.py:Small"}),
        ("cnncalc shape nets.py : l", {"large"}),  # as bash cuts it
        ("cnncalc shape broken.py:", set()),
        ("cnncalc shape missing.py:", set()),
    ],
)
def test_completion(
    words: str, offered: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.cnn").write_text("3x8x8 relu")
    Path("nets.py").write_text("class Small: ...\n\ndef large(): ...\n\ndef _own(): ...\n")
    Path("broken.py").write_text("class Small(:")
    ran = processes.cnncalc(
        environment={
            "_CNNCALC_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
    )

    assert (offered, ran.stderr) == (set(ran.stdout.split()), "")


def test_the_module_is_the_command() -> None:
    ran = processes.cnncalc("shape", *SPEC)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[0].split() == ["#", "layer", "output", "RF", "params", "MACs"]


# What is shipped


def test_examples_are_listed(command: Command) -> None:
    _, out, _ = command("examples", "-f", "jsonl")
    listed = [json.loads(line) for line in out.splitlines()]

    assert "lenet5" in [each["name"] for each in listed]
    assert all(len(each["description"]) > 20 for each in listed)


def test_executors_are_listed(command: Command) -> None:
    _, out, _ = command("executors", "--json")
    bundled = next(each for each in json.loads(out) if each["executor"] == "bundled")

    assert bundled["device"] == "cpu"
    assert bundled["ready"] is True


def test_layers_by_alias_and_by_foreign_name(command: Command) -> None:
    assert command("layers", "fc") == command("layers", "linear")
    assert "`cnncalc layers bn`" in command("layers", "BatchNorm2d")[2]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "color"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_a_terminal_gets_colour_and_its_width(
    environment: dict[str, str], color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {"COLUMNS": "60", "NO_COLOR": "", **environment}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    monkeypatch.setattr("sys.stderr", messages := Terminal())

    assert main(["shape", "3x8x8", "conv:16,k3,p1,mode=circular,nobias", "relu"]) == 0
    assert ("\x1b[1m" in terminal.getvalue()) is color
    assert "conv:16,k3,p1" in terminal.getvalue()
    assert "…  16×8×8" in terminal.getvalue()
    assert main(["shape", "3x8x8", "cnov"]) == 2
    assert ("\x1b[1;31m" in messages.getvalue()) is color


def test_the_progress_of_a_long_run_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.render.table.PATIENCE", -1.0)
    monkeypatch.setattr("sys.stdout", results := io.StringIO())
    monkeypatch.setattr("sys.stderr", messages := Terminal())

    assert main(["shape", *SPEC, "--verify"]) == 0
    assert re.search(r"(\d)/\1", messages.getvalue())
    assert "\x1b" not in results.getvalue()


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["help"], ["--help"]), (["help", "rf"], ["rf", "--help"]), (["version"], ["--version"])],
)
def test_words_of_other_tools(words: list[str], meant: list[str], command: Command) -> None:
    """`cnncalc help shape` and `cnncalc version` are answered too."""
    assert command(*words) == command(*meant)
    assert command(*words).code == 0


def test_help_names_no_types(command: Command) -> None:
    """A flag takes nothing, and a spec is words."""
    assert "<" not in command("shape", "--help").out


@pytest.mark.parametrize(
    ("typed", "name"),
    [("ResNet18", "resnet18"), ("vgg-16", "vgg16"), ("LeNet", "lenet5"), ("U-Net", "unet")],
)
def test_networks_as_papers_write_them(typed: str, name: str, command: Command) -> None:
    assert command("shape", typed, "--summary") == command("shape", name, "--summary")


def test_centre_in_both_spellings(command: Command) -> None:
    assert command("rf", "lenet5", "--centre") == command("rf", "lenet5", "--center")
    wanted = [command("rf", "lenet5", "--columns", word) for word in ("center", "centre")]
    assert wanted[0] == wanted[1]
