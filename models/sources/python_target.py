"""`FILE.py:NAME` and `package.module:NAME(…)`: imported as the user would, then NAME is followed and built."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import ModuleType

from ..opened.source import OpenOptions, Source, SourceError
from .base import SourceKind, close_to
from .call_arguments import CallArguments, check_takes, split_call
from .importing import as_their_program, import_file, import_named
from .named_object import follow, split_target, steps
from .python_names import defined_names


def _claims(text: str) -> bool:
    return text.endswith(".py") or (":" in text and not os.path.lexists(text))


def load_target(text: str) -> object:
    """Return what `FILE.py:NAME` or `package.module:NAME` names, imported beside the source that is open.

    Raises:
        SourceError: it cannot be imported, or there is no such NAME.
    """
    place, name, call, module = _imported(text, beside=True)
    target = follow(module, place, name)[0]
    if call is None:
        return target
    from .networks import a

    what = f"{Path(place).name}:{name}"
    if not callable(target):
        raise SourceError(f"{what} is {a(target)}, which takes no arguments", f"Write {what} without {call.text}.")
    check_takes(target, call, what)
    return partial(target, *call.args, **call.kwargs)


def _open(text: str, how: OpenOptions) -> Source:
    from .networks import built

    place, name, call, module = _imported(text)
    target, called = follow(module, place, name)
    file = getattr(module, "__file__", None)
    with as_their_program(file or place):
        network = built(target, f"{Path(place).name}:{name}", call)
    is_it = target is network.module or target is network.own
    return Source(
        source=text,
        kind="module",
        name=called if is_it and called else "net",  # the name of a class stays the class
        module=network.module,
        own=network.own,
        names={key: value for key, value in vars(module).items() if not key.startswith("_")},
        file=file,
        warnings=network.warnings,
        training=network.training,
    )


def _imported(text: str, beside: bool = False) -> tuple[str, str, CallArguments | None, ModuleType]:
    """Return the two halves of `text`, the call at its end, and the module that the first half names."""
    place, name = split_target(text)
    is_file = place.endswith(".py")
    path = Path(place).expanduser()
    if is_file:
        _check_file(place, path, name)
    else:
        _check_dotted(text, place, name)
    name, call = split_call(name)
    steps(name)  # what is no name is refused before anything runs
    return place, name, call, import_file(path, beside) if is_file else import_named(place, beside)


def _check_file(place: str, path: Path, name: str) -> None:
    if path.is_dir():
        raise SourceError(f"{place!r} is a folder")
    if not path.is_file():
        folder = path.parent
        neighbours = sorted(each.name for each in folder.glob("*.py")) if folder.is_dir() else []
        looked = f"Looked for {path.absolute()}."
        raise SourceError(
            f"There is no file {place!r}", " ".join(filter(None, [looked, close_to(path.name, neighbours)]))
        )
    if not name:
        found = ", ".join(each.name for each in defined_names(path)[:20])
        raise SourceError(
            f"{place!r} names a file, but not what to open in it",
            f"Write {place}:NAME" + (f", where NAME may be one of: {found}." if found else "."),
        )


def _check_dotted(text: str, place: str, name: str) -> None:
    if not name:
        raise SourceError(f"{text!r} does not name what to open", f"Write {place or 'package.module'}:NAME.")
    if not all(part.isidentifier() for part in place.split(".")):
        raise SourceError(
            f"{place!r} is neither a Python file nor the dotted name of a module",
            "Write FILE.py:NAME or package.module:NAME.",
        )


KIND = SourceKind(claims=_claims, open=_open)
