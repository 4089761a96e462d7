"""Reading back what was written gives the same network."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cnncalc import Network, analyze, parse
from cnncalc.notations.compact.writer import write
from tests.strategies import specs


def same(one: Network, two: Network) -> bool:
    """Whether two networks have equal steps, in the same order, with equal ends."""
    signatures = [
        [(step.layer, step.inputs, step.name) for step in network.steps] for network in (one, two)
    ]
    return signatures[0] == signatures[1] and one.outputs == two.outputs


@pytest.mark.slow
@given(specs())
@settings(max_examples=200)
def test_round_trip(text: str) -> None:
    """Parse after write is the identity, and write is stable."""
    network = parse(text)
    written = write(network)

    assert written is not None
    assert same(parse(written), network)
    assert write(parse(written)) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("3x8x8 conv(16, k=3, p=1) relu", "3x8x8 conv:16,k3,p1 relu"),
        ("3x8x8 2*[conv:8,3,p=1 relu]", "3x8x8 conv:8,k3,p1 relu conv:8,k3,p1 relu"),
        ("3x8x8 add[conv:3,k3,p1|]", "3x8x8 add[conv:3,k3,p1 |]"),
        ("3x8x8 add[ | conv:3,k3,p1 ]", "3x8x8 add[| conv:3,k3,p1]"),
        ("3x8x8 add[|]", "3x8x8 add[|]"),
        ("3x8x8 relu cat[] add[ ]", "3x8x8 relu cat[] add[]"),
        ("3x8x8 fc:4,axis=-1 deconv:8,k2,s2", "3x8x8 linear:4,axis=-1 convt:8,k2,s2"),
        ("3x8x8 pad:1:2x0:1,reflect", "3x8x8 pad:1:2x0:1,mode=reflect"),
        ("3x8x8 conv:8,k3x5,s2x1,p=same", "3x8x8 conv:8,k3x5,s2x1,p=same"),
        ("3x8x8 permute:2,0,1", "3x8x8 permute:2x0x1"),
        ("(3, 8, 8) adaptiveavg:4,keep", "3x8x8 adaptiveavg:4xkeep"),
        ("3,8,8 flatten unflatten(12, 4, 4) reshape:3×8×8", "3x8x8 flatten unflatten:12x4x4 "
         "reshape:3x8x8"),
        ("3x8x8 hardtanh:0,6 slice:..2", "3x8x8 hardtanh:0,high=6 slice:..2"),
        ("def b(c)=[conv:$c,k3,p1 relu] 3x8x8 b(8) b:{2*8}",
         "3x8x8 conv:8,k3,p1 relu conv:16,k3,p1 relu"),
        # a long skip nests here; the user's own names stay
        ("3x8x8 x1@conv:4,k3,p1 maxpool:2 upsample:2 cat[ | @x1 ]",
         "3x8x8 x1@conv:4,k3,p1 cat[maxpool:2 upsample:2 |]"),
        ("3x8x8 add[conv:3,k1 | add[ | ] | ]", "3x8x8 add[conv:3,k1 | add[|] |]"),
        ("3x8x8 conv:3,k1 relu add[ | @input ]", "3x8x8 add[conv:3,k1 relu |]"),
        ("3x8x8 a@conv:3,k1 b@conv:3,k1 add[@input | @b | @a]",
         "3x8x8 a@conv:3,k1 b@conv:3,k1 add[@input |  | @a]"),
        # this graph doesn't nest: it needs a label
        ("3x8x8 a@conv:4,k1 b@conv:4,k1 c@add[ @a | @b ] add[ @c | @b ]",
         "3x8x8 a@conv:4,k1 c@add[| b@conv:4,k1] add[| @b]"),
        ("3x8x8 a@conv:4,k1 conv:2,k1 @a conv:5,k1", "3x8x8 a@conv:4,k1 conv:2,k1 @a conv:5,k1"),
    ],
)  # fmt: skip
def test_written(text: str, written: str) -> None:
    """The normal form of what people write."""
    network = parse(text)

    assert write(network) == written
    assert same(parse(written), network)


@pytest.mark.parametrize("joined", ["torch.cat([y], 1)", "sum([y, y])", "torch.cat([y, x], 1)"])
def test_joins_of_a_source_are_read_back(joined: str) -> None:
    """A join of one tensor is `cat[]`: one branch that holds layers would be refused."""
    body = f"y = self.conv(x)\n        return {joined}"
    text = f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
    def forward(self, x):
        {body}
"""
    report = analyze(text, (3, 8, 8))

    assert report.spec is not None
    assert analyze(report.spec).total == report.total


def test_report_spec_has_the_size_that_was_used() -> None:
    """The spec in a report reads back to that report, whatever -i was."""
    report = analyze("3x32x32 conv:8,k3", (3, 64, 64))

    assert report.spec == "3x64x64 conv:8,k3"


def test_long_networks_are_written_in_linear_time() -> None:
    """Five thousand residual blocks are written at once (a quadratic writer would take minutes)."""
    network = parse("8x8x8 5000*[add[conv:8,k3,p1 relu | ]]")

    written = write(network)

    assert written is not None
    assert written.count("add[") == 5000
