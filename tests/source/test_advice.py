"""What a user reads about names, and what would be right."""

from __future__ import annotations

import pytest

from tests.source.reading import HEAD, net, refused

# name: (source, what is underlined, words of the help)
ADVICE: dict[str, tuple[str, str, str]] = {
    "forward misspelt": (
        HEAD + "class Net(nn.Module):\n    def foward(self, x):\n        return x\n",
        "class Net(nn.Module)",
        "is `foward` meant for it?",
    ),
    "a list of modules that is run": (
        net("self.a = nn.ModuleList([nn.ReLU()])", "return self.a(x)"),
        "self.a(x)",
        "run its modules in a loop, or make it an `nn.Sequential`",
    ),
    "a list that is run": (
        net("self.a = [nn.ReLU(), nn.Conv2d(3, 1, 1)]", "return self.a(x)"),
        "self.a(x)",
        "its entries are called one after another: `for each in them: x = each(x)`",
    ),
    "sizes that are called": (
        net("pass", "return x.view(x.shape(0), -1)"),
        "x.shape(0)",
        "one of its entries stands in brackets: `sizes[0]`",
    ),
    "nothing returned": (net("pass", "x + 1"), "def forward(self, x)", "end it with `return x`"),
    "self forgotten": (
        HEAD + "class Net(nn.Module):\n    def forward(x):\n        return x\n",
        "def forward(x)",
        "`def forward(self, x):`",
    ),
    "several inputs": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.body = nn.ReLU()\n    def forward(self, x, y, z=None):\n        return x\n",
        "y",
        "or a part of it, such as `Net.body`",
    ),
    "norm of another rank": (
        net("self.bn = nn.BatchNorm1d(3)", "return self.bn(x)"),
        "nn.BatchNorm1d(3)",
        "write `nn.BatchNorm2d`",
    ),
    "norm of a vector": (
        net("self.bn = nn.BatchNorm2d(192)", "return self.bn(x.flatten(1))"),
        "nn.BatchNorm2d(192)",
        "write `nn.BatchNorm1d`",
    ),
    "convolution of a vector": (
        net("self.c = nn.Conv2d(192, 3, 3)", "return self.c(x.flatten(1))"),
        "nn.Conv2d(192, 3, 3)",
        "run it before they are flattened",
    ),
    "short way": (
        net("self.c = nn.Conv2d(3, 8, 3, 2, 1)", "return self.c(x) + x"),
        "self.c(x) + x",
        "`nn.Conv2d(3, 8, 1, stride=2)` on the second gives it the other's shape",
    ),
    "nothing joins": (
        net("self.c = nn.Conv2d(3, 8, 3)", "return self.c(x) + x[:, :, :3, :5]"),
        "self.c(x) + x[:, :, :3, :5]",
        "equal shapes, or axes of size 1, which are stretched",
    ),
    "layer misspelt": (
        net("self.c = nn.Conv2D(3, 8, 3)", "return self.c(x)"),
        "nn.Conv2D(3, 8, 3)",
        "did you mean `nn.Conv2d`?",
    ),
    "Keras layer misspelt": (
        "from keras import layers, Sequential\nm = Sequential([layers.Conv2d(8, 3)])\n",
        "layers.Conv2d(8, 3)",
        "did you mean `layers.Conv2D`?",
    ),
    "argument misspelt": (
        net("self.c = nn.Conv2d(3, 8, 3, strides=2)", "return self.c(x)"),
        "strides=2",
        "did you mean `stride`?",
    ),
    "a layer that is given a tensor": (
        net("pass", "return nn.ReLU(x)"),
        "nn.ReLU(x)",
        "made first and then called: `nn.ReLU()(x)`",
    ),
    "a package misspelt": (
        "from torchh import nn\nm = nn.ReLU()\n",
        "nn.ReLU()",
        "did you mean `torch`?",
    ),
    "a base misspelt": (
        HEAD + "class Net(nn.module):\n    def forward(self, x):\n        return x\n",
        "class Net(nn.module)",
        "did you mean `nn.Module`?",
    ),
    "no base": (
        "class Net:\n    def forward(self, x):\n        return x\n",
        "class Net",
        "`class Net(nn.Module):`",
    ),
    "Keras's name of the forward": (
        HEAD + "class Net(nn.Module):\n    def call(self, x):\n        return x\n",
        "class Net(nn.Module)",
        "is `call` meant for it?",
    ),
    "a Keras layer for its tensor": (
        "import keras\nfrom keras import layers\nx = layers.Conv2D(8, 3)\n"
        "m = keras.Model(keras.Input((8, 8, 3)), layers.Flatten()(x))\n",
        "layers.Flatten()(x)",
        "called on a tensor before: `layer(x)`",
    ),
    "one number for the batch": (
        net("pass", "return x * x.max().item()"),
        "x.max()",
        "for each sample it is `x.max(dim=1)`",
    ),
}


@pytest.mark.parametrize(("text", "underlined", "help"), ADVICE.values(), ids=ADVICE)
def test_what_would_be_right(text: str, underlined: str, help: str) -> None:
    error = refused(text, (3, 8, 8))

    assert error.span is not None
    assert error.span.text == underlined
    assert help in (error.help or "")


# name: (source, words of the message)
NAMED: dict[str, tuple[str, str]] = {
    "variable": (
        net("channels = 8\nself.c = nn.Conv2d(3, chanels, 3)", "return self.c(x)"),
        "`chanels` is not defined in this source; did you mean `channels`?",
    ),
    "class": (
        net("self.b = Blok()", "return self.b(x)", "class Block:\n    pass\n"),
        "`Blok` is not defined",
    ),
    "super forgotten": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        self.c = nn.ReLU()\n",
        "cannot assign module before Module.__init__() call: write `super().__init__()` first",
    ),
    "arguments of a function": (
        net("self.b = f(1, 2)", "return x", "def f(a):\n    return a\n"),
        "`f` takes 1 argument but 2 are given",
    ),
    "own words": (
        net("raise KeyError('no such net')", "return x"),
        "the model refuses with KeyError: no such net",
    ),
    "weights at work on a constant": (
        net("self.c = nn.Linear(4, 4)", "self.c(torch.randn(1, 4))\nreturn x"),
        "this layer works on a tensor that doesn't come from the input",
    ),
    "a base that isn't read": (
        net("self.b = B(3)", "return x", "from elsewhere import A\nclass B(A, nn.Module):\n"
            "    def __init__(self, n):\n        super().__init__(n, 2)\n"),
        "`B` inherits from `elsewhere.A`, which isn't read here",
    ),
    "a circle of imports": (
        "from .source import net\nmodel = net\n",
        "can't be found",
    ),
    "constants that don't fit": (
        net("pass", "return torch.cat([x, torch.zeros(x.size(0), 1, 4, 4)], 1)"),
        "`torch.cat` can't join 3×8×8 and 1×4×4",
    ),
    "rows of different sizes": (
        net("self.t = torch.tensor([[1, 2], [3]])", "return x"),
        "the rows of this tensor have different sizes",
    ),
    "a part of a part": (
        net("t = torch.ones(2, 2)\nt[0][1] = 3", "return x"),
        "an assignment into a part of a tensor's part can't be followed",
    ),
    "arrays of different sizes": (
        net("import numpy as np\nn = np.power(np.arange(3), np.arange(4))", "return x"),
        "arrays of unknown or of different sizes can't be worked out",
    ),
    "an index beyond": (
        net("self.t = torch.arange(3)[5]", "return x"),
        "index 5 is out of an axis of 3",
    ),
    "unknown figures": (
        net("import numpy as np\nself.t = np.cumsum(np.zeros((300, 300)))", "return x"),
        "`cumsum` of numbers that aren't known",
    ),
    "no JSON": (
        net("import json\nself.t = json.loads('{')", "return x"),
        "this is no JSON",
    ),
    "no such global": (
        net("self.t = globals()['Nothing']", "return x"),
        "'Nothing' is not defined in this source",
    ),
    "a text without its quotes": (
        net("self.c = nn.Conv2d(3, 8, 3, padding=same)", "return self.c(x)"),
        "`same` is not defined in this source; did you mean `'same'`?",
    ),
    "a word of another language": (
        net("self.c = nn.Conv2d(3, 8, 3, bias=false)", "return self.c(x)"),
        "did you mean `False`?",
    ),
    "a function without its module": (
        net("pass", "return relu(x)"),
        "`relu` is not defined in this source; did you mean `F.relu`?",
    ),
    "a builtin misspelt": (
        net("self.n = [i for i in rang(3)]", "return x"),
        "did you mean `range`?",
    ),
    "the constructor misspelt": (
        HEAD + "class Net(nn.Module):\n    def _init_(self):\n        super().__init__()\n"
        "        self.c = nn.ReLU()\n    def forward(self, x):\n        return self.c(x)\n",
        "`Net` has no attribute `c`; is `_init_` meant for `__init__`?",
    ),
    "super not called": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super.__init__()\n",
        "did you mean `super().__init__`?",
    ),
    "a method misspelt": (
        net("pass", "return x.veiw(1, 2)"),
        "a tensor has no attribute `veiw` that can be followed; did you mean `view`?",
    ),
    "a function for a module": (
        net("self.s = nn.Sequential(nn.ReLU(), F.relu)", "return x"),
        "`nn.Sequential` holds modules, not a function: write `nn.ReLU()`",
    ),
    "Keras's layers side by side": (
        "import keras\nr = keras.layers.ReLU()\nm = keras.Sequential(r, keras.layers.ReLU())\n",
        "`keras.Sequential` takes its layers in a list",
    ),
    "new of a number": (
        net("self.t = object.__new__(int)", "return x"),
        "`__new__` can't make",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), NAMED.values(), ids=NAMED)
def test_names_and_values(text: str, message: str) -> None:
    assert message in refused(text, (3, 8, 8)).message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "copy.deepcopy(nn.ReLU())",
            "`copy` is not defined in this source; `import copy` brings it",
        ),
        ("deepcopy(nn.ReLU())", "; `from copy import deepcopy` brings it"),
        ("reduce(max, [1, 2])", "; `from functools import reduce` brings it"),
        ("time.time()", "; `import time` brings it"),
        ("torchvision.models.resnet18()", "; `import torchvision` brings it"),
        ("models.resnet18()", "; `from torchvision import models` brings it"),
        ("init.zeros_(nn.Linear(1, 1).bias)", "; `from torch.nn import init` brings it"),
        (
            "Rearrange('b c h w -> b (c h w)')",
            "`from einops.layers.torch import Rearrange` brings it",
        ),
        ("Path('weights')", "`from pathlib import Path` brings it"),
        ("foo(3)", "`foo` is not defined in this source"),
    ],
)
def test_a_name_that_is_one_import_away(line: str, words: str) -> None:
    text = (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.k = {line}\n    def forward(self, x):\n        return x\n"
    )
    error = refused(text, (3, 8, 8), "Net")

    assert (f"{error.message} {error.help or ''}".rstrip()).endswith(words)


def test_an_input_that_the_first_linear_layer_was_not_made_for() -> None:
    """`-i` may be what is wrong, or a flatten may be missing; both are said."""
    text = f"{HEAD}net = nn.Sequential(nn.Linear(10, 4))"

    assert (refused(text, (3, 8, 8)).help or "").startswith(
        "an input as it is declared, `-i 10`; or flatten first"
    )
    assert (refused(text, (2, 1, 5)).help or "").startswith("flatten first")
