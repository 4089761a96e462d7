"""For which input sizes networks work: exactly those at which they do."""

from __future__ import annotations

import json
import pickle
import random
from itertools import product

import pytest

import cnncalc
from cnncalc import CnnCalcError, SpecError
from cnncalc.layers.base import Shape
from cnncalc.notations.examples import example_names
from cnncalc.validity import ValidSizes
from tests.conftest import Command

DOUBLE = "def d(c) = [conv:$c,k3,{pad} relu conv:$c,k3,{pad} relu]"
CEIL = (
    "1x573x573 def d(c) = [conv:$c,k3,p1 relu] x1@d:8 maxpool:3,s2,ceil x2@d:16 maxpool:3,s2,ceil "
    "x3@d:32 maxpool:3,s2,ceil d:64 convt:32,k2,s2 cat[@x3|] d:32 convt:16,k2,s2 cat[@x2|] d:16 "
    "convt:8,k2,s2 cat[@x1|] conv:2,k1"
)
SAME = (
    "1x576x576 x1@conv:8,k3,p=same conv:8,k3,s2,p=same x2@relu conv:8,k3,s2,p=same x3@relu "
    "conv:8,k5,s2,p=same convt:32,k3,s2,p=same cat[@x3|] convt:16,k3,s2,p=same cat[@x2|] "
    "convt:8,k3,s2,p=same add[@x1 conv:8,k1|] conv:2,k1"
)
PYRAMID = (
    "3x256x256 def b(c) = [conv:$c,k3,s2,p1 relu] b:8 c2@b:16 c3@b:32 c4@b:64 c5@b:128 conv:16,k1 "
    "upsample:2 add[|@c4 conv:16,k1] upsample:2 add[|@c3 conv:16,k1] upsample:2 "
    "add[|@c2 conv:16,k1]"
)
FAMILIES = {
    "ceil pools": CEIL,
    "same": SAME,
    "pyramid": PYRAMID,
    "adaptive": "3x224x224 conv:8,k3,s2 adaptiveavg:7 conv:8,k3 add[conv:8,k3,p1|adaptivemax:5]",
    "by one and a half": "3x96x96 x@conv:8,k3,p1 maxpool:3 upsample:1.5 maxpool:2 upsample:4 "
    "cat[@x|]",
    "reflected": "3x64x64 pad:3,mode=reflect conv:8,k7,s2 add[pad:1,mode=reflect conv:8,k3|]",
    "stretched": "3x9x9 add[conv:8,k3,s2,p1 conv:8,k5|gap:keep conv:8,k1]",
    "to a size": "3x30x30 add[upsample:size=30|conv:3,k1]",
    "cropped": "3x40x40 crop:5 conv:4,k3,s3 pad:-1:2",
    "shuffled": "16x20x20 pixelunshuffle:2 conv:16,k3,p1 pixelshuffle:4 maxpool:3,s2,p1",
    "transposed": "4x8x8 add[convt:4,k4,s2,p1 maxpool:3|convt:4,k3,s2,p1,op1 maxpool:3]",
    "one axis": "1x900 x@conv:4,k9,s4 conv:4,k3,s2 convt:4,k4,s2 cat[@x slice:0..2|]",
    "three axes": "1x9x9x9 conv:2,k3,s2 add[conv:2,k3,p1|convt:2,k1]",
}


def works(network: cnncalc.Network, shape: Shape) -> bool:
    try:
        cnncalc.analyze(network, shape)
    except SpecError:
        return False
    return True


def sizes_that_work(valid: ValidSizes, axis: int, most: int) -> list[int]:
    shape = list(valid.shape)
    found = []
    for n in range(1, most + 1):
        shape[axis] = n
        found += [n] * works(valid.network, tuple(shape))
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_the_sets_are_what_trying_gives(family: str) -> None:
    valid = cnncalc.sizes(FAMILIES[family])

    for axis in valid.axes[-1:]:
        assert axis.works.listed(150) == sizes_that_work(valid, axis.axis, 150)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*example_names(), *FAMILIES])
def test_the_sets_are_what_trying_gives_up_to_thousands(name: str) -> None:
    """Along one axis, and at random pairs where there are two."""
    valid = cnncalc.sizes(FAMILIES.get(name, name))
    if not valid.axes:  # a generator's vector
        assert valid.broken_at(valid.shape) is None
        return
    last = valid.axes[-1]
    most = 2000 if len(valid.network.steps) < 100 else 400

    assert last.works.listed(most) == sizes_that_work(valid, last.axis, most)
    draw = random.Random(name)
    boxes = valid.together or [{axis.symbol: axis.works for axis in valid.axes}]
    for _ in range(1000 if len(valid.axes) > 1 else 0):
        sizes = [draw.randint(1, 700) for _ in valid.axes]
        shape = (valid.shape[0], *sizes)
        inside = any(
            all(n in some for some, n in zip(box.values(), sizes, strict=True)) for box in boxes
        )
        assert works(valid.network, shape) == inside


def test_unet() -> None:
    """The example of everybody who has tried 512 on it."""
    valid = cnncalc.sizes("unet", near=512)

    assert [axis.works.said(axis.symbol) for axis in valid.axes] == [
        "H ≥ 188, H ≡ 12 (mod 16)",
        "W ≥ 188, W ≡ 12 (mod 16)",
    ]
    assert valid.least == (1, 188, 188)
    assert valid.near((1, 512, 512)) == [(1, 508, 508), (1, 524, 524)]
    document = valid.to_dict()
    assert document["near"] == [[1, 508, 508], [1, 524, 524]]
    assert document["breaks"]["shapes"] == [[256, 89, 89], [256, 88, 88]]
    lossless = {"from": 188, "modulus": 16, "residues": [12], "also": []}
    assert document["axes"][0] == {"symbol": "H", **lossless, "lossless": lossless}


LOSSLESS = [
    ("3x32x32 maxpool:2 maxpool:2", "H ≡ 0 (mod 4)"),
    ("3x32x32 conv:8,k3,s2,p1", "every H"),  # what is left over is padding
    ("3x32x32 conv:8,k1,s2", "H ≡ 1 (mod 2)"),
    ("3x32x32 maxpool:2,ceil", "every H"),
    ("3x32x32 conv:8,k3,s2,p=same gap", "every H"),
    ("3x32x32 conv:8,k5,s3 upsample:2", "H ≥ 5, H ≡ 2 (mod 3)"),
]


@pytest.mark.parametrize(("spec", "words"), LOSSLESS)
def test_sizes_of_which_no_pixel_is_lost(spec: str, words: str) -> None:
    assert cnncalc.sizes(spec).axes[0].exact.said("H") == words


def test_where_nobody_says_what_flows_in() -> None:
    """A picture of three channels; sizes that hang together are told apart."""
    assert cnncalc.sizes("conv:8,k3 maxpool:2").least == (3, 4, 4)
    assert cnncalc.sizes("3x20x20 flatten reshape:3x40x10").to_dict()["assumes"] == [
        "3*H*W == 1200"
    ]
    assert cnncalc.sizes("64 linear:10").axes == ()


LENET = """import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2))
        self.head = nn.Linear(400, 10)
    def forward(self, x):
        return self.head(self.maps(x).flatten(1))
"""
TIED = {
    "a linear layer's features": LENET,
    "a reshape": "3x20x20 conv:2,k3 flatten reshape:4x9x18",
    "positions of patches": "3x24x24 conv:8,k4,s4 flatten:start=1 token shift:shape=8x37",
    "three axes": "1x6x8x8 maxpool:2 flatten linear:3 reshape:3 add[|reshape:3]",
    "three axes tied": "1x6x8x8 maxpool:2 flatten reshape:6x8",
}


@pytest.mark.parametrize("family", TIED)
def test_sizes_that_go_together_are_what_trying_gives(family: str) -> None:
    """An equation of several axes parts the sizes into sets that go with each other."""
    valid = cnncalc.sizes(TIED[family])
    draw = random.Random(family)
    most = 38 if len(valid.axes) < 3 else 14
    boxes = valid.together or [{axis.symbol: axis.works for axis in valid.axes}]

    assert bool(valid.together) == bool(valid.ties) == (family != "three axes")
    for sizes in draw.sample(list(product(range(1, most), repeat=len(valid.axes))), 500):
        inside = [
            all(n in some for n, some in zip(sizes, box.values(), strict=True)) for box in boxes
        ]
        assert works(valid.network, (valid.shape[0], *sizes)) == any(inside)
        assert sum(inside) < 2
    assert valid.broken_at(valid.least) is None


def test_what_is_said_of_sizes_that_go_together(command: Command) -> None:
    code, shown, err = command("sizes", LENET, "-i", "3x28x28")

    assert (code, err) == (0, "")
    assert shown.splitlines()[4:] == [
        "as long as 16×⌊(H−12)/4⌋×⌊(W−12)/4⌋ = 400",
        "these go together: H = W = 32–35; H = 112–115, W = 16–19; H = 16–19, W = 112–115",
        "3×28×28 doesn't work: `nn.Linear(400, 10)` receives 16×4×4 = 256 features",
        "the nearest that work: 3×32×32",
        "`pad:2` in front makes 3×32×32 of it",
        "the least size that works: 3×32×32",
    ]


def test_a_size_that_works_is_found_if_the_own_one_does_not() -> None:
    valid = cnncalc.sizes("unet", input="1x10x10")

    assert valid.near((1, 10, 10)) == [(1, 188, 188)]
    assert valid.to_dict()["breaks"]["input"] == [1, 10, 10]


FOUND = {
    # all axes at once: moving one after the other finds none
    "4x224x224x224 maxpool:2,ceil x@conv:4,k3,p1 conv:4,k3,s3,p1 avgpool:3 convt:4,k4,s3,p1 "
    "convt:4,k4,s3,op1 add[|@x]": (4, 160, 160, 160),
    "4x99x99x99 mul[conv:4,k3,s3,p=same crop:1|maxpool:3,ceil]": (4, 7, 7, 7),
    # an equation that holds at even sizes alone, as what was asked before it
    "4x224x224 add[avgpool:2|conv:4,k1,s2] flatten mul[|z@input:144 linear:96]": (4, 4, 24),
    "4x224x224 add[avgpool:2,ceil upsample:2|] flatten add[|z@input:400]": (4, 10, 10),
    # one whose numbers are far apart
    "4x224x224 maxpool:2 flatten add[|z@input:3244]": (4, 2, 1622),
}


@pytest.mark.parametrize("spec", FOUND)
def test_sizes_that_work_far_from_the_first_one_are_found(spec: str) -> None:
    valid, known = cnncalc.sizes(spec), FOUND[spec]

    assert works(valid.network, known)
    assert works(valid.network, valid.shape)
    assert works(valid.network, valid.least)


def test_no_size_works_is_only_said_where_it_was_shown() -> None:
    """A loop of sizes that are tried ends; a lot of combinations is not all of them."""
    with pytest.raises(SpecError, match="no size of the input works: `add` can't join"):
        cnncalc.sizes("3x224x224 conv:8,k3,s2,p1 add[conv:8,k3,s2,p1|] conv:8,k3")
    with pytest.raises(SpecError, match="no size of the input that was tried works: `add`"):
        cnncalc.sizes(
            "3x9x9 cat[adaptiveavg:keepx1 flatten|adaptiveavg:1xkeep flatten] add[|z@input:10]"
        )


@pytest.mark.parametrize("tie", ["flatten reshape:4x5xinfer", "conv:3,k1 reshape:2xinfer"])
def test_the_least_size_is_one_that_works_where_no_sets_tell_of_all(tie: str) -> None:
    valid = cnncalc.sizes(f"4x224x224 maxpool:3,s2 {tie}")
    sizes = product(range(1, 30), repeat=2)
    least = min(n * m for n, m in sizes if works(valid.network, (4, n, m)))

    assert valid.ties
    assert not valid.together
    assert works(valid.network, valid.least)
    assert valid.least[1] * valid.least[2] == least


def test_an_equation_is_told_once_whichever_way_round_it_was_asked() -> None:
    valid = cnncalc.sizes("4xHxW maxpool:2 add[|permute:0x2x1]")

    assert valid.to_dict()["assumes"] == ["H//2 - (W//2) == 0"]


WRONG = [
    ("4x30x30 reshape:3x7", {}, "no size of the input works: 3×7 can't hold the 4×H×W values"),
    ("3x30x30 conv:8,k3,g2", {}, "no size of the input works: 2 groups don't divide"),
    ("3x30x30 conv:8,k3", {"near": "5x5x5x5"}, "`5×5×5×5` is no size of 3×30×30"),
    ("3x30x30 conv:8,k3", {"near": "0x5"}, "a size can't be 0x5"),
    ("3x30x30 upsample:1.1", {}, "nothing exact can be said of all sizes here: H times 1.1"),
]


@pytest.mark.parametrize(("spec", "settings", "message"), WRONG)
def test_what_has_no_answer(spec: str, settings: dict[str, str], message: str) -> None:
    with pytest.raises(CnnCalcError, match=message[:40].replace("(", r"\(")) as error:
        cnncalc.sizes(spec, **settings)
    assert message in error.value.message


def test_the_command(command: Command) -> None:
    code, shown, err = command("sizes", "unet", "--near", "512")
    _, document, _ = command("sizes", "unet", "--near", "512", "--json")

    assert (code, err) == (0, "")
    assert shown == (
        "  axis  works                     least  no pixel lost\n"
        "  H     H ≥ 188, H ≡ 12 (mod 16)    188  H ≥ 188, H ≡ 12 (mod 16)\n"
        "  W     W ≥ 188, W ≡ 12 (mod 16)    188  W ≥ 188, W ≡ 12 (mod 16)\n"
        "\n"
        "1×512×512 doesn't work: at step 34, `cat2`, `cat` can't join 256×89×89 and 256×88×88\n"
        "the nearest that work: 1×508×508 and 1×524×524\n"
        "`pad:6` in front makes 1×524×524 of it\n"
        "the least size that works: 1×188×188\n"
    )
    assert json.loads(document) == cnncalc.sizes("unet", near=512).to_dict()


def test_branches_that_do_not_meet_are_told_the_sizes_at_which_they_would() -> None:
    """Also by an error that has been pickled; nobody waits who doesn't read it."""
    with pytest.raises(SpecError) as error:
        cnncalc.analyze("unet", (1, 512, 512))

    assert error.value.find_out is not None
    assert pickle.loads(pickle.dumps(error.value)).notes == error.value.notes
    assert error.value.notes[-1] == (
        "input sizes that work: H ≥ 188, H ≡ 12 (mod 16), W ≥ 188, W ≡ 12 (mod 16); the nearest "
        "are 1×508×508 and 1×524×524"
    )


@pytest.mark.parametrize(("spec", "size"), [("1xHxW conv:8,k3", None), ("conv:8,k3", "1xHxW")])
def test_names_say_how_many_channels_and_axes_there_are(spec: str, size: str | None) -> None:
    valid = cnncalc.sizes(spec, size)

    assert (valid.least, valid.asked) == ((1, 3, 3), None)
