"""How layers_flows.jsonl was made: attention, products, states and further inputs, run for real.

Each record is a model of one expression over its inputs `a`, `b` and `c` and the modules `m` and
`n`, of PyTorch or Keras, valid and invalid: what comes out for one sample, its parameters, and, of
PyTorch, what its own counter of operations makes of it (in training mode, without mkldnn and fused
attention: else it counts nothing of these). Run it by hand with torch and Keras installed; nothing
here knows cnncalc, and no number comes from a formula.

    KERAS_BACKEND=torch python tests/oracles/record_flows.py > tests/oracles/layers_flows.jsonl
"""

import json
import sys

import keras
import torch
from keras import layers, ops
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

NAMES = {"F": nn.functional, "keras": keras, "layers": layers, "nn": nn, "ops": ops, "torch": torch}
ATTENTION, FIRST = "nn.MultiheadAttention", "batch_first=True"
ENCODER, DECODER = "nn.TransformerEncoderLayer", "nn.TransformerDecoderLayer"
# The modules, the expression, and the inputs' sizes; `int` behind a size: whole numbers below it.
TORCH = [
    *(
        (f"{ATTENTION}({e}, {h}, {options}{FIRST})", "m(a, a, a)[0]", [[length, e]])
        for e, h, length in ((64, 4, 49), (12, 3, 5), (8, 8, 1), (10, 4, 7))
        for options in ("", "bias=False, ", "add_bias_kv=True, ", "add_zero_attn=True, ")
    ),
    *(
        (f"{ATTENTION}(12, 3, {options}{FIRST})", "m(a, b, c)[0]", [[5, 12], *sizes])
        for options in ("", "kdim=8, ", "vdim=6, ", "kdim=8, vdim=6, ")
        for sizes in (
            ([7, 12], [7, 12]), ([7, 8], [7, 6]), ([7, 8], [7, 12]), ([7, 12], [7, 6]),
            ([7, 12], [6, 12]),
        )
    ),
    (f"{ATTENTION}(12, 3)", "m(a.transpose(0, 1), a.transpose(0, 1), a.transpose(0, 1))[0]"
     ".transpose(0, 1)", [[5, 12]]),
    *(
        (f"{ENCODER}({e}, {h}, {options}{FIRST})", "m(a)", [[length, e]])
        for e, h, length in ((16, 4, 9), (12, 3, 1), (10, 4, 5))
        for options in ("", "32, ", "dim_feedforward=8, bias=False, ", "norm_first=True, ")
    ),
    *(
        (f"{DECODER}({e}, 4, 20, {FIRST})", "m(a, b)", [[5, 16], [length, width]])
        for e, length, width in ((16, 9, 16), (16, 1, 16), (16, 9, 12), (12, 9, 12))
    ),
    (f"nn.TransformerEncoder({ENCODER}(16, 4, 20, {FIRST}), 3)", "m(a)", [[6, 16]]),
    (f"nn.TransformerDecoder({DECODER}(16, 4, 20, {FIRST}), 2)", "m(a, b)", [[6, 16], [3, 16]]),
    *(
        ("nn.Identity()", f"F.scaled_dot_product_attention({sides})", sizes)
        for sides, sizes in (
            ("a, a, a", [[6, 8]]), ("a, a, a", [[2, 6, 8]]), ("a, b, b", [[6, 8], [9, 8]]),
            ("a, b, c", [[6, 8], [9, 8], [9, 5]]), ("a, b, b", [[6, 8], [9, 7]]),
            ("a, b, a", [[6, 8], [9, 8]]), ("a, a, a, is_causal=True", [[6, 8]]),
        )
    ),
    *(
        ("nn.Identity()", words, sizes)
        for words, sizes in (
            ("a @ b", [[5, 8], [8, 3]]), ("a @ b", [[5, 8], [7, 3]]), ("a @ a", [[5, 8]]),
            ("a @ a.transpose(1, 2)", [[5, 8]]), ("torch.bmm(a, b)", [[5, 8], [8, 3]]),
            ("torch.matmul(a, b)", [[4, 5, 8], [4, 8, 3]]), ("a @ b", [[4, 5, 8], [1, 8, 3]]),
            ("a @ b", [[4, 5, 8], [3, 8, 3]]), ("torch.bmm(a, b)", [[4, 5, 8], [4, 8, 3]]),
            ("torch.einsum('bij,bjk->bik', a, b)", [[5, 8], [8, 3]]),
            ("torch.einsum('bij,bkj->bik', a, b)", [[5, 8], [3, 8]]),
            ("torch.einsum('bij,bjk->bik', a, b)", [[5, 8], [7, 3]]),
            ("torch.einsum('bchw,bck->bkhw', a, b)", [[4, 5, 6], [4, 3]]),
        )
    ),
    *(
        (f"nn.{kind}(8, 6, {FIRST}{options})", f"m(a, {states})[0]", [[5, 8], [6]])
        for kind in ("LSTM", "GRU", "RNN")
        for options in ("", ", bias=False", ", num_layers=2", ", bidirectional=True")
        for states in ("b[None]", "(b[None], b[None])", "(b[None].repeat(2, 1, 1),) * 2",
                       "b[None].repeat(2, 1, 1)")
    ),
    *(
        (f"nn.{kind}(8, 6, {FIRST})", f"m(a, m(a)[1])[{at}]", [[5, 8]])
        for kind in ("LSTM", "GRU", "RNN") for at in (0,)
    ),
    (f"nn.LSTM(8, 6, proj_size=3, {FIRST})", "m(a, m(a)[1])[0]", [[5, 8]]),
    (f"nn.LSTM(8, 6, proj_size=3, {FIRST})", "m(a, (b[None], b[None]))[0]", [[5, 8], [6]]),
    (f"nn.GRU(8, 6, {FIRST})", "m(a, b[None])[0]", [[5, 8], [7]]),
    (f"nn.GRU(8, 6, {FIRST})", "m(b, a)[0]", [[5, 8], [6]]),
    *(
        (f"nn.{kind}Cell(8, 6)", f"m(a[:, 0], {states})", [[5, 8], [6]])
        for kind in ("GRU", "RNN") for states in ("b", "m(a[:, 1])", "m(a[:, 1], b)", "a[:, 1]")
    ),
    *(
        ("nn.LSTMCell(8, 6)", f"m(a[:, 0], {states})[0]", [[5, 8], [6]])
        for states in ("(b, b)", "m(a[:, 1])", "m(a[:, 1], (b, b))")
    ),
    *(
        (f"nn.Embedding({n}, 6{options})", "m(a)", [size])
        for n, options in ((10, ""), (7, ", padding_idx=0"), (1, ""))
        for size in ([5, "int", n], ["int", n], [2, 3, "int", n])
    ),
    ("nn.Embedding(10, 6, padding_idx=10)", "m(a)", [[5, "int", 10]]),
    *(
        (f"nn.EmbeddingBag(10, 6, mode='{mode}')", "m(a)", [[5, "int", 10]])
        for mode in ("sum", "mean", "max", "median")
    ),
    *(
        ("nn.Linear(8, 6)", words, sizes)
        for words, sizes in (
            ("m(a) + b", [[8], [6]]), ("m(a) + b", [[8], [5]]), ("m(a) * m(b)", [[8], [8]]),
            ("torch.cat([m(a), b], 1)", [[8], [3]]), ("torch.cat([a, b], 1)", [[3, 8], [2, 8]]),
            ("torch.cat([a, b], 1)", [[3, 8], [2, 7]]), ("m(torch.cat([a, b], 1))", [[5], [3]]),
            ("m(torch.cat([a, b], 1))", [[5], [4]]),
        )
    ),
]  # fmt: skip
KERAS = [
    *(
        (f"layers.MultiHeadAttention({heads})({sides})", sizes)
        for heads in ("2, 3", "4, 8, value_dim=5", "2, 3, use_bias=False", "2, 3, output_shape=7")
        for sides, sizes in (
            ("a, a", [[9, 12]]), ("a, b", [[9, 12], [4, 6]]), ("a, b, c", [[9, 6], [4, 6], [4, 5]]),
            ("a, b, a", [[9, 12], [4, 12]]),
        )
    ),
    *(
        (words, sizes)
        for words, sizes in (
            ("ops.matmul(a, b)", [[5, 8], [8, 3]]), ("ops.matmul(a, b)", [[5, 8], [7, 3]]),
            ("a @ b", [[5, 8], [8, 3]]), ("layers.Dot(axes=2)([a, b])", [[5, 8], [3, 8]]),
            ("layers.Dot(axes=(2, 1))([a, b])", [[5, 8], [8, 3]]),
            ("layers.Dot(axes=2)([a, b])", [[5, 8], [3, 7]]),
            ("layers.Dot(axes=1)([a, b])", [[8], [8]]),
            ("ops.einsum('bij,bjk->bik', a, b)", [[5, 8], [8, 3]]),
            ("layers.Attention()([a, b])", [[5, 8], [7, 8]]),
        )
    ),
    *(
        (f"layers.{kind}(6{options})(a, initial_state={states})", [[5, 8], [6]])
        for kind in ("LSTM", "GRU", "SimpleRNN")
        for options in ("", ", return_sequences=True", ", use_bias=False")
        for states in ("[b]", "[b, b]", "b")
        if (kind, states) != ("GRU", "[b, b]")  # of which some backends pass over the second
    ),
    *(
        (f"layers.Bidirectional(layers.{kind}(6), merge_mode={mode!r})(a, initial_state={states})",
         [[5, 8], [6]])
        for kind in ("LSTM", "GRU") for mode in ("concat", "sum")
        for states in ("[b, b]", "[b, b, b, b]")
        if (kind, states) != ("GRU", "[b, b, b, b]")
    ),
    ("layers.GRU(6)(a, initial_state=b)", [[5, 8], [7]]),
    *(
        (f"layers.RNN(layers.{cell}({options}), {sequences})(a)", [[5, 8]])
        for cell in ("LSTMCell", "GRUCell", "SimpleRNNCell")
        for options in ("6", "6, use_bias=False", "0")
        for sequences in ("return_sequences=True", "go_backwards=True",
                          "return_sequences=True, go_backwards=True")
    ),
    ("layers.RNN(layers.GRUCell(6, reset_after=False))(a)", [[5, 8]]),
    ("layers.RNN(layers.Dense(6))(a)", [[5, 8]]),
    *(
        (f"layers.TimeDistributed({layer})(a)", [size])
        for layer in ("layers.Dense(4)", "layers.Conv1D(4, 3)", "layers.LSTM(4)",
                      "layers.GRU(4, return_sequences=True)", "layers.Embedding(10, 4)")
        for size in ([5, 8], [5, 6, 8], [8])
    ),
    *(
        (f"layers.Embedding({n}, {m})(a)", [size])
        for n, m in ((10, 6), (1, 1), (0, 3)) for size in ([5], [], [2, 3])
    ),
    *(
        (words, sizes)
        for words, sizes in (
            ("layers.Add()([layers.Dense(6)(a), b])", [[8], [6]]),
            ("layers.Add()([a, b])", [[8], [6]]),
            ("layers.Concatenate()([a, b])", [[3, 8], [3, 2]]),
            ("layers.Concatenate()([a, b])", [[3, 8], [2, 8]]),
            ("layers.Concatenate(axis=1)([a, b])", [[3, 8], [2, 8]]),
        )
    ),
]  # fmt: skip


def given(size):
    """One sample of an input."""
    if "int" in size:
        *shape, _, below = size
        return torch.randint(below, (1, *shape))
    return torch.randn(1, *size)


def run_torch(made, words, sizes):
    m = eval(made, NAMES).train()
    values = dict(zip("abc", map(given, sizes), strict=False))
    with (
        torch.backends.mkldnn.flags(enabled=False),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        output = eval(words, {**NAMES, **values, "m": m})
    return {
        "output": list(output.shape[1:]),
        "params": sum(held.numel() for held in m.parameters()),
        "macs": counter.get_total_flops() // 2,
    }


def run_keras(words, sizes):
    inputs = dict(zip("abc", map(keras.Input, map(tuple, sizes)), strict=False))
    output = eval(words, {**NAMES, **inputs})
    model = keras.Model(list(inputs.values()), output)
    model([torch.zeros(1, *size) for size in sizes])  # symbols alone are not held against states
    return {"output": list(output.shape[1:]), "params": model.count_params()}


def main():
    keras.utils.set_random_seed(15)
    for framework, calls, run in (("torch", TORCH, run_torch), ("keras", KERAS, run_keras)):
        for call in calls:
            *words, sizes = call
            record = {"framework": framework, "call": words, "inputs": sizes}
            try:
                record |= run(*call)
            except Exception as error:
                record["error"] = f"{type(error).__name__}: {error}".partition("\n")[0][:120]
            sys.stdout.write(f"{json.dumps(record, separators=(',', ':'))}\n")


if __name__ == "__main__":
    main()
