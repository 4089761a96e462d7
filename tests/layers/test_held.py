"""The tensors that layers hold, by name and shape, and the multiplications that they make."""

from __future__ import annotations

import pytest

from cnncalc import analyze
from cnncalc.layers.base import show

CONV = ["weight 8×2×3×2", "bias 8"]
SCALED, COUNT = ["weight 6", "bias 6"], "num_batches_tracked scalar buffer"
MOMENTS = ["running_mean 6 buffer", "running_var 6 buffer"]
STARTS = ["h_0 4×5", "c_0 4×5"]


def of_one(name: str, rows: int, inputs: int, state: int, biases: int = 2) -> list[str]:
    """What a recurrent layer holds for one direction."""
    held = [f"weight_ih_{name} {rows}×{inputs}", f"weight_hh_{name} {rows}×{state}"]
    return held + [f"{bias}_{name} {rows}" for bias in ("bias_ih", "bias_hh")[:biases]]


HELD: list[tuple[str, list[str], int]] = [
    ("4x9x7 conv:8,k3x2,g2", CONV, 7 * 6 * 8 * 2 * 6),
    ("4x9x7 conv:8,k3x2,g2,nobias", CONV[:1], 7 * 6 * 8 * 2 * 6),
    ("4x9 dwconv:3,m2", ["weight 8×1×3", "bias 8"], 7 * 8 * 3),
    ("4x9 dwconv:3,m2,nobias", ["weight 8×1×3"], 7 * 8 * 3),
    ("4x9x7 pwconv:6,g2,s2x3", ["weight 6×2×1×1", "bias 6"], 5 * 3 * 6 * 2),
    ("4x9 pwconv:6,nobias", ["weight 6×4×1"], 9 * 6 * 4),
    (
        "4x9 sepconv:6,k3,m2", ["depthwise.weight 8×1×3", "pointwise.weight 6×8×1",
        "pointwise.bias 6"], 7 * (8 * 3 + 6 * 8),
    ),
    (
        "4x9x7 sepconv:6,k3,nobias", ["depthwise.weight 4×1×3×3", "pointwise.weight 6×4×1×1"],
        7 * 5 * (4 * 9 + 6 * 4),
    ),
    ("4x9x7 convt:6,k3x2,g2,s2", ["weight 4×3×3×2", "bias 6"], 63 * 4 * 3 * 6),
    ("4x9 convt:6,k3,nobias", ["weight 4×6×3"], 9 * 4 * 6 * 3),
    ("4x9 linear:3,axis=1", ["weight 3×9", "bias 3"], 4 * 3 * 9),
    ("4 linear:3,nobias", ["weight 3×4"], 12),
    ("4x9 embedding:7,3", ["weight 7×3"], 0),
    ("4x9 se:2", ["fc1.weight 2×4×1", "fc1.bias 2", "fc2.weight 4×2×1", "fc2.bias 4"], 16),
    ("4x9 se:3", ["fc1.weight 1×4×1", "fc1.bias 1", "fc2.weight 4×1×1", "fc2.bias 4"], 8),
    ("4x9 se", ["fc1.weight 1×4×1", "fc1.bias 1", "fc2.weight 4×1×1", "fc2.bias 4"], 8),
    ("4x9 se:c=5", ["fc1.weight 5×4×1", "fc1.bias 5", "fc2.weight 4×5×1", "fc2.bias 4"], 40),
    ("6x4 prelu", ["weight 1"], 0),
    ("6x4 prelu:6", ["weight 6"], 0),
    ("6x4x5 prelu:shared=1", ["weight 6×1×5"], 0),
    ("6x4x5 prelu:shared=1x2", ["weight 6×1×1"], 0),
    ("6x4x5 prelu:shared=none", ["weight 6×4×5"], 0),
    ("6x4x5 prelu:shared=0,order=last", ["weight 6×1×5"], 0),
    ("6x4 scale", ["weight 6×1"], 0),
    ("6x4 scale:role=buffer", ["weight 6×1 buffer"], 0),
    ("6x4 shift:shape=4,role=constant", [], 0),
    ("6x4 token:2", ["weight 6×2"], 0),
    ("6x4 token:2,axis=0", ["weight 2×4"], 0),
    ("6x4 token:2,role=buffer", ["weight 6×2 buffer"], 0),
    ("6x4 token:role=constant", [], 0),
    ("6x4 bn", [*SCALED, *MOMENTS, COUNT], 0),
    ("6x4 bn:noscale", ["bias 6", *MOMENTS, COUNT], 0),
    ("6x4 bn:noaffine,nostats", [], 0),
    ("4x6 bn:axis=0,order=last", [*SCALED, *MOMENTS, COUNT], 0),
    ("6x4 in", [], 0),
    ("6x4 in:affine,stats", [*SCALED, *MOMENTS, COUNT], 0),
    ("6x4 in:affine,noshift", ["weight 6"], 0),
    ("6x4 gn:2,noshift", ["weight 6"], 0),
    ("4x6 gn:2,axis=0,order=last", SCALED, 0),
    ("6x4 ln:axes=all", ["weight 6×4", "bias 6×4"], 0),
    ("6x4 ln:axes=-1,noaffine", [], 0),
    ("4x6 ln:axes=0,order=last", SCALED, 0),
    ("6x4 rms:axes=1x0", ["weight 4×6"], 0),
    ("6x4 rms:noaffine", [], 0),
    ("6x4 unitnorm", [], 0),
    ("6x4 standardize", ["mean 6 buffer", "variance 6 buffer", "count scalar buffer"], 0),
    (
        "6x4 standardize:axes=all",
        ["mean 6×4 buffer", "variance 6×4 buffer", "count scalar buffer"], 0,
    ),
    ("6x4 standardize:given", [], 0),
    (
        "6x4 standardize:axes=none",
        ["mean scalar buffer", "variance scalar buffer", "count scalar buffer"], 0,
    ),
    ("6x4 lrn:3", [], 0),
    ("6x4 rnn:5", of_one("l0", 5, 6, 5), 4 * 5 * 11),
    ("6x4 rnn:5,axis=1", of_one("l0", 5, 4, 5), 6 * 5 * 9),
    ("6x4 gru:5,biases=1", of_one("l0", 15, 6, 5, 1), 4 * 15 * 11),
    ("6x4 gru:5,nobias", of_one("l0", 15, 6, 5, 0), 4 * 15 * 11),
    (
        "6x4 gru:5,layers=2,bidirectional",
        [held for at, i in ((0, 6), (1, 10)) for end in ("", "_reverse")
         for held in of_one(f"l{at}{end}", 15, i, 5)], 4 * 2 * 15 * (11 + 15),
    ),
    (
        "6x4 lstm:5,bidirectional,layers=2,learned,nobias",
        [*STARTS, *(held for at, i in ((0, 6), (1, 10)) for end in ("", "_reverse")
         for held in of_one(f"l{at}{end}", 20, i, 5, 0))], 4 * 2 * 20 * (11 + 15),
    ),
    (
        "6x4 lstm:5,proj=2,learned",
        ["h_0 1×2", "c_0 1×5", *of_one("l0", 20, 6, 2), "weight_hr_l0 2×5"], 4 * (20 * 8 + 10),
    ),
    (
        "6x4 lstm:5,proj=2,layers=2,nobias",
        [*of_one("l0", 20, 6, 2, 0), "weight_hr_l0 2×5", *of_one("l1", 20, 2, 2, 0),
         "weight_hr_l1 2×5"], 4 * (20 * 8 + 10 + 20 * 4 + 10),
    ),
    ("6x4 rnn:5,learned", ["h_0 1×5", *of_one("l0", 5, 6, 5)], 4 * 5 * 11),
    (
        "6x4 mha:2", ["in_proj_weight 18×6", "in_proj_bias 18", "out_proj.weight 6×6",
        "out_proj.bias 6"], 4 * 6 * 24 + 2 * 16 * 6,
    ),
    ("4x6 mha:2,axis=1,nobias", ["in_proj_weight 18×6", "out_proj.weight 6×6"], 4 * 144 + 192),
    (
        "6x4 mha:2,key=5,value=3,out=7",
        ["q_proj.weight 10×6", "q_proj.bias 10", "k_proj.weight 10×6", "k_proj.bias 10",
         "v_proj.weight 6×6", "v_proj.bias 6", "out_proj.weight 7×6", "out_proj.bias 7"],
        4 * (60 + 60 + 36 + 42) + 16 * (10 + 6),
    ),
    ("3x4x9 each[conv:2,k3]", ["weight 2×4×3", "bias 2"], 3 * 7 * 2 * 4 * 3),
    ("4x3x9 each:order=last[conv:2,k3]", ["weight 2×4×3", "bias 2"], 3 * 7 * 2 * 4 * 3),
    ("2x3x4 each:2[linear:5]", ["weight 5×4", "bias 5"], 6 * 20),
    ("4x5 matmul[ linear:3,axis=0 | permute:1x0 ]", [], 3 * 5 * 4),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "held", "macs"), HELD, ids=[each[0] for each in HELD])
def test_what_layers_hold(spec: str, held: list[str], macs: int) -> None:
    """A buffer is what no training changes; all else is trained."""
    row = analyze(spec).rows[-1]
    assert [
        f"{each.name} {show(each.shape)} {each.role}".removesuffix(" parameter")
        for each in row.weights
    ] == held
    assert all(each.trainable == (each.role == "parameter") for each in row.weights)
    assert row.macs == macs
