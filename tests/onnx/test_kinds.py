"""Every layer kind with its options: written, checked, run by ONNX Runtime, and read back."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cnncalc import analyze, verify
from cnncalc.notations.onnx.writing.kinds import WRITERS
from tests.onnx.builders import runs, words
from tests.onnx.test_writing import check_read_back, written


class Case(NamedTuple):
    """A spec, and the layers that it reads back as; None: the same."""

    spec: str
    back: str | None = None


def cases(size: str, *layers: str) -> list[Case]:
    return [Case(f"{size} {layer}", layer) for layer in layers]


SAME = [
    # words that are the same after a way through the file
    *cases(
        "4x9x8", "relu", "relu6", "leakyrelu:0.2", "elu:2", "celu:1.5", "selu", "gelu", "mish",
        "sigmoid", "hardsigmoid", "hardsigmoid:0.2", "hardswish", "hardtanh:-2,high=2",
        "hardtanh:high=inf", "tanh", "softplus", "softsign", "softshrink:0.3",
        "hardshrink:0.3",
        "threshold:0.5", "threshold:-1,value=2",
        "identity", "exponential", "abs", "ceil", "cos", "erf", "floor", "log",
        "power:3", "reciprocal", "round", "sign", "sin", "sqrt", "softmax", "softmax:axis=1",
        "logsoftmax:axis=2", "prelu", "prelu:4", "dropout:0.3", "scale", "shift", "scale:shape=8",
        "shift:shape=9x1", "scale:role=constant", "rescale:2", "rescale:1,offset=0.5",
        "bn", "bn:nostats", "bn:noaffine,nostats", "bn:noaffine", "bn:noscale", "bn:noshift",
        "gn:2", "gn:2,noaffine", "gn:2,noshift",
        "ln:axes=-1", "ln:axes=-1,noscale", "ln:axes=-1,noshift", "ln:axes=-1,noaffine", "in",
        "in:affine", "lrn:3", "unitnorm", "maxpool:3,s2,p1", "maxpool:2,s3,ceil",
        "maxpool:3,s1,p=2:1,d2", "avgpool:3,s2,p1", "avgpool:3,s2,p1,ceil,nopadcount",
        "lppool:3,s1,norm=3", "gap", "gap:keep", "gmp", "gmp:keep", "conv:8,k3,p1",
        "conv:8,k3x2,s2x1,p=1:0x0:1,nobias", "conv:8,k3,d2,g4", "convt:6,k3,s2,p1,op1",
        "convt:4,k3,d2,g2,nobias", "linear:5,axis=-1", "linear:5,nobias,axis=-1", "flatten",
        "flatten:start=1", "flatten:end=1", "unflatten:2x2", "unflatten:3x3,axis=1",
        "reshape:8x36", "permute:2x0x1", "slice:1..3", "slice:2..8,axis=2",
        "slice:0..9,axis=1,step=2", "pad:1", "pad:1:2x0:1,mode=reflect", "pad:1,mode=replicate",
        "pad:2,mode=circular", "pad:0,c=1:2", "pad:1,value=0.5", "crop:1:0x0:2", "pixelshuffle:2",
        "upsample:2", "upsample:1.5", "upsample:2,mode=linear", "upsample:1.7,mode=cubic",
        "upsample:size=5x6,mode=linear,corners", "upsample:size=6x5,mode=nearest-exact",
        "reduce:keep", "reduce:norm1,axes=1x2", "reduce:norm2,axes=2,keep",
        "reduce:squares,axes=1", "reduce:prod", "reduce:min,axes=2", "reduce:max",
        "reduce:sum", "reduce:logsumexp,axes=0x2",
    ),
    *cases("18x49", "fold:3,size=7x7,p1"),
    *cases("50", "embedding:100,8,axis=-1"),
    *cases("6", "relu", "bn", "softmax", "linear:4", "linear:4,nobias", "unflatten:2x3",
           "reduce:max,keep", "dropout", "scale", "ln:axes=-1"),
    *cases("8x4x6x6", "conv:3,k3", "convt:3,k3,s2", "maxpool:2,s1,ceil", "bn", "in:affine", "gn:2",
           "upsample:2"),
    *cases("8x6", "conv:3,k3,s2,p1", "convt:3,k3,s2", "avgpool:2,s1", "bn", "in", "upsample:3"),
    *cases("9x6", "lstm:5,axis=-1", "lstm:5,bidirectional,biases=1,axis=-1",
           "gru:5,nobias,axis=-1", "gru:5,backwards,axis=-1,resetbefore",
           "rnn:5,bidirectional,axis=-1,activation=relu", "rnn:5,biases=1,axis=-1",
           "lstm:5,axis=-1,activation=identity,gate=hardsigmoid"),
    *cases("5x4x9x8", "each[conv:8,k3,p1,g2]", "each[maxpool:3,s2,p1]", "each[bn]", "each[gap]",
           "each[in:affine]", "each[gn:2]", "each[pixelshuffle:2]", "each[upsample:2]",
           "each:2[conv:6,k3,s2]", "each[conv:4,k3] each[gap:keep] flatten:start=1"),
    *cases("1x5x6", "scale", "shift", "prelu", "bn", "in:affine", "expand:4x5x6"),
]  # fmt: skip

OTHERWISE = [
    # what the file says in other words, or in several
    Case("4x9x8 relu:0.1", "leakyrelu:0.1"),
    Case("4x9x8 relu:limit=6", "relu6"),
    Case("4x9x8 relu:0.2,limit=3", "leakyrelu:0.2 hardtanh:-inf,high=3"),
    Case("4x9x8 relu:threshold=0.5", "threshold:0.5"),
    Case("4x9x8 softplus:2", "rescale:2 softplus rescale:0.5"),
    Case("4x9x8 rrelu", "leakyrelu:0.22916667"),
    Case("4x9x8 silu", "sigmoid mul"),
    Case("4x9x8 logsigmoid", "rescale:-1 softplus rescale:-1"),
    Case("4x9x8 softmin", "rescale:-1 softmax"),
    Case("4x9x8 tanhshrink", "tanh sub"),
    Case("4x9x8 log1p", "rescale:1,offset=1 log"),
    Case("4x9x8 glu", "slice:0..2 slice:2..4 sigmoid mul"),
    Case("4x9x8 squareplus", "mul rescale:1,offset=4 sqrt add rescale:0.5"),
    Case("4x9x8 sparsesigmoid", "hardsigmoid:0.5"),
    Case("4x9x8 sparseplus"),
    Case("4x9x8 noise", "identity"),
    Case("4x9x8 prelu:shared=1x2", "prelu:4"),
    Case("4x9x8 prelu:shared=none", "prelu:shared=none"),
    Case("4x9x8 rescale:0.5x1x2x3", "scale:role=constant"),
    Case("4x9x8 scale:role=buffer", "scale:role=constant"),
    Case("4x9x8 bn:axis=2", "permute:2x0x1 bn permute:1x2x0"),
    Case("4x9x8 gn:each", "gn:4"),
    Case("4x9x8 gn:3,axis=1", "permute:1x0x2 gn:3 permute:1x0x2"),
    Case("4x9x8 ln", "permute:1x2x0 ln:axes=-1 permute:2x0x1"),
    Case("4x9x8 ln:axes=all", "ln:axes=-3x-2x-1"),
    Case("4x9x8 ln:axes=2x1,noshift"),
    Case("4x9x8 rms", "mul reduce:keep rescale:1,offset=1e-05 sqrt div scale"),
    Case("4x9x8 rms:axes=all,noaffine"),
    Case("4x9x8 in:stats", "bn:noaffine"),
    Case("4x9x8 lrn:4"),
    Case("4x9x8 unitnorm:axes=1x2"),
    Case("4x9x8 standardize"),
    Case("4x9x8 standardize:given"),
    Case("4x9x8 standardize:invert"),
    Case("4x9x8 maxpool:3,s2,p=same", "maxpool:3,s2,p=1x0:1"),
    Case("4x9x8 maxpool:3,s2,p=same-lower", "maxpool:3,s2,p=1x1:0"),
    Case("4x9x8 maxpool:3,p3,d2"),
    Case("4x9x8 avgpool:2,divisor=3", "avgpool:2,s2 rescale:1.3333334"),
    Case("4x9x8 adaptiveavg:3x4", "avgpool:3x2,s3x2,nopadcount"),
    Case("4x9x8 adaptiveavg:4"),
    Case("4x9x8 adaptivemax:5xkeep"),
    Case("4x9x8 glp", "reduce:norm2,axes=1x2"),
    Case("4x9x8 glp:norm=3"),
    Case("4x9x8 conv:8,k3,p1,mode=reflect", "pad:1,mode=reflect conv:8,k3"),
    Case("4x9x8 conv:8,k3,p2,mode=circular", "pad:2,mode=circular conv:8,k3"),
    Case("4x9x8 conv:8,k3,p=same,s2", "conv:8,k3,s2,p=1x0:1"),
    Case("4x9x8 conv:8,k3,p=same-lower,d2", "conv:8,k3,p2,d2"),
    Case("4x9x8 conv:8,k1,s3,p=same", "conv:8,k1,s3"),
    Case("4x9x8 dwconv:3,m2", "conv:8,k3,g4"),
    Case("4x9x8 pwconv:6,g2", "conv:6,k1,g2"),
    Case("4x9x8 sepconv:6,3,m2,p1", "conv:8,k3,p1,g4,nobias conv:6,k1"),
    Case("4x9x8 convt:6,k2,s3,p=same", "convt:6,k2,s3,op1"),
    Case("4x9x8 convt:6,k5,s2,p=same", "convt:6,k5,s2,p=1:2"),
    Case("4x9x8 linear:5,axis=0", "permute:1x2x0 linear:5,axis=-1 permute:2x0x1"),
    Case("4x9x8 flatten:order=last", "permute:1x2x0 flatten"),
    Case("4x9x8 flatten:end=1,order=last", "permute:1x0x2 flatten:end=1"),
    Case("4x9x8 reshape:8x36,order=last"),
    Case("4x9x8 reshape:6xinfer", "reshape:6x48"),
    Case("4x9x8 pad:-1:2x1:-2"),
    Case("4x9x8 chshuffle:2", "unflatten:2x2 permute:1x0x2x3 flatten:end=1"),
    Case("4x9x8 unfold:3,s2,p1"),
    Case("4x9x8 unfold:2,d2"),
    Case("4x9x8 se:2", "gap:keep conv:2,k1 relu conv:4,k1 sigmoid mul"),
    Case("4x9x8 se:c=3"),
    Case("4x9x8 upsample:size=5x5,mode=area"),
    Case("4x9x8 upsample:1.5,mode=area"),
    Case("4x9x8 reduce:var,axes=0x1"),
    Case("4x9x8 reduce:std,keep"),
    Case("4x9x8 reduce:mean,axes=1x2", "gap"),
    Case("4x6x6 pixelunshuffle:2"),
    Case("8x6 pixelshuffle:2"),
    Case("8x6 pixelunshuffle:2"),
    Case("8x6 lrn:3"),
    Case("8x6 unfold:3"),
    Case("8x6 conv:3,k2,p1,mode=reflect"),
    Case("8x4x6x6 pixelshuffle:2"),
    Case("8x4x6x6 lrn:3"),
    Case("8x4x6x6 adaptivemax:3x2x5"),
    Case("6 prelu:6"),
    Case("6 flatten", "identity"),
    Case("4x9x8 expand:4x9x8", "identity"),
    Case("6x9 lstm:5", "permute:1x0 lstm:5,axis=-1 permute:1x0"),
    Case("9x6 gru:5,layers=2,axis=-1", "gru:5,axis=-1 gru:5,axis=-1"),
    Case("9x6 gru:5,bidirectional,last,axis=-1"),
    Case("9x6 rnn:5,last,axis=-1"),
    Case(
        "9x6 lstm:5,axis=-1 cat[flatten | state:5,cell | state:5]",
        "lstm:5,axis=-1 flatten state:5,cell state:5 cat",
    ),
    Case("9x6 lstm:5,bidirectional,axis=-1 cat[flatten | state:5,at=0 | state:5]"),
    Case("6 gn:2"),
    Case("6 lrn:3"),
    Case("6 rms"),
    Case("4x5x9x8 each:order=last[conv:8,k3]", "permute:1x0x2x3 each[conv:8,k3] permute:1x0x2x3"),
    Case("5x4x9x8 each[silu conv:2,k1]", "sigmoid mul each[conv:2,k1]"),
    Case("5x4x9x8 each[se:2 softmax]"),
    Case("5x4 each[linear:3]", "linear:3,axis=-1"),
    Case("4x5x6 add[conv:4,k1 | gap:keep | ]", "conv:4,k1 gap:keep add"),
    Case("4x5x6 mul[ | gap:keep | ]", "gap:keep mul mul"),
    Case("4x5x6 sub[relu | ] div[relu | exponential]", "relu sub relu exponential div"),
    Case("4x5x6 matmul[ | permute:0x2x1 ]", "permute:0x2x1 matmul"),
    Case("4x5x6 matmul:transpose[ | relu ]", "relu permute:0x2x1 matmul"),
    Case("4x5x6 matmul[permute:0x2x1 slice:0..1 reshape:6x5 | ]"),
    Case("4x5x6 matmul:order=last[ | permute:2x1x0 ]"),
    Case("4x5x6 matmul:order=last,transpose[ | relu ]"),
    Case("4x9x8 token"),
    Case("4x9x8 token:2,axis=1"),
    Case("4x9x8 token:3,axis=0,behind"),
    Case("4x8 token:2,behind,role=constant"),
    Case("8x5 mha:2"),
    Case("8x5 mha:1,nobias,axis=1"),
    Case("8x5 mha:2,biaskv"),
    Case("8x5 mha:4,zeroattn,biaskv"),
    Case("8x5 mha:2,key=3"),
    Case("8x5 mha:2,key=3,value=4,out=6,nobias"),
    Case("8x5 mha:2[ | linear:8,axis=-1 linear:6,axis=0 ]"),
    Case("8x5 mha:2[ | linear:6,axis=0 | relu ]"),
    Case("4x5x6 mean[relu | ] maximum[relu | tanh] minimum[relu | tanh]"),
    Case("4x5x6 cat[relu | ] cat:axis=1[relu | ]", "relu cat relu cat:axis=1"),
]

CASES = [*SAME, *OTHERWISE]
each_case = pytest.mark.parametrize("case", CASES, ids=[case.spec for case in CASES])


@each_case
def test_reads_back(case: Case) -> None:
    report = analyze(case.spec)
    back = check_read_back(report, written(report))

    if case.back is not None:
        assert " ".join(words(back)) == case.back


@runs
@each_case
def test_runs(case: Case) -> None:
    """ONNX Runtime gives our shape at every step, and holds as many weights."""
    found = verify(case.spec, executor="onnxruntime", batch=2).verify

    assert found is not None
    assert (found["mismatches"], found["unchecked"]) == ([], [])
    assert found["checked"]["shapes"] == len(analyze(case.spec).layers)


def test_every_writer_is_tried() -> None:
    tried = {row.kind for case in CASES for row in analyze(case.spec).layers}

    assert set(WRITERS) - tried == set(), "add a case with each to SAME or OTHERWISE"
