"""What is drawn and the time of day: unknown numbers, an error only where they are needed."""

from __future__ import annotations

import pytest

from tests.source.reading import HEAD, refused, report_of

IMPORTS = "import datetime, math, random, time\nimport numpy as np\nfrom datetime import date\n"


def text_of(setup: str = "pass", back: str = "x") -> str:
    return (
        f"{HEAD}{IMPORTS}class Net(nn.Module):\n    def __init__(self):\n"
        f"        super().__init__()\n        {setup}\n"
        f"    def forward(self, x):\n        return {back}\nnet = Net()\n"
    )


IDLE = (
    "self.t = time.time() - time.perf_counter()",
    "print(random.random(), f'{time.time():.2f}', '%.3f' % random.gauss(0, 1), str(date.today()))",
    "self.name = 'run-' + datetime.datetime.now().strftime('%Y') + str(random.randint(0, 9))",
    "random.seed(int(time.time() * 1000) % 7); torch.manual_seed(random.getrandbits(16))",
    "np.random.seed(3); self.a = np.random.rand() * np.random.uniform(0, 2) + np.random.randint(5)",
    "rng = np.random.default_rng(0); self.v = rng.normal(); self.w = rng.integers(0, 9, size=3)",
    "self.k = max(1, int(random.random() * 3), key=lambda n: n); self.r = round(abs(-self.k), 2)",
    "self.m = math.sqrt(math.exp(random.random())) ** 2 // 3",
    "self.s = torch.rand(1).item(); i = int(torch.randint(0, 9, (1,))); self.f = float(i)",
    "s = random.sample(range(9), 3); assert len(s) == len(random.choices('ab', k=3)) == 3",
    "self.l = [1, 2, 3]; random.shuffle(self.l); self.one = self.l[random.randint(0, 2)]",
    "self.b = random.random() > 0.5; self.is_none = random.random() is None",
    "nn.init.normal_(nn.Linear(2, 3).weight, std=random.random())",
    "assert isinstance(random.random(), float) and isinstance(random.randint(1, 2), int)",
    "self.w = nn.Parameter(torch.randn(3) * random.random())",
    "time.sleep(random.random()); self.u = torch.rand(3).tolist()[0] + 1",
)


@pytest.mark.parametrize("setup", IDLE)
def test_says_nothing_about_shapes(setup: str) -> None:
    assert report_of(text_of(setup), (3, 6, 6)).layers == []


@pytest.mark.parametrize(
    ("setup", "back", "layers"),
    [
        ("self.d = nn.Dropout(random.random())", "self.d(x)", ["dropout"]),
        ("self.d = nn.Dropout2d(p=random.uniform(0, 1))", "self.d(x)", ["dropout"]),
        ("self.n = nn.BatchNorm2d(3, momentum=random.random())", "self.n(x)", ["bn"]),
        ("pass", "nn.functional.dropout(x, random.random(), self.training)", ["dropout"]),
        ("pass", "x if self.training and random.random() < 0.5 else x.relu()", ["relu"]),
        ("pass", "x.relu() * random.random()", ["relu", "scale:shape=1,role=constant"]),
        ("pass", "random.random() - x", ["rescale:-1", "shift:shape=1,role=constant"]),
        ("pass", "x.masked_fill(torch.rand(6, 6) < random.random(), 0)", []),
        ("self.fc = nn.Linear(random.choice([6]), 2)", "self.fc(x)", ["linear:2,axis=-1"]),
    ],
)
def test_stands_where_it_changes_no_size(setup: str, back: str, layers: list[str]) -> None:
    assert [row.text for row in report_of(text_of(setup, back), (3, 6, 6)).layers] == layers


DRAWN = "of line 10 gives"
USED = "of line 12 gives"


@pytest.mark.parametrize(
    ("setup", "back", "message"),
    [
        ("self.l = nn.Linear(3, random.randint(1, 4))", "x",
         f"`out_features` of this layer depends on what `random.randint` {DRAWN}"),
        ("self.l = nn.Conv2d(3, 3, kernel_size=random.choice([3, 5]))", "x",
         f"`kernel_size` of this layer depends on what `random.choice` {DRAWN}"),
        ("self.l = [nn.ReLU() for _ in range(random.randint(1, 3))]", "x",
         f"the length of this `range` depends on what `random.randint` {DRAWN}"),
        ("self.q = 1 if time.time() < 2 else 3", "x",
         f"this branch depends on what `time.time` {DRAWN}"),
        ("self.q = np.random.rand() in (1, 2)", "x",
         f"this comparison depends on what `numpy.random.rand` {DRAWN}"),
        ("self.q = [0] * random.randint(1, 4); self.l = nn.Linear(3, sum(self.q))", "x",
         f"this loop depends on what `random.randint` {DRAWN}"),
        ("self.q = random.sample(range(9), random.randint(1, 4))", "x",
         "the length of what `random.sample` gives depends on what `random.randint`"),
        ("self.q = torch.zeros(random.randint(1, 3), 2)", "x",
         f"the size of this tensor depends on what `random.randint` {DRAWN}"),
        ("self.q = np.random.rand(np.random.randint(3), 2)", "x",
         f"the size of this array depends on what `numpy.random.randint` {DRAWN}"),
        ("self.q = 1 if isinstance(random.random() * 2, float) else 3", "x",
         f"this test of a class depends on what `random.random` {DRAWN}"),
        ("self.q = type(random.choice([1, 'a']))", "x",
         f"this class depends on what `random.choice` {DRAWN}"),
        ("for _ in random.random(): pass", "x",
         f"this loop depends on what `random.random` {DRAWN}"),
        ("pass", "x if random.random() < 0.5 else x.relu()",
         f"this branch depends on what `random.random` {USED}"),
        ("pass", "x if torch.rand(1).item() < 0.5 else x.relu()",
         f"this branch depends on what `item` {USED}"),
        ("pass", "x.view(-1, random.randint(1, 4))",
         f"a size of this `view` depends on what `random.randint` {USED}"),
        ("pass", "x[:, :random.randint(1, 3)]",
         f"a bound of this slice depends on what `random.randint` {USED}"),
        ("pass", "nn.functional.interpolate(x, scale_factor=random.random())",
         f"an argument of this layer depends on what `random.random` {USED}"),
    ],
)  # fmt: skip
def test_is_an_error_where_it_is_needed(setup: str, back: str, message: str) -> None:
    """It says where the number came from; its place is where it was needed."""
    error = refused(text_of(setup, back), (3, 6, 6))

    assert message in error.message
    assert error.line == (10 if back == "x" else 12)


def test_where_it_came_from_is_another_line() -> None:
    text = text_of("self.n = random.randint(1, 3)", "nn.Linear(6, self.n)(x)")
    error = refused(text, (3, 6, 6))

    assert "depends on what `random.randint` of line 10 gives" in error.message
    assert error.line == 12


def test_a_vast_sample_is_bounded() -> None:
    text = text_of("self.q = random.choices([1], k=10 ** 9)")

    assert "more than 20,000 elements" in refused(text, (3, 6, 6)).message


def test_keras() -> None:
    text = (
        "import random, keras\nmodel = keras.Sequential([keras.Input((8,)), "
        "keras.layers.Dropout(random.random()), keras.layers.Dense(4)])\n"
    )
    assert [row.text for row in report_of(text, None, notation="keras").layers] == [
        "dropout", "linear:4",
    ]  # fmt: skip
