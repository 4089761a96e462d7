"""What words and paths name that isn't there, and what may have been meant."""

from __future__ import annotations

import os

from cnncalc.errors import Source, Span, SpecError
from cnncalc.layers import LAYERS
from cnncalc.notations.compact.advice import joined
from cnncalc.notations.compact.corrections import layer_meant
from cnncalc.notations.examples import example_names
from cnncalc.notations.refusals import MAX_LISTED, networks_in
from cnncalc.suggestions import suggest

__all__ = ["example", "file"]

LISTS = "`cnncalc examples` and `cnncalc layers` list them all"


def example(name: str) -> SpecError:
    """The error on a word that stands alone and is neither an example nor a layer."""
    if os.path.isdir(name):
        return file(name, IsADirectoryError())
    near = suggest(name, example_names()) or layer_meant(name)
    advice = f"did you mean `{near}`?" if near else LISTS
    if os.path.isfile(name):
        advice = f"the file of that name is `{os.path.join('.', name)}`"
    return SpecError(
        f"there is no example or layer `{name}`",
        Span(Source(name), 0, len(name)),
        code="unknown-layer",
        help=advice,
    )


def file(path: str, error: OSError) -> SpecError:
    """The error on a file that can't be read, whose name it has, as the system says it."""
    told = _told(path, error)
    told.file = path
    return told


def _told(path: str, error: OSError) -> SpecError:
    folder, name = os.path.split(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        near = _near_file(folder or ".", name)
        return SpecError(
            f"there is no file `{path}`",
            code="no-file",
            help=_instead(folder, name, near),
        )
    if os.path.isdir(path):
        inside = [f"`{each}`" for each in networks_in(path)[:MAX_LISTED]]
        advice = f"a file in it: {', '.join(inside)}" if inside else "the path of a file: `net.cnn`"
        return SpecError(f"`{path}` is a folder", code="no-file", help=advice)
    reason = (error.strerror or str(error)).lower()
    return SpecError(f"`{path}` can't be read: {reason}", code="no-file", help="a file to read")


def _instead(folder: str, name: str, near: str | None) -> str:
    """What somebody may have meant by a file that there is not."""
    stem = os.path.splitext(name)[0]
    if stem in example_names() and os.path.splitext(near or "")[0] != stem:
        return f"`{stem}` alone is the shipped example"
    if near:
        return f"did you mean `{os.path.join(folder, near)}`?"
    layer = folder.split(os.sep)[0] in LAYERS  # conv/16/k3
    if layer and (right := joined(os.path.join(folder, name))):
        return right
    if not os.path.isdir(folder or "."):
        return f"there is no folder `{folder}` either"
    return "a path from the current folder, or a name that `cnncalc examples` lists"


def _near_file(folder: str, name: str) -> str | None:
    """The file of a folder whose name is nearest, where endings such as `.cnn` count little."""
    files = [os.path.basename(path) for path in networks_in(folder)]
    stems = {os.path.splitext(file)[0]: file for file in files}
    near = suggest(os.path.splitext(name)[0], stems)
    same = f"{near}{os.path.splitext(name)[1]}"
    return same if same in files else stems.get(near or "")
