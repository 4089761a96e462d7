"""Which argument of a call is underlined where a layer doesn't fit what flows in."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import SpecError
from cnncalc.errors import Source, Span
from cnncalc.notations.source.argument_places import argument
from tests.source.reading import HEAD, refused

TORCH = [
    ("nn.Sequential(nn.Conv2d(3, 8, kernel_size=9))", (3, 5, 5), "kernel_size=9"),
    ("nn.Sequential(nn.Conv2d(3, 8, (3, 9), 1))", (3, 5, 5), "(3, 9)"),
    ("nn.Sequential(nn.Conv2d(4, 8, 3))", (3, 5, 5), "4"),
    ("nn.Sequential(nn.Conv2d(in_channels=4, out_channels=8, kernel_size=3))", (3, 5, 5),
     "in_channels=4"),
    ("nn.Sequential(nn.ConvTranspose2d(3, 4, 2, padding=3))", (3, 5, 5), "padding=3"),
    ("nn.Sequential(nn.MaxPool2d(\n    (7, 2),\n    stride=1))", (3, 5, 5), "(7, 2)"),
    ("nn.Sequential(nn.PixelShuffle(2))", (3, 5, 5), "2"),
    ("nn.Sequential(nn.Unflatten(1, (4, 4)))", (6, 5, 5), "(4, 4)"),
    ("nn.Sequential(nn.BatchNorm2d(num_features=4))", (3, 5, 5), "num_features=4"),
    ("nn.Sequential(nn.Linear(5, 7))", (6,), "5"),
    ("nn.Sequential(nn.Identity('ü'), nn.Conv2d(3, 8, 9))", (3, 5, 5), "9"),
    # where the call has no such argument, all of it
    ("nn.Sequential(nn.Conv2d(3, 8, 3), nn.GLU(1), nn.GLU(1), nn.GLU(1), nn.GLU(1))", (3, 5, 5),
     "nn.GLU(1)"),
]  # fmt: skip
KERAS = [
    ("keras.Sequential([layers.MaxPooling2D(pool_size=(9, 2))])", (8, 8, 3), "pool_size=(9, 2)"),
    ("keras.Sequential([layers.Conv2D(8, 9)])", (8, 8, 3), "9"),
    ("keras.Sequential([layers.Cropping2D(4)])", (8, 8, 3), "4"),
    ("keras.Sequential([layers.Conv2D(8, 3, groups=2)])", (8, 8, 3), "groups=2"),
]


@pytest.mark.parametrize(("text", "input", "underlined"), TORCH + KERAS)
def test_the_argument_is_underlined(text: str, input: tuple[int, ...], underlined: str) -> None:
    """By name or by position."""
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(cnncalc.parse(text), input)

    assert caught.value.span is not None
    assert caught.value.span.text == underlined


@pytest.mark.parametrize("text", ["nn.Conv2d(3, 8, *rest)", "self.conv", "nn.Conv2d(3,", "f(a)(b)"])
def test_what_cannot_be_found_is_the_whole_call(text: str) -> None:
    """Starred arguments, and what is no call at all."""

    def reader(in_channels: int, out_channels: int, kernel_size: int) -> None:
        """A call's signature."""

    span = Span(Source(f"x = {text} # and more"), 4, 4 + len(text))

    assert argument(span, "kernel", reader) is span
    assert argument(span, "", reader) is span


TWICE = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.conv3 = nn.Conv2d(32, 32, 3)
    def forward(self, x):
        return self.conv3(self.conv1(self.conv1(x)))
"""
FORGOTTEN = "it is used twice; `conv2` would fit, and is not used until here"


def test_a_module_that_was_forgotten() -> None:
    assert FORGOTTEN in refused(HEAD + TWICE, (3, 16, 16)).notes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nn.Conv2d(16, 32, 3)", "nn.Conv2d(8, 32, 3)"),
        ("nn.Conv2d(32, 32, 3)", "nn.Conv2d(16, 32, 3)"),
        ("nn.Conv2d(16, 32, 3)", "nn.ConvTranspose2d(16, 32, 3)"),
        ("self.conv1(self.conv1(x))", "self.conv3(x)"),
    ],
    ids=["none fits", "two fit", "of another kind", "not used twice"],
)
def test_no_module_that_was_forgotten(old: str, new: str) -> None:
    notes = refused(HEAD + TWICE.replace(old, new), (3, 16, 16)).notes

    assert not [note for note in notes if "used twice" in note]
