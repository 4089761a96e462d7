"""What people type wrong, and what they are told: the right word, or nothing rather than another.

Also how several mistakes of one text are told together.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.errors import MAX_TOLD, SpecError
from cnncalc.notations.compact import advice, corrections
from cnncalc.notations.compact.corrections import corrected
from tests.conftest import Command

# The words behind `cnncalc shape 3x32x32`, and what is proposed; None: nothing.
COMPACT: dict[str, str | None] = {
    # Glued and parted in other ways
    "conv:16k3": "conv:16,k3",
    "conv16,k3": "conv:16,k3",
    "conv16k3p1": "conv:16,k3,p1",
    "conv-16-k3": "conv:16,k3",
    "conv_16_k3": "conv:16,k3",
    "conv.16.k3": "conv:16,k3",
    "conv=16,k3": "conv:16,k3",
    "conv::16,k3": "conv:16,k3",
    "conv:16:3": "conv:16,3",
    "conv:16;k3": "conv:16,k3",
    "conv:16=3": "conv:16,3",
    "conv:16/k3": "conv:16,k3",
    "conv 16 3": "conv:16,3",
    "conv 16,3": "conv:16,3",
    "conv:16 k3 p1": "conv:16,k3,p1",
    "conv:16, k3, p1": "conv:16,k3,p1",
    "conv:16 , k3": "conv:16,k3",
    "conv: 16, 3": "conv:16,3",
    "conv:16,k3,": "conv:16,k3",
    "conv(16 3)": "conv:16,3",
    "conv:16,k3(s=2)": "conv:16,k3,s=2",
    "conv3x3:16": "conv:16,k3x3",
    "conv 3x3 16": "conv:16,k3x3",
    "conv3-64": "conv:64,k3",
    "max-pool:2": "maxpool:2",
    "dropout:0,5": "dropout:0.5",
    "maxpool2": "maxpool:2",
    "fc10": "fc:10",
    "dropout0.5": "dropout:0.5",
    # Capital letters, and names from elsewhere
    "Conv:16,k3": "conv:16,k3",
    "Conv:16": "conv",
    "MaxPool:2": "maxpool:2",
    "max_pool:2": "maxpool:2",
    "MaxPooling2D:2": "maxpool:2",
    "conv2d:16,k3": "conv:16,k3",
    "conv2d(16, 3)": "conv:16,3",
    "Dense:10": "dense:10",
    "batch_norm": "bn",
    "zero_padding:1": "pad:1",
    "global_avg_pool": "gap",
    "adaptive_avg_pool:1": "adaptiveavg:1",
    "view": "flatten",
    "concatenate": "cat[ … | … ]",
    "skip": "add[ … | ]",
    "residual[conv:3,k3,p1 | ]": "add[ … | ]",
    "concat[conv:8,k3 | ]": "cat[ … | … ]",
    "resnet": "resnet18",
    # Typos
    "cnov:16,k3": "conv:16,k3",
    "flaten": "flatten",
    "reul": "relu",
    # Options
    "conv:16,kernel_size=3": "kernel=3",
    "conv:16,kernal_size=3": "kernel=3",
    "conv:16,k3,strides=2": "stride=2",
    "conv:16,k3,stides=2": "stride=2",
    "conv:16,k3,pad=1": "padding=1",
    "conv:16,k3,pad1": "padding=1",
    "conv:filters=16,k3": "out_channels=16",
    "conv:16,k3,padding=SAME": "padding=same",
    "conv:16,k3,p=sane": "p=same",
    "conv:16,k3,same": "p=same",
    "conv:16,k3,use_bias=False": "nobias",
    "conv:16,k3,no_bias": "nobias",
    "conv:16,K3": "k3",
    "upsample:2,mode=bilinear": "mode=linear",
    "upsample:2,bilinear": "mode=linear",
    "conv:3,16,k3": "conv:16,k3",
    "conv(3, 16, 3)": "conv:16,3",
    "linear:400,120": "linear:120",
    "bn:16": "bn",
    # Nothing is near, or nothing can be meant
    "lstm:20": None,
    "transformer": None,
    "qwertz:3": None,
    "attention": None,
    "conv:16,k3,z2": None,
    "conv:16,k=three": None,
    "conv:16,k3,p=1,1": None,
    "reshape:-1": None,
    "conv:1O,k3": None,
    "dropout:50%": None,
}

# Source behind `cnncalc shape -i 3x32x32`.
TORCH: dict[str, str | None] = {
    "nn.Maxpool2d(2)": "nn.MaxPool2d",
    "nn.Conv2D(3, 16, 3)": "nn.Conv2d",
    "nn.conv2d(3, 16, 3)": "nn.Conv2d",
    "nn.Dense(3, 16)": "nn.Linear",
    "nn.BatchNorm(16)": "nn.BatchNorm2d",
    "nn.Flaten()": "nn.Flatten",
    "nn.Relu()": "nn.ReLU",
    "nn.MaxPooling2D(2)": "nn.MaxPool2d",
    "nn.GlobalAveragePooling2D()": "nn.AdaptiveAvgPool2d(1)",
    "nn.Concat()": "torch.cat",
    "nn.Sequental(nn.ReLU())": "nn.Sequential",
    "nn.MultiHeadAttention(3)": "nn.MultiheadAttention",
    "Maxpool2d(2)": "MaxPool2d",
    "nn.Conv2d(3, 16, kernal_size=3)": "kernel_size",
    "nn.Conv2d(3, 16, 3, stides=2)": "stride",
    "nn.Conv2d(in_channel=3, out_channels=16, kernel_size=3)": "in_channels",
    "nn.Conv2d(3, filters=16, kernel_size=3)": "out_channels",
    "nn.Conv2d(3, 16, 3, use_bias=False)": "bias",
    "nn.Conv2d(3, 16, 3, padding='SAME')": "padding='same'",
    "nn.Conv2d(3, 16, 3, padding=same)": "'same'",
    "nn.Conv2d(3, 16, 3, bias=false)": "False",
    "nn.Upsample(scale_factor=2, mode='bilinar')": "mode='bilinear'",
    "nn.Conv2d(3, 16, 3, activation='relu')": None,
    "nn.Foo(3)": None,
    "nn.SeparableConv2d(3, 16, 3)": None,
}
KERAS: dict[str, str | None] = {
    "layers.Conv2d(16, 3)": "layers.Conv2D",
    "layers.Linear(10)": "layers.Dense",
    "layers.BatchNorm2d(16)": "layers.BatchNormalization",
    "layers.Maxpool2D(2)": "layers.MaxPool2D",
    "layers.Conv2D(16, kernel=3)": "kernel_size",
    "layers.Conv2D(out_channels=16, kernel_size=3)": "filters",
    "layers.Conv2D(16, 3, stride=2)": "strides",
    "layers.Conv2D(16, 3, bias=False)": "use_bias",
    "layers.Conv2D(16, 3, activation=relu)": "'relu'",
    "layers.Dense(units=10, activaton='relu')": "activation",
    "layers.Foo(3)": None,
}
# Whole commands.
COMMANDS: dict[str, str | None] = {
    "shape lenet5 --format jason": "json",
    "shape lenet5 --format md": "markdown",
    "shape lenet5 --format yaml": None,
    "shape lenet5 --batchsize 3": "--batch",
    "shape lenet5 --batch-size 3": "--batch",
    "shape lenet5 --inputs 3x8x8": "--input",
    "shape lenet5 --input-size 3x8x8": "--input",
    "shape lenet5 --output x.txt": "--out",
    "shape lenet5 --max-param 3M": "--max-params",
    "shape lenet5 --gpu": "--device",
    "shape lenet5 --verbose": None,
    "shape lenet5 --dtype halff": "float16",
    "shape lenet5 --dtype float": "float32",
    "shape lenet5 --dtype torch.float32x": "float32",
    "shape lenet5 --dtype float8": None,
    "shape lenet5 --layout NHWC": "channels-last",
    "shape lenet5 --from pytorch": "torch",
    "shape lenet5 --from tf": "keras",
    "shape lenet5 --columns mac": "macs",
    "shape lenet5 --count torch": "pytorch",
    "convert lenet5 --to tensorflow": "keras",
    "convert lenet5 --to yaml": None,
    "shape ResNet-81": "resnet18",
    "shape vgg61": "vgg16",
    "shape conv/16/k3": "conv:16,k3",
    "shpe lenet5": "cnncalc shape",
    "receptive-field lenet5": "cnncalc rf",
    "summary lenet5": "cnncalc shape",
    "export lenet5": "cnncalc convert",
    "verify lenet5": "cnncalc shape SPEC --verify",
    "quux lenet5": None,
    "layers Conv2d": "cnncalc layers conv",
    "layers foo": None,
}
PROPOSED = re.compile(r"did you mean (?:the example )?`(.*?)`\?")


def proposed(message: str) -> str | None:
    """What a message proposes; the first mistake's proposal where there are several."""
    found = PROPOSED.search(message)
    return found[1] if found else None


def test_there_are_enough() -> None:
    assert len(COMPACT) + len(TORCH) + len(KERAS) + len(COMMANDS) >= 140


@pytest.mark.parametrize(("words", "right"), COMPACT.items(), ids=COMPACT)
def test_specs(words: str, right: str | None, command: Command) -> None:
    code, out, err = command("shape", f"3x32x32 {words}")

    assert (code, out) == (2, "")
    assert proposed(err) == right
    assert "help: " in err


@pytest.mark.parametrize(("source", "right"), TORCH.items(), ids=TORCH)
def test_pytorch_source(source: str, right: str | None, command: Command) -> None:
    code, out, err = command("shape", "-i", "3x32x32", source)

    assert (code, out, proposed(err)) == (2, "", right)


@pytest.mark.parametrize(("source", "right"), KERAS.items(), ids=KERAS)
def test_keras_source(source: str, right: str | None, command: Command) -> None:
    code, out, err = command("shape", "-i", "32x32x3", f"keras.Sequential([{source}])")

    assert (code, out, proposed(err)) == (2, "", right)


@pytest.mark.parametrize(("words", "right"), COMMANDS.items(), ids=COMMANDS)
def test_commands(words: str, right: str | None, command: Command) -> None:
    code, out, err = command(*words.split())

    assert (code, out, proposed(err)) == (2, "", right)


# What helps without naming one word: the words behind `cnncalc shape`, and words of the help.
ADVICE: dict[str, str] = {
    "3x32x32 conv:16,k3,relu": "`relu` is a layer of its own",
    "3x32x32 conv:16,k3,activation=relu": "`relu` is a layer of its own",
    "3x32x32 conv:in=3,out=16,k3": "leave it out",
    "3x32x32 conv:3,16,k3": "the channels that come in aren't typed",
    "3x32x32 relu;bn;maxpool:2": "`relu bn maxpool:2`",
    "3x32x32 relu,conv:16,k3": "`relu conv:16,k3`",
    "3x32x32 conv:16,k3;relu": "`conv:16,k3 relu`",
    "3x32x32,relu": "write `3x32x32 relu`",
    "3x32x32 relu -> tanh": "leave `->` out",
    "3x32x32 relu → tanh": "leave `→` out",
    "3x32x32 (conv:16,k3 relu)": "a group stands in brackets",
    "3x32x32 {conv:16,k3 relu}": "a group stands in brackets",
    "3x32x32 [relu]*3": "`3*[ … ]`",
    "3x32x32 [relu]x3": "`3*[ … ]`",
    "3x32x32 3x[relu]": "`3*[ … ]`",
    "3x32x32 3 * [relu]": "`3*[ … ]`",
    "3x32x32 relux2": "`2*relu`",
    "3x32x32 relu*2": "`2*relu`",
    "3x32x32 a@@relu": "one `@` names a step",
    "3x32x32 x1@relu @x2": "steps with a name: `@x1`",
    "3x32x32 relu + tanh": "`add[ … | … ]`",
    "3x32x32 conv:16,k(3,3)": "joined by x",
    "3x32x32 conv:16,k=[3,3]": "joined by x",
    "3x32x32 conv:64,k3/2": "a stride is written `s2`",
    "3x32x32 x=conv:8,k3": "`x@conv:8,k3`",
    "3x32x32 x:conv:8,k3": "`x@conv:8,k3`",
    "3x32x32 x = conv:8,k3": "`cnncalc layers`",
    "3x32x32 relu, tanh": "parted by blanks alone",
    "3x32x32 add{relu | tanh}": "`add[ … | … ]`",
    "3x32x32 conv:8,k3,depthwise": "`dwconv` is a layer of its own",
    "3x32x32 def b(c) = [conv:c,k3] b:8": "the parameter is written `$c`",
    "3x32x32 def b(c) = [conv:$c*2,k3] b:8": "`{$c*2}`",
    "3x32x32 relu // a comment": "begins with `#`",
    "3x32x32 relu /* a comment */": "begins with `#`",
    "net.pyx": "end in .cnn, .txt, .py, .onnx, .ipynb or .md",
    "3x32x32 conv(16, 3": "a `)` where it ends",
    "nn.Conv2d(3 16, 3)": "a comma between `nn.Conv2d(3` and `16, 3)`",
    "nn.Conv2d(3, 16, 3) nn.ReLU()": "a comma between `nn.Conv2d(3, 16, 3)` and `nn.ReLU()`",
    "nn.Conv2d(3, 16, 3) -> nn.ReLU()": "layers stand between commas",
    "nn.Sequential(nn.ReLU()": "a closing bracket",
    "nn.Conv2d(3, 16, 3, padding=“same”)": "plain signs",
    "nn.Conv2d": "`nn.Conv2d(in_channels, out_channels, kernel_size)`",
    "nn.Conv2d[3, 16, 3]": "`nn.Conv2d(3, 16, 3)`",
    "nn.Conv2d(3, 16, 3, activation='relu')": "an activation is a layer of its own",
}


@pytest.mark.parametrize(("text", "words"), ADVICE.items(), ids=ADVICE)
def test_advice(text: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(text, (3, 32, 32))

    assert words in (caught.value.help or "")


# The command stands in another place than the first.
@pytest.mark.parametrize(
    ("words", "help"),
    [
        (["lenet5", "shape"], "`cnncalc shape lenet5`"),
        (["3x8x8", "relu", "shape"], "`cnncalc shape 3x8x8 relu`"),
        (["-i", "3x8x8", "shape", "relu"], "options follow the command: `cnncalc shape -i …`"),
        (["model.py"], "`cnncalc shape model.py`"),
        (["shape", "3x8x8", "relu", "->", "tanh"], "leave `->` out"),
    ],
)
def test_the_order_of_words(words: list[str], help: str, command: Command) -> None:
    code, out, err = command(*words)

    assert (code, out) == (2, "")
    assert help in err


layers = st.sampled_from(
    ["conv:16,k3", "conv:16,k3,p1", "maxpool:2", "maxpool:3,s2,p1", "linear:10", "dropout:0.5",
     "gn:4", "convt:8,k2,s2", "conv:8,k3x5,s2x1", "upsample:2", "lrn:5", "conv:16,3,nobias"]
)  # fmt: skip
PARTINGS = (",", ";", " ", "-", "_", "/", ", ", " ; ", ":")


@given(layers, st.sampled_from(PARTINGS), st.booleans(), st.booleans())
def test_what_is_proposed_is_the_layer(word: str, parting: str, glued: bool, upper: bool) -> None:
    """However a layer's options are parted: a proposal reads as the layer that was garbled."""
    name, _, options = word.partition(":")
    parts = options.split(",")
    name = name.capitalize() if upper else name
    garbled = parting.join([name + parts[0], *parts[1:]] if glued else [name, *parts])
    right = corrected(garbled)

    assert right is not None
    assert cnncalc.parse(f"8x32x32 {right}").steps[1].layer == (
        cnncalc.parse(f"8x32x32 {word}").steps[1].layer
    )


@given(st.text(max_size=12), st.sampled_from(["conv", "maxpool", "relu", "gn", "nope", "Conv2d"]))
def test_every_proposal_reads(text: str, name: str) -> None:
    right = corrected(name + text)

    assert right is None or len(cnncalc.parse(f"3x8x8 {right}").steps) > 1


def found(text: str) -> list[str]:
    """The words at fault of all the mistakes in a spec."""
    with pytest.raises(SpecError) as caught:
        cnncalc.parse(text)
    errors = [caught.value, *caught.value.also]
    return [each.span.text for each in errors if each.span]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3x32x32 cnov:16,k3 relu maxpol:2 lnear:10", ["cnov", "maxpol", "lnear"]),
        ("3x0x32 cnov:16,k3 relu", ["3x0x32", "cnov"]),
        ("3x8x8 conv:16,stides=2,k3 foo", ["stides=2", "foo"]),
        ("3x8x8 conv:16,k0 conv:0,k3 linear", ["k0", "0", "linear"]),
        ("3x8x8 add[ foo | @q ] @r", ["foo", "@q", "@r"]),
        ("3x8x8 foo 2*[ bar [ baz ] ]", ["foo", "bar", "baz"]),
        ("3x8x8 def b(c) = [ foo conv:$c,k0 ] b:8 b:9", ["foo", "k0"]),
        ("3x8x8 def b(c) = [ conv:$c,k3 ] b b:8,9 b:0", ["$c", "b", "9"]),
        ("3x8x8 $c*relu foo", ["$c*relu", "foo"]),
        # What follows from another mistake is not told
        ("3x8x8 conv 16 3 relu conv 8 3 tanhh", ["16", "8", "tanhh"]),
        ("3x8x8 conv:16, k3, p1 foo", [",", "foo"]),
        ("3x8x8 conv16,k3 k5 foo", [",k3", "foo"]),
        ("3x8x8 a@foo relu cat[ | @a ] @b", ["foo", "@b"]),
        ("3x8x8 2 * relu foo:3", ["2", "foo"]),
        ("3x8x8 conv:16,k(3,3) foo", ["conv:16,k(", "foo"]),
        # Behind a bracket that isn't closed nothing is sure
        ("3x8x8 5 conv(16, 3 foo", ["5", "("]),
        ("3x8x8 foo [ relu", ["["]),
    ],
)
def test_mistakes_are_told_together(text: str, words: list[str]) -> None:
    assert found(text) == words


def test_they_come_in_their_order() -> None:
    """Also where one was found before another that stands before it."""
    assert found("3x8x8 foo 5x5 bar") == ["foo", "5x5", "bar"]


def test_the_same_mistake_is_told_once() -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.parse("3x8x8 foo bar foo\nfoo foo foo")

    assert [each.message for each in caught.value.also] == ["there is no layer `bar`"]
    assert caught.value.notes == ["the same at 1:15, 2:1, 2:5 and 1 more"]


def test_a_place_is_told_once() -> None:
    """Though a repeat or a definition comes back to it."""
    with pytest.raises(SpecError) as caught:
        cnncalc.parse("3x8x8 def b = [ foo ] 9*foo b b 3*[b]")

    assert caught.value.notes == ["the same at 1:25"]


def test_no_more_are_looked_for_than_anybody_reads() -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.parse("3x8x8 " + "foo " * 5_000)

    assert caught.value.notes == ["the same at 1:11, 1:15, 1:19 and 96 more"]


def test_not_more_than_a_few_are_told() -> None:
    words = [f"wrong{letter * 7}" for letter in "abcdefghijkl"]
    for text in (" ".join(words), " ".join(f"{word}:(" for word in words), " ".join("()" * 12)):
        with pytest.raises(SpecError) as caught:
            cnncalc.parse(f"3x8x8 {text}")
        assert len(caught.value.also) < MAX_TOLD

    with pytest.raises(SpecError) as caught:
        cnncalc.parse(f"3x8x8 {' '.join(words)}")
    assert len(caught.value.also) == MAX_TOLD - 1
    assert caught.value.draw().endswith(
        f"\n\nthese are the first {MAX_TOLD} mistakes; there may be more\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "3x8x8 20000*foo bar",
        "3x8x8 20000*[foo bar:1,2]",
        "3x8x8 def a=[foo foo] def b=[20*a] def c=[20*b] c",
        "3x8x8 def a(n)=[conv:$n,k0 bar] 20000*a:8",
        "3x8x8 " + "foo " * 5_000,
        "3x8x8 " + "x" * 50_000,
        "3x8x8 " + "1 " * 50_000,
        "3x8x8 conv:" + "1;" * 50_000,
        "3x8x8 conv " + ", " * 50_000,
    ],
    ids=lambda text: text[:32],
)
def test_many_mistakes_are_no_more_work(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place is looked at once, and what is told already needs no advice again."""
    asked = []
    for module in (corrections, advice):
        monkeypatch.setattr(module, "suggest", lambda word, *known: asked.append(word))
    corrections._nearest.cache_clear()
    advice._nearest_example.cache_clear()

    with pytest.raises(SpecError) as caught:
        cnncalc.parse(text)

    assert len(caught.value.also) < 3
    assert len(asked) < 10
    corrections._nearest.cache_clear()
    advice._nearest_example.cache_clear()


def test_the_document_is_the_first_ones(command: Command) -> None:
    code, out, err = command("shape", "3x8x8", "foo", "bar:1", "--json")
    document = json.loads(err)

    assert (code, out) == (2, "")
    assert document["schema"] == "cnncalc.error/1"
    assert document["error"]["message"] == "there is no layer `foo`"
    assert [each["message"] for each in document["also"]] == ["there is no layer `bar`"]
    assert set(document["also"][0]) == set(document["error"])


def test_one_mistake_has_none_beside_it(command: Command) -> None:
    _, _, err = command("shape", "3x8x8", "foo", "--json")

    assert set(json.loads(err)) == {"schema", "error"}


# A source, and the words at fault of all its mistakes.
SOURCES: dict[str, tuple[str, list[str]]] = {
    "classes and keywords": (
        "nn.Sequential(nn.Conv2d(3, 8, 3, stides=2), nn.Relu(), nn.MaxPool2d(2, paddin=1))",
        ["stides=2", "nn.Relu()", "paddin=1"],
    ),
    "Keras": (
        "keras.Sequential([layers.Conv2d(8, 3), layers.Dense(3, activaton='relu')])",
        ["layers.Conv2d(8, 3)", "activaton='relu'"],
    ),
    "one method": (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = nn.Conv2D(3, 8, 3)\n        self.b = nn.Relu()\n"
        "        self.c = nn.Relu()\n"
        "    def forward(self, x):\n        return F.rellu(self.b(self.a(x)))\n",
        ["nn.Conv2D(3, 8, 3)", "nn.Relu()"],
    ),
    "functions": (
        "class Net(nn.Module):\n    def forward(self, x):\n"
        "        return F.max_pol2d(F.rellu(x), 2)\n",
        ["F.max_pol2d(F.rellu(x), 2)", "F.rellu(x)"],
    ),
    "what may be there elsewhere": ("nn.Sequential(nn.Relu(), nn.Foo())", ["nn.Relu()"]),
    "shapes": ("nn.Sequential(nn.Conv2d(4, 8, 3), nn.Conv2d(9, 8, 3))", ["4"]),
    "another statement": (
        "m = nn.Relu()\nn = nn.Maxpool2d(2)\nnet = nn.Sequential(m)", ["nn.Relu()"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), SOURCES.values(), ids=SOURCES)
def test_wrong_names_of_a_source(text: str, words: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(text, (3, 32, 32))
    errors = [caught.value, *caught.value.also]

    assert [each.span.text for each in errors if each.span] == words


def test_a_missing_file_is_near_one_that_is_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mha.py", "lenet5.cnn", "unet.py", "unet.pt", "notes.md", "resnet.py"):
        (tmp_path / name).write_text("3x8x8 relu")
    right = {
        "a.cnn": None,
        "lenet.cnn": "lenet5.cnn",
        "unet.cnn": "unet.py",
        "Unet.py": "unet.py",
        "note.txt": None,
        "resnt.py": "resnet.py",
    }

    for name, near in right.items():
        assert proposed(command("shape", name).err) == near, name
