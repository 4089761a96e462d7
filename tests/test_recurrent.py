"""Recurrent layers: sums by hand, recorded runs of PyTorch and Keras, executors, refusals."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc import SpecError, analyze, parse
from tests.executors.common import verified
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_onnx import onnxruntime_or_skip
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import oracle

RECORDS = oracle("layers_recurrent.jsonl")
EXECUTORS = {"torch": torch_or_skip, "keras": keras_or_skip, "onnxruntime": onnxruntime_or_skip}

# Of 64 features at 50 steps: parameters and MACs of a step, worked out on paper.
SUMS = [
    ("lstm:128,bidirectional", (256, 50), 2 * 4 * 128 * (64 + 128 + 2), 2 * 512 * (64 + 128)),
    ("lstm:128,biases=1", (128, 50), 4 * 128 * (64 + 128 + 1), 512 * (64 + 128)),
    ("lstm:128,nobias,last", (128,), 4 * 128 * (64 + 128), 512 * (64 + 128)),
    ("lstm:128,proj=32", (32, 50), 512 * (64 + 32 + 2) + 32 * 128, 512 * (64 + 32) + 32 * 128),
    ("gru:128,layers=2", (128, 50), 384 * (64 + 130 + 128 + 130), 384 * (64 + 3 * 128)),
    ("rnn:128", (128, 50), 128 * (64 + 128 + 2), 128 * (64 + 128)),
]


@pytest.mark.parametrize(("layer", "output", "params", "macs"), SUMS)
def test_sums_by_hand(layer: str, output: tuple[int, ...], params: int, macs: int) -> None:
    row = analyze(f"64x50 {layer}").layers[0]

    assert (row.output_shape, row.params, row.macs) == (output, params, 50 * macs)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("options", ["", ",bidirectional", ",nobias", ",biases=1"])
def test_layers_are_layers_one_after_another(kind: str, options: str) -> None:
    together = analyze(f"7x9 {kind}:5,layers=3{options}")
    apart = analyze(f"7x9 3*[{kind}:5{options}]")

    assert together.rows[-1].output_shape == apart.rows[-1].output_shape
    assert together.total.params == apart.total.params
    assert together.total.macs == apart.total.macs


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        ("lstm:4", {"size": [20], "start": [-19], "jump": [1], "status": "exact"}),
        ("lstm:4,backwards", {"size": [20], "start": [0], "jump": [1], "status": "exact"}),
        ("lstm:4,layers=2", {"size": [20], "start": [-19], "jump": [1], "status": "exact"}),
        ("lstm:4,bidirectional", {"size": [20], "start": [0], "jump": [0], "status": "global"}),
        ("lstm:4,last", {"size": [20], "start": [0], "jump": [0], "status": "global"}),
        ("lstm:4 state:4", {"size": [20], "start": [0], "jump": [0], "status": "global"}),
    ],
)
def test_fields(layer: str, field: dict[str, Any]) -> None:
    """All steps before and its own, or all."""
    found = analyze(f"8x20 {layer}").to_dict()["layers"][-1]["receptive_field"]

    assert {key: found[key] for key in field} == field


SPECS = [
    "6x9 lstm:5,bidirectional linear:3,axis=0",
    "6x9 lstm:5,layers=2 state:5,cell",
    "6x9 gru:5,bidirectional,last",
    "1x4x12 conv:3,k3,p1 reshape:12x12 lstm:4,backwards gru:3,layers=2,bidirectional state:3,at=1",
    "9x6 rnn:5,axis=-1 rnn:4,axis=-1,bidirectional flatten",
    "6x9 lstm:5,biases=1 cat[state:5 | state:5,cell] linear:2",
]


@pytest.mark.parametrize("spec", [*SPECS, "6x9 lstm:5,proj=2", "6x9 gru:5,resetbefore,biases=1"])
def test_the_bundled_executor_agrees(spec: str) -> None:
    found = verified("bundled", spec)

    assert found["ok"], found["mismatches"]
    assert found["checked"]["receptive_field"] == found["checked"]["shapes"] > 0


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("spec", SPECS)
def test_executors_agree(executor: str, spec: str) -> None:
    EXECUTORS[executor]()
    found = verified(executor, spec)

    assert found["ok"], found["mismatches"]
    assert found["checked"]["receptive_field"] == found["checked"]["shapes"] > 0


def test_a_backward_pass_reaches_every_weight() -> None:
    torch_or_skip()
    found = verified("torch", "6x9 lstm:5,layers=2,bidirectional state:5", backward=True)

    assert found["ok"], found["mismatches"]


@pytest.mark.parametrize("number", range(len(RECORDS)))
def test_recorded_runs(number: int) -> None:
    """Outputs, states, tensors and MACs are the framework's; what it refused is refused."""
    record = RECORDS[number]
    keras = record["framework"] == "keras"
    size = tuple(record["input"])
    text = record["call"]
    if keras:
        text = f"inputs = keras.Input({size})\nmodel = keras.Model(inputs, {text}(inputs))"
    if "error" in record:
        with pytest.raises(SpecError):
            analyze(parse(text, notation=record["framework"]), None if keras else size)
        return
    report = analyze(parse(text, notation=record["framework"]), None if keras else size)
    tensors = [
        [weight.name.rpartition(".")[2], list(weight.shape)]
        for row in report.layers
        for weight in row.weights
    ]
    assert tensors == record["tensors"]
    ends = [report.shape(report.rows[number].output_shape) for number in report.outputs]
    if keras:
        assert ends == record["outputs"]
        return
    states = [shape[1:] for shape in record["states"] for _ in range(shape[0])]
    assert ends == [record["output"], *states]
    assert report.total.macs == record["macs"]


def test_records_are_all_there() -> None:
    assert len(RECORDS) == 207
    assert sum("error" in record for record in RECORDS) == 25


WRONG = [
    ("3x20x32 lstm:5", "features × steps, but receives the map 3×20×32", "`reshape:60x32`"),
    ("320 gru:5", "receives a vector of 320 features", "`reshape:320x1`"),
    ("8x9 lstm:5,proj=5", "`proj` is 5, not below the 5 hidden features", "`proj=2`"),
    ("8x9 lstm:5 relu state:5", "which `relu` doesn't", "directly behind"),
    ("8x9 gru:5 state:5,cell", "`gru` has no cell", "leave out `cell`"),
    ("8x9 gru:5 state:5,at=1", "has 1 states", "from -1 to 0"),
    ("8x9 gru:5 state:6", "to have 6 features but `gru` keeps 5", "`state:5`"),
    ("8x9 gru:5,backwards,bidirectional", "both bidirectional and backwards", "reads both ways"),
    ("8x9 gru:5,biases=3", "`biases` can't be 3", "or 1 for both"),
]


@pytest.mark.parametrize(("spec", "message", "advice"), WRONG)
def test_what_is_wrong_is_told(spec: str, message: str, advice: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(spec)

    assert message in caught.value.message
    assert caught.value.help is not None
    assert advice in caught.value.help


@pytest.mark.parametrize(
    ("call", "size", "message"),
    [
        ("nn.LSTM(64, 8)", (50, 64), "takes axis 0 for its steps, and here that is the batch"),
        ("nn.LSTM(64, 8)", (64,), "takes axis 0 for its steps, and here that is the batch"),
        ("nn.LSTM(64, 8, batch_first=True)", (64, 50), "receives 50 features at each step"),
        ("nn.GRU(64, 8, batch_first=True)", (3, 50, 64), "takes sequences"),
    ],
)
def test_what_pytorch_refuses(call: str, size: tuple[int, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        analyze(parse(call, notation="torch"), size)


@pytest.mark.parametrize(
    ("to", "spec"),
    [
        ("torch", "6x9 lstm:5,bidirectional cat[state:5,at=0 | state:5,cell]"),
        ("torch", "6x9 gru:5,last"),
        ("keras", "6x9 lstm:5,bidirectional,biases=1 cat[state:5,at=0 | state:5,cell]"),
        ("keras", "6x9 gru:5,layers=2 state:5"),
    ],
)
def test_what_is_written_reads_back(to: str, spec: str) -> None:
    before = analyze(spec)
    text = cnncalc.convert(parse(spec), to)
    after = analyze(parse(text, notation=to), (6, 9) if to == "torch" else None)

    assert after.total.params == before.total.params
    assert after.total.macs == before.total.macs
    assert after.rows[-1].output_shape == before.rows[-1].output_shape


MODEL = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = {layer}
        self.fc = nn.Linear({features}, 3)

    def forward(self, x):
        {forward}
"""
TURNED = "y, h = self.rnn(x.transpose(0, 1)); "
PLAIN = "y, h = self.rnn(x); "
# What torch's default order of axes is to give, and the same with the batch in front.
ORDERS = [
    ("nn.LSTM(8, 6, num_layers=2", 6, "return self.fc(y[-1])", "return self.fc(y[:, -1])"),
    ("nn.LSTM(8, 6", 6, "return self.fc(h[0][-1] + h[1][-1])", None),
    ("nn.GRU(8, 6, bidirectional=True", 12, "return self.fc(torch.cat([h[-2], h[-1]], 1))", None),
    ("nn.RNN(8, 6", 6, "return self.fc(y)", None),
    ("nn.GRU(8, 6", 6, "return self.fc(y.transpose(0, 1).mean(1))", "return self.fc(y.mean(1))"),
    (
        "nn.GRU(8, 6, bidirectional=True", 12,
        "t, b, n = y.size(); return F.log_softmax(self.fc(y.view(t * b, n)).view(t, b, -1), dim=2)",
        "return F.log_softmax(self.fc(y), dim=2)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "features", "turned", "plain"), ORDERS)
def test_steps_before_the_batch(layer: str, features: int, turned: str, plain: str | None) -> None:
    """`batch_first=False` on steps × batch × features is `batch_first=True` on batch × steps."""
    first = {"layer": f"{layer}, batch_first=True)", "features": features}
    after = {"layer": f"{layer})", "features": features}
    wanted = analyze(MODEL.format(**first, forward=PLAIN + (plain or turned)), (5, 8))
    found = analyze(MODEL.format(**after, forward=TURNED + turned), (5, 8))

    assert found.rows[-1].output_shape == wanted.rows[-1].output_shape
    assert found.total.params == wanted.total.params
    assert found.total.macs == wanted.total.macs
    assert [row.kind for row in found.layers] == [row.kind for row in wanted.layers]


ZEROS = "torch.zeros(2, x.size(0), 6)"
# What tutorials write around these layers: the kinds that it is read as, and what comes out.
WRITTEN = [
    ("self.rnn.flatten_parameters(); return self.fc(self.rnn(x)[0])", "gru linear", (5, 3)),
    (f"return self.rnn(x, {ZEROS}.to(x.device))[0]", "gru", (5, 6)),
    ("return self.rnn(x, next(self.parameters()).data.new(2, len(x), 6).zero_())[0]", "gru",
     (5, 6)),
    ("return self.rnn(x, x.new_zeros(2, len(x), 6))[0]", "gru", (5, 6)),
    ("return self.rnn(x)[1][0]", "gru state", (6,)),
    ("p = nn.utils.rnn.pack_padded_sequence(x, [5] * 4, batch_first=True); y, h = self.rnn(p); "
     "return nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0] + h[-1].unsqueeze(1)",
     "gru state unflatten add", (5, 6)),
    ("from torch.nn.utils.rnn import pack_padded_sequence as pack, pad_packed_sequence as pad; "
     "y, n = pad(self.rnn(pack(x.transpose(0, 1), [5] * 4))[0]); return y.transpose(0, 1)",
     "gru", (5, 6)),
    ("h = self.rnn(x)[1].view(2, 1, x.size(0), 6); return h[-1, 0]",
     "gru state state unflatten unflatten cat unflatten slice flatten", (6,)),
    ("h = self.rnn(x)[1].permute(1, 0, 2).reshape(x.size(0), -1); return h",
     "gru state state unflatten unflatten cat flatten", (12,)),
]  # fmt: skip


@pytest.mark.parametrize(("forward", "kinds", "output"), WRITTEN)
def test_what_is_written_around_them(forward: str, kinds: str, output: tuple[int, ...]) -> None:
    layer = "nn.GRU(8, 6, num_layers=2, batch_first=True)"
    found = analyze(MODEL.format(layer=layer, features=6, forward=forward), (5, 8))

    assert " ".join(row.kind for row in found.layers) == kinds
    assert found.rows[-1].output_shape == output
    assert found.total.params + found.total.unused_params == 3 * 6 * (8 + 6 * 3 + 4) + 21


@pytest.mark.parametrize(
    ("layer", "forward", "message", "advice"),
    [
        ("nn.GRU(8, 6)", "return self.rnn(x)[0]", "takes axis 0", "batch_first=True, or"),
        (
            "nn.GRU(8, 6, batch_first=True)", "return self.rnn(x.transpose(0, 1))[0]",
            "takes axis 1 for its steps", "batch_first=False, or `x.transpose(0, 1)` before it",
        ),
        (
            "nn.GRU(8, 6)", "return self.rnn(nn.utils.rnn.pack_padded_sequence(x, [5] * 4))[0]",
            "`pack_padded_sequence` with batch_first=False takes axis 0 for its steps",
            "batch_first=True, or",
        ),
        (
            "nn.GRU(5, 6)", "return self.rnn(x.permute(1, 2, 0))[0]", "here it is on axis 2",
            "`x.permute(…)`",
        ),
        (
            "nn.GRU(4, 6, batch_first=True)",
            "return self.rnn(x.reshape(x.size(0) * x.size(1), 2, 4))[0]",
            "one axis with others", "`x.view(…)`",
        ),
    ],
)  # fmt: skip
def test_a_batch_elsewhere(layer: str, forward: str, message: str, advice: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(MODEL.format(layer=layer, features=6, forward=forward), (5, 8))

    assert caught.value.code == "batch-axis"
    assert message in caught.value.message
    assert caught.value.help is not None
    assert advice in caught.value.help


CELLS = [
    ("nn.LSTMCell(8, 6)", "h, c = self.rnn(x[:, 0]); return self.fc(h + c)", "state:6,cell", 384),
    ("nn.GRUCell(8, 6)", "return self.fc(self.rnn(x[:, 0], torch.zeros(x.size(0), 6)))", None, 288),
    ("nn.RNNCell(8, 6, bias=False)", "return self.fc(self.rnn(x[:, -1]))", None, 84),
]


@pytest.mark.parametrize(("layer", "forward", "state", "params"), CELLS)
def test_cells(layer: str, forward: str, state: str | None, params: int) -> None:
    """One step, with PyTorch's own names for the tensors."""
    found = analyze(MODEL.format(layer=layer, features=6, forward=forward), (5, 8))
    (row,) = [row for row in found.layers if row.name == "rnn"]

    assert (row.output_shape, row.params) == ((6,), params)
    assert row.macs == sum(w.count for w in row.weights if len(w.shape) > 1)
    assert [row.text for row in found.layers if row.kind == "state"] == ([state] if state else [])
    torch = torch_or_skip()
    real = eval(layer, {"nn": torch.nn})
    assert [(each.name, each.shape) for each in row.weights] == [
        (name, tuple(each.shape)) for name, each in real.named_parameters()
    ]


def test_a_cell_that_is_told_of_its_weights() -> None:
    """They are the module's own, whatever the source does to them; one is kept from training."""
    forward = "return self.rnn(x[:, 0])"
    told = (
        "nn.GRUCell(8, 6); nn.init.zeros_(self.rnn.bias_hh); self.rnn.weight_ih.requires_grad = "
        "False"
    )
    report = analyze(MODEL.format(layer=told, features=6, forward=forward), (5, 8))

    (row,) = [row for row in report.layers if row.name == "rnn"]
    assert {each.name: each.trainable for each in row.weights} == {
        "weight_ih": False, "weight_hh": True, "bias_ih": True, "bias_hh": True
    }  # fmt: skip
    assert report.total.params == 288


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        ("return self.rnn(x)", "takes the features of one step, a vector of each sample, but"),
        ("return self.rnn(x[:, 1], x[:, 0])", "keeps 6 features in its state (hidden_size=6) but"),
        ("return self.rnn(x[:, 0, :5])", "declares input_size=8 but receives 5"),
    ],
)
def test_what_a_cell_refuses(forward: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(MODEL.format(layer="nn.GRUCell(8, 6)", features=6, forward=forward), (5, 8))

    assert message in caught.value.message


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("RNN(layers.Dense(6))", "is read around LSTMCell, GRUCell and SimpleRNNCell"),
        ("Bidirectional(layers.GRU(6), backward_layer=layers.GRU(6, go_backwards=True))",
         "is read without go_backwards and backward_layer"),
        ("Bidirectional(layers.Dense(6))", "is read around LSTM, GRU and SimpleRNN"),
    ],
)  # fmt: skip
def test_what_keras_takes_and_is_not_read_ends_the_flow(layer: str, message: str) -> None:
    text = (
        "import keras\nfrom keras import layers\ninputs = keras.Input((5, 8))\n"
        "x = layers.GRU(4, return_sequences=True)(inputs)\n"
        f"model = keras.Model(inputs, layers.{layer}(x))"
    )
    with pytest.raises(SpecError) as caught:
        analyze(text)

    assert message in caught.value.message
    assert [row.kind for row in caught.value.report.layers] == ["gru"]


CRNN = """
import torch.nn as nn
import torch.nn.functional as F

class Both(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.rnn = nn.LSTM(inputs, hidden, bidirectional=True)
        self.embedding = nn.Linear(hidden * 2, outputs)

    def forward(self, x):
        found, _ = self.rnn(x)
        t, b, h = found.size()
        return self.embedding(found.view(t * b, h)).view(t, b, -1)

class CRNN(nn.Module):
    def __init__(self, classes=37):
        super().__init__()
        layers, channels = [], 1
        for wide, norm, pool in (
            (64, False, 2), (128, False, 2), (256, True, None), (256, False, (2, 1)),
            (512, True, None), (512, False, (2, 1)), (512, True, None),
        ):
            last = len(layers) > 15
            layers.append(nn.Conv2d(channels, wide, 2 if last else 3, padding=0 if last else 1))
            layers += [nn.BatchNorm2d(wide)] if norm else []
            layers.append(nn.ReLU(True))
            if pool == 2:
                layers.append(nn.MaxPool2d(2))
            elif pool:
                layers.append(nn.MaxPool2d(2, pool, (0, 1)))
            channels = wide
        self.cnn = nn.Sequential(*layers)
        self.rnn = nn.Sequential(Both(512, 256, 256), Both(256, 256, classes))

    def forward(self, x):
        x = self.cnn(x)
        b, c, h, w = x.size()
        assert h == 1, "the height must be 1"
        return F.log_softmax(self.rnn(x.squeeze(2).permute(2, 0, 1)), dim=2)
"""


def test_a_network_that_reads_text() -> None:
    """Convolutions, two LSTMs whose steps stand before the batch, and a layer at all of them."""
    report = analyze(CRNN, (1, 32, 100))

    assert (report.total.params, report.total.macs) == (8_331_301, 705_143_808)
    assert report.rows[-1].output_shape == (26, 37)
