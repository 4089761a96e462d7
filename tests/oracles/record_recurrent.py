"""How layers_recurrent.jsonl was made: recurrent layers of torch.nn and Keras, valid and invalid.

Run it by hand with torch and Keras installed; it prints one JSON line for each layer: what comes
out for one sample, the shapes of its states, its tensors, and, of PyTorch, what its own counter of
operations makes of it (in training mode and without mkldnn: else it counts nothing of these).
Nothing here knows cnncalc, and no number comes from a formula.

    KERAS_BACKEND=torch python tests/oracles/record_recurrent.py > layers_recurrent.jsonl
"""

import json
import random
import sys

import keras
import torch
from keras import layers
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

NAMES = {"layers": layers, "nn": nn}
DRAWN = random.Random(15)
TORCH = {
    "num_layers": (1, 1, 2, 3),
    "bias": (True, True, False),
    "bidirectional": (False, True),
    "dropout": (0.0, 0.0, 0.2),
}
KERAS = {
    "use_bias": (True, True, False),
    "return_sequences": (False, True),
    "return_state": (False, False, True),
    "activation": ("tanh", "tanh", "relu", None),
}
TORCH_WRONG = (
    ("nn.LSTM(8, 6, batch_first=True)", (5, 7)),
    ("nn.LSTM(8, 6, batch_first=True)", (5, 3, 8)),
    ("nn.LSTM(8, 6, proj_size=6, batch_first=True)", (5, 8)),
    ("nn.LSTM(8, 6, proj_size=7, batch_first=True)", (5, 8)),
    ("nn.LSTM(8, 6, proj_size=-1, batch_first=True)", (5, 8)),
    ("nn.GRU(8, 6, proj_size=3, batch_first=True)", (5, 8)),
    ("nn.RNN(8, 6, proj_size=3, batch_first=True)", (5, 8)),
    ("nn.GRU(8, 0, batch_first=True)", (5, 8)),
    ("nn.LSTM(8, -3, batch_first=True)", (5, 8)),
    ("nn.LSTM(8, 6, num_layers=0, batch_first=True)", (5, 8)),
    ("nn.RNN(8, 6, nonlinearity='sigmoid', batch_first=True)", (5, 8)),
    ("nn.RNN(8, 6, dropout=1.5, batch_first=True)", (5, 8)),
    ("nn.RNN(8, 6.0, batch_first=True)", (5, 8)),
    ("nn.GRU(8, batch_first=True)", (5, 8)),
    ("nn.GRU(8, 6, 1, True, True, 0.0, False, None, None, 4)", (5, 8)),
    ("nn.LSTM(8, 6, return_sequences=True, batch_first=True)", (5, 8)),
)
KERAS_WRONG = (
    ("layers.LSTM(6)", (5, 4, 8)),
    ("layers.LSTM(6)", (8,)),
    ("layers.LSTM(0)", (5, 8)),
    ("layers.GRU(-2)", (5, 8)),
    ("layers.GRU(6, activation='nothing')", (5, 8)),
    ("layers.LSTM(6, reset_after=True)", (5, 8)),
    ("layers.LSTM()", (5, 8)),
    ("layers.Bidirectional(layers.GRU(6), merge_mode='max')", (5, 8)),
    ("layers.Bidirectional(layers.Dense(6))", (5, 8)),
)


def torch_calls():
    for _ in range(90):
        name = DRAWN.choice(("LSTM", "GRU", "RNN"))
        steps, features, hidden = (DRAWN.randint(1, n) for n in (12, 20, 16))
        given = {key: DRAWN.choice(values) for key, values in TORCH.items()}
        if name == "LSTM" and hidden > 1 and DRAWN.random() < 0.4:
            given["proj_size"] = DRAWN.randint(1, hidden - 1)
        if name == "RNN":
            given["nonlinearity"] = DRAWN.choice(("tanh", "relu"))
        options = "".join(f", {key}={value!r}" for key, value in given.items())
        yield f"nn.{name}({features}, {hidden}, batch_first=True{options})", (steps, features)
    yield "nn.LSTM(64, 128, batch_first=True, bidirectional=True)", (50, 64)
    yield from TORCH_WRONG


def keras_calls():
    for _ in range(90):
        name = DRAWN.choice(("LSTM", "GRU", "SimpleRNN"))
        steps, features, hidden = (DRAWN.randint(1, n) for n in (12, 20, 16))
        given = {key: DRAWN.choice(values) for key, values in KERAS.items()}
        if name == "GRU":
            given["reset_after"] = DRAWN.choice((True, False))
        if name != "SimpleRNN" and DRAWN.random() < 0.3:
            given["recurrent_activation"] = "hard_sigmoid"
        if not given["return_sequences"] and DRAWN.random() < 0.3:
            given["go_backwards"] = True
        call = f"layers.{name}({hidden}{''.join(f', {k}={v!r}' for k, v in given.items())})"
        if "go_backwards" not in given and DRAWN.random() < 0.5:
            mode = DRAWN.choice(("concat", "concat", "sum", "mul", "ave", None))
            call = f"layers.Bidirectional({call}, merge_mode={mode!r})"
        yield call, (steps, features)
    yield "layers.LSTM(128, return_sequences=True)", (50, 64)
    yield from KERAS_WRONG


def run_torch(call, shape):
    module = eval(call, NAMES).train()
    x = torch.randn(1, *shape)
    with torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as counter:
        output, states = module(x)
    states = states if isinstance(states, tuple) else (states,)
    return {
        "output": list(output.shape[1:]),
        "states": [[state.shape[0], state.shape[2]] for state in states],
        "tensors": [[name, list(held.shape)] for name, held in module.named_parameters()],
        "macs": counter.get_total_flops() // 2,
    }


def run_keras(call, shape):
    inputs = keras.Input(shape)
    layer = eval(call, NAMES)
    given = layer(inputs)
    given = given if isinstance(given, list | tuple) else [given]
    return {
        "outputs": [list(each.shape[1:]) for each in given],
        "tensors": [[held.name, list(held.shape)] for held in layer.weights],
    }


def main():
    for framework, calls, run in (
        ("torch", torch_calls(), run_torch),
        ("keras", keras_calls(), run_keras),
    ):
        for call, shape in calls:
            record = {"framework": framework, "call": call, "input": list(shape)}
            try:
                record |= run(call, shape)
            except Exception as error:
                record["error"] = f"{type(error).__name__}: {error}".partition("\n")[0][:120]
            sys.stdout.write(f"{json.dumps(record, separators=(',', ':'))}\n")


if __name__ == "__main__":
    main()
