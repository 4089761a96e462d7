"""The branches of a step in words."""

from __future__ import annotations

import pytest

from cnncalc import analyze
from cnncalc.branches import Branches


def words(spec: str) -> list[str]:
    """The branches of the last step."""
    row = analyze(spec).rows[-1]
    return Branches(analyze(spec).rows).words(row.inputs, range(len(row.inputs)))


@pytest.mark.parametrize(
    ("spec", "branches"),
    [
        ("3x8x8 add[ relu | ]", ["`relu`", "the identity"]),
        ("3x8x8 bn add[ relu bn | sigmoid ]", ["`relu bn`", "`sigmoid`"]),
        ("3x8x8 add[ | ]", ["the identity", "the identity"]),
        ("3x8x8 cat[ relu | relu6 | elu ]", ["`relu`", "`relu6`", "`elu`"]),
        ("3x8x8 a@bn relu add[ @a sigmoid | ]", ["`sigmoid`", "`relu`"]),
        ("3x8x8 add[ add[ relu | bn ] tanh | ]", ["`bn add tanh`", "the identity"]),
        ("3x8x8 add[ 8*[relu bn] | @input ]", ["`relu bn relu … bn relu bn`", "the identity"]),
    ],
)
def test_words(spec: str, branches: list[str]) -> None:
    """Back to where they part; three words at each end of a long one."""
    assert words(spec) == branches


def test_far_branches_are_not_followed_to_their_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the last words of each are said."""
    monkeypatch.setattr(Branches, "FARTHEST", 5)

    assert words("3x8x8 add[ 8*[relu bn] | @input ]") == ["`… bn relu bn`", "the identity"]


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all steps together."""
    rows = analyze("3x8x8 2*add[ conv:3,k3,p1 relu | ]").rows
    monkeypatch.setattr(Branches, "MOST_WORK", 3)
    branches = Branches(rows)

    assert branches.words(rows[3].inputs, [0]) == ["`conv:3,k3,p1 relu`"]
    assert branches.words(rows[6].inputs, [0]) == ["`… add conv:3,k3,p1 relu`"]
