"""What could be opened: how a SOURCE that is being typed may go on, and what lies in the working folder.

Names of files are listed and Python files are read; nothing is opened, imported or run.  Both look at a bounded number
of names: the folder may hold a million.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..messages.suggestions import SourceItem
from ..safe_text import clean
from .python_names import DefinedName, defined_names, has_torch

LIMIT = 50
"""Suggestions of one answer, at most."""
ENTRY_LIMIT = 20_000
"""Names of a folder that are looked at, at most."""
PYTHON_LIMIT = 100
"""Python files of the working folder that are read, at most."""
SECONDS = 1.0
"""Of looking at the working folder, at most."""
WEIGHTS = (
    ".safetensors", ".safetensors.index.json", ".bin.index.json", ".pt", ".pth", ".pth.tar", ".ckpt", ".bin", ".gguf",
    ".npz", ".npy", ".distcp", ".pt2", ".pkl",
)  # fmt: skip
"""How the names of files end that may be opened as weights."""
_OF_A_CHECKPOINT = (".safetensors", ".index.json", ".distcp", ".metadata", "pytorch_model.bin", ".gguf")
"""How names end that make a folder one that can be opened whole."""


def suggestions(text: str) -> list[SourceItem]:
    """Return how `text`, the beginning of a SOURCE, may go on: names in a Python file, paths, names of networks."""
    place, colon, name = text.rpartition(":")
    if colon and not os.path.lexists(text):
        file = _python_file(place)
        return _names_in(place, file, name) if file is not None else []
    found = [*_networks(text), *_paths(text)]
    return found[:LIMIT]


def openable_here(cancelled: Callable[[], bool] = lambda: False) -> list[SourceItem]:
    """Return what in the working folder can be opened: Python files with networks, then weights, by name."""
    entries = sorted(_entries(""), key=lambda entry: entry.name)
    found: list[SourceItem] = []
    until = time.monotonic() + SECONDS
    python = [entry.name for entry in entries if entry.name.endswith(".py") and entry.is_file]
    for name in python[:PYTHON_LIMIT]:
        if cancelled() or time.monotonic() > until:
            break
        if has_torch(Path(name)):
            found += [_named(name, each) for each in defined_names(Path(name)) if each.opens]
    for entry in entries:
        if cancelled() or time.monotonic() > until:
            break
        if entry.is_file and entry.name.endswith(WEIGHTS):
            found.append(SourceItem(source=entry.name, detail="weights", opens=True))
        elif entry.is_folder and _holds_weights(entry.name):
            found.append(SourceItem(source=f"{entry.name}/", detail="a folder of weights", opens=True))
    return found[:LIMIT]


class _Entry(NamedTuple):
    name: str
    is_folder: bool
    is_file: bool


def _entries(folder: str, hidden: bool = False) -> Iterator[_Entry]:
    """Yield what is in a folder, at most `ENTRY_LIMIT`; names that no line can hold are left out."""
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:  # noqa: PTH111
            for entry in islice(entries, ENTRY_LIMIT):
                if (entry.name.startswith(".") and not hidden) or not _can_be_typed(entry.name):
                    continue
                try:
                    mode = entry.stat().st_mode
                except OSError:  # a link to nothing; not permitted
                    continue
                if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
                    yield _Entry(entry.name, stat.S_ISDIR(mode), stat.S_ISREG(mode))
    except (OSError, ValueError):
        return


def _can_be_typed(name: str) -> bool:
    return name == clean(name)


def _holds_weights(folder: str) -> bool:
    return any(entry.is_file and entry.name.endswith(_OF_A_CHECKPOINT) for entry in _entries(folder, hidden=True))


def _paths(text: str) -> list[SourceItem]:
    head, slash, rest = text.rpartition("/")
    folder = head + slash
    if text == "~":
        return [SourceItem(source="~/", detail="folder")]
    entries = [entry for entry in _entries(folder, hidden=rest.startswith(".")) if entry.name.startswith(rest)]
    if not entries and rest:
        low = rest.lower()
        entries = [entry for entry in _entries(folder) if entry.name.lower().startswith(low)]
    wanted = [entry for entry in entries if entry.is_folder or entry.name.endswith((".py", *WEIGHTS))]
    # Folders last: what can be opened is what is looked for.
    wanted.sort(key=lambda entry: (entry.is_folder, entry.name))
    return [_path_item(folder, entry) for entry in wanted or sorted(entries)][:LIMIT]


def _path_item(folder: str, entry: _Entry) -> SourceItem:
    path = folder + entry.name
    if entry.is_folder:
        return SourceItem(source=f"{path}/", detail="folder")
    if entry.name.endswith(".py"):
        return SourceItem(source=f"{path}:", detail="Python file")
    return SourceItem(source=path, detail="weights" if entry.name.endswith(WEIGHTS) else "file", opens=True)


def _networks(text: str) -> list[SourceItem]:
    from ..examples.catalogue import EXAMPLES

    if not text or "/" in text:
        return []
    found = [example for name, example in EXAMPLES.items() if name.startswith(text)]
    return [SourceItem(source=each.name, detail=each.title, opens=True) for each in found]


def _python_file(place: str) -> Path | None:
    """Return the file of the first half of a SOURCE, a path or the dotted name of a module here; None without one."""
    if place.endswith(".py"):
        path = Path(os.path.expanduser(place))  # noqa: PTH111
        return path if os.path.lexists(path) else None
    parts = place.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for base in (Path(), Path("src")):
        for path in (base.joinpath(*parts).with_suffix(".py"), base.joinpath(*parts, "__init__.py")):
            if path.is_file():
                return path
    return None


def _names_in(place: str, file: Path, start: str) -> list[SourceItem]:
    names = [each for each in defined_names(file) if each.name.startswith(start)]
    names.sort(key=lambda each: (not each.opens, not each.is_network))
    return [_named(place, each) for each in names][:LIMIT]


def _named(place: str, defined: DefinedName) -> SourceItem:
    what = "network" if defined.is_network and defined.kind == "value" else defined.kind
    detail = f"{what}, needs {', '.join(defined.needs)}" if defined.needs else what
    return SourceItem(source=f"{place}:{defined.name}", detail=detail, opens=defined.opens)
