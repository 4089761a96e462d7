"""Which known word somebody meant by one that nothing knows: the nearest, or none if it is far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["plain", "suggest"]

MAX_WORD = 60  # letters; nobody mistypes a longer word
MAX_EDITS = 3
SHORTEST = 3  # two letters are near to everything
FAR = float("inf")
# Where a word has a head that may be meant by itself: `kernel_size`, `conv2d`, `resnet-18`.
CUT = r"[-_ .]+|(?<=[A-Za-z])(?=\d)"

# In edits: a typo is nearer than half a word, and a right word nearer than another's name for it.
CONTINUED = 1.25
TRANSLATED = 0.25


def suggest(word: str, known: Iterable[str], meant: Mapping[str, str] | None = None) -> str | None:
    """The known word that is nearest to a mistyped one, or None where none is near.

    Case, `_` and `-` count nothing. A word is near if at most a third of its letters differ (two
    that changed places are one), if the known one goes on where it ends (`avg` and `avgpool`), or
    the other way round where a part ends (`conv2d` and `conv`). Where none is, one may end in the
    same part (`use_bias` and `bias`).

    Args:
        word: what was typed.
        known: the words that would be right here, those to prefer first.
        meant: for words that people use instead, in plain letters, what is right; a typo of
            such a word leads there too.
    """
    if len(word) > MAX_WORD or not any(letter.isalpha() for letter in word):
        return None  # a number is never a misspelt other number
    candidates = [(each, each, 0.0) for each in known]
    candidates += [(each, answer, TRANSLATED) for each, answer in (meant or {}).items()]
    whole = plain(word)
    for each, answer, _ in candidates:
        if plain(each) == whole:
            return answer
    heads = list(_heads(word))
    near = {
        (_distance(whole, heads, each) + extra, *_less_likely(whole, each), place): answer
        for place, (each, answer, extra) in enumerate(candidates)
    }
    best = min(near, default=(FAR,))
    if best[0] < FAR:
        return near[best]  # type: ignore[index]
    ends = {answer for each, answer, _ in candidates if _end_alike(word, each)}
    return ends.pop() if len(ends) == 1 else None  # of `in_size` and `out_size` neither is nearer


def plain(word: str) -> str:
    """A word's letters and digits in lower case: all that counts in comparing."""
    return re.sub(r"[\W_]+", "", word.lower())


def _less_likely(whole: str, candidate: str) -> tuple[bool, bool, int]:
    """The order of words that are equally near: the same letters in another order come first.

    Of classes that differ in their number of axes those for images are the likeliest.
    """
    other_letters = len(whole) != len(candidate) or sorted(whole) != sorted(candidate.lower())
    other_axes = candidate[-2:].lower() in ("1d", "3d")
    return other_letters, other_axes, abs(len(candidate) - len(whole))


def _distance(whole: str, heads: list[str], candidate: str) -> float:
    """How far a word, plain and up to each place where it may be cut, is from another."""
    other = plain(candidate)
    digits = _digits(other)
    if digits and _digits(whole) not in (0, digits):
        return FAR  # a number of more digits is another one
    ways = [_edits(whole, other)]
    if other.startswith(whole) and len(whole) >= max(min(SHORTEST, len(other) - 1), 2):
        ways.append(CONTINUED)
    ways += [_edits(head, other) + CONTINUED for head in heads]
    if digits or len(other) < len(candidate):
        ways += [_edits(whole, head) + CONTINUED for head in _heads(candidate)]
    return min(ways)


def _digits(word: str) -> int:
    return sum(map(str.isdigit, word))


def _heads(word: str) -> Iterator[str]:
    """What stands before each place where a word may be cut."""
    return (plain(word[: cut.start()]) for cut in re.finditer(CUT, word) if cut.start())


def _end_alike(word: str, candidate: str) -> bool:
    """Whether one word is what follows an underscore of the other.

    What a class's name ends in says little: a `SeparableConv2d` is no `Conv2d`.
    """
    whole, other = plain(word), plain(candidate)
    if min(len(whole), len(other)) < SHORTEST:
        return False
    return other in _tails(word) or whole in _tails(candidate)


def _tails(word: str) -> list[str]:
    return [plain(word[cut.end() :]) for cut in re.finditer("_", word)]


def _edits(one: str, other: str) -> float:
    """Letters to put in, to leave out, to change, or to swap with the next; FAR if too many.

    The optimal string alignment distance of Damerau and Levenshtein. Whoever mistypes more than
    one letter, or one of three, has the first one right.
    """
    if min(len(one), len(other)) < SHORTEST:
        return FAR
    most = min(len(one) // 3, MAX_EDITS)
    if one[0] != other[0]:
        most = min(most, int(len(one) > SHORTEST))
    if abs(len(one) - len(other)) > most:
        return FAR
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, each in enumerate(other, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != each))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == each:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most < min(above):
            return FAR
        before, above = above, line
    return above[-1] if above[-1] <= most else FAR
