"""What lists and dictionaries of modules hold after each operation, and under which names."""

from __future__ import annotations

import pytest

from cnncalc.errors import Source
from cnncalc.notations import source
from tests.source.reading import net, refused

# What `self.m` is made of and what is done to it; the names and classes of what it then holds.
# They are torch's own; test_torch_agrees asks it where it is installed.
RELU, GELU, FC = "nn.ReLU()", "nn.GELU()", "nn.Linear(6, 6)"
LIST, CHAIN = f"nn.ModuleList([{RELU}, {GELU}, {FC}])", f"nn.Sequential({RELU}, {GELU}, {FC})"
NAMED = f"nn.Sequential(OrderedDict(a={RELU}, b={GELU}, c={FC}))"
DICT = f"nn.ModuleDict({{'a': {RELU}, 'b': {GELU}}})"
OPERATIONS = [
    (LIST, "pass", "0 ReLU, 1 GELU, 2 Linear"),
    (CHAIN, "pass", "0 ReLU, 1 GELU, 2 Linear"),
    (NAMED, "pass", "a ReLU, b GELU, c Linear"),
    (LIST, f"self.m.append({RELU}).extend([{GELU}, {FC}])",
     "0 ReLU, 1 GELU, 2 Linear, 3 ReLU, 4 GELU, 5 Linear"),
    (NAMED, f"self.m.append({RELU})", "a ReLU, b GELU, c Linear, 3 ReLU"),
    (LIST, f"self.m.insert(1, {FC})", "0 ReLU, 1 Linear, 2 GELU, 3 Linear"),
    (CHAIN, f"self.m.insert(0, {FC})", "0 Linear, 1 ReLU, 2 GELU, 3 Linear"),
    (LIST, f"self.m[-1] = {RELU}", "0 ReLU, 1 GELU, 2 ReLU"),
    (NAMED, f"self.m[1] = {FC}", "a ReLU, b Linear, c Linear"),
    (LIST, "del self.m[0]", "0 GELU, 1 Linear"),
    (LIST, "del self.m[:2]", "0 Linear"),
    (LIST, "assert isinstance(self.m.pop(0), nn.ReLU)", "0 GELU, 1 Linear"),
    (CHAIN, "assert isinstance(self.m.pop(-1), nn.Linear)", "0 ReLU, 1 GELU"),
    (LIST, "self.m = self.m[1:]", "0 GELU, 1 Linear"),
    (LIST, "self.m = self.m[::-2]", "0 Linear, 1 ReLU"),
    (CHAIN, "self.m = self.m[1:]", "1 GELU, 2 Linear"),
    (NAMED, "self.m = self.m[::-2]", "c Linear, a ReLU"),
    (NAMED, "del self.m[0]", "0 GELU, 1 Linear"),
    (NAMED, "self.m.pop(1)", "0 ReLU, 1 Linear"),
    (LIST, f"self.m = self.m + [{RELU}]", "0 ReLU, 1 GELU, 2 Linear, 3 ReLU"),
    (LIST, f"self.m += [{RELU}]", "0 ReLU, 1 GELU, 2 Linear, 3 ReLU"),
    (NAMED, f"self.m = self.m + nn.Sequential({RELU})", "0 ReLU, 1 GELU, 2 Linear, 3 ReLU"),
    (LIST, "assert len(self.m) == 3 and self.m[1] in self.m and len(nn.ModuleList()) == 0",
     "0 ReLU, 1 GELU, 2 Linear"),
    (LIST, "assert [type(each) for each in self.m] == [nn.ReLU, nn.GELU, nn.Linear]",
     "0 ReLU, 1 GELU, 2 Linear"),
    (DICT, "pass", "a ReLU, b GELU"),
    (f"nn.ModuleDict([('x', {RELU}), ['y', {GELU}]])", "pass", "x ReLU, y GELU"),
    (DICT, f"self.m['c'] = {FC}; self.m['a'] = {FC}", "a Linear, b GELU, c Linear"),
    (DICT, "del self.m['a']", "b GELU"),
    (DICT, "assert isinstance(self.m.pop('a'), nn.ReLU)", "b GELU"),
    (DICT, f"self.m.update({{'b': {FC}}}); self.m.update(nn.ModuleDict({{'d': {RELU}}}))",
     "a ReLU, b Linear, d ReLU"),
    (DICT, "assert len(self.m) == 2 and 'a' in self.m and 'c' not in self.m", "a ReLU, b GELU"),
    (DICT, "assert list(self.m) == list(self.m.keys()) == [n for n, _ in self.m.items()]",
     "a ReLU, b GELU"),
    (DICT, "assert len(self.m.values()) == 2 and self.m.keys() & {'a', 'c'} == {'a'}",
     "a ReLU, b GELU"),
]  # fmt: skip
# The same of weights: their names alone.
WEIGHTS = "nn.ParameterList([nn.Parameter(torch.zeros(n)) for n in (2, 3, 4)])"
OF_WEIGHTS = [
    ("pass", [2, 3, 4]),
    ("self.m.append(nn.Parameter(torch.zeros(5)))", [2, 3, 4, 5]),
    ("self.m[0] = nn.Parameter(torch.zeros(5))", [5, 3, 4]),
    ("self.m = self.m[1:]", [3, 4]),
    ("assert len(self.m) == 3 and [len(each) for each in self.m] == [2, 3, 4]", [2, 3, 4]),
]
FROM = "from collections import OrderedDict\n"


@pytest.mark.parametrize(("made", "change", "held"), OPERATIONS)
def test_holds(made: str, change: str, held: str) -> None:
    text = net(f"self.m = {made}\n{change}", "return x", FROM)
    found = source.parse(Source(text)).at((3, 6, 6)).modules
    assert ", ".join(f"{n[2:]} {kind}" for n, kind in found.items() if n[:2] == "m.") == held


@pytest.mark.parametrize(("change", "held"), OF_WEIGHTS)
def test_holds_weights(change: str, held: list[int]) -> None:
    pairs = [(f"m.{place}", size) for place, size in enumerate(held)]
    check = f"assert [(n, len(w)) for n, w in self.named_parameters()] == {pairs}"
    text = net(f"self.m = {WEIGHTS}\n{change}\n{check}", "return x")
    assert source.parse(Source(text)).at((3, 6, 6)).unused_params == sum(held)


def test_torch_agrees() -> None:
    torch = pytest.importorskip("torch")
    for made, change, held in OPERATIONS:
        names = {"torch": torch}
        exec(net(f"self.m = {made}\n{change}", "return x", FROM), names)
        found = names["Net"]().m.named_children()
        assert ", ".join(f"{name} {type(each).__name__}" for name, each in found) == held, change
    for change, sizes in OF_WEIGHTS:
        exec(net(f"self.m = {WEIGHTS}\n{change}", "return x"), names)
        found = names["Net"]().named_parameters()
        pairs = [(f"m.{place}", size) for place, size in enumerate(sizes)]
        assert [(name, len(each)) for name, each in found] == pairs, change


@pytest.mark.parametrize(
    ("made", "change", "message"),
    [
        (LIST, "self.m[3]", "index 3 is out of range: there are 3 modules"),
        (LIST, f"self.m[-4] = {RELU}", "index -4 is out of range: there are 3 modules"),
        (LIST, "del self.m[3]", "index 3 is out of range: there are 3 modules"),
        (LIST, "self.m['a']", "a text can't be the place of a module"),
        (LIST, "self.m.append(3)", "`nn.ModuleList` holds modules, not a whole number"),
        (LIST, "self.m.insert(0, F.gelu)",
         "`nn.ModuleList` holds modules, not a function: write `nn.GELU()`"),
        (CHAIN, "self.m[0] = None", "`nn.Sequential` holds modules, not None"),
        (CHAIN, "self.m[0] = nn.ReLU",
         "`nn.Sequential` holds modules, and `nn.ReLU` is a class: write `nn.ReLU()`"),
        (f"nn.Sequential([{RELU}])", "pass",
         "`nn.Sequential` takes modules one after another, not a list: "
         "write `nn.Sequential(*layers)`"),
        ("Own(3)", "pass", "`nn.Sequential` holds modules, not a whole number"),
        (DICT, "self.m['c']", "there is no module `c`"),
        (DICT, "del self.m['c']", "there is no module `c`"),
        (DICT, "self.m.pop('c')", "there is no module `c`"),
        (DICT, f"self.m['c.d'] = {RELU}", "a module's name can't be 'c.d'"),
        (DICT, "self.m.update(c=3)", "`update` can't be called like this"),
        (f"nn.ModuleList(module=[{RELU}])", "pass", "`ModuleList` can't be called like this"),
    ],
)  # fmt: skip
def test_is_refused_where_it_stands(made: str, change: str, message: str) -> None:
    own = "class Own(nn.Sequential):\n    pass\n"
    error = refused(net(f"self.m = {made}\n{change}", "return x", own), (3, 6, 6), "Net")
    assert error.message == message
    assert error.span is not None
    blamed = made if change == "pass" else change.removeprefix("del ")
    assert error.span.text in (blamed, change)


def test_a_class_of_the_source_is_one_of_them() -> None:
    """Its own methods are asked for, and what it sets besides is no member."""
    own = (
        "from abc import ABC\nclass Twice(ABC, nn.Sequential):\n"
        "    def __init__(self, *modules):\n"
        "        super().__init__(*modules)\n"
        "        self.w, self.n = nn.Parameter(torch.zeros(3)), 4\n"
        "        self += nn.Sequential(nn.SiLU())\n"
        "    def __getitem__(self, index):\n"
        "        return super().__getitem__(index % len(self))\n"
        "    def forward(self, x):\n"
        "        return super().forward(super().forward(x))\n"
    )
    init = f"self.m = Twice({RELU}, {GELU})\nassert self.m[7] is self.m.pop(1)"
    forward = "assert len(self.m) == 2\nreturn (self.m + nn.Sequential())(self.m(x))"
    text = net(init, forward, own)
    steps = source.parse(Source(text), entry="Net").at((3, 6, 6)).steps
    assert [step.name for step in steps[1:]] == ["m.0", "m.1", "m.0#2", "m.1#2", "m.0#3", "m.1#3"]


def test_holds_nothing_before_it_is_ready() -> None:
    own = "class Own(nn.Sequential):\n    def __init__(self, each):\n        self.append(each)\n"
    error = refused(net(f"self.m = Own({RELU})", "return x", own), (3, 6, 6), "Net")
    assert error.message.startswith("cannot assign module before Module.__init__() call")
    assert error.span is not None
    assert error.span.text == "self.append(each)"
