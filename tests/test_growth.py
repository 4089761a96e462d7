"""Work grows with the size of the input and no faster; what can't is bounded before it begins.

Both sizes are measured in one process, by its own CPU time: four times as much input may take a
little more than four times as long, and work that grows with the square takes sixteen times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cnncalc import CnnCalcError, SpecError, analyze, parse
from cnncalc.analysis import analyze as sized
from cnncalc.conversion import convert
from cnncalc.forks import Forks
from cnncalc.notations.program.lines import FRESH, Line, variables
from cnncalc.python.values import Class
from cnncalc.render.text import plain
from cnncalc.tables.views import view

EXAMPLES = Path(__file__).parent.parent / "examples"
TIMES = 4
MOST = 8.0  # times as long
TRIES = 4

HEAD = "3x8x8 import torch\nfrom torch import nn\n"
BASE = (
    "class C0(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.conv = nn.Conv2d(3, 3, 1)\n"
    "    def forward(self, x):\n        return self.conv(x)\n"
)


def merge(kind: str, branch: str, count: int) -> str:
    return f"3x8x8 {kind}[{'|'.join([branch] * count)}]"


def subclasses(count: int) -> str:
    chain = "".join(f"class C{n}(C{n - 1}): pass\n" for n in range(1, count))
    return f"{HEAD}{BASE}{chain}model = C{count - 1}()\n"


def classes(count: int) -> str:
    return HEAD + "".join(BASE.replace("C0", f"C{n}") for n in range(count))


def outputs(count: int) -> str:
    return (
        f"{HEAD}class Net(nn.Module):\n    def forward(self, x):\n"
        f"        return torch.cat([torch.relu(x) for _ in range({count})], 1)\n"
    )


def one_odd_branch(count: int) -> str:
    return f"3x8x8 add[{'|'.join(['relu'] * count)}|maxpool:2]"


def out_of_step(count: int) -> str:
    return f"8x8x8 {count}*add[conv:8,k3,p=2:0|conv:8,k3,p=0:2]"


def tabled(spec: str) -> object:
    return plain(view("shape", analyze(spec)))


def written(notation: str) -> Callable[[str], object]:
    return lambda spec: convert(analyze(spec), notation)


def told(spec: str) -> object:
    with pytest.raises(SpecError) as caught:
        analyze(spec)
    return caught.value


# What is done, with inputs of how many parts, of which the larger takes a tenth of a second.
FAMILIES: dict[str, tuple[Callable[[str], object], Callable[[int], str], int]] = {
    "a chain of subclasses": (analyze, subclasses, 250),
    "a wide sum": (analyze, lambda n: merge("add", "relu", n), 3000),
    "a wide cat of two spans": (analyze, lambda n: merge("cat", "maxpool:2", n), 4000),
    "merges out of step": (analyze, out_of_step, 200),
    "a wide sum as a table": (tabled, lambda n: merge("add", "relu", n), 1500),
    "a wide sum as PyTorch": (written("torch"), lambda n: merge("add", "relu", n), 500),
    "many outputs of a source": (analyze, outputs, 1000),
    "a message on a wide sum": (told, one_odd_branch, 2000),
    "a file of many classes": (told, classes, 100),
}


def seconds(work: Callable[[Any], object], given: Any) -> float:
    start = time.process_time()
    work(given)
    return time.process_time() - start


def ratio(work: Callable[[Any], object], one: Any, four: Any) -> float:
    """How many times as long the larger takes; the least of a few tries."""
    work(one)  # what is loaded once isn't counted
    found = []
    while len(found) < TRIES and (not found or min(found) > MOST):
        short = min(seconds(work, one) for _ in range(2))
        found.append(seconds(work, four) / max(short, 1e-3))
    return min(found)


def yardsticks(work: Callable[[], object], layers: int) -> float:
    """What some work costs a layer, of nine rounds, where one is `tuple(x for x in range(20))`."""
    times = max(1000 // layers, 1)
    pairs = [
        (
            seconds(lambda _: [work() for _ in range(times)], None) / times / layers,
            seconds(lambda _: [tuple(x for x in range(20)) for _ in range(1000)], None) / 1000,
        )
        for _ in range(9)
    ]
    costs, ones = zip(*pairs, strict=True)
    return min(costs) / min(ones)


@pytest.mark.slow
def test_a_layer_costs_a_few_yardsticks() -> None:
    """For sizes, weights and MACs: of a plain stack, and of each shipped network."""
    stack = parse("3x32x32 500*[conv:16,k3,p1 relu]")
    shipped = [parse(path.read_text()) for path in sorted(EXAMPLES.glob("*.cnn"))]

    assert yardsticks(partial(sized, stack), len(stack.steps)) < 11
    for network in shipped:
        assert yardsticks(partial(sized, network), len(network.steps)) < 15


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_work_is_linear(family: str) -> None:
    work, made, count = FAMILIES[family]

    assert ratio(work, made(count), made(TIMES * count)) < MOST


@pytest.mark.skipif(not find_spec("onnx"), reason="onnx is not installed")
@pytest.mark.parametrize("op", ["Sum", "Concat"])
def test_work_on_an_onnx_file_is_linear(op: str) -> None:
    from tests.onnx.builders import model, node, parse_bytes

    def made(count: int) -> bytes:
        options = {"axis": 1} if op == "Concat" else {}
        return model([node("Relu", "x", "r"), node(op, "r x " * (count // 2), "y", **options)])

    assert ratio(lambda data: analyze(parse_bytes(data)), made(3000), made(TIMES * 3000)) < MOST


def test_a_chain_of_a_thousand_subclasses_is_read() -> None:
    assert analyze(subclasses(1000)).total.params == 12


@pytest.mark.slow
def test_a_chain_of_far_too_many_is_refused() -> None:
    with pytest.raises(SpecError, match="takes more steps than any network needs"):
        analyze(subclasses(6000))


def test_class_orders_are_pythons() -> None:
    """Of drawn hierarchies, those that Python has an order for."""
    draw = random.Random(5)
    tried = 0
    for _ in range(300):
        theirs: list[type] = []
        ours: list[Class] = []
        for number in range(draw.randrange(2, 9)):
            bases = draw.sample(range(number), draw.randrange(0, min(number, 3) + 1))
            try:
                made = type(f"C{number}", tuple(theirs[base] for base in bases), {})
            except TypeError:  # no order keeps what the bases ask for
                break
            theirs.append(made)
            ours.append(Class(f"C{number}", tuple(ours[base] for base in bases)))
            tried += 1
            assert [each.name for each in ours[-1].order] == [
                each.__name__ for each in made.__mro__[:-1]
            ]
    assert tried > 500


def test_forks_are_the_last_common_steps() -> None:
    """As going up the tree step by step finds them."""
    draw = random.Random(7)
    for _ in range(100):
        forks, above = Forks(), [0]

        def path(step: int, above: list[int] = above) -> list[int]:
            found = [step]
            while found[-1]:
                found.append(above[found[-1]])
            return found

        for number in range(1, draw.randrange(2, 80)):
            inputs = [draw.randrange(number) for _ in range(draw.choice((1, 1, 2, 3)))]
            common = set.intersection(*(set(path(step)) for step in inputs))
            above.append(next(step for step in path(inputs[0]) if step in common))
            assert forks.add(inputs) == above[-1]


def test_variables_are_the_first_that_are_free() -> None:
    """As counting from the first name on finds them, in drawn programs."""
    draw = random.Random(11)
    for _ in range(60):
        lines: dict[int, Line] = {}
        for number in range(1, draw.randrange(3, 60)):
            inputs = tuple(draw.randrange(number) for _ in range(draw.choice((1, 1, 2))))
            lines[number] = Line(inputs, "relu", None, "", "", False, 0, False, False)
        labels = {number: f"x{draw.randrange(1, 9)}" for number in lines if draw.random() < 0.2}
        last = {each: number for number, line in lines.items() for each in line.inputs}
        ends = (len(lines), draw.randrange(1, len(lines) + 1))
        names = variables({0: "x"}, lines, ends, labels, ["y", "x2"])
        live: dict[str, int] = {"x": 0}
        for number, line in lines.items():
            live = {
                name: each
                for name, each in live.items()
                if each in ends or last.get(each, 0) > number or each not in line.inputs
            }
            assert names[number] not in live
            free = (n for n in [*FRESH, *(f"x{k}" for k in range(1, 99))] if n not in live)
            if names[number] not in (*FRESH, labels.get(number)):
                assert names[number] == next(n for n in free if n not in ("y", "x2"))
            live[names[number]] = number


@pytest.mark.parametrize(
    "spec",
    [
        "2147483647x8x8 pad:0,c=1",
        "3x8x8 pad:0,c=1000000000 slice:1.. conv:3,k3",
        "2147483647x8x8 cat[pad:0,c=1|conv:3,k3,p1] slice:1..",
        "2147483647x4 add[pad:0,c=1:0 slice:0..2147483647|]",
        "8193x8x8 cat[conv:1,k3,p1|] chshuffle:2 slice:1.. pixelshuffle:1",
        "3x2147483647 unfold:100000000",
        "3x2147483647 pixelunshuffle:2147483647",
    ],
)
def test_channels_are_counted_and_not_listed(spec: str) -> None:
    """Those that see different things are kept apart only where they are few."""
    import tracemalloc

    network = parse(spec)
    tracemalloc.start()
    try:
        analyze(network).to_dict()
    except CnnCalcError:
        raise
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 2_000_000


def test_parameters_that_double_one_another_are_refused() -> None:
    levels = "\n".join(f"def a{n}(x) = [a{n - 1}($x$x)]" for n in range(1, 50))
    with pytest.raises(SpecError, match="becomes a text of more than 4,000 characters") as caught:
        parse(f"3x8x8\ndef a0(x) = [relu]\n{levels}\na49(1)")

    assert caught.value.line is not None


@pytest.mark.parametrize("size", [(10**11, 8, 8), (3, 2**31), (2**31,)])
def test_sizes_beyond_the_limit_that_messages_name(size: tuple[int, ...]) -> None:
    text = "x".join(map(str, size))
    for given, options in ((f"{text} relu", {}), ("relu", {"input": size})):
        with pytest.raises(SpecError, match="beyond the limit of 2147483647"):
            analyze(given, **options)  # type: ignore[arg-type]

    assert analyze("2147483647x1 relu").total.params == 0
