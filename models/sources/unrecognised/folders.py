"""Folders in which nothing can be opened: what they are, and what to do."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePath

from ..formats import PathInfo
from ..wording import listed, shortened
from .diagnosis import CONVERT, KINDS, Diagnosis

_KINDS: tuple[tuple[str, str, str], ...] = (
    ("saved_model.pb", "a TensorFlow SavedModel", CONVERT),
    ("variables.index", "the variables of a TensorFlow SavedModel", CONVERT),
    ("_CHECKPOINT_METADATA", "an Orbax checkpoint of JAX", CONVERT),
    ("_METADATA", "an Orbax checkpoint of JAX", CONVERT),
    (".zarray", "a Zarr array", CONVERT),
    (".zgroup", "a Zarr group", CONVERT),
    ("__init__.py", "a Python package, not weights", "Write package.module:NAME, or FILE.py:NAME."),
)
"""A name that is in it, what the folder is, what to do."""


_EXPORTED = "Open the weights it was exported from."
_ENDINGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    ((".onnx",), "an ONNX model", _EXPORTED),
    ((".keras", ".weights.h5"), "a Keras model", CONVERT),
    ((".h5", ".hdf5"), "HDF5 weights, as Keras writes", CONVERT),
    ((".msgpack",), "weights of Flax", CONVERT),
    ((".data-00000-of-00001",), "a TensorFlow checkpoint", CONVERT),
    ((".tflite",), "a TensorFlow Lite model", _EXPORTED),
    ((".engine", ".plan", ".trt"), "a TensorRT engine", _EXPORTED),
    ((".mlmodel", ".mlpackage", ".mlmodelc"), "a Core ML model", _EXPORTED),
    ((".pdparams",), "weights of Paddle", CONVERT),
    ((".nemo",), "a NeMo archive", "Unpack it with `tar xf` and open the .ckpt inside."),
)
"""How the names of what other libraries write end, what that is, what to do."""
_LOOKED_INTO = 50
"""Folders in a folder that are looked into, at most."""


def diagnose_folder(found: PathInfo) -> Diagnosis:
    """Return what a folder without weights is, and what to do."""
    if not found.names:
        return "an empty folder", "The download or the copy may have failed; look whether it is the right folder."
    for name, what, remedy in _KINDS:
        if name in found.names:
            return what, remedy
    foreign = foreign_weights(found.names)
    if foreign is not None:
        return f"a folder with {foreign[0]}, which is not read", foreign[1]
    below = _below(found.path)
    if below is not None:
        return below
    return f"a folder without weights ({_contents(found.names)})", _remedy(found)


def foreign_weights(names: Collection[str]) -> Diagnosis | None:
    """Return what is in a folder that another library wrote, with its name, and what to do; None for nothing."""
    for endings, what, remedy in _ENDINGS:
        named = sorted(name for name in names if name.lower().endswith(endings))
        if named:
            return f"{what} ({listed(named)})", remedy
    networks = sorted(name for name in names if name.endswith(".xml") and f"{name[:-4]}.bin" in names)
    return (f"an OpenVINO network ({listed(networks)})", _EXPORTED) if networks else None


def _below(folder: Path) -> Diagnosis | None:
    """Return what the first folder in it is that is known: `1/` of a TensorFlow export, `10/default/` of Orbax."""
    level = [folder]
    for _ in range(2):
        level = [each for above in level for each in _folders(above)][:_LOOKED_INTO]
        for each in level:
            names = _names(each)
            for name, what, remedy in (*_KINDS[:-1], *((None, *found) for found in [foreign_weights(names)] if found)):
                if name is None or name in names:
                    inside = shortened(str(each.relative_to(folder)))
                    return f"a folder without weights that are read; {inside} in it is {what}", remedy
    return None


def _folders(folder: Path) -> list[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        found = (Path(entry.path) for entry in islice(entries, 100 * _LOOKED_INTO) if entry.is_dir())
        return sorted(islice(found, _LOOKED_INTO))
    return []


def _names(folder: Path) -> set[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return {entry.name for entry in islice(entries, 100 * _LOOKED_INTO)}
    return set()


def _contents(names: frozenset[str]) -> str:
    """Return how many names of which endings: `12 in it: 5 .py, 3 .json and 2 other kinds`."""
    endings = Counter(PurePath(name).suffix.lower() or "without an ending" for name in sorted(names))
    common = [f"{count:,} {shortened(ending, 20)}" for ending, count in endings.most_common()]
    return f"{len(names):,} name{'s' if len(names) > 1 else ''} in it: {listed(common)}"


def _remedy(found: PathInfo) -> str:
    code = sorted(name for name in found.names if name.endswith(".py"))
    if code:
        return f"For a network in its code write FILE.py:NAME, such as {shortened(code[0])}:NAME."
    if any(name.endswith((".part", ".incomplete", ".crdownload", ".aria2")) for name in found.names):
        return "A download into it has not finished."
    return KINDS
