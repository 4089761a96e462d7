"""A text becomes a network, in the notation that it is in. Nothing that is read is executed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cnncalc.errors import SpecError
from cnncalc.network import Network
from cnncalc.notations.detecting import detect as by_looks
from cnncalc.notations.gathering import Reading, gather, located, named
from cnncalc.suggestions import suggest

__all__ = ["NOTATIONS", "Reading", "detect", "gather", "located", "named", "read"]

# What each notation is called in messages.
NOTATIONS = {
    "compact": "the compact notation",
    "torch": "PyTorch source",
    "keras": "Keras source",
    "onnx": "an ONNX model",
}
# The codes of errors that a text gives which is no network at all.
OF_THE_TEXT = (
    "bad-input", "bad-value", "brackets", "definition", "label", "not-a-layer", "raised",
    "syntax", "unknown-layer", "unknown-option",
)  # fmt: skip


def read(
    reading: Reading, notation: str | None = None, let: Mapping[str, int] | None = None
) -> Network:
    """Read a network.

    Args:
        reading: its text.
        notation: one of `NOTATIONS`; None: detected.
        let: values for the symbols in the text.

    Raises:
        SpecError: with the place.
    """
    try:
        return _read(reading, notation, let)
    except SpecError as error:
        if error.code not in OF_THE_TEXT:
            raise
        from cnncalc.notations.no_network import instead  # only a wrong text needs it

        guessed = notation is None and detect(reading) == "compact" and not reading.files
        raise instead(reading.source, error, guessed) from None


def _read(reading: Reading, notation: str | None, let: Mapping[str, int] | None) -> Network:
    if notation is not None and notation not in NOTATIONS:
        from cnncalc.frameworks import counterparts  # only a wrong word needs it

        near = suggest(notation, NOTATIONS, counterparts.NOTATIONS)
        raise SpecError(
            f"there is no notation `{notation}`",
            code="notation",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(NOTATIONS)}",
        )
    found = notation or detect(reading)
    if found == "compact":
        from cnncalc.notations import compact

        if reading.target:
            raise SpecError(
                f"a spec of the compact notation has no `{reading.target}` in it",
                code="notation",
                help="what follows the colon names a class or a function in a Python file",
            )
        return compact.parse(reading.source, let)
    for symbol in let or ():
        raise SpecError(
            f"{NOTATIONS[found]} has no symbol `{symbol}`",
            code="let",
            help="`-i` gives the input's size; symbols stand in the compact notation",
        )
    if found in ("torch", "keras"):
        from cnncalc.notations import source

        path = next((file for file in reading.files if file.lower().endswith(".py")), None)
        return source.parse(reading.source, notation=found, entry=reading.target, path=path)
    if found == "onnx":
        from cnncalc.notations import onnx_file

        return onnx_file.parse(_model_path(reading))
    # The readers of the other notations are plugged in here, each imported on use.
    what = f"`{reading.files[0]}` is" if reading.files else "this looks like"
    raise SpecError(
        f"{what} {NOTATIONS[found]}, which this version doesn't read",
        code="notation",
        help="write it in the compact notation, as in `3x32x32 conv:16,k3,p1 relu`"
        + ("" if notation or found == "onnx" else ", or say `--from compact` if it is"),
    )


def _model_path(reading: Reading) -> str:
    """The path of a model file, which is no text: a word of its own, or all of the text."""
    text = reading.source.text.strip()
    paths = list(reading.files) or [text]
    if len(paths) > 1 or (reading.files and text) or not paths[0]:
        raise SpecError(
            "an ONNX model is one file, and stands alone",
            code="notation",
            help="`cnncalc shape model.onnx -i 3x224x224`",
        )
    return paths[0]


def detect(reading: Reading) -> str:
    """The notation of a text, by its file's name or else by its looks."""
    suffixes = {os.path.splitext(file)[1].lower() for file in reading.files}
    if ".onnx" in suffixes:
        return "onnx"
    if suffixes & {".cnn"}:
        return "compact"
    return by_looks(reading.source.text, python=".py" in suffixes)
