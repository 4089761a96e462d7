"""What people read when a source can't be followed or its shapes don't fit."""

from __future__ import annotations

import pytest

from tests.source.reading import HEAD, net, refused

CONVS = "self.conv = nn.Conv2d(3, 64, 3, padding=1)\nself.pool = nn.AdaptiveAvgPool2d(5)\n"

# name: (source, input, what is underlined, words of the message, words of the help)
SHAPES: dict[str, tuple[str, tuple[int, ...], str, str, str]] = {
    "linear after flatten": (
        net(
            CONVS + "self.fc = nn.Linear(1024, 128)",
            "x = self.pool(self.conv(x))\nx = torch.flatten(x, 1)\nreturn self.fc(x)",
        ),
        (3, 32, 32),
        "1024",
        "`nn.Linear(1024, 128)` receives 64×5×5 = 1600 features",
        "write `nn.Linear(1600, 128)`",
    ),
    "linear by name": (
        net(
            CONVS + "self.fc = nn.Linear(in_features=8 * 8, out_features=128, bias=False)",
            "return self.fc(self.pool(self.conv(x)).flatten(1))",
        ),
        (3, 32, 32),
        "in_features=8 * 8",
        "receives 64×5×5 = 1600 features",
        "write `nn.Linear(in_features=1600, out_features=128, bias=False)`",
    ),
    "linear after dropout": (
        net(
            CONVS + "self.fc = nn.Linear(16 * 4 * 4, 10)",
            "x = F.relu(self.pool(self.conv(x)).view(x.size(0), -1))\nreturn self.fc(F.dropout(x))",
        ),
        (3, 32, 32),
        "16 * 4 * 4",
        "`nn.Linear(16 * 4 * 4, 10)` receives 64×5×5 = 1600 features",
        "write `nn.Linear(1600, 10)`",
    ),
    "positions cut by the batch": (
        net(
            "self.register_buffer('pe', torch.zeros(50, 1, 8))", "return x + self.pe[:x.size(0), :]"
        ),
        (20, 8),
        "self.pe[:x.size(0), :]",
        "this slice cuts by the number of samples, which is no size of a sample",
        "sizes of a sample begin with `x.size(1)`",
    ),
    "flatten forgotten": (
        net(CONVS + "self.fc = nn.Linear(1600, 10)", "return self.fc(self.pool(self.conv(x)))"),
        (3, 32, 32),
        "1600",
        "works on the last axis, and that of 64×5×5 has 5",
        "`torch.flatten(x, 1)`: that gives 1600 features",
    ),
    "channels": (
        net("self.conv = nn.Conv2d(3, 16, 3)", "return self.conv(x)"),
        (1, 28, 28),
        "3",
        "`nn.Conv2d(3, 16, 3)` receives 1 channel (1×28×28)",
        "write `nn.Conv2d(1, 16, 3)`",
    ),
    "norm": (
        net(
            "self.conv = nn.Conv2d(3, 16, 3)\nself.bn = nn.BatchNorm2d(num_features=32)",
            "return self.bn(self.conv(x))",
        ),
        (3, 28, 28),
        "num_features=32",
        "receives 16 channels (16×26×26)",
        "write `nn.BatchNorm2d(num_features=16)`",
    ),
    "view of another size": (
        net(CONVS, "x = self.pool(self.conv(x))\nreturn x.view(-1, 16 * 5 * 5)"),
        (3, 32, 32),
        "x.view(-1, 16 * 5 * 5)",
        "this view doesn't keep the batch: a sample has 64×5×5 = 1600 values, not 400",
        "the number that keeps it is 1600",
    ),
    "view of a batch": (
        net(CONVS, "return x.view(32, -1)"),
        (3, 8, 8),
        "x.view(32, -1)",
        "its first size is the number 32",
        "x.view(x.size(0), -1)",
    ),
    "view without a batch": (
        net(CONVS, "return x.view(-1)"),
        (3, 8, 8),
        "x.view(-1)",
        "this view doesn't keep the batch",
        "192",
    ),
    "flatten with the batch": (
        net(CONVS, "return torch.flatten(x)"),
        (3, 8, 8),
        "torch.flatten(x)",
        "flattens the batch into the features",
        "`torch.flatten(x, 1)`",
    ),
    "pool too large": (
        net("self.pool = nn.MaxPool2d(4)", "return self.pool(self.pool(self.pool(x)))"),
        (3, 32, 32),
        "4",
        "the window spans 4 but the height has only 2",
        "a window that spans at most 2",
    ),
    "branches": (
        net("self.conv = nn.Conv2d(3, 3, 3)", "return x + self.conv(x)"),
        (3, 8, 8),
        "x + self.conv(x)",
        "can't join 3×8×8 and 3×6×6",
        "equal shapes",
    ),
    "joined channels": (
        net("self.conv = nn.Conv2d(3, 3, 3)", "return torch.cat([x, self.conv(x)], dim=1)"),
        (3, 8, 8),
        "torch.cat([x, self.conv(x)], dim=1)",
        "`cat` can't join 3×8×8 and 3×6×6",
        "`F.pad(y, (1, 1, 1, 1))` makes the second as large as the other",
    ),
    "joined batches": (
        net("pass", "return torch.cat([x, x])"),
        (3, 8, 8),
        "torch.cat([x, x])",
        "along axis 0 mixes the samples",
        "axis 0 is the batch",
    ),
    "ranks": (
        net("pass", "return x * x.mean([2, 3])"),
        (3, 8, 8),
        "x * x.mean([2, 3])",
        "the batch of one would meet another axis",
        "y[:, :, None, None]",
    ),
}


@pytest.mark.parametrize(
    ("text", "input", "underlined", "message", "help"), SHAPES.values(), ids=SHAPES
)
def test_shapes_that_do_not_fit(
    text: str, input: tuple[int, ...], underlined: str, message: str, help: str
) -> None:
    error = refused(text, input)

    assert error.span is not None
    assert error.span.text == underlined
    assert message in error.message
    assert help in (error.help or "")


# name: (source, what is underlined, words of the message)
FOLLOWED: dict[str, tuple[str, str, str]] = {
    "branch on a tensor": (
        net("pass", "if x.sum() > 0:\n    x = x + 1\nreturn x"),
        "x.sum()",
        "this `sum` is one number for the whole batch, and what is in a tensor isn't known here",
    ),
    "branch on values": (
        net("pass", "if x.mean(1) > 0:\n    x = x + 1\nreturn x"),
        "x.mean(1) > 0",
        "what is in a tensor isn't known here",
    ),
    "batch size": (
        net("pass", "for i in range(x.size(0)):\n    x = x + 1\nreturn x"),
        "range(x.size(0))",
        "a loop over the batch",
    ),
    "foreign package": (
        net("self.a = einops.layers.Rearrange('b c h w -> b (h w) c')", "return self.a(x)",
            "import einops\n"),
        "einops.layers.Rearrange('b c h w -> b (h w) c')",
        "`einops` is neither in this source tree nor installed",
    ),
    "hook": (
        net("self.c = nn.ReLU()\nself.c.register_forward_hook(print, prepend=True)",
            "return self.c(x)"),
        "self.c.register_forward_hook(print, prepend=True)",
        "a hook with `prepend` can't be followed",
    ),
    "assertion": (
        net("assert 1 == 2, 'the model says no'", "return x"),
        "assert 1 == 2, 'the model says no'",
        "the model refuses with AssertionError: the model says no",
    ),
    "raise": (
        net("raise ValueError(f'bad {1 + 1}')", "return x"),
        "raise ValueError(f'bad {1 + 1}')",
        "the model refuses with ValueError: bad 2",
    ),
    "misspelled attribute": (
        net("self.conv1 = nn.ReLU()", "return self.conv2(x)"),
        "self.conv2",
        "`Net` has no attribute `conv2`; did you mean `conv1`?",
    ),
    "missing argument": (
        net("self.block = Block(3)", "return self.block(x)",
            "class Block(nn.Module):\n    def __init__(self, a, b):\n        super().__init__()\n"),
        "Block(3)",
        "`Block` is called without `b`",
    ),
    "forgotten super": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        self.c = nn.ReLU()\n"
        "    def forward(self, x):\n        return self.c(x)\n",
        "self.c = nn.ReLU()",
        "cannot assign module before Module.__init__() call",
    ),
    "no forward": (
        HEAD + "class Net(nn.Module):  # empty\n    pass\n",
        "class Net(nn.Module)",
        "`Net` has no `forward`",
    ),
    "nothing returned": (
        net("pass", "self.y = x"),
        "def forward(self, x)",
        "returns None, no tensor",
    ),
    **{
        words: (net("pass", f"return {code}"), code, message)
        for words, code, message in (
            ("places in pairs", "x[:, [0, 1], [1, 0]]", "several lists of positions are taken in"),
            ("a place too far", "x[:, [0, 3]]", "index 3 is out of an axis of 3"),
            ("no places", "x[:, []]", "this slice of an axis of 3 is empty"),
            ("places that are drawn", "x[:, torch.rand(2)]", "an index of a tensor of weights"),
            ("places of a mask", "x[:, [True, False, True]]", "an index of a list can't"),
            ("a pile of unlike maps", "torch.stack([x, x[:, :1]])", "can't join 3×8×8 and 1×8×8"),
            ("a pile along others", "torch.stack([x, x]).sum((0, 1))", "this `sum` of tensors"),
        )
    },
    "a pile that is left": (
        net("pass", "return torch.stack([x, x])"),
        "def forward(self, x)",
        "returns tensors stacked in front of the batch",
    ),
    "two inputs": (
        HEAD + "class Net(nn.Module):\n    def forward(self, x, y):\n        return x + y\n",
        "y",
        "takes more inputs than one, and the size of `y` is missing: `x` is",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "underlined", "message"), FOLLOWED.values(), ids=FOLLOWED)
def test_what_cannot_be_followed(text: str, underlined: str, message: str) -> None:
    error = refused(text, (3, 8, 8))

    assert message in error.message
    if underlined:
        assert error.span is not None
        assert error.span.text == underlined


def test_the_way_to_the_error_is_told() -> None:
    text = net("self.fc = nn.Linear(10, 3)", "return self.head(x)\n") + (
        "    def head(self, x):\n        return self.fc(x.flatten(1))\n"
    )
    error = refused(text, (3, 8, 8))

    assert error.line == 7
    assert error.notes[0].startswith("it receives 192 from `flatten`, line 11")
    assert "used at line 11: `self.fc(x.flatten(1))`" in error.notes
    assert "used at line 9: `self.head(x)`" in error.notes


def test_columns_count_characters() -> None:
    error = refused("größe = 'ä'; model = nn.Conv2d(3, 16)", (3, 8, 8))

    assert (error.column, error.end_column) == (22, 38)
