"""What executors found, for people: sentences, and a table of who agrees on what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cnncalc.findings import Findings
from cnncalc.tables.table import Column, Table, human_bytes

__all__ = ["agreement", "verdict"]

Run = dict[str, Any]  # what one executor found, or a part of it: the `verify` of the contract

CHECKED = {
    "shapes": ("shape", "shapes"),
    "params": ("weight tensor", "weight tensors"),
    "macs": ("MAC count", "MAC counts"),
    "receptive_field": ("receptive field", "receptive fields"),
    "gradients": ("gradient", "gradients"),
}
AGREES = "agrees"
MEMORY = {
    "weight_bytes": "weights",
    "gradient_bytes": "gradients",
    "activation_bytes": "activations",
    "workspace_bytes": "workspace",
}
BESIDE = ", and what its libraries take for themselves"  # of which nothing is known here


def verdict(report: Findings) -> list[str]:
    """That all agrees, or where it doesn't; what was measured; what wasn't checked."""
    found = report.verify
    if found is None:
        return []
    if "runs" in found:
        return [_of_all(found), *_mismatches(report, found["mismatches"])]
    by = f"{found['executor']} on {found['device']}"
    many, wrong = _counts(found["checked"]), _mismatches(report, found["mismatches"])
    if wrong:
        count = len(found["mismatches"])
        say = f"{count} mismatch{'es' * (count > 1)} among {many}"
    else:
        single = sum(found["checked"].values()) == 1
        say = f"{many} agree{'s' * single}" if many else _nothing(found)
    line = f"{'' if found['ok'] else 'not '}verified by {by}: {say} ({_seconds(found)})"
    return [*_measured(found), line, *wrong, *_unchecked(found)]


def _nothing(found: Run) -> str:
    return "there is nothing to check" if found["ok"] else "nothing could be checked"


def _of_all(found: Run) -> str:
    """One sentence about several executors."""
    agree = [run["executor"] for run in found["runs"] if _stand(run) == AGREES]
    differ = [run["executor"] for run in found["runs"] if run["ok"] is False and run["mismatches"]]
    where = f"{'' if found['ok'] else 'not '}verified on {found['device']}"
    if differ:
        say = f"{_listed(differ)} {'differ' if len(differ) > 1 else 'differs'}"
        say += f", {_listed(agree)} {'agree' if len(agree) > 1 else 'agrees'}" if agree else ""
    elif agree:
        say = f"{_listed(agree)} agree" if len(agree) > 1 else f"only {_listed(agree)} has run"
    else:
        say = _nothing(found)
    return f"{where}: {say} ({_seconds(found)})"


def _counts(checked: dict[str, int]) -> str:
    counts = [
        f"{checked[key]:,} {words[checked[key] != 1]}"
        for key, words in CHECKED.items()
        if checked.get(key)
    ]
    return _listed(counts)


def _listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: a, b and c."""
    return ", ".join(words[:-1]) + (" and " if words[1:] else "") + "".join(words[-1:])


def _seconds(found: Run) -> str:
    return f"{found['seconds']:.1f} s" if found["seconds"] >= 0.1 else "under 0.1 s"


def _measured(found: Run) -> list[str]:
    """What the run took, beside what was predicted."""
    measured, predicted = found.get("measured"), found.get("predicted")
    if not measured or not predicted or found["device"] == "meta":
        return []
    line = f"measured: forward {_duration(measured['forward_seconds'])}"
    if measured["backward_seconds"] is not None:
        line += f", backward {_duration(measured['backward_seconds'])}"
    if measured["peak_bytes"] is not None:
        parts = ", ".join(
            f"{name} {human_bytes(predicted[key])}"
            for key, name in MEMORY.items()
            if predicted[key]
        )
        most, beside = ("at most ", "") if predicted["bound"] else ("", BESIDE)
        line += f", peak memory {human_bytes(measured['peak_bytes'])}; predicted {most}"
        line += f"{human_bytes(predicted['peak_bytes'])} ({parts}){beside}"
    return [line]


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def _unchecked(found: Run) -> list[str]:
    """A line for the steps that can't be built or reached, and one for each reason beside it."""
    reasons: dict[str, list[int]] = {}
    for each in found.get("reasons", ()):
        reasons.setdefault(each["reason"], []).append(each["index"])
    told = {index for steps in reasons.values() for index in steps}
    steps = [index for index in found.get("unchecked") or () if index not in told]
    by = found["executor"]
    lines = [f"not checked by {by}: {_steps(those)}. {why}" for why, those in reasons.items()]
    return [f"not checked, since {by} can't build or reach them: {_steps(steps)}"] * bool(
        steps
    ) + lines


def _steps(steps: Sequence[int]) -> str:
    shown = ", ".join(map(str, steps[:8])) + (", …" if len(steps) > 8 else "")
    return f"{'step' if len(steps) == 1 else 'steps'} {shown}"


def _mismatches(report: Findings, mismatches: Iterable[Run]) -> list[str]:
    """One line for each mismatch; the same one in several executors is one line."""
    found: dict[str, list[str]] = {}
    for each in mismatches:
        found.setdefault(_mismatch(report, each), []).append(each.get("executor", ""))
    return [f"  {f'{_listed(by)}, ' if by[0] else ''}{line}" for line, by in found.items()]


def _mismatch(report: Findings, mismatch: Run) -> str:
    row = report.rows[mismatch["index"]]
    where = f"step {row.index} `{row.text}`" if row.index else "all steps"
    predicted, actual = (_plainly(mismatch[side]) for side in ("predicted", "actual"))
    return f"{where}: {mismatch['what']} predicted {predicted}, actual {actual}"


def _plainly(value: object) -> str:
    """A shape as people write it, a count with separators, anything else as it is."""
    if isinstance(value, list | tuple):
        return "×".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else "none" if value is None else str(value)


def agreement(report: Findings) -> Table | None:
    """Several executors' runs as a table; None: there was one run, or none."""
    found = report.verify
    if found is None or "runs" not in found:
        return None
    runs = found["runs"]
    trained = "gradients" in found["checked"]
    columns = [column for column in AGREEMENT if trained or column.key != "gradients"]
    footer = [line for run in runs for line in _beside(run)]
    spare = ("device", "unchecked", "seconds", "gradients")
    dear = ("receptive_field", "macs", "params", "shapes")
    return Table(columns, None, runs, footer=footer, spare=spare, dear=dear)


def _beside(run: Run) -> list[str]:
    """Why a run didn't take place, or what it left out."""
    if run["ok"] is None:
        return [run["reason"] + (f": {run['help']}" if run["help"] else "")]
    return _unchecked(run)


def _checked(key: str, title: str, doc: str) -> Column:
    return Column(key, title, doc, lambda _, run: run.get("checked", {}).get(key), right=True)


def _device(_: None, run: Run) -> str:
    return "" if run["ok"] is None else str(run["device"])


def _stand(run: Run) -> str:
    """How a run ended, in a word or two."""
    if run["ok"] is None:
        return "didn't run"
    if run["mismatches"]:
        return f"{len(run['mismatches'])} differ" + "s" * (len(run["mismatches"]) == 1)
    return AGREES if any(run["checked"].values()) else "unchecked"


AGREEMENT = (
    Column("executor", "executor", "its name", lambda _, run: run["executor"]),
    Column("device", "device", "where it ran", _device),
    _checked("shapes", "shapes", "shapes that were compared"),
    _checked("params", "weights", "weight tensors that were compared"),
    _checked("macs", "MACs", "MAC counts that were compared"),
    _checked("receptive_field", "fields", "receptive fields that were compared"),
    _checked("gradients", "gradients", "gradients that were compared"),
    Column(
        "unchecked",
        "skipped",
        "steps that it can't build or reach",
        lambda _, run: len(run.get("unchecked", ())),
        right=True,
    ),
    Column(
        "seconds",
        "time",
        "of the run",
        lambda _, run: run.get("seconds"),
        lambda _, run: _duration(run["seconds"]) if "seconds" in run else "",
        right=True,
    ),
    Column("verdict", "verdict", "whether it agrees", lambda _, run: _stand(run)),
)
