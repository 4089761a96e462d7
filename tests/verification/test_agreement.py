"""`--executor all`: who agrees, who doesn't, who didn't run; in every format."""

from __future__ import annotations

import json

import jsonschema
import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.executors import EXECUTORS
from cnncalc.executors.base import Run
from cnncalc.render.table import draw
from cnncalc.tables.views import view
from cnncalc.widths import width_of
from tests.conftest import Command, Golden
from tests.test_schema import STRICT, plain
from tests.verification.standing_in import executor, use

SPEC = ("3x8x8", "conv:4,k3,p1", "relu", "maxpool:2", "flatten", "linear:10")
ABSENT = CnnCalcError(
    "the executor `absent` needs Absent, which isn't installed",
    code="executor",
    help="pip install 'cnncalc[absent]'",
)


def smaller(run: Run) -> None:
    """The pool gives one row less than it should."""
    run.steps[3].shape = (4, 3, 4)


def partial(run: Run) -> None:
    """The flatten can't be built, so what follows isn't reached."""
    for step in run.steps[4:]:
        step.built, step.shape = False, None


def nothing(run: Run) -> None:
    for step in run.steps:
        step.built = False


@pytest.fixture
def mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors that agree, differ, leave steps out, and aren't there."""
    use(
        monkeypatch,
        bundled=executor("bundled"),
        torch=executor("torch", smaller, trains=True),
        keras=executor("keras", lambda run: (smaller(run), partial(run))[0]),
        absent=ABSENT,
    )


@pytest.fixture
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = executor("torch", partial, trains=True)
    use(monkeypatch, bundled=executor("bundled"), torch=torch, absent=ABSENT)


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("form", ["table", "markdown", "html", "latex", "csv"])
def test_disagreement_in_every_format(form: str, command: Command, golden: Golden) -> None:
    """The table of who agrees stands below, or on standard error where there is no room."""
    words = ("shape", *SPEC, "--columns", "index,layer,output", "--verify", "--executor", "all")
    code, out, err = command(*words, "-f", form)

    assert code == 1
    assert form != "csv" or len(out.splitlines()) == 6
    golden(f"agreement.{form}.txt", f"{out}--- standard error ---\n{err}")


@pytest.mark.usefixtures("agreeing")
def test_agreement(command: Command, golden: Golden) -> None:
    words = ("shape", *SPEC, "--verify", "--executor", "all")
    code, out, err = command(*words)

    assert (code, err) == (0, "")
    golden("agreement.txt", f"{out}\n{command(*words, '--backward').out}")


@pytest.mark.usefixtures("agreeing")
def test_a_terminal_gets_what_fits() -> None:
    """At 80 columns, with gradients: the columns that can be spared go, and it is said."""
    report = cnncalc.verify(" ".join(SPEC), executor="all", backward=True)
    for width, gone in ((64, "device"), (80, "skipped"), (200, None)):  # what fits whole stays
        drawn = draw(view("shape", report, "index"), width=width, color=False)
        table = drawn[drawn.index("  executor") :].splitlines()[:4]

        assert max(map(len, table)) <= width
        assert ("left out to fit" in drawn) == (gone is not None)
        assert gone is None or f"columns: {gone}" in drawn
        assert "--columns" not in drawn


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("width", [60, 50])
def test_a_narrow_terminal(width: int, golden: Golden) -> None:
    """The verdict and what isn't checked, folded; of the table of who agrees what is telling."""
    report = cnncalc.verify(" ".join(SPEC), executor="all")
    drawn = draw(view("shape", report), width=width, color=False)

    golden(f"agreement.{width}.txt", drawn)
    assert max(map(width_of, drawn.split("\n"))) <= width


@pytest.mark.usefixtures("mixed")
def test_the_document(command: Command) -> None:
    """The contract's keys, summed up, and each executor's own."""
    code, out, err = command("shape", *SPEC, "--verify", "--executor", "all", "--json")
    document = json.loads(out)
    found = document["verify"]

    assert (code, err) == (1, "")
    STRICT.validate(document)
    assert (found["executor"], found["device"], found["ok"]) == ("all", "cpu", False)
    assert found["checked"]["shapes"] == 5 + 5 + 3
    assert found["unchecked"] == []  # by one of them each was
    assert found["seconds"] == 0.75
    wrong = {"index": 3, "what": "shape", "predicted": [4, 4, 4], "actual": [4, 3, 4]}
    assert found["mismatches"] == [
        {"executor": "torch", **wrong},
        {"executor": "keras", **wrong},
    ]
    assert [(run["executor"], run["ok"]) for run in found["runs"]] == [
        ("bundled", True),
        ("torch", False),
        ("keras", False),
        ("absent", None),
    ]
    assert found["runs"][3]["reason"] == ABSENT.message
    assert found["runs"][3]["help"] == ABSENT.help
    assert found["runs"][0]["measured"]["peak_bytes"] == 12_345_678


@pytest.mark.usefixtures("mixed")
def test_a_wrong_run_is_refused_by_the_schema() -> None:
    document = plain(cnncalc.verify(" ".join(SPEC), executor="all").to_dict())
    document["verify"]["runs"][3]["ok"] = True

    with pytest.raises(jsonschema.ValidationError):
        STRICT.validate(document)


def test_who_checked_nothing_does_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, bundled=executor("bundled"), idle=executor("idle", nothing))
    report = cnncalc.verify(" ".join(SPEC), executor="all")
    table = view("shape", report).below

    assert table is not None
    assert [line[-1] for line in table.texts()] == ["agrees", "unchecked"]
    assert "verified on cpu: only bundled has run (0.5 s)" in view("shape", report).footer


def test_where_none_runs(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """An error with everyone's reason; too little memory is one and the same for all."""
    use(monkeypatch, absent=ABSENT, lost=CnnCalcError("`lost` is lost", code="executor"))
    code, out, err = command("shape", *SPEC, "--verify", "--executor", "all")

    assert (code, out) == (2, "")
    assert "no executor runs this on `cpu`" in err
    assert "absent: the executor `absent` needs Absent, which isn't installed; lost: `lo" in err
    assert "`cnncalc executors` says what each of them needs" in err
    monkeypatch.setattr("cnncalc.executors.base.free_memory", lambda: 2**20)
    use(monkeypatch, bundled=executor("bundled"), absent=ABSENT)
    code, _, err = command("shape", *SPEC, "--verify", "--executor", "all")
    assert code == 2
    assert "error[memory]: this run would take 67.1 MB" in err


def test_a_backward_pass_needs_one_who_can(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, bundled=executor("bundled"), torch=ABSENT)
    with pytest.raises(CnnCalcError, match="no executor has a backward pass here: ") as error:
        cnncalc.verify(" ".join(SPEC), executor="all", backward=True)

    assert (error.value.code, error.value.help) == ("backward", ABSENT.help)


@pytest.mark.usefixtures("agreeing")
def test_progress_goes_on_from_one_to_the_next() -> None:
    told: list[tuple[int, int, str]] = []
    cnncalc.verify(" ".join(SPEC), executor="all", progress=lambda *now: told.append(now))

    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {total for _, total, _ in told} == {3 * 6}
    assert {name.split()[0] for _, _, name in told} == {"bundled", "torch"}


def test_those_that_are_installed(command: Command) -> None:
    """Really: the bundled one at least, and why the others didn't run."""
    words = ("shape", *SPEC, "--verify", "--executor", "all")
    code, out, _ = command(*words)
    document = json.loads(command(*words, "--json").out)

    assert code == 0
    STRICT.validate(document)
    assert [run["executor"] for run in document["verify"]["runs"]] == list(EXECUTORS)
    for run in document["verify"]["runs"]:
        assert run["ok"] is True or (run["ok"] is None and run["reason"] in out)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("al", "did you mean `all`? "),
        ("Torch", "did you mean `torch`? "),
        ("onnx", "did you mean `onnxruntime`? "),
        ("jax", "did you mean `keras`? "),
        ("numpy", "did you mean `bundled`? "),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_names_that_there_are_not(name: str, meant: str, command: Command) -> None:
    """An empty one, as from a variable that isn't set, is none either."""
    code, out, err = command("shape", *SPEC, "--verify", "--executor", name)

    assert (code, out) == (2, "")
    assert err == (
        f"error[executor]: `{name}` is no executor\n  = help: {meant}"
        "available: `bundled`, `torch`, `keras`, `onnxruntime`, `all`\n"
    )


def test_a_device_that_no_one_has(command: Command) -> None:
    code, _, err = command("shape", *SPEC, "--verify", "--executor", "all", "--device", "tpu")

    assert code == 2
    assert "no executor runs this on `tpu`" in err
    assert "bundled: `tpu` is no device of the bundled executor" in err


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--backward"], "`--verify --backward --executor torch`"),
        (["--executor", "all"], "`--verify --executor all`"),
        (["--device", "cuda"], "`--verify --device cuda`"),
        (["--executor", ""], "`--verify --executor `"),
    ],
)
def test_how_to_verify_without_verify(options: list[str], advice: str, command: Command) -> None:
    code, _, err = command("shape", *SPEC, *options)

    assert code == 2
    assert f"`{options[0]}` says how to verify, and `--verify` is missing" in err
    assert advice in err
