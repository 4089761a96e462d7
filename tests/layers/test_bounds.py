"""What a layer refuses, and beside it what it takes: along each axis, and of each option."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

import pytest

from cnncalc import SpecError, analyze

# A layer, what stands for one axis in it and in the input's size where it is refused, and where
# it is taken; then the code, and what the message has to say of the axis.
ALONG = [
    ("conv:1,k{}", (3, 2), (3, 3), "kernel-too-large", "{axis} has only 2$"),
    ("conv:1,k1,p={}", ("0:-1", 4), ("0:1", 4), "bad-value", ""),
    ("conv:1,k1,p={}", ("-1:0", 4), ("1:0", 4), "bad-value", ""),
    ("dwconv:1,p={},mode=reflect", ("0:4", 4), ("0:3", 4), "padding-too-large", "{axis} of 4 can"),
    ("pad:{},mode=reflect", ("4:0", 4), ("3:0", 4), "padding-too-large", "{axis} of 4 can"),
    ("pad:{},mode=circular", ("0:5", 4), ("0:4", 4), "padding-too-large", "{axis} of 4 can"),
    ("pad:{},mode=circular", ("-1:4", 4), ("-1:3", 4), "padding-too-large", "{axis} of 3 can"),
    ("pad:{}", ("3:-5", 4), ("3:-4", 4), "over-cropped", "5 can't be cut from 4"),
    ("pad:{}", ("-4:0", 4), ("-3:0", 4), "empty-output", "size 0 on {axis}"),
    ("crop:{}", ("2:2", 4), ("2:1", 4), "empty-output", r"cropping 2\+2 leaves nothing of {axis}"),
    ("maxpool:{}", (5, 4), (4, 4), "kernel-too-large", "{axis} has only 4, padding included"),
    ("avgpool:3,s1,p={}", ("0:3", 4), ("0:2", 4), "padding-too-large", "padding 3 is not smaller"),
    ("lppool:3,s1,p={}", ("3:0", 4), ("2:0", 4), "padding-too-large", "padding 3 is not smaller"),
    ("fracmaxpool:2,size={}", (4, 4), (3, 4), "kernel-too-large", "4 windows of 2 .* {axis} of 4"),
    ("fracmaxpool:{},ratio=0.5", (4, 4), (3, 4), "kernel-too-large", "2 windows of 4 .* {axis}"),
    ("convt:1,k1,op={}", (1, 4), (0, 4), "output-padding", "output_padding 1 is not smaller"),
    ("convt:1,k3,p={}", ("2:2", 2), ("2:1", 2), "empty-output", "size 0 on {axis}"),
    ("maxunpool:2,size={}", (10, 4), (9, 4), "output-size", "2 away"),
    ("maxunpool:2,size={}", (6, 4), (7, 4), "output-size", "2 away"),
    ("maxunpool:2,p={}", ("4:4", 4), ("4:3", 4), "empty-output", "size 0 on {axis}"),
    ("upsample:{}", (0.2, 4), (0.25, 4), "empty-output", "size 0 on {axis}"),
    ("unfold:{}", (5, 4), (4, 4), "kernel-too-large", "{axis} has only 4$"),
    ("pixelunshuffle:2", ("", 5), ("", 4), "groups", "{axis} of 5 is no multiple"),
]  # fmt: skip
NAMES = {
    1: ("its length",), 2: ("the height", "the width"), 3: ("the depth", "the height", "the width")
}  # fmt: skip


def refusal(spec: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        analyze(spec)
    return caught.value


@pytest.mark.parametrize(("layer", "wrong", "right", "code", "message"), ALONG)
def test_each_axis_is_looked_at(
    layer: str, wrong: tuple[Any, int], right: tuple[Any, int], code: str, message: str
) -> None:
    """Wherever among others it stands, the axis that is wrong is told."""
    for rank in (1, 2, 3):
        for axes in sorted(set(permutations((*[right] * (rank - 1), wrong)))):
            options, sizes = ("x".join(map(str, each)) for each in zip(*axes, strict=True))
            found = refusal(f"4x{sizes} {layer.format(options)}")
            name = NAMES[rank][axes.index(wrong)]
            assert found.code == code
            assert re.search(message.format(axis=name), found.message), found.message
        options, sizes = ("x".join([str(each)] * rank) for each in right)
        assert analyze(f"4x{sizes} {layer.format(options)}").rows[1].output_shape


# Two specs that differ in one thing; the code of the first one's error, and what the second gives.
BESIDE = [
    ("4 scale:shape=1x4", "branches", "4 scale:shape=4", (4,)),
    ("3x4 shift:shape=2", "branches", "3x4 shift:shape=1", (3, 4)),
    ("8 slice:5..3", "slice", "8 slice:3..5", (2,)),
    ("8 slice:5..5", "slice", "8 slice:5..6", (1,)),
    ("8 slice:8..", "slice", "8 slice:7..", (1,)),
    ("8 slice:..9", "slice", "8 slice:..8", (8,)),
    ("8 slice:..-8", "slice", "8 slice:..-7", (1,)),
    ("8 slice:..-9", "slice", "8 slice:-9..", (8,)),
    ("8 slice:-9..-8", "slice", "8 slice:-9..-7", (1,)),
    ("3x5 glu:axis=1", "groups", "3x6 glu:axis=1", (3, 3)),
    ("3x5 glu", "groups", "4x5 glu", (2, 5)),
    ("3x5 prelu:2", "groups", "3x5 prelu:3", (3, 5)),
    ("3x5 prelu:5", "groups", "3x5 prelu:1", (3, 5)),
    ("3x5 dropout:1.01", "bad-value", "3x5 dropout:1", (3, 5)),
    ("3x5 adaptiveavg:0", "bad-value", "3x5 adaptiveavg:0,empty", (3, 0)),
    ("3x5x5 adaptivemax:2x0", "bad-value", "3x5x5 adaptivemax:2x0,empty", (3, 2, 0)),
    ("3x5 fracmaxpool:2,ratio=1", "bad-value", "3x5 fracmaxpool:1,ratio=0.99", (3, 4)),
    ("3x5 fracmaxpool:2", "bad-value", "3x5 fracmaxpool:2,size=2", (3, 2)),
    ("3x5 fracmaxpool:2,ratio=0.5,size=2", "bad-value", "3x5 fracmaxpool:2,ratio=0.5", (3, 2)),
    ("3x5x5 fracmaxpool:2,ratio=0.5x1", "bad-value", "3x5x5 fracmaxpool:2,ratio=0.5", (3, 2, 2)),
    ("3x5 upsample:2,size=4", "bad-value", "3x5 upsample:2", (3, 10)),
    ("3x5 upsample:2,corners", "bad-value", "3x5 upsample:2,corners,mode=linear", (3, 10)),
    ("3x5 upsample:2,mode=cubic", "wrong-axes", "3x5x2 upsample:2,mode=cubic", (3, 10, 4)),
    ("3x5x2x2 upsample:2,mode=cubic", "wrong-axes", "3x5x2x2 upsample:2", (3, 10, 4, 4)),
    ("8x5 mha:3", "groups", "8x5 mha:3,key=4", (8, 5)),
    ("8x5 mha:2,value=3", "missing-option", "8x5 mha:2,value=3,key=4", (8, 5)),
    ("8x5 mha:2,key=4,biaskv", "bad-value", "8x5 mha:2,biaskv", (8, 5)),
    ("8x5x2 mha:2", "wrong-axes", "8x5 mha:2", (8, 5)),
    ("3x4 linear:2", "linear-on-a-map", "3x4 linear:2,axis=0", (2, 4)),
    ("3x4 linear:2,axis=2", "wrong-axes", "3x4 linear:2,axis=1", (3, 2)),
    ("3x4 linear:2,axis=-3", "wrong-axes", "3x4 linear:2,axis=-2", (2, 4)),
    ("3x4 expand:3x5", "branches", "3x1 expand:3x5", (3, 5)),
    ("3x4 expand:2x4", "branches", "1x4 expand:2x4", (2, 4)),
    ("3x4 expand:3x4x1", "branches", "3x4 expand:3x4", (3, 4)),
    ("6x4 ln:axes=0x-2", "wrong-axes", "6x4 ln:axes=0x-1", (6, 4)),
    ("6x4 gn:4", "groups", "6x4 gn:4,axis=1", (6, 4)),
    ("6x4 bn:axis=2", "wrong-axes", "6x4 bn:axis=1", (6, 4)),
    ("3x9 permute:1x0x2", "wrong-axes", "3x9 permute:1x0", (9, 3)),
    ("3x9 permute:1x2", "bad-value", "3x9 permute:0x1", (3, 9)),
    ("12x2 unflatten:5xinfer", "reshape", "12x2 unflatten:4xinfer", (4, 3, 2)),
    ("12x2 unflatten:inferxinfer", "reshape", "12x2 unflatten:inferx12", (1, 12, 2)),
    ("12x2 reshape:5x5", "reshape", "12x2 reshape:4x6", (4, 6)),
    ("12x2 reshape:48xinfer", "reshape", "12x2 reshape:24xinfer", (24, 1)),
    ("3x4 flatten:start=2", "wrong-axes", "3x4 flatten:start=1", (3, 4)),
    ("3x4 flatten:start=-3", "wrong-axes", "3x4 flatten:start=-2", (12,)),
    ("3x4 flatten:end=2", "wrong-axes", "3x4 flatten:end=1", (12,)),
    ("3x4 flatten:end=-3", "wrong-axes", "3x4 flatten:end=-2", (3, 4)),
    ("8x3 pixelshuffle:3", "groups", "9x3 pixelshuffle:3", (3, 9)),
    ("8x3 chshuffle:3", "groups", "9x3 chshuffle:3", (9, 3)),
    ("4x9 maxpool:10", "kernel-too-large", "4x9 maxpool:10,s2,ceil", (4, 1)),
    ("4x9 maxpool:10,ceil,s1", "empty-output", "4x9 maxpool:10,ceil,s1,empty", (4, 0)),
    ("4x9 avgpool:2,divisor=0", "bad-value", "4x9 avgpool:2,divisor=1", (4, 4)),
    ("4x9 lppool:2,norm=0", "bad-value", "4x9 lppool:2,norm=1", (4, 4)),
    ("4x9 pad:0,c=1:1x1:1", "bad-value", "4x9 pad:0,c=1:1", (6, 9)),
    ("4x9 pad:0,c=0:-5", "over-cropped", "4x9 pad:0,c=0:-3", (1, 9)),
    ("4x9 pad:0,c=-4:0", "empty-output", "4x9 pad:0,c=-4:0,empty", (0, 9)),
    ("4x3 convt:2,k2,p=same,op1", "output-padding", "4x3 convt:2,k2,p=same,op0", (2, 3)),
    ("4x3 convt:2,k2,s2,op2", "output-padding", "4x3 convt:2,k2,s2,op1", (2, 7)),
    ("4x3 convt:2,k2,d2,op2", "output-padding", "4x3 convt:2,k2,d2,op1", (2, 6)),
    ("3x4x5 each:3[gap]", "wrong-axes", "3x4x5 each:2[linear:2]", (3, 4, 2)),
    ("3x4 each:order=last[gap]", "not-a-map", "3x4x5 each:order=last[gap]", (3, 4)),
    ("3x4 each:order=last[reduce:mean]", "each", "3x4x2 each:order=last[reduce:mean]", (2, 4)),
    ("3x4 each[reshape:2x3]", "reshape", "3x4 each[reshape:2x2]", (3, 2, 2)),
    ("3x4 each[softmax:axis=batch]", "each", "3x4 each[softmax]", (3, 4)),
    ("3x4 each[bn:axis=1]", "wrong-axes", "3x4x5 each[bn:axis=1]", (3, 4, 5)),
    ("3x4 embedding:9,5,axis=3", "wrong-axes", "3x4 embedding:9,5,axis=2", (3, 4, 5)),
    ("3x4 embedding:9,5,axis=-4", "wrong-axes", "3x4 embedding:9,5,axis=-3", (5, 3, 4)),
    ("3x4 cat[ | slice:..2,axis=1 ]", "branches", "3x4 cat:axis=1[ | slice:..2,axis=1 ]", (3, 6)),
    ("3x4 cat:axis=1[ | slice:..2 ]", "branches", "3x4 cat[ | slice:..2 ]", (5, 4)),
    ("3x4 cat[ | gap ]", "branches", "3x4 cat[ | gap unflatten:3x1 expand:3x4 ]", (6, 4)),
    ("3x4 cat:axis=1[ | gap ]", "branches", "3x4 cat:axis=1[ | gap:keep ]", (3, 5)),
    ("3x4 cat:axis=1[ gap | ]", "wrong-axes", "3x4 cat:axis=1[ gap:keep | ]", (3, 5)),
    ("3x4x5 cat[ | reduce:mean,axes=1 ]", "branches", "3x4x5 cat[ | | ]", (9, 4, 5)),
    ("3x4 add[ | gap ]", "branches", "3x4 add[ | gap:keep ]", (3, 4)),
    ("3x4 softmax:axis=2", "wrong-axes", "3x4 softmax:axis=1", (3, 4)),
    ("3x4 sparsemax:axis=-3", "wrong-axes", "3x4 sparsemax:axis=-2", (3, 4)),
    ("3x4 glu:axis=2", "wrong-axes", "3x4 glu:axis=1", (3, 2)),
    ("3x4 prelu:shared=2", "wrong-axes", "3x4 prelu:shared=1", (3, 4)),
    ("3x4 reduce:mean,axes=0x2", "wrong-axes", "3x4 reduce:mean,axes=0x1", ()),
    ("3x4 rms:axes=2", "wrong-axes", "3x4 rms:axes=1", (3, 4)),
    ("3x4 unitnorm:axes=2", "wrong-axes", "3x4 unitnorm:axes=batch", (3, 4)),
    ("3x4 standardize:axes=2", "wrong-axes", "3x4 standardize:axes=none", (3, 4)),
    ("3x4 token:1,axis=2", "wrong-axes", "3x4 token:1,axis=0", (4, 4)),
    ("3x4 slice:..1,axis=2", "wrong-axes", "3x4 slice:..1,axis=1", (3, 1)),
    ("3x4 unflatten:2x2,axis=2", "wrong-axes", "3x4 unflatten:2x2,axis=1", (3, 2, 2)),
    ("8 pad:1", "not-a-map", "8 pad:1,c=1:2", (11,)),
    ("3x4 gn:each,axis=2", "wrong-axes", "3x4 gn:each,axis=1", (3, 4)),
    ("3x4 matmul[ | | ]", "branches", "3x4 matmul[ | permute:1x0 ]", (3, 3)),
    ("3x4 matmul[ | ]", "branches", "3x4 matmul:transpose[ | ]", (3, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "right", "shape"), BESIDE)
def test_refused_beside_taken(wrong: str, code: str, right: str, shape: tuple[int, ...]) -> None:
    assert refusal(wrong).code == code
    assert analyze(right).rows[-1].output_shape == shape
