"""States that flow into recurrent layers from others, and learned ones: every front end agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import SpecError, analyze, parse
from tests.executors.common import verified
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_onnx import onnxruntime_or_skip
from tests.frameworks.live_pytorch import torch_or_skip

EXECUTORS = {
    "bundled": lambda: None,
    "torch": torch_or_skip,
    "keras": keras_or_skip,
    "onnxruntime": onnxruntime_or_skip,
}
TWO_LAYERS = (
    "6x9 e@lstm:5,layers=2 a@state:5,at=0 @e b@state:5,at=1 @e c@state:5,at=0,cell @e "
    "d@state:5,cell @e lstm:5,layers=2[ | @a | @b | @c | @d ] state:5,cell"
)
# An encoder and a decoder, images that a sequence starts from, each direction's own, cells alone.
SPECS = [
    "6x9 rnn:5[ | [gap linear:5] ]",
    "6x9 lstm:5[ | [gap linear:5] ]",
    "6x9 lstm:5,last[ | [slice:0..3,axis=1 gap linear:5] | [gap linear:5] ]",
    "9x6 gru:5,axis=-1,bidirectional[ | [gap linear:5] | [slice:0..3,axis=0 gap linear:5] ]",
    "6x9 lstm:5,biases=1[ | [gap linear:5] ] lstm:5,backwards[ | [gap linear:5] ]",
    "3x12x12 conv:4,k3 reshape:16x25 lstm:4[ | [slice:0..8 gap linear:4] | [gap linear:4] ]",
    "s@input:6x9 image@input:3x8x8 conv:4,k3 gap linear:5 f@identity @s gru:5[ | @f ]",
    "6x9 lstm:5,learned,layers=2 gru:4,bidirectional,learned rnn:3,learned,last",
    TWO_LAYERS,
]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("spec", SPECS)
def test_executors_agree(executor: str, spec: str) -> None:
    EXECUTORS[executor]()
    found = verified(executor, spec)

    assert found["ok"], found["mismatches"]
    assert found["unchecked"] == []


def test_a_backward_pass_reaches_learned_states() -> None:
    torch_or_skip()
    found = verified("torch", "6x9 lstm:5,learned rnn:4[ | [gap linear:4] ]", backward=True)

    assert found["ok"], found["mismatches"]


@pytest.mark.parametrize(
    ("layer", "params", "macs"),
    [
        # What flows in is no weight, and adds nothing to multiply.
        ("lstm:5", 4 * 5 * (6 + 5 + 2), 9 * 4 * 5 * (6 + 5)),
        ("lstm:5,learned", 4 * 5 * (6 + 5 + 2) + 2 * 5, 9 * 4 * 5 * (6 + 5)),
        ("lstm:5,learned,proj=2", 4 * 5 * (6 + 2 + 2) + 2 * 5 + 2 + 5, 9 * (4 * 5 * 8 + 2 * 5)),
        ("gru:5,learned,bidirectional", 2 * 3 * 5 * (6 + 5 + 2) + 2 * 5, 9 * 2 * 3 * 5 * (6 + 5)),
    ],
)
def test_sums_by_hand(layer: str, params: int, macs: int) -> None:
    row = analyze(f"6x9 {layer}").layers[0]

    assert (row.params, row.macs) == (params, macs)


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        # All steps before and its own, and what the state has seen.
        ("8x20 lstm:4[ | [slice:0..1,axis=1 gap linear:4] ]", [20]),
        ("8x20 slice:10..20,axis=1 lstm:4[ | [gap linear:4] ]", [10]),
    ],
)
def test_fields(spec: str, size: list[int]) -> None:
    field = analyze(spec).to_dict()["layers"][-1]["receptive_field"]

    assert field["size"] == size


# PyTorch reads from the first step, with two biases; Keras has one layer of one bias, and learns no
# states.
SAID = [
    *(("compact", spec) for spec in SPECS),
    *(("onnx", spec) for spec in SPECS),
    *(("torch", spec) for spec in SPECS if "backwards" not in spec),
    ("keras", SPECS[1].replace("lstm:5", "lstm:5,biases=1")),
    ("keras", SPECS[2].replace("lstm:5", "lstm:5,biases=1")),
    ("keras", SPECS[3]),
    ("keras", SPECS[6]),
]


@pytest.mark.parametrize(("to", "spec"), SAID)
def test_what_is_written_reads_back(to: str, spec: str, tmp_path: Path) -> None:
    before, network = analyze(spec), parse(spec)
    sizes = [row.output_shape for row in before.rows if row.kind == "input"]
    if to == "onnx":
        onnxruntime_or_skip()
        file = tmp_path / "net.onnx"
        file.write_bytes(cnncalc.convert(network, to))
        after = analyze(str(file))
    else:
        text = cnncalc.convert(network, to)
        after = analyze(parse(text, notation=to), sizes if to == "torch" else None)

    assert after.total.params == before.total.params
    assert after.total.macs == before.total.macs
    assert after.rows[-1].output_shape == before.rows[-1].output_shape


MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.{layer}
        self.fc = nn.Linear(6, {features})
        self.h0 = nn.Parameter(torch.zeros({learned}))
        self.c0 = nn.Parameter(torch.zeros({learned}))

    def forward(self, x):
        n = x.size(0)
        z = self.fc(x.mean(1))
        {forward}
"""
LSTM, BOTH, TWO = (
    f"LSTM(6, 5, batch_first=True{more})" for more in ("", ", bidirectional=True", ", num_layers=2")
)
PAIR = "(self.h0.expand(-1, n, -1).contiguous(), self.c0.repeat(1, n, 1))"
# The layer, the linear layer's features, the learned states' sizes, the forward, and which states
# the last recurrent step reads or learns.
FLOWING = [
    (LSTM, 5, "1", "h = z.unsqueeze(0); return self.rnn(x, (h, h))[0]", 2),
    (LSTM, 5, "1", "h = z[None]; return self.rnn(x, (h, torch.zeros_like(h)))[0]", 1),
    (LSTM, 5, "1", "h = z[None]; return self.rnn(x, (h, torch.zeros(1, n, 5)))[0]", 1),
    (LSTM, 5, "1", "h = z[None]; return self.rnn(x, (torch.zeros(1, n, 5), h))[0]", 2),
    (LSTM, 5, "1", "return self.rnn(x, self.rnn(x)[1])[0]", 2),
    (LSTM, 5, "1", "y, (h, c) = self.rnn(x); return self.rnn(x, (h, c))[0]", 2),
    (LSTM, 5, "1", "y, (h, c) = self.rnn(x); return self.rnn(x, hx=(h, c))[0]", 2),
    (BOTH, 10, "2", "h = z.view(n, 2, 5).transpose(0, 1); return self.rnn(x, (h, h))[0]", 4),
    (TWO, 5, "2", "h = z.unsqueeze(0).repeat(2, 1, 1); return self.rnn(x, (h, h))[0]", 4),
    (TWO, 5, "2", "h = torch.stack([z, z]); return self.rnn(x, (h, h))[0]", 4),
    ("GRU(6, 5, batch_first=True)", 5, "1", "return self.rnn(x, z.unsqueeze(0))[0]", 1),
    ("GRUCell(6, 5)", 5, "1", "return self.rnn(x[:, 1], self.rnn(x[:, 0], z))", 1),
    ("LSTMCell(6, 5)", 5, "1", "h, c = self.rnn(x[:, 0]); return self.rnn(x[:, 1], (h, c))[0]", 2),
    (LSTM, 5, "1, 1, 5", f"return self.rnn(x, {PAIR})[0]", "h_0 c_0"),
    (TWO, 5, "2, 1, 5", f"return self.rnn(x, {PAIR})[0]", "h_0 c_0"),
    ("GRUCell(6, 5)", 5, "1, 5", "return self.rnn(x[:, 0], self.h0.expand(n, 5))", "h_0"),
]


@pytest.mark.parametrize(("layer", "features", "learned", "forward", "states"), FLOWING)
def test_pytorch(layer: str, features: int, learned: str, forward: str, states: Any) -> None:
    text = MODEL.format(layer=layer, features=features, learned=learned, forward=forward)
    report = analyze(text, (4, 6))
    row = [each for each in report.layers if each.kind in ("lstm", "gru")][-1]

    if isinstance(states, int):
        assert len(row.inputs) == 1 + states
    else:
        assert [w.name for w in row.weights][: len(states.split())] == states.split()
    torch = torch_or_skip()
    names: dict[str, Any] = {}
    exec(text, names)
    model = names["Net"]()
    with torch.no_grad():
        output = model(torch.zeros(3, 4, 6))
    assert tuple(output.shape[1:]) == report.rows[-1].output_shape
    total = report.total.params + report.total.unused_params
    unseen = sum(w.count for each in report.unreached for w in each.weights)
    assert total + unseen == sum(each.numel() for each in model.parameters())


KERAS = """
import keras
from keras import layers

a = keras.Input((5, 4))
z = layers.Dense(6)(layers.GlobalAveragePooling1D()(a))
{body}
model = keras.Model(a, y)
"""
OF_KERAS = [
    ("y = layers.LSTM(6)(a, initial_state=[z, z])", "lstm", 3),
    ("y = layers.GRU(6, return_sequences=True)(a, initial_state=z)", "gru", 2),
    ("y = layers.Bidirectional(layers.LSTM(6))(a, initial_state=[z, z, z, z])", "lstm", 5),
    ("y = layers.Bidirectional(layers.GRU(6), merge_mode='sum')(a, initial_state=[z, z])",
     "gru", 2),
    ("y, h, c = layers.LSTM(6, return_state=True)(a)\n"
     "y = layers.LSTM(6)(a, initial_state=[h, c])", "lstm", 3),
    ("y = layers.RNN(layers.LSTMCell(6))(a, initial_state=[z, z])", "lstm", 3),
    ("y = layers.RNN(layers.SimpleRNNCell(6), return_sequences=True)(a)", "rnn", 1),
    ("y = layers.Bidirectional(layers.RNN(layers.GRUCell(6, reset_after=False)))(a)", "gru", 1),
    ("y = layers.GRU(6, return_sequences=True, go_backwards=True)(a)", "gru", 1),
    ("y = layers.RNN(layers.GRUCell(6), return_sequences=True, go_backwards=True)(a)", "gru", 1),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "inputs"), OF_KERAS)
def test_keras(body: str, kind: str, inputs: int) -> None:
    """The source, and the live model with Keras's own counts."""
    text = KERAS.format(body=body)
    report = analyze(text)
    row = [each for each in report.layers if each.kind == kind][-1]

    assert len(row.inputs) == inputs
    keras_or_skip()
    names: dict[str, Any] = {}
    exec(text, names)
    model = names["model"]
    live = analyze(model)
    assert live.total.params == report.total.params == model.count_params()
    assert [each.kind for each in live.layers] == [each.kind for each in report.layers]
    assert report.shape(report.rows[-1].output_shape) == list(model.outputs[0].shape[1:])
    found = verified("keras", text)
    assert found["ok"], found["mismatches"]


def test_steps_come_from_the_last_to_the_first_where_keras_goes_backwards() -> None:
    """The first of them saw the last step alone."""
    text = KERAS.format(body="y = layers.GRU(6, return_sequences=True, go_backwards=True)(a)")
    report = analyze(text)

    assert [row.text for row in report.layers if row.kind == "slice"] == [
        f"slice:{at}..{at + 1},axis=1" for at in (4, 3, 2, 1, 0)
    ]


WRONG = [
    # Compact
    ("6x9 lstm:5[ [gap linear:5] | | [gap linear:5] ]", "reads its first branch, which is 5, no",
     "lstm:5[ sequence | state | cell ]"),
    ("6x9 gru:5[ | [gap linear:4] ]", "keeps 5 features in its state but is to start from 4",
     "`linear:5` makes 5 of 4"),
    ("6x9 lstm:5,proj=2[ | [gap linear:2] | [gap linear:2] ]", "keeps 5 features in its cell",
     "`linear:5`"),
    ("6x9 gru:5[ | [gap linear:5] | [gap linear:5] ]", "starts from 1 state but is given 2",
     "one for each layer and direction: `gru:5[ sequence | state ]`"),
    ("6x9 gru:6[ | ]", "to start from 6×9 (branch 2)", "a vector of 6"),
    ("6x9 gru:5,learned[ | [gap linear:5] ]", "states that are learned but is given 1",
     "leave out `learned`"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "message", "advice"), WRONG)
def test_what_is_wrong_is_told(spec: str, message: str, advice: str) -> None:
    check(spec, None, message, advice)


GRU = "GRU(6, 5, batch_first=True)"
WRONG_TORCH = [
    (LSTM, 5, "return self.rnn(x, z.unsqueeze(0))[0]", "starts from two tensors, (h, c), but",
     "(x, (h, c))"),
    (GRU, 5, "return self.rnn(x, (z, z))[0]", "starts from one tensor, but is given 2", "(x, h)"),
    (GRU, 5, "return self.rnn(x, z)[0]", "of layers × batch × features, and here they are batch",
     "`h.unsqueeze(0)`"),
    (GRU, 10, "return self.rnn(x, z.view(n, 2, 5))[0]", "here they are batch × 2×5", "transpose"),
    (GRU, 10, "return self.rnn(x, z.view(n, 2, 5).transpose(0, 1))[0]", "keeps 1 state (num",
     "states of 1 × batch × 5"),
    (GRU, 7, "return self.rnn(x, z.unsqueeze(0))[0]", "keeps 5 features in its state (hidden_size",
     "`nn.Linear(7, 5)` before it, or hidden_size=7"),
    ("GRUCell(6, 5)", 5, "return self.rnn(z, x[:, 0])", "declares input_size=6 but receives 5",
     "input_size=5"),
    (GRU, 5, "return self.rnn(x, 'h')[0]", "starts from states, not from", None),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "features", "forward", "message", "advice"), WRONG_TORCH)
def test_what_pytorch_refuses(
    layer: str, features: int, forward: str, message: str, advice: str | None
) -> None:
    text = MODEL.format(layer=layer, features=features, learned="1", forward=forward)
    check(text, (4, 6), message, advice)


WRONG_KERAS = [
    ("y = layers.LSTM(6)(a, initial_state=[z])", "starts from 2 states, but initial_state has 1",
     "`initial_state=[h, c]`"),
    ("y = layers.Bidirectional(layers.GRU(6))(a, initial_state=z)", "initial_state has 1",
     "[forward, backward]"),
    ("y = layers.GRU(5)(a, initial_state=z)", "keeps 5 features (units=5) but initial_state has 6",
     "`layers.Dense(5)` before it, or units=6"),
    ("y = layers.GRU(6)([a, z])", "takes one tensor, not 2", "initial_state="),
    ("y = layers.GRU(6)(a, initial_state='z')", "starts from states, not from", None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message", "advice"), WRONG_KERAS)
def test_what_keras_refuses(body: str, message: str, advice: str | None) -> None:
    check(KERAS.format(body=body), None, message, advice)


def check(text: str, size: tuple[int, ...] | None, message: str, advice: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(text, size)

    assert message in caught.value.message
    if advice is not None:
        assert advice in (caught.value.help or "")
