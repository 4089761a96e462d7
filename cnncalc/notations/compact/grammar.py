"""The compact notation's grammar: text to a tree, with the place of every word.

    spec    := [size] item*
    item    := "def" name ["(" parameters ")"] "=" group
             | [label "@"] [count "*"] ( layer | merge | entries | group ( "/" group )* )
             | "@" label
    group   := "[" item* "]"
    merge   := ("add" | "cat" | "mul" …) [arguments] "[" item* ( "|" item* )* "]"
    entries := "each" [arguments] "[" item* "]"
    layer   := name [ ":" arguments | "(" arguments ")" ]

Nothing is looked up here but which layers are merges: names become layers in `builder.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cnncalc.errors import Mistakes, Source, Span, SpecError
from cnncalc.layers import LAYERS
from cnncalc.layers.each import Each
from cnncalc.notations.compact.scanner import WORD, Scanner
from cnncalc.notations.compact.tree import (
    Argument,
    Call,
    Definition,
    Either,
    Entries,
    Group,
    Item,
    Jump,
    Merge,
    Repeat,
    Tree,
)
from cnncalc.notations.sizes import front
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations.compact import advice
else:  # only a wrong spec needs it
    advice = OnUse("cnncalc.notations.compact.advice")

__all__ = ["parse_tree"]

# Python's own stack bounds the recursion; nobody nests this deep.
MAX_DEPTH = 60
MAX_TEXT = 4_000_000

MERGES = tuple(name for name, layer in LAYERS.items() if layer.arity == "many")
EITHER = tuple(name for name, layer in LAYERS.items() if layer.arity == "either")
LABEL = re.compile(r"[A-Za-z_$][\w.$]*")
COUNT = re.compile(
    r"(\d+(?:\.\.\d+(?:/\d+)?|(?:/\d+)+)?|\$\w+|\{[^{}\n]*\}|_[A-WYZa-wyz0-9]*|\?)\*"
)
NAME = re.compile(r"[A-Za-z_][\w-]*")
# Options that stand where a layer should. (Compiled on use, as few specs are wrong.)
OPTIONS = r"(k|s|p|d|g|m|op)\d[\dx]*|nobias|keep"
# What goes on behind a mistake without a blank; a comment is blank by now.
REST = (
    r"//[^\n]*|/[*][^\n]*?[*]/|(?:\([^()]*\)|\{[^{}\n]*\}|(?<==)\[[^\[\]]*\]|[^\s\[\]|(){}]|"
    r"[ \t]*[*][ \t]*(?=[\[\w]))*"
)
# The codes of mistakes that don't touch the words around them.
OF_ONE_WORD = ("syntax", "unknown-layer", "label")
Parsed = TypeVar("Parsed")


def parse_tree(source: Source) -> Tree:
    """Read a spec; SpecError where it is no such text."""
    if len(source.text) > MAX_TEXT:
        raise SpecError(
            f"the spec has {len(source.text):,} characters, more than {MAX_TEXT:,}",
            code="too-large",
        )
    parser = _Parser(source)
    try:
        return parser.spec()
    except SpecError as error:
        parser.mistakes.add(error)
        raise parser.mistakes.error() from None


class _Parser(Scanner):
    """The reader of items and definitions."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.depth = 0
        self.defined: frozenset[str] | None = None  # looked for where somebody asks
        self.mistakes = Mistakes()
        self.ended = False  # by a mistake behind which nothing is sure
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
                code="brackets",
                help="`[ ]` holds a group, and `|` parts branches inside `add[ ]`, `cat[ ]`, "
                "`mul[ ]`"
                if found in "]|"
                else None,
            )
        span = Span(self.source, 0, len(self.text))
        return Tree(size, tuple(self.definitions), items, span, self.mistakes)

    def parse_definitions(self) -> None:
        """Definitions may stand before the size, as everywhere between items."""
        self.blank()
        while re.match(r"def\s", self.text[self.at : self.at + 4]):
            self.parse_definition()
            self.blank()

    def parse_size(self) -> Argument | None:
        start, end = self.at, front(self.text, self.at)
        if end is None:
            return None
        self.at = end
        span = self.span(start)
        self.blank()
        return Argument(span.text, span)

    def items(self, closers: str) -> tuple[Item, ...]:
        """Items up to one of the closing characters, which is left in place."""
        items: list[Item] = []
        while True:
            self.blank()
            if self.at >= len(self.text) or self.text[self.at] in (closers or "])|"):
                return tuple(items)
            start, depth = self.at, self.depth
            try:
                if re.match(r"def\s", self.text[start : start + 4]):
                    self.parse_definition()
                else:
                    item = self.parse_item()
                    if isinstance(item, Call) and item.name not in LAYERS:
                        self.expect_layer(item)
                    items.append(item)
            except SpecError as error:
                if self.ended or error.code not in OF_ONE_WORD:
                    self.ended = True
                    raise
                self.note(error)
                self.depth = depth
                self.skip(error, start, items)

    def note(self, error: SpecError) -> None:
        """Remember a mistake, to be told with the others; raise it where there are many."""
        if not self.mistakes.add(error):
            self.ended = True
            raise error

    def defines(self, name: str) -> bool:
        """Whether a name has a definition, here or further on."""
        if self.defined is None:
            self.defined = frozenset(re.findall(r"\bdef\s+([A-Za-z_][\w-]*)", self.text))
        return name in self.defined

    def expect_layer(self, item: Call) -> None:
        """SpecError where what stands there is an option apart from its layer: `k3`."""
        if re.fullmatch(OPTIONS, item.name) and not self.defines(item.name):
            raise SpecError(
                f"there is no layer `{item.name}`",
                item.span,
                code="unknown-layer",
                help="options follow a layer's name after a colon or comma: "
                f"`conv:16,k3,{item.name}`",
            )

    def skip(self, error: SpecError, start: int, items: list[Item]) -> None:
        """Go on behind a word that is wrong, and the options that stand apart behind it."""
        rest = re.compile(REST).match(self.text, self.at)
        end = max(rest.end() if rest else 0, start + 1)
        self.at = advice.loose_end(self.text, end)
        layer = items[-1] if items else None
        if (
            isinstance(layer, Call | Repeat)
            and advice.loose_end(self.text, start) > start
            and not self.text[layer.span.end : start].strip()
        ):  # what stands here is what that layer lacks
            whole = self.text[layer.span.start : self.at]
            error.help = advice.joined(whole) or error.help
            if isinstance(layer, Repeat) or layer.name in LAYERS:
                items.pop()

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
                code="label",
                help="`x1@conv:64,k3` names a step, `@x1` goes back to it",
            )
        self.at = named.end()
        return Jump(named[0], self.span(start))

    def parse_atom(self, start: int, label: str | None) -> Call | Entries | Group | Either | Merge:
        if self.ahead == "[":
            return self.parse_groups(start, label)
        named = NAME.match(self.text, self.at)
        if not named:
            raise self.no_layer()
        self.at = named.end()
        arguments = self.parse_arguments(start)
        if named[0] == Each.kind:
            return self.nested(lambda: self.parse_entries(arguments, start, label))
        bracket = self.ahead == "["
        if named[0] in MERGES or (bracket and named[0] in EITHER):
            return self.nested(lambda: self.parse_merge(named[0], arguments, start, label))
        if bracket and named[0] not in LAYERS and self.means_join(named[0], start):
            return self.nested(lambda: self.parse_merge("add", (), start, label))
        return Call(named[0], arguments, self.span(start), label)

    def no_layer(self) -> SpecError:
        """The error on a word that begins like no layer."""
        word = WORD.match(self.text, self.at)
        end = word.end() if word else min(self.at + 1, len(self.text))
        if self.ahead == "{" and "}" not in self.text[self.at :]:
            return self.unclosed("{", self.at)
        return self.error(
            f"`{self.text[self.at : end] or 'the end'}` is no layer",
            self.at,
            end,
            code="syntax",
            help=advice.instead_of_word(self.text, self.at, end),
        )

    def means_join(self, name: str, start: int) -> bool:
        """Whether a name that is no layer stands for a join, which is a mistake: `concat[ … ]`."""
        meant = None if self.defines(name) else advice.join_meant(name, MERGES)
        if meant:
            message = f"there is no layer `{name}`"
            self.note(self.error(message, start, self.at, code="unknown-layer", help=meant))
        return meant is not None

    def parse_groups(self, start: int, label: str | None) -> Group | Either:
        """A group, or a choice of several."""
        opened = self.at
        first = self.nested(lambda: self.parse_group(start, label))
        if self.ahead != "/":
            return first
        groups = [first._replace(span=self.span(opened), label=None)]
        while self.ahead == "/":
            if self.text[self.at + 1 : self.at + 2] != "[":
                raise self.error(
                    "a choice of layers goes on with a group",
                    self.at,
                    code="choice",
                    help="write `[conv:16,k3]/[conv:16,k5]`; `[]` is nothing",
                )
            self.at += 1
            begun = self.at
            groups.append(self.nested(partial(self.parse_group, begun, None)))
        return Either(tuple(groups), self.span(start), label)

    def parse_group(self, start: int, label: str | None) -> Group:
        opened = self.at
        self.at += 1
        items = self.items("]|")
        if self.ahead == "|":
            raise self.error(
                "`|` parts the branches of a merge, and this is a plain group",
                self.at,
                code="brackets",
                help="write `add[ … | … ]`, `cat[ … | … ]` or `mul[ … | … ]`",
            )
        self.close("]", opened)
        return Group(items, self.span(start), label)

    def parse_entries(
        self, arguments: tuple[Argument, ...], start: int, label: str | None
    ) -> Entries:
        if self.ahead != "[":
            raise self.error(
                "`each` needs the layers that run at every entry",
                start,
                self.at,
                code="brackets",
                help="write `each[ conv:16,k3,p1 ]`, or `each:2[ … ]` over two axes",
            )
        body = self.parse_group(self.at, None)
        return Entries(arguments, body, self.span(start), label)

    def parse_merge(
        self, name: str, arguments: tuple[Argument, ...], start: int, label: str | None
    ) -> Merge:
        if self.ahead != "[":
            raise self.error(
                f"`{name}` needs its branches",
                start,
                self.at,
                code="brackets",
                help=f"write `{name}[ conv:16,k3,p1 | ]`; an empty branch is the identity",
            )
        opened = self.at
        branches: list[Group] = []
        while not branches or self.ahead == "|":
            self.at += 1
            branch = self.at
            branches.append(Group(self.items("]|"), Span(self.source, branch, self.at), None))
        self.close("]", opened)
        if len(branches) == 1 and branches[0].items:
            raise self.one_branch(name, opened)
        return Merge(name, arguments, tuple(branches), self.span(start), label)

    def one_branch(self, name: str, opened: int) -> SpecError:
        """A merge of one branch that holds layers: hardly what somebody means."""
        inside = self.text[opened + 1 : self.at - 1].strip()
        inside = inside if len(inside) <= 40 and "\n" not in inside else "…"
        return self.error(
            f"`{name}` has one branch, and nothing to join it with: a `|` is missing",
            self.at - 1,
            self.at,
            code="branches",
            help=f"`{name}[{inside} | ]` joins it with what flows in; else a `|` stands between "
            "the branches",
        )

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
                code="too-deep",
                help="give inner groups a `def`",
            )
        result = parse()
        self.depth -= 1
        return result
