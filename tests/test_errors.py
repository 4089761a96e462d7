"""Every error message that the tool can give, as one page to review: golden/errors.txt."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError, Piece, Source, Span, SpecError
from cnncalc.widths import width_of
from tests.conftest import Command, Golden

PACKAGE = Path(cnncalc.__file__).parent

# A network with an image and noise, in the compact notation and in PyTorch.
TWO = "image@input:3x8x8 conv:8,k3 flatten f@relu z@input:100 linear:20 cat[ @f | ] linear:10"
FORWARD = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.linear = nn.Linear(4, 8)
    def forward(self, x, z):
        return self.conv(x) + self.linear(z)[:, :, None, None]
"""

# A layer and a call of it, with two inputs.
ATTENDING = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = {}
    def forward(self, x, m):
        return {}
"""


def attending(layer: str, call: str, *sizes: str) -> list[str]:
    """The words for a model of PyTorch in which one layer is called on `x` and `m`."""
    return [ATTENDING.format(layer, call), *(word for size in sizes for word in ("-i", size))]


def in_keras(call: str) -> list[str]:
    """The words for a model of Keras of a sequence, another one, a vector and an image."""
    return [
        "x = keras.Input((9, 64))\nm = keras.Input((4, 32))\nv = keras.Input((20,))\n"
        f"image = keras.Input((8, 8, 3))\nmodel = keras.Model([x, m, v, image], {call})"
    ]


ATTENTION = "nn.MultiheadAttention(64, 4, batch_first=True)"
# The words of `cnncalc shape`, and the code of the error that they give.
SPECS = (
    # Nothing to work on
    ([], "empty"),
    (["3x32x32"], "empty"),
    (["# a comment alone"], "empty"),
    (["conv:16,k3", "relu", "--verify"], "no-input"),
    (["conv:16,k3", "flatten", "conv:16,k3"], "no-input"),
    (["nn.Conv2d(3, 8, 3)", "--verify"], "no-input"),
    # Layers and options
    (["3x32x32", "cnov:16,k3"], "unknown-layer"),
    (["3x32x32", "conv2d:16,k3"], "unknown-layer"),
    (["3x32x32", "relu", "qwertz"], "unknown-layer"),
    (["vgg61"], "unknown-layer"),
    (["qwertz"], "unknown-layer"),
    (["3x32x32", "conv:16,k3,strid=2"], "unknown-option"),
    (["3x32x32", "conv:16,k3,z2"], "unknown-option"),
    (["3x32x32", "conv:16,k3,nobais"], "unknown-option"),
    (["3x32x32", "conv:16,k3,k5"], "option-twice"),
    (["3x32x32", "conv:16,3,1,1"], "too-many-values"),
    (["3x32x32", "conv:16,K3"], "unknown-option"),
    (["3x32x32", "conv:16,k3,nobias=true"], "unknown-option"),
    (["3x32x32", "lppool:3,norm2"], "unknown-option"),
    (["3x32x32", "conv:16,kernel3"], "unknown-option"),
    (["3x32x32", "conv:16,k3", "p1"], "unknown-layer"),
    (["3x32x32", "conv:k3"], "missing-option"),
    (["3x32x32", "conv:16"], "missing-option"),
    (["3x32x32", "linear"], "missing-option"),
    # Values
    (["3x32x32", "conv:16,k=three"], "bad-value"),
    (["3x32x32", "conv:16,k"], "bad-value"),
    (["3x32x32", "conv:16,k3,p=sane"], "bad-value"),
    (["3x32x32", "conv:16,k0"], "bad-value"),
    (["3x32x32", "conv:0,k3"], "bad-value"),
    (["3x32x32", "conv:16,k3,p-1"], "bad-value"),
    (["3x32x32", "conv:1.5,k3"], "bad-value"),
    (["3x32x32", "dropout:1.5"], "bad-value"),
    (["3x32x32", "conv:16,k3,mode=mirror"], "bad-value"),
    (["3x32x32", "upsample"], "bad-value"),
    (["3x32x32", "permute:0x0x1"], "bad-value"),
    (["3x32x32", "conv:99999999999,k3"], "too-large"),
    (["3x32x32", "slice:5"], "bad-value"),
    # Sizes
    (["3x0x32", "relu"], "bad-input"),
    (["3,32,0", "relu"], "bad-input"),
    (["(3, 32, w)", "relu"], "bad-input"),
    (["-i", "3X32X32", "relu"], "bad-input"),
    (["-i", "scalar", "relu"], "bad-input"),
    (["-i", "3x-2x2", "relu"], "bad-input"),
    (["-i", "big", "relu"], "bad-input"),
    (["-i", "", "relu"], "bad-input"),
    (["resnet18", "-i", "224x224x3"], "bad-input"),
    (["resnet18", "-i", "8x224x224x3"], "bad-input"),
    (["resnet18", "-i", "8x3x224x224", "-b", "4"], "bad-input"),
    (["3x32x32", "conv:8,k3", "-i", "224"], "not-a-map"),
    (["3x20x32", "lstm:5"], "not-a-sequence"),
    (["8x9", "lstm:5", "relu", "state:5"], "no-state"),
    # Heads, keys and sequences that don't fit
    (["8x9", "mha:3"], "groups"),
    (["8x6x6", "mha:2"], "wrong-axes"),
    (["8x9", "mha:2[ | slice:0..4,axis=1 | slice:0..5,axis=1 ]"], "branches"),
    (["8x9", "mha:2[ | | | ]"], "branches"),
    (["8x9", "matmul[ | ]"], "branches"),
    (["8x9", "matmul[ | slice:0..4,axis=1 ]"], "branches"),
    (["8x9", "matmul[ ]"], "branches"),
    (["8x9", "matmul(transpose)[ | permute:1x0 ]"], "branches"),
    (["8x9", "matmul(transpose)[ | slice:0..4,axis=1 ]"], "branches"),
    (["8", "matmul[ | ]"], "not-a-map"),
    (["8x2x3x4", "matmul[ | slice:0..4 permute:0x1x3x2 ]"], "branches"),
    (["8x9", "gru:5[ gap linear:5 | ]"], "branches"),
    (["8x9", "gru:5[ | gap ]"], "branches"),
    (["8x9", "lstm:5[ | gap linear:5 | | ]"], "branches"),
    (["8x9", "lstm:5,learned[ | gap linear:5 ]"], "branches"),
    (attending("nn.MultiheadAttention(50, 4, batch_first=True)", "x", "9x50"), "argument"),
    (attending(ATTENTION, "self.part(x, x, x)[0]", "9x50", "4x64"), "inputs"),
    (attending(ATTENTION, "self.part(x, m, m)[0]", "9x64", "4x32"), "declared"),
    (["nn.Conv2d(3, 16, 3), nn.LayerNorm(16)", "-i", "3x8x8"], "declared"),
    (attending(ATTENTION, "self.part(x, m, x)[0]", "9x64", "4x64"), "branches"),
    (attending(ATTENTION, "self.part(x, m, m)[0]", "64x3x3", "4x64"), "wrong-axes"),
    (attending(ATTENTION, "self.part(x, m, m)[0]", "9x64"), "inputs"),
    (attending("nn.ReLU()", "x @ m", "9x64", "4x64"), "branches"),
    (attending("nn.ReLU()", "torch.bmm(x, m)", "9x64", "4x32"), "branches"),
    (attending("nn.ReLU()", "torch.einsum('bij,bjk->bik', x, m)", "9x64", "4x32"), "branches"),
    (
        attending("nn.GRU(8, 5, batch_first=True)", "self.part(x)[0]", "3x8x8", "5"),
        "not-a-sequence",
    ),
    (attending("nn.GRU(8, 5, batch_first=True)", "self.part(x)[0]", "4x6", "5"), "input-size"),
    (attending("nn.GRU(8, 5, batch_first=True)", "self.part(x, m)[0]", "4x8", "5"), "state"),
    (attending("nn.GRU(8, 5, batch_first=True)", "self.part(x, m[None])[0]", "4x8", "6"), "state"),
    (attending("nn.LSTM(8, 5, batch_first=True)", "self.part(x, m[None])[0]", "4x8", "5"), "state"),
    (
        attending("nn.GRU(8, 5, 2, batch_first=True)", "self.part(x, m[None])[0]", "4x8", "5"),
        "state",
    ),
    (attending("nn.GRUCell(8, 5)", "self.part(m, x[:, 0])", "4x8", "5"), "inputs"),
    (in_keras("layers.MultiHeadAttention(4, 16)(x, m, x)"), "branches"),
    (in_keras("layers.MultiHeadAttention(4, 16)(image, x)"), "wrong-axes"),
    (in_keras("keras.ops.matmul(x, m)"), "branches"),
    (in_keras("layers.LSTM(5)(image)"), "not-a-sequence"),
    (in_keras("layers.LSTM(5)(v)"), "not-a-sequence"),
    (in_keras("layers.LSTM(5)(x, initial_state=[v])"), "state"),
    (in_keras("layers.LSTM(5)(x, initial_state=[v, v])"), "state"),
    (in_keras("layers.GRU(20)(v, initial_state=x)"), "not-a-sequence"),
    (["1x3x32x32", "conv:8,k3", "maxpool:2"], "kernel-too-large"),
    (["3xHxW", "conv:16,k3", "--max-params", "1M"], "unbound-symbol"),
    (["CxHxW", "conv:16,k3", "--verify"], "unbound-symbol"),
    (["3xHxW", "conv:16,k3,g2"], "groups"),
    (["3xHxW", "upsample:1.1"], "symbols"),
    (["-i", "3xHx0", "relu"], "bad-input"),
    (["3XHXW", "conv:16,k3"], "syntax"),
    (["3X32X32", "conv:16,k3"], "syntax"),
    (["3xHxW", "relu", "--let", "H=0", "--let", "W=8"], "bad-input"),
    (["-i", "3xHxW", "relu", "--verify"], "unbound-symbol"),
    (["3x_x_", "conv:16,k3"], "unknown-value"),
    (["3x32x32", "conv:16/32,k3"], "choice"),
    (["3x32x32", "conv:16..64/16,k3"], "choice"),
    (["3x32x32", "relu", "5x5"], "syntax"),
    (["3x32x32,", "relu"], "syntax"),
    (["3x-4x32", "relu"], "syntax"),
    # Several inputs
    ([TWO, "-i", "3x8x8", "-i", "100", "-i", "7"], "inputs"),
    ([TWO, "-i", "3x8x8", "-i", "image=3x9x9"], "inputs"),
    ([TWO, "-i", "z=5", "-i", "z=6"], "inputs"),
    ([TWO, "-i", "image=3x8x8", "-i", "y=100"], "inputs"),
    ([TWO, "-i", "3x8x8", "-i", "imgae=100"], "inputs"),
    ([TWO, "-i", "100", "-i", "3x8x8"], "inputs"),
    ([TWO, "-i", "image=100", "-i", "z=3x8x8"], "inputs"),
    ([TWO, "-i", "3x8x8", "-i", "z=N"], "symbols"),
    ([TWO, "-i", "z=1oo"], "bad-input"),
    (["z@input:100", "linear:5", "y@input:7"], "unread-input"),
    (["3x8x8", "input", "linear:5"], "no-input"),
    (
        ["conv:8,k3", "flatten", "f@relu", "z@input:100", "linear:5", "cat[ @f | ]", "-i", "z=5"],
        "no-input",
    ),
    ([FORWARD, "-i", "3x8x8"], "inputs"),
    ([FORWARD, "-i", "z=4"], "no-input"),
    ([FORWARD], "no-input"),
    # Whole numbers
    (["3x8x8", "conv:8,k3", "embedding:10,4"], "lookup"),
    (["50", "embedding:10"], "missing-option"),
    (["50", "embedding:10,4,axis=2"], "wrong-axes"),
    (["-i", "scalar", "conv:8,k3"], "bad-input"),
    # Arithmetic that can't be
    (["3x5x5", "conv:16,k7"], "kernel-too-large"),
    (["3x5x5", "conv:16,k5,d2,p1"], "kernel-too-large"),
    (["3x5x5", "maxpool:7"], "kernel-too-large"),
    (["3x32x32", "maxpool:2,p2"], "padding-too-large"),
    (["3x4x4", "conv:8,k3,p7,mode=reflect"], "padding-too-large"),
    (["3x32x32", "conv:8,k3,g2"], "groups"),
    (["4x32x32", "conv:7,k3,g2"], "groups"),
    (["1x9x9", "cat[ maxpool:2 upsample:2 | ]"], "branches"),
    (["8x9", "cat:axis=-1[ | gap ]"], "branches"),
    (["5x1x8x9", "expand:2"], "branches"),
    (["10x8x8", "gn:3"], "groups"),
    (["10x8x8", "chshuffle:3"], "groups"),
    (["10x8x8", "pixelshuffle:2"], "groups"),
    (["3x8x8", "crop:4"], "empty-output"),
    (["3x8x8", "pad:-9:2"], "over-cropped"),
    (["3x8x8", "convt:8,k1,p4"], "empty-output"),
    (["3x8x8", "convt:8,k3,op1"], "output-padding"),
    (["3x8x8", "maxunpool:2,size=30"], "output-size"),
    (["3x32x32", "conv:8,k3x3x3"], "wrong-axes"),
    (["3x32x32", "permute:0x1"], "wrong-axes"),
    (["3x32x32", "linear:10"], "linear-on-a-map"),
    (["3x32x32", "flatten", "conv:8,k3"], "not-a-map"),
    (["12", "linear:1", "reshape:scalar", "linear:3"], "scalar"),
    (["100", "unflatten:3x7x7"], "reshape"),
    (["100", "reshape:3x7x7"], "reshape"),
    (["16x8x8", "slice:0..32"], "slice"),
    (["16x8x8", "fold:2,size=4"], "fold"),
    (["36x64", "fold:3,size=8,p1"], "fold"),
    (["3x999999999x999999999", "conv:999999999,k1"], "too-large"),
    # Branches
    (["16x8x8", "conv:16,k3,p1", "add[ conv:32,k3,p1 bn | relu ]"], "branches"),
    (["16x8x8", "cat[ conv:8,k3,s2,p1 | conv:8,k1 | ]"], "branches"),
    (["16x8x8", "add[conv:16,k3,p1 bn] relu"], "branches"),
    (["16x8x8", "cat[ relu\ntanh ]"], "branches"),
    (["16x8x8", "def b = [ mul[ sigmoid ] ]", "b"], "branches"),
    (["16x8x8", "add"], "brackets"),
    (["16x8x8", "[ relu | tanh ]"], "brackets"),
    (["16x8x8", "relu | tanh"], "brackets"),
    (["16x8x8", "add[ relu | tanh"], "brackets"),
    (["16x8x8", "3*[ relu"], "brackets"),
    (["16x8x8", "relu ]"], "brackets"),
    (["16x8x8", "conv(16, k=3"], "brackets"),
    (["16x8x8", "conv(16, k=(3, 3))"], "brackets"),
    # Writing
    (["16x8x8", "conv:16,", "k3"], "syntax"),
    (["16x8x8", "conv:16,k3,"], "syntax"),
    (["16x8x8", "$c"], "syntax"),
    (["16x8x8", "conv:16,k3(s=2)"], "syntax"),
    (["16x8x8", "conv16"], "unknown-layer"),
    (["16x8x8", "conv{16}"], "syntax"),
    (["16x8x8", "%"], "syntax"),
    (["16x8x8", "conv:8", ",", "k3"], "syntax"),
    (["16x8x8", "conv", "8", "k3"], "syntax"),
    (["16x8x8", "relu", "2", "*", "relu"], "syntax"),
    (["16x8x8", "-1*relu"], "usage"),
    (["--", "16x8x8", "-1*relu"], "syntax"),
    (["16x8x8", "999999999*relu"], "too-large"),
    (["8x8x8", "[" * 70 + "relu" + "]" * 70], "too-deep"),
    # Labels and definitions
    (["16x8x8", "a@relu", "cat[ | @b ]"], "label"),
    (["16x8x8", "@"], "label"),
    (["16x8x8", "def relu = [ tanh ]", "relu"], "definition"),
    (["16x8x8", "def b = [ relu ]", "def b = [ tanh ]", "b"], "definition"),
    (["16x8x8", "def b(c) [ relu ]", "b"], "definition"),
    (["16x8x8", "def b(1c) = [ relu ]", "b"], "definition"),
    (["16x8x8", "each"], "brackets"),
    (["16x8x8", "each:2,k3[ conv:8,k3 ]"], "unknown-option"),
    (["16x8x8", "each[ sub:align=second[ | gap ] ]"], "each"),
    (["16x8x8", "each[ softmax:axis=batch ]"], "each"),
    (["16x8", "each:order=last[ reduce ]"], "each"),
    (["16x8x8", "each:3[ relu linear:4 ]"], "wrong-axes"),
    (["5x16x8x8", "each[ conv:8,k9 ]"], "kernel-too-large"),
    (["5x16x8x8", "each[ conv:_,k3 ]"], "unknown-value"),
    (["16x8x8", "def b(c) = [ conv:$c,k3 ]", "b"], "arguments"),
    (["16x8x8", "def b(c) = [ conv:$c,k3 ]", "b:8,9"], "arguments"),
    (["16x8x8", "def b(c) = [ conv:$c,k3 ]", "b:8,c=9"], "arguments"),
    (["16x8x8", "def b(c) = [ conv:$d,k3 ]", "b:8"], "unknown-parameter"),
    (["16x8x8", "conv:$c,k3"], "unknown-parameter"),
    (["16x8x8", "def b(c, k) = [ conv:$c,k$k ]", "b:8,9"], "kernel-too-large"),
    (["16x8x8", "def b(c) = [ conv:{$c/2},k3 ]", "b:8"], "choice"),
    (["16x8x8", "def b(c) = [ conv:$c/2,k3 ]", "b:8"], "choice"),
    (["16x8x8", "def b(c) = [ conv:{$c//0},k3 ]", "b:8"], "braces"),
    (["3x32x32", "conv:{16,32},k3"], "braces"),
    (["16x8x8", "def b(c) = [ conv:{$c,k3 ]", "b:8"], "brackets"),
    (["16x8x8", "def b = [ b ]", "b"], "recursion"),
    (["16x8x8", "def b = [ conv:8,k9 ]", "b"], "kernel-too-large"),
    # Files
    (["model.py", "3", "32", "32"], "bad-input"),
    (["nets/unet.py", "conv:8,k3"], "notation"),
    (["torchvision:resnet18", "conv:8,k3"], "notation"),
    (["missing.cnn"], "no-file"),
    (["nowhere/missing.cnn"], "no-file"),
    (["vgg16.cnn"], "no-file"),
    (["empty.cnn"], "empty"),
    (["lenet.cnn"], "no-file"),
    (["folder.cnn"], "no-file"),
    (["binary.cnn"], "not-text"),
    (["latin.cnn"], "not-text"),
    (["wrong.cnn"], "kernel-too-large"),
    (["good.cnn", "conv:8,k99"], "kernel-too-large"),
    (["report.json"], "notation"),
    (["good.cnn:Net"], "notation"),
    (["nn.ReLU()", "-i", "3x8x8", "--let", "H=8"], "let"),
    # Options
    (["lenet5", "--from", "compct"], "notation"),
    (["lenet5", "--dtype", "float8"], "bad-value"),
    (["lenet5", "--layout", "nhwc"], "bad-value"),
    (["lenet5", "-b", "0"], "bad-value"),
    (["lenet5", "-b", "many"], "usage"),
    (["lenet5", "-b", "9999999999"], "usage"),
    (["lenet5", "-f", "jsn"], "format"),
    (["lenet5", "--json", "-f", "csv"], "format"),
    (["lenet5", "--count", "thops"], "count"),
    (["lenet5", "--count", "flops"], "count"),
    (["lenet5", "--columns", "index,outptu"], "column"),
    (["lenet5", "--columns", "index,,output"], "column"),
    (["lenet5", "--let", "H:3"], "let"),
    (["lenet5", "--max-params", "lots"], "budget"),
    (["lenet5", "--max-memory", "1GX"], "budget"),
    (["lenet5", "--expect", "10xx"], "bad-input"),
    (["lenet5", "--device", "cuda"], "usage"),
    (["lenet5", "--verify", "--executor", "tensorfow"], "executor"),
    (["lenet5", "--verify", "--device", "tpu"], "device"),
    (["lenet5", "--verify", "--backward"], "backward"),
    (["lenet5", "--backward"], "usage"),
    (["lenet5", "--inptu", "3x3"], "usage"),
    (["lenet5", "--input"], "usage"),
    (["lenet5", "-o", "nowhere/report.json"], "output"),
    (["lenet5", "-o", "folder.cnn"], "output"),
    (["lenet5", "-o", ""], "output"),
    (["lenet5", "-o", "nowhere/"], "output"),
    (["lenet5", "-o", "report.png"], "format"),
    (["good.cnn", "-f", "csv", "-o", "./good.cnn"], "output"),
    (["lenet5", "-i", "1x32x32", "-i", "1x28x28"], "inputs"),
    (["lenet5", "-f", "csv", "-f", "json"], "usage"),
    # Files that can't be read as they are
    (["model.py:"], "no-file"),
    (["enc.py:Enc.cnn"], "no-file"),
    (["train.IPYNB"], "no-file"),
    (["readme.md"], "no-file"),
    (["latin.py"], "not-text"),
    (["rot.py"], "not-text"),
    (["utf16.py"], "not-text"),
)

# What people type who are tired, or come from elsewhere.
TYPED = (
    # Layers in another writing
    (["3x32x32", "conv:16k3"], "bad-value"),
    (["3x32x32", "conv16,k3"], "syntax"),
    (["3x32x32", "conv16k3p1"], "unknown-layer"),
    (["3x32x32", "conv-16-k3"], "unknown-layer"),
    (["3x32x32", "conv:16;k3"], "bad-value"),
    (["3x32x32", "conv:16/k3"], "choice"),
    (["3x32x32", "conv/16/k3"], "no-file"),
    (["3x32x32", "conv(16 3)"], "bad-value"),
    (["3x32x32", "conv: 16, 3"], "syntax"),
    (["3x32x32", "conv:16", "k3", "p1"], "unknown-layer"),
    (["3x32x32", "conv3x3:16"], "unknown-layer"),
    (["3x32x32", "MaxPool:2"], "unknown-layer"),
    (["3x32x32", "conv2d(16, 3)"], "unknown-layer"),
    (["3x32x32", "relu;conv:16,k3"], "syntax"),
    (["3x32x32,relu"], "syntax"),
    (["--", "3x32x32", "relu", "->", "tanh"], "syntax"),
    (["3x32x32", "(conv:16,k3 relu)"], "syntax"),
    (["3x32x32", "{conv:16,k3 relu}"], "syntax"),
    (["3x32x32", "relux2"], "unknown-layer"),
    (["3x32x32", "relu*2"], "syntax"),
    (["3x32x32", "[relu]*3"], "syntax"),
    (["3x32x32", "3x[relu]"], "syntax"),
    (["3x32x32", "a@@relu"], "syntax"),
    (["3x32x32", "relu", "+", "tanh"], "syntax"),
    (["3x32x32", "concat[ conv:8,k3 | ]"], "unknown-layer"),
    (["3x32x32", "residual[ conv:3,k3,p1 | ]"], "unknown-layer"),
    # Options
    (["3x32x32", "conv:16,kernal_size=3"], "unknown-option"),
    (["3x32x32", "conv:16,k3,padding=SAME"], "unbound-symbol"),
    (["3x32x32", "conv:16,k3,use_bias=False"], "unknown-option"),
    (["3x32x32", "conv:16,k3,relu"], "unknown-option"),
    (["3x32x32", "conv:in=3,out=16,k3"], "unknown-option"),
    (["3x32x32", "conv(3, 16, 3)"], "too-many-values"),
    (["3x32x32", "conv:3,16,k3"], "option-twice"),
    (["3x32x32", "upsample:2,mode=bilinear"], "bad-value"),
    # Several at once
    (["3x32x32", "cnov:16,k3", "reul", "maxpool:2,strid=2", "lnear:10"], "unknown-layer"),
    (["3x32x32", "Relu", "conv:8,k3", "Relu", "conv:8,k3", "Relu"], "unknown-layer"),
    (["3x32x32", *(f"wrong{letter * 5}" for letter in "abcdefghi")], "unknown-layer"),
    # Source
    (["-i", "3x8x8", "nn.Maxpool2d(2)"], "unsupported"),
    (["-i", "3x8x8", "nn.Dense(3, 16)"], "unsupported"),
    (["-i", "3x8x8", "nn.Foo()"], "unsupported"),
    (["-i", "3x8x8", "nn.Conv2d(in_channels, 8, 3)"], "raised"),
    (["-i", "3x8x8", "nn.Conv2d(in_channels, 8, 3)", "--let", "channels=3"], "let"),
    (["-i", "3x8x8", "torchvision:resnet18()"], "foreign"),
    (["-i", "3x8x8", "relu", "--path", "nowhere"], "usage"),
    (["-i", "3x8x8", "nn.conv2d(3, 16, 3)"], "unsupported"),
    (["-i", "3x8x8", "Maxpool2d(2)"], "unknown-layer"),
    (["-i", "3x8x8", "nn.Conv2d"], "not-called"),
    (["-i", "3x8x8", "nn.Conv2d(3, 16, 3, padding=same)"], "raised"),
    (["-i", "3x8x8", "nn.Conv2d(3, 16, 3, padding='SAME')"], "argument"),
    (["-i", "3x8x8", "nn.Conv2d(3, 16, 3, stides=2)"], "unknown-option"),
    (["-i", "3x8x8", "nn.Conv2d(3, 16, 3, activation='relu')"], "unknown-option"),
    (["-i", "8x8x3", "keras.Sequential([layers.Conv2d(8, 3)])"], "unsupported"),
    (["-i", "8x8x3", "layers.Conv2D(8, 3, padding='smae')"], "bad-value"),
    (["-i", "8x8x3", "layers.Conv2D(8, 3, stride=2)"], "unknown-option"),
    (["-i", "3x8x8", "nn.Sequential(nn.Conv2d(3, 8, 3, stides=2), nn.Relu())"], "unknown-option"),
    (["-i", "3x8x8", "class Net:\n    def forward(self, x):\n        return x"], "foreign"),
    (
        ["-i", "3x8x8", "class Net(nn.module):\n    def forward(self, x):\n        return x"],
        "foreign",
    ),
    # What holds no network
    (["RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x400 and 120x84)"], "no-network"),
    (
        ["-i", "3x8x8", "Sequential(\n  (0): Conv2d(3, 6, kernel_size=(5,), bais=False)\n)"],
        "unknown-option",
    ),
    (
        ["Layer (type)   Output Shape   Param #\nconv (Conv2D)   (None, 30, 30, 8)   224"],
        "no-network",
    ),
    (["nc: 80\nbackbone:\n  - [-1, 1, Conv, [64, 3]]"], "no-network"),
    (["the network has a conv layer and then a relu"], "no-network"),
    (["weights.pt"], "no-network"),
    (["model.keras"], "no-network"),
    (["train.ipynb"], "no-file"),
    (["broken.ipynb"], "notebook"),
    (["prose.ipynb"], "empty"),
    (["wrong.ipynb", "-i", "4x8x8"], "declared"),
    (["page.md"], "empty"),
    (["paper.pdf"], "no-network"),
    (["model.yaml:Net"], "no-network"),
    (["https://example.org/model.py"], "no-network"),
    (["pdf.txt"], "not-text"),
    (["empty.py"], "empty"),
    (["nets"], "no-file"),
    (["a.cnn"], "no-file"),
    # Options of the command
    (["lenet5", "-f", "yaml"], "format"),
    (["lenet5", "-f", "md"], "format"),
    (["lenet5", "--dtype", "int16"], "bad-value"),
    (["lenet5", "--from", "pytorch"], "notation"),
    (["lenet5", "--batchsize", "3"], "usage"),
    (["lenet5", "--output", "x.txt"], "usage"),
    (["lenet5", "--verbose"], "usage"),
    (["lenet5", "->", "relu"], "usage"),
)

# Whole commands.
COMMANDS = (
    (["shpe", "3x32x32", "relu"], "command"),
    (["3x32x32", "conv:16,k3"], "command"),
    (["lenet5", "shape"], "command"),
    (["-i", "3x8x8", "shape", "relu"], "usage"),
    (["model.py"], "command"),
    (["receptive-field", "lenet5"], "command"),
    (["verify", "lenet5"], "command"),
    (["quux"], "command"),
    (["--vresion"], "usage"),
    (["layers", "conv2d"], "unknown-layer"),
    (["layers", "qwertz"], "unknown-layer"),
    (["sizes", "3x30x30", "conv:8,k3,g2"], "groups"),
    (["sizes", "3x30x30", "upsample:1.1"], "symbols"),
    (["sizes", "3x30x30", "relu", "--near", "5x5x5x5"], "bad-input"),
    (["solve", "3x8x8", "conv:4,k3", "--output", "same"], "no-unknown"),
    (["shape", "3x8x8", "[conv:4,k3]/[conv:4,k5]"], "choice"),
    (["shape", "3x8x8", "conv:$w,k3", "--let", "w=3/5"], "let"),
    (["shape", "3x8x8", "1..3*[conv:4,k3]"], "choice"),
    (["shape", "3x8x8", "conv:4,k3,p=same/valid"], "choice"),
    (["compare", "3x8x8 conv:4,k3"], "usage"),
    (["compare", "3x8x8 conv:4,k3", "--baseline", "nowhere.json"], "baseline"),
    (["sweep", "3x8x8", "conv:4,k3"], "no-choice"),
    (["sweep", "3x8x8", "conv:4..2/1,k3"], "choice"),
    (["sweep", "3x8x8", "conv:4/,k3"], "choice"),
    (["sweep", "3x8x8 [conv:4,k3]/relu"], "choice"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--let", "w=3/5"], "let"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--where", "params <"], "condition"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--where", "parms < 5"], "condition"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--where", "max(rf, 3) < 5"], "condition"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--sort", "flops"], "name"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--sort", "macs,"], "usage"),
    (["sweep", "3x8x8", "conv:4/8,k3", "--resume"], "usage"),
    (["sweep", "3x8x8", "conv:4/8,k3", "-f", "parquet"], "format"),
    (["rf", "3xHxW", "conv:4,k3", "--at", "conv1"], "unbound-symbol"),
    (["convert", "3xHxW", "conv:4,k3", "--to", "torch"], "unbound-symbol"),
    (["rf", "3x8x8", "conv:4,k3", "--at", "conv9"], "bad-index"),
    (["rf", "3x8x8", "conv:4,k3", "--at", "1:6x0"], "bad-index"),
    (["rf", "3x8x8", "conv:4,k3", "--at", "1:a"], "bad-index"),
    (["rf", "3x8x8", "conv:4,k3", "--at", ":3"], "bad-index"),
    (["rf", "3x8x8", "conv:4,k3", "--law", "--at", "conv9"], "bad-index"),
    (["rf", "3x8x8", "conv:4,k3", "--law", "--columns", "phases"], "column"),
    (["convert", "100", "linear:10", "--to", "python"], "unsayable"),
    (["convert", "3x30x30", "upsample:1.1", "--to", "python"], "symbols"),
    (["explain", "3x8x8", "conv:4,k3", "--at", "conv9"], "bad-index"),
    (["explain", "3x8x8", "conv:4,k3", "--at", "9"], "bad-index"),
    (["explain", "3x8x8", "conv:4,k3", "-f", "table"], "format"),
    (["explain", "3x8x8", "conv:4,k3", "-o", "formulas.csv"], "format"),
    (["rf", "1x2000000000", "conv:1,k2,s2,d3", "gap", "--at", "2"], "too-large"),
    (["check"], "project"),
    (["check", "--config", "networks.toml"], "no-file"),
)

CASES = [(["shape", *words], code) for words, code in (*SPECS, *TYPED)] + list(COMMANDS)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the cases name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cnncalc.python.module_search.installed", lambda: iter(()))
    (tmp_path / "lenet5.cnn").write_text("1x32x32 conv:6,k5\n")
    (tmp_path / "empty.cnn").write_text("")
    (tmp_path / "folder.cnn").mkdir()
    (tmp_path / "binary.cnn").write_bytes(b"\0\1\2")
    (tmp_path / "latin.cnn").write_bytes(b"3x8x8 relu\n# caf\xe9\n")
    (tmp_path / "wrong.cnn").write_text("# three lines\n3x8x8\n  relu\tconv:16,k9  # too large\n")
    (tmp_path / "good.cnn").write_text("3x8x8 relu # without an end of line")
    (tmp_path / "report.json").write_text("{}")
    (tmp_path / "pyproject.toml").write_text("[tool.cnncalc.networks.a]\nspecs = 'lenet5'\n")
    (tmp_path / "latin.py").write_bytes(b"\n# caf\xe9\n")
    (tmp_path / "rot.py").write_bytes(b"# -*- coding: rot13 -*-\n")
    (tmp_path / "utf16.py").write_bytes("import torch".encode("utf-16"))
    (tmp_path / "broken.ipynb").write_text('{"cells": [\n  {"cell_type": "code", "source": ["x')
    (tmp_path / "prose.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "a b"}]}')
    (tmp_path / "wrong.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": ["not Python"]}, {"cell_type": "code", '
        '"source": ["!pip install torch\\n", "net = nn.Conv2d(3, 8, 3)"]}]}'
    )
    (tmp_path / "page.md").write_text("# A page\n\n```bash\nls\n```\n")
    (tmp_path / "pdf.txt").write_bytes(b"%PDF-1.4\n%\xe2\xe3")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "mha.py").write_text("")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "unet.py").write_text("")
    return tmp_path


def printed(words: list[str]) -> str:
    shown = " ".join(f"'{word}'" if " " in word or not word else word for word in words)
    return shown if len(shown) < 100 else f"{shown[:60]}…"


def test_every_message(workplace: Path, command: Command, golden: Golden) -> None:
    """Each case fails with status 2 and its code, and the messages are those of the page."""
    page, found = [], []
    for words, _ in CASES:
        code, out, err = command(*words)
        assert (code, out) == (2, ""), words
        page.append(f"$ cnncalc {printed(words)}\n{err}")
        code_of = (
            json.loads(err)["error"]["code"] if err.startswith("{") else err[6 : err.index("]")]
        )
        found.append((words, code_of))

    golden("errors.txt", "\n".join(page))
    assert found == CASES


# Codes that need what the cases don't have: a broken program, arrays that don't fit, sources
# that hand on nothing.
NOT_ON_THE_PAGE = {"bug", "installation", "memory", "over-budget", "empty-input"}
# Parts of a list that are another one's, packages that are missing, and what tables can't tell,
# which is said where somebody asks for more designs than can be worked out singly.
NOT_ON_THE_PAGE |= {"resume", "too-many-states", "no-fields"}
# Workers that are lost, and clusters that don't answer.
NOT_ON_THE_PAGE |= {"worker"}
# Files whose messages have pages of their own.
ELSEWHERE = (
    "arguments.py",
    "comparison.py",
    "conversion.py",
    "executors/",
    "frameworks/",
    "notations/compact/writer.py",
    "notations/onnx/reading/",
    "live/",
    "notations/onnx/writing/",
    "notations/program/",
    "notations/source/",
    "python/",
    "tracing/",
)


def test_every_code_is_on_the_page() -> None:
    """A message that is new is missing here."""
    codes = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(ELSEWHERE):
            for code in re.findall(r'code="([a-z-]+)"', path.read_text(encoding="utf-8")):
                codes[code] = name
    shown = {code for _, code in CASES}

    assert {code: name for code, name in codes.items() if code not in shown} == {
        code: codes[code] for code in NOT_ON_THE_PAGE & set(codes)
    }


def spec_error(text: str, start: int, end: int, file: str | None = None) -> SpecError:
    return SpecError("wrong", Span(Source(text, (Piece(0, file),)), start, end), help="right")


@pytest.mark.parametrize(
    ("text", "words", "line", "marks"),
    [
        ("conv bad", "bad", "conv bad", "     ^^^"),
        ("a\tbad\tc", "bad", "a   bad c", "    ^^^"),
        ("卷积 bad", "bad", "卷积 bad", "     ^^^"),
        ("a 卷积 b", "卷积", "a 卷积 b", "  ^^^^"),
        ("e\u0301\u0301 bad", "bad", "e\u0301\u0301 bad", "  ^^^"),
        ("a\x1b[31m\u202e bad", "bad", "a�[31m� bad", "        ^^^"),
        ("one bad\ntwo", "bad\ntwo", "one bad", "    ^^^"),
        ("one ", "", "one", "   ^"),
    ],
)
def test_the_words_at_fault_are_underlined(text: str, words: str, line: str, marks: str) -> None:
    start = text.index(words) if words else len(text)
    drawn = spec_error(text, start, start + len(words)).draw().splitlines()

    assert drawn[3] == f"1 | {line}"
    assert drawn[4] == f"  | {marks}"


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("at", [0, 10, 50, 500, 950, 999])
@pytest.mark.parametrize("length", [1, 20, 300])
def test_a_long_line_is_shown_around_the_place(width: int, at: int, length: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(1000))
    drawn = spec_error(text, at, at + length).draw(width=width).splitlines()
    line, marks = drawn[3].removeprefix("1 | "), drawn[4].removeprefix("  | ")

    assert width_of(drawn[3]) <= width
    assert len(marks) <= len(line)
    marked = line[marks.index("^") : len(marks)]
    assert marked[0] == text[at]
    assert marked.rstrip("…") in text
    if length == 1:
        assert marked == text[at]


def test_lines_of_files_are_counted() -> None:
    text = "\n" * 1233 + "relu bad\n"
    drawn = spec_error(text, 1238, 1241, "net.cnn").draw().splitlines()

    assert drawn[1:] == [
        "    --> net.cnn:1234:6",
        "     |",
        "1234 | relu bad",
        "     |      ^^^",
        "     = help: right",
    ]


def test_colours_change_no_words() -> None:
    error = spec_error("conv bad", 5, 8)
    error.notes.append("why")
    drawn = error.draw(color=True)

    assert "\x1b[1;31m     ^^^" in drawn
    assert re.sub(r"\x1b\[[\d;]*m", "", drawn) == error.draw()


def test_errors_without_a_place() -> None:
    assert CnnCalcError("no", code="x").draw() == "error[x]: no\n"


NARROW = (
    "3x32x32 conv:16,k3 maxpool:2 linear:10",
    f"3x224x224 {'conv:64,k3,p1,nobias bn relu ' * 9}conv:64,k300 {'relu ' * 20}",
    "3x32x32 add[ conv:16,k3,p1 bn relu | conv:16,k3,s2,p1 bn relu maxpool:2 ] flatten",
    "3x32x32 convolution:16,k3",
)


@pytest.mark.parametrize("width", [60, 50])
def test_messages_on_a_terminal(width: int, golden: Golden) -> None:
    """Sentences keep to its width, their lines below one another."""
    pages = []
    for spec in NARROW:
        with pytest.raises(CnnCalcError) as caught:
            cnncalc.analyze(cnncalc.parse(spec))
        pages.append(caught.value.draw(width=width, fold=True))
    place = Span(Source("relu bad", [Piece(0, f"{'models/' * 12}net.py")]), 5, 8)
    pages.append(SpecError("no", place).draw(width=width, fold=True))
    text = "\n".join(pages)

    golden(f"messages.{width}.txt", text)
    assert max(map(width_of, text.split("\n"))) <= width
