"""What callers of the Python API give: a network in any of its forms, and settings of a type."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from operator import index
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Protocol

from cnncalc import files
from cnncalc.errors import CnnCalcError, Source
from cnncalc.network import Network
from cnncalc.notations import Text, reading, texts
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc import comparison, live
    from cnncalc.inputs import Inputs

    class LiveModel(Protocol):
        """A torch.nn.Module or keras.Model; neither package need be there to say so."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """What the model makes of its inputs."""

    Path = str | os.PathLike[str]
    Net = Path | Source | Text | Network | LiveModel  # all that a network is given as
else:  # most networks are texts
    comparison = OnUse("cnncalc.comparison")
    live = OnUse("cnncalc.live")

__all__ = [
    "callback",
    "flag",
    "network_of",
    "report_document",
    "text",
    "text_of",
    "text_or_network",
    "whole",
]

FORMS = (
    "a text such as '3x32x32 conv:16,k3', a path, 'model.py:Net', a torch.nn.Module, a "
    "keras.Model, or what `cnncalc.parse` gave"
)
FUNCTIONS = (BuiltinFunctionType, FunctionType, MethodType)
MAX_REPORT = 400_000_000  # bytes of a report that was saved
SHOWN = 40  # characters of a value that a message repeats


def network_of(
    given: Net,
    input: Inputs | None = None,
    *,
    notation: str | None = None,
    let: Mapping[str, int] | None = None,
    path: Path | Sequence[Path] | None = None,
) -> Network:
    """The network that a caller means.

    Args:
        given: a network, a text, a path (perhaps with `:Net(10)` behind it), or a live model.
        input: for a live model its input's size, which some are followed at.
        notation: what a text is in; None: detected.
        let: values for the symbols of a text.
        path: further folders that are searched for what a source imports.

    Raises:
        SpecError: a text that is no network, with its place.
        CnnCalcError: anything else that is none, or a model that can't be read.
    """
    text("notation", notation, "torch", optional=True)
    if isinstance(given, Text):
        return reading.read(given, notation, _let(let))
    if isinstance(given, str | Source | os.PathLike):
        return reading.read(_text_of(given, _folders(path)), notation, _let(let))
    for name, value in (("notation", notation), ("let", let), ("path", path)):
        if value is not None:
            raise CnnCalcError(
                f"`{name}` says how a text is read, and {described(given)} is none",
                code="argument",
                help=f"leave `{name}` out",
            )
    if isinstance(given, Network):
        return given
    read = _reader_of(given)
    if read is None:
        raise _no_network(given)
    return read(given, input)


def text_or_network(
    given: Net, input: Inputs | None, notation: str | None, let: Mapping[str, int] | None
) -> Text | Network:
    """The text that a caller gives, not read yet, or the network that isn't one."""
    text("notation", notation, "torch", optional=True)
    _let(let)
    if isinstance(given, Text):
        return given
    if isinstance(given, str | Source | os.PathLike):
        return _text_of(given)
    return network_of(given, input, notation=notation, let=let)


def report_document(given: object) -> comparison.Document:
    """The document of a report that a caller saved: itself, or the path of its file."""
    if isinstance(given, Mapping):
        import json

        return comparison.read_baseline(json.dumps(dict(given)), "baseline")
    if not isinstance(given, str | os.PathLike):
        raise wrong("baseline", given, "the path of a report's JSON, or its document")
    path = os.fspath(given)
    try:
        return comparison.read_baseline(files.text(files.read(path, MAX_REPORT)), str(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CnnCalcError(
            f"`{path}` can't be read: {reason.lower()}",
            code="baseline",
            help="`cnncalc shape … --json -o report.json` writes one",
        ) from None


def text_of(given: object, notation: str | None) -> Text:
    """The text that a caller gives, where it has to be one."""
    text("notation", notation, "compact", optional=True)
    if isinstance(given, Text):
        return given
    if isinstance(given, str | Source | os.PathLike):
        return _text_of(given)
    raise CnnCalcError(
        f"{described(given)} is no text", code="argument", help="a text with choices, or its path"
    )


def _text_of(given: str | Source | os.PathLike[str], paths: tuple[str, ...] = ()) -> Text:
    if isinstance(given, Source):
        return Text(given, paths=paths)
    if isinstance(given, str):
        return texts.of_string(given, paths)
    path = os.fspath(given)
    return texts.of_path(path if isinstance(path, str) else os.fsdecode(path), paths)


def _folders(path: object) -> tuple[str, ...]:
    """The folders that a caller names: one, or several."""
    single = path is None or isinstance(path, str | os.PathLike)
    given = () if path is None else (path,) if single else path
    if not isinstance(given, list | tuple) or not all(
        isinstance(each, str | os.PathLike) for each in given
    ):
        raise wrong("path", path, "folders to search: `path=['src']`")
    for each in given:
        if not os.path.isdir(each):
            raise wrong("path", os.fspath(each), "a folder: `path=['src']`")
    return tuple(os.fsdecode(each) for each in given)


def _reader_of(given: object) -> Callable[[LiveModel, Inputs | None], Network] | None:
    """What reads a live model; None for anything else.

    Whoever has a model has imported its framework, so that nothing is imported to find out.
    With PyTorch under it, a Keras model is a torch.nn.Module as well.
    """
    if _is(given, "keras", "Layer"):
        return live.from_keras if _is(given, "keras", "Model") else None
    return live.from_torch if _is(given, "torch.nn", "Module") else None


def _is(value: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _no_network(given: object) -> CnnCalcError:
    """What can't be a network, and what may have been meant."""
    name = getattr(given, "__name__", "")
    bases = {each.__name__ for each in given.__mro__[1:]} if isinstance(given, type) else set()
    if bases & {"Module", "Model"}:
        advice = f"an object of it: `{name}()`"
    elif isinstance(given, FUNCTIONS) and name.isidentifier():
        advice = f"what it gives: `{name}()`"
    elif _is(given, "keras", "Layer"):
        advice = "a model of it: `keras.Sequential([keras.Input((32, 32, 3)), layer])`"
    elif hasattr(given, "network") and hasattr(given, "rows"):
        advice = "its network: `report.network`"
    elif isinstance(given, bytes | bytearray):
        advice = "a text as `str`; an ONNX model by the path of its file"
    elif type(given).__name__ == "ModelProto":
        advice = "the path of its file: `onnx.save(model, 'net.onnx')`, then 'net.onnx'"
    elif isinstance(given, dict) and "spec" in given:
        advice = "a report's network is its `spec`"
    elif isinstance(given, list | tuple) and given and all(isinstance(n, str) for n in given):
        advice = "one text: `' '.join(words)`"
    else:
        advice = FORMS
    return CnnCalcError(f"{described(given)} is no network", code="argument", help=advice)


def described(value: object) -> str:
    """A value as a message names it: itself where it is short, else what it is."""
    from reprlib import repr as shortened  # of long lists it shows the first elements only

    if isinstance(value, type):
        return f"the class `{value.__qualname__}`"
    if isinstance(value, FUNCTIONS):
        return f"the function `{value.__name__}`"
    shown = shortened(value)
    if len(shown) <= SHOWN and shown.isprintable() and not shown.startswith("<"):
        return f"`{shown}`"
    name = type(value).__qualname__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} `{name}`"


def wrong(name: str, value: object, right: str) -> CnnCalcError:
    """An argument of a type that it can't have."""
    return CnnCalcError(f"`{name}` can't be {described(value)}", code="argument", help=right)


def text(name: str, value: object, example: str, *, optional: bool = False) -> None:
    """CnnCalcError where an argument is no text."""
    if not isinstance(value, str) and not (optional and value is None):
        raise wrong(name, value, f"a text, such as `{name}={example!r}`")


def flag(name: str, value: object) -> None:
    """CnnCalcError where an argument is neither true nor false."""
    if not isinstance(value, bool):
        raise wrong(name, value, f"`{name}=True` or `{name}=False`")


def whole(name: str, value: Any, example: str, *, optional: bool = False) -> Any:
    """A whole number, NumPy's too, as an int; CnnCalcError for anything else."""
    if value is None and optional:
        return None
    try:
        number = index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise wrong(name, value, f"a whole number, such as `{name}={example}`")
    return number


def callback(name: str, value: object) -> None:
    """CnnCalcError where an argument can't be called."""
    if value is not None and not callable(value):
        raise wrong(name, value, "a function, or nothing")


def _let(let: object) -> dict[str, int] | None:
    if let is None:
        return None
    if not isinstance(let, Mapping) or not all(isinstance(symbol, str) for symbol in let):
        raise wrong("let", let, "`let={'H': 224}`")
    return {symbol: whole(f"let[{symbol!r}]", size, "224") for symbol, size in let.items()}
