"""Folders that hold no weights themselves: what they are, and which file or folder in them to open."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePath

from ..formats import PathInfo
from ..wording import listed, shortened
from .telling import KINDS, Diagnosis

_CONVERT = "Save its weights as safetensors, with the library that wrote it, and open that."
_MOST_FOLDERS = 100
"""Folders in it that are looked into."""
_MOST_NAMES = 1_000
"""Names in each of them."""
_INSIDE = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".gguf", ".distcp")
"""How the names of files end that can be opened."""

_KINDS: tuple[tuple[str, str, str], ...] = (
    ("saved_model.pb", "a TensorFlow SavedModel", _CONVERT),
    ("variables.index", "the variables of a TensorFlow SavedModel", _CONVERT),
    ("_CHECKPOINT_METADATA", "an Orbax checkpoint of JAX", _CONVERT),
    ("_METADATA", "an Orbax checkpoint of JAX", _CONVERT),
    (".zarray", "a Zarr array", _CONVERT),
    (".zgroup", "a Zarr group", _CONVERT),
    ("__init__.py", "a Python package, not weights", "Write package.module:NAME, or FILE.py:NAME."),
)
"""A name that is in it, what the folder is, what to do."""


def folder_told(found: PathInfo) -> Diagnosis:
    """What a folder is, and what to open instead."""
    if not found.names:
        return "an empty folder", "The download or the copy may have failed; look whether it is the right folder."
    for name, what, remedy in _KINDS:
        if name in found.names:
            return what, remedy
    inside = _folders_with_weights(found)
    if inside:
        several = "folders hold" if len(inside) > 1 else "folder holds"
        return (
            f"a folder without weights of its own; {len(inside)} {several} some: {listed(inside)}",
            f"Open {shortened(str(Path(found.text) / inside[0]))!r}.",
        )
    return f"a folder without weights ({_contents(found.names)})", _remedy(found)


def _folders_with_weights(found: PathInfo) -> list[str]:
    """The folders in it, or two below (the Hub's cache keeps `snapshots/HASH`), that hold weights, the newest first."""
    aged: list[tuple[float, str]] = []
    for name in _folders(found.path):
        below = [name]
        if name == "snapshots":
            below = [f"{name}/{each}" for each in _folders(found.path / name)]
        for each in below:
            with suppress(OSError), os.scandir(found.path / each) as entries:
                if any(entry.name.endswith(_INSIDE) for entry in islice(entries, _MOST_NAMES)):
                    aged.append((-(found.path / each).stat().st_mtime, each))
    return [name for _, name in sorted(aged)]


def _folders(folder: Path) -> list[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        folders = (entry.name for entry in islice(entries, 10 * _MOST_NAMES) if entry.is_dir())
        return list(islice(folders, _MOST_FOLDERS))
    return []


def _contents(names: frozenset[str]) -> str:
    """How many names of which endings: `12 in it: 5 .py, 3 .json and 2 other kinds`."""
    endings = Counter(PurePath(name).suffix.lower() or "without an ending" for name in names)
    common = [f"{count:,} {shortened(ending, 20)}" for ending, count in endings.most_common()]
    return f"{len(names):,} name{'s' if len(names) > 1 else ''} in it: {listed(common)}"


def _remedy(found: PathInfo) -> str:
    code = sorted(name for name in found.names if name.endswith(".py"))
    if code:
        return f"For a network in its code write FILE.py:NAME, such as {shortened(code[0])}:NAME."
    if any(name.endswith((".part", ".incomplete", ".crdownload", ".aria2")) for name in found.names):
        return "A download into it has not finished."
    return KINDS
