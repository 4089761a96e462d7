"""The compact notation's grammar: text to a tree, with the place of every word.

    spec    := [size] item*
    item    := "def" name ["(" parameters ")"] "=" group
             | [label "@"] [count "*"] ( layer | merge | group ) | "@" label
    group   := "[" item* "]"
    merge   := ("add" | "cat" | "mul" …) [arguments] "[" item* ( "|" item* )* "]"
    layer   := name [ ":" arguments | "(" arguments ")" ]

Nothing is looked up here but which layers are merges: names become layers in `compact.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from cnncalc.errors import Source, Span, SpecError
from cnncalc.layers import LAYERS

__all__ = [
    "Argument",
    "Call",
    "Definition",
    "Group",
    "Item",
    "Jump",
    "Merge",
    "Repeat",
    "Tree",
    "parse_tree",
]

# Python's own stack bounds the recursion; nobody nests this deep.
MAX_DEPTH = 60
MAX_TEXT = 4_000_000

MERGES = tuple(name for name, layer in LAYERS.items() if layer.arity == "many")
BLANK = re.compile(r"\s*")
COMMENT = re.compile(r"#[^\n]*")
SIZE = re.compile(r"[0-9_?]+(?:x[0-9A-WYZa-wyz_?]+)*\Z")
LABEL = re.compile(r"[A-Za-z_$][\w.$]*")
COUNT = re.compile(r"(\d+|\$\w+|\{[^{}\n]*\}|_|\?)\*")
NAME = re.compile(r"[A-Za-z_][\w-]*")
# An argument word: no blanks, brackets or branches, but braces may hold blanks.
WORD = re.compile(r"(?:\{[^{}\n]*\}|[^\s\[\]|(){}#])+")
Parsed = TypeVar("Parsed")

CLOSERS = {"[": "]", "(": ")"}


class Argument(NamedTuple):
    """One argument, with its key if it was written `key=value`."""

    text: str
    span: Span


class Call(NamedTuple):
    """A layer, or the use of a definition."""

    name: str
    arguments: tuple[Argument, ...]
    span: Span
    label: str | None


class Group(NamedTuple):
    """Items one after another."""

    items: tuple[Item, ...]
    span: Span
    label: str | None


class Merge(NamedTuple):
    """Branches that meet."""

    name: str
    arguments: tuple[Argument, ...]
    branches: tuple[Group, ...]
    span: Span
    label: str | None


class Repeat(NamedTuple):
    """An item several times."""

    times: str
    item: Item
    span: Span


class Jump(NamedTuple):
    """The flow taken back to a labelled step."""

    label: str
    span: Span


Item = Call | Group | Merge | Repeat | Jump


class Definition(NamedTuple):
    """`def name(parameters) = [ body ]`; a parameter's default is None if it has none."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]
    body: Group
    span: Span


class Tree(NamedTuple):
    """A whole spec."""

    size: Argument | None
    definitions: tuple[Definition, ...]
    items: tuple[Item, ...]
    span: Span


def parse_tree(source: Source) -> Tree:
    """Read a spec; SpecError where it is no such text."""
    if len(source.text) > MAX_TEXT:
        raise SpecError(
            f"the spec has {len(source.text):,} characters, more than {MAX_TEXT:,}",
            code="too-large",
        )
    return _Parser(source).spec()


class _Parser:
    """A reader at a place in the text: `parse_*` returns a construct, `expect` insists."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # Of equal length, so that places stay what they are.
        self.text = COMMENT.sub(lambda found: " " * len(found[0]), source.text).replace("×", "x")
        self.at = 0
        self.depth = 0
        self.definitions: list[Definition] = []

    def spec(self) -> Tree:
        self.parse_definitions()
        size = self.parse_size()
        items = self.items("")
        if self.at < len(self.text):
            found = self.text[self.at]
            raise self.error(
                f"`{found}` has no partner before it",
                self.at,
                self.at + 1,
                code="brackets",
                help="`[ ]` holds a group, and `|` parts branches inside `add[ ]`, `cat[ ]`, "
                "`mul[ ]`"
                if found in "]|"
                else None,
            )
        span = Span(self.source, 0, len(self.text))
        return Tree(size, tuple(self.definitions), items, span)

    def parse_definitions(self) -> None:
        """Definitions may stand before the size, as everywhere between items."""
        self.blank()
        while re.match(r"def\s", self.text[self.at : self.at + 4]):
            self.parse_definition()
            self.blank()

    def parse_size(self) -> Argument | None:
        word = WORD.match(self.text, self.at)
        if not word:
            return None
        if re.match(r"\d+\s*,\s*\d+", word[0]):
            raise self.error(
                "sizes are joined by `x`",
                self.at,
                word.end(),
                code="bad-input",
                help=f"write `{word[0].replace(',', 'x').strip('x')}`",
            )
        if not SIZE.match(word[0]):
            return None
        self.at = word.end()
        self.blank()
        return Argument(word[0], Span(self.source, word.start(), word.end()))

    def items(self, closers: str) -> tuple[Item, ...]:
        """Items up to one of the closing characters, which is left in place."""
        items: list[Item] = []
        while True:
            self.blank()
            if self.at >= len(self.text) or self.text[self.at] in (closers or "])|"):
                return tuple(items)
            if re.match(r"def\s", self.text[self.at : self.at + 4]):
                self.parse_definition()
            else:
                items.append(self.parse_item())

    def parse_item(self) -> Item:
        start = self.at
        if self.text[start] == "@":
            return self.parse_jump()
        label = None
        named = LABEL.match(self.text, start)
        if named and self.text[named.end() : named.end() + 1] == "@":
            label = named[0]
            self.at = named.end() + 1
        counted = COUNT.match(self.text, self.at)
        if counted:
            self.at = counted.end()
            if (
                self.at >= len(self.text)
                or self.text[self.at] in "])|"
                or self.text[self.at].isspace()
            ):
                raise self.error(
                    f"`{counted[0]}` has nothing to repeat",
                    counted.start(),
                    counted.end(),
                    code="syntax",
                    help=f"write `{counted[0]}relu` or `{counted[0]}[conv:16,k3,p1 relu]`, "
                    "without a blank between",
                )
            repeated = self.nested(self.parse_item)
            item: Item = Repeat(counted[1], repeated, self.span(start))
            return Group((item,), self.span(start), label) if label else item
        return self.parse_atom(start, label)

    def parse_jump(self) -> Jump:
        start = self.at
        named = LABEL.match(self.text, start + 1)
        if not named:
            raise self.error(
                "`@` needs the name of a step",
                start,
                start + 1,
                code="label",
                help="`x1@conv:64,k3` names a step, `@x1` goes back to it",
            )
        self.at = named.end()
        return Jump(named[0], self.span(start))

    def parse_atom(self, start: int, label: str | None) -> Call | Group | Merge:
        if self.text[self.at : self.at + 1] == "[":
            return self.nested(lambda: self.parse_group(start, label))
        named = NAME.match(self.text, self.at)
        if not named:
            word = WORD.match(self.text, self.at)
            end = word.end() if word else min(self.at + 1, len(self.text))
            raise self.error(
                f"`{self.text[self.at : end] or 'the end'}` is no layer",
                self.at,
                end,
                code="syntax",
                help=self.hint(self.text[self.at : end]),
            )
        self.at = named.end()
        arguments = self.parse_arguments(start)
        if named[0] in MERGES:
            return self.nested(lambda: self.parse_merge(named[0], arguments, start, label))
        return Call(named[0], arguments, self.span(start), label)

    def hint(self, word: str) -> str | None:
        if SIZE.match(word):
            return "an input size stands once, at the start"
        if word in ("", "{", "$"):
            return None
        return "a layer is a name with options, such as `conv:16,k3,p1`"

    def nested(self, parse: Callable[[], Parsed]) -> Parsed:
        """Go one level deeper, within bounds."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(
                f"brackets are nested more than {MAX_DEPTH} deep",
                self.at,
                self.at + 1,
                code="too-deep",
                help="give inner groups a `def`",
            )
        result = parse()
        self.depth -= 1
        return result

    def parse_group(self, start: int, label: str | None) -> Group:
        opened = self.at
        self.at += 1
        items = self.items("]|")
        if self.text[self.at : self.at + 1] == "|":
            raise self.error(
                "`|` parts the branches of a merge, and this is a plain group",
                self.at,
                self.at + 1,
                code="brackets",
                help="write `add[ … | … ]`, `cat[ … | … ]` or `mul[ … | … ]`",
            )
        self.close("]", opened)
        return Group(items, self.span(start), label)

    def parse_merge(
        self, name: str, arguments: tuple[Argument, ...], start: int, label: str | None
    ) -> Merge:
        if self.text[self.at : self.at + 1] != "[":
            raise self.error(
                f"`{name}` needs its branches",
                start,
                self.at,
                code="brackets",
                help=f"write `{name}[ conv:16,k3,p1 | ]`; an empty branch is the identity",
            )
        opened = self.at
        branches: list[Group] = []
        while not branches or self.text[self.at : self.at + 1] == "|":
            self.at += 1
            branch = self.at
            branches.append(Group(self.items("]|"), Span(self.source, branch, self.at), None))
        self.close("]", opened)
        return Merge(name, arguments, tuple(branches), self.span(start), label)

    def parse_arguments(self, start: int) -> tuple[Argument, ...]:
        opener = self.text[self.at : self.at + 1]
        if opener == "(":
            return self.arguments_in_parentheses()
        if opener != ":":
            self.expect_end_of_word(start)
            return ()
        self.at += 1
        word = WORD.match(self.text, self.at)
        end = word.end() if word else self.at
        arguments = self.split(self.at, end)
        self.at = end
        if self.text[self.at : self.at + 1] == "(":
            raise self.error(
                "options stand after `:` or in parentheses, not both",
                start,
                self.at + 1,
                code="syntax",
            )
        return arguments

    def expect_end_of_word(self, start: int) -> None:
        rest = self.text[self.at : self.at + 1]
        if rest and not rest.isspace() and rest not in "[]|#":
            word = WORD.match(self.text, self.at)
            end = word.end() if word else self.at + 1
            raise self.error(
                f"`{self.text[self.at : end]}` can't follow `{self.text[start : self.at]}`",
                self.at,
                end,
                code="syntax",
                help=f"options follow a colon: `{self.text[start : self.at]}:…`",
            )

    def arguments_in_parentheses(self) -> tuple[Argument, ...]:
        opened = self.at
        end = self.text.find(")", opened)
        inner = self.text.find("(", opened + 1, end if end >= 0 else len(self.text))
        if inner >= 0 and "{" in self.text[opened:inner]:  # parentheses of arithmetic in braces
            end = self.matching(opened)
        elif inner >= 0:
            raise self.error(
                "parentheses in parentheses",
                inner,
                inner + 1,
                code="brackets",
                help="per-axis values are joined by x, as in `k=3x5`",
            )
        if end < 0:
            raise self.unclosed("(", opened)
        arguments = self.split(opened + 1, end)
        self.at = end + 1
        return arguments

    def matching(self, opened: int) -> int:
        """Where the parenthesis at `opened` is closed; -1 if nowhere."""
        depth = 0
        for at in range(opened, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            if depth == 0:
                return at
        return -1

    def split(self, start: int, end: int) -> tuple[Argument, ...]:
        """Arguments between commas; blanks around them don't count."""
        if not self.text[start:end].strip():
            return ()
        arguments = []
        at = start
        for part in self.text[start:end].split(","):
            text = part.strip()
            begin = at + len(part) - len(part.lstrip())
            if not text:
                place = min(max(at - 1, start), end)
                raise self.error(
                    "an option is empty beside this comma",
                    place,
                    place + 1,
                    code="syntax",
                    help="no blank after a comma, or put the options in parentheses: "
                    "`conv(16, k=3)`",
                )
            arguments.append(Argument(text, Span(self.source, begin, begin + len(text))))
            at += len(part) + 1
        return tuple(arguments)

    def parse_definition(self) -> None:
        start = self.at
        head = re.compile(r"def\s+([A-Za-z_][\w-]*)\s*(?:\(([^()]*)\))?\s*=\s*").match(
            self.text, start
        )
        if not head or self.text[head.end() : head.end() + 1] != "[":
            line = self.text.find("\n", start)
            raise self.error(
                "this is no definition",
                start,
                line if line >= 0 else len(self.text),
                code="definition",
                help="write `def block(c, s=1) = [ conv:$c,k3,s$s,p1 bn relu ]`",
            )
        parameters = self.parameters(head)
        self.at = head.end()
        body = self.nested(lambda: self.parse_group(self.at, None))
        definition = Definition(head[1], parameters, body, Span(self.source, start, head.end()))
        self.definitions.append(definition)

    def parameters(self, head: re.Match[str]) -> tuple[tuple[str, str | None], ...]:
        parameters: list[tuple[str, str | None]] = []
        for argument in self.split(*head.span(2)) if head[2] else ():
            name, given, default = (part.strip() for part in argument.text.partition("="))
            if not name.isidentifier() or name in dict(parameters) or (given and not default):
                raise SpecError(
                    f"`{argument.text}` is no parameter",
                    argument.span,
                    code="definition",
                    help="a name of its own, or `name=default`",
                )
            parameters.append((name, default if given else None))
        return tuple(parameters)

    def blank(self) -> None:
        match = BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def close(self, closer: str, opened: int) -> None:
        if self.text[self.at : self.at + 1] != closer:
            if self.at < len(self.text):
                raise self.error(
                    f"`{self.text[self.at]}` closes nothing here",
                    self.at,
                    self.at + 1,
                    code="brackets",
                )
            raise self.unclosed(self.text[opened], opened)
        self.at += 1

    def unclosed(self, opener: str, opened: int) -> SpecError:
        return self.error(
            f"`{opener}` is never closed",
            opened,
            opened + 1,
            code="brackets",
            help=f"a `{CLOSERS[opener]}` where it ends",
        )

    def span(self, start: int) -> Span:
        return Span(self.source, start, self.at)

    def error(
        self, message: str, start: int, end: int, *, code: str, help: str | None = None
    ) -> SpecError:
        return SpecError(message, Span(self.source, start, end), code=code, help=help)
