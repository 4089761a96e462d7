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
from typing import TypeVar

from cnncalc.errors import Source, Span, SpecError
from cnncalc.layers import LAYERS
from cnncalc.notations.tree import (
    Argument,
    Call,
    Definition,
    Group,
    Item,
    Jump,
    Merge,
    Repeat,
    Tree,
)
from cnncalc.notations.wording import WORD, Wording

__all__ = ["parse_tree"]

# Python's own stack bounds the recursion; nobody nests this deep.
MAX_DEPTH = 60
MAX_TEXT = 4_000_000

MERGES = tuple(name for name, layer in LAYERS.items() if layer.arity == "many")
SIZE = re.compile(r"[0-9_?]+(?:x[0-9A-WYZa-wyz_?]+)*\Z")
LABEL = re.compile(r"[A-Za-z_$][\w.$]*")
COUNT = re.compile(r"(\d+|\$\w+|\{[^{}\n]*\}|_|\?)\*")
NAME = re.compile(r"[A-Za-z_][\w-]*")
Parsed = TypeVar("Parsed")


def parse_tree(source: Source) -> Tree:
    """Read a spec; SpecError where it is no such text."""
    if len(source.text) > MAX_TEXT:
        raise SpecError(
            f"the spec has {len(source.text):,} characters, more than {MAX_TEXT:,}",
            code="too-large",
        )
    return _Parser(source).spec()


class _Parser(Wording):
    """The reader of items and definitions."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
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
        if self.text[self.at : self.at + 1] == "{":
            raise self.unclosed("{", self.at)
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
        """What somebody may have meant by a word that is no layer."""
        if re.fullmatch(r"\d+([X*][\dA-Z]+)+", word):
            return f"sizes are joined by `x`: write `{re.sub('[X*]', 'x', word)}`"
        if word.isdigit():
            return "options follow the layer's name without blanks, as in `conv:16,k3` and `2*relu`"
        if SIZE.match(word.rstrip(",")) and word.endswith(","):
            return f"words are parted by blanks alone: write `{word.rstrip(',')}`"
        if word.startswith("$"):
            return "`$` stands before a parameter, inside of its `def`"
        if SIZE.match(word):
            return "an input size stands once, at the start; `-i` takes the place of a file's own"
        if re.fullmatch(r"-?\d+(x-?\d+)+", word):
            return "sizes are whole numbers, at least 1"
        if word.startswith(","):
            return "no blank before a comma, or put the options in parentheses: `conv(16, k=3)`"
        if word in ("", "{"):
            return None
        return "a layer is a name with options, such as `conv:16,k3,p1`"

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
        parameters: dict[str, str | None] = {}
        for argument in self.split(*head.span(2)) if head[2] else ():
            name, given, default = (part.strip() for part in argument.text.partition("="))
            if not name.isidentifier() or name in parameters or (given and not default):
                raise SpecError(
                    f"`{argument.text}` is no parameter",
                    argument.span,
                    code="definition",
                    help="a name of its own, or `name=default`",
                )
            parameters[name] = default if given else None
        return tuple(parameters.items())

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
