"""Files and folders: recognised by their content, never by their name, and handed to the format that reads them.

A format is a file or package beside this one that offers a `FORMAT` (see `formats`); it is added by a line in one of
the lists of formats here, and its file ending to `_WEIGHTS`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from ..opened.source import OpenOptions, Source, SourceError
from ..stored.checkpoint import Checkpoint
from .base import SourceKind
from .formats import Format, PathInfo


class _Listed(NamedTuple):
    """A format, imported when it may be the one: most files are one of few, and a user waits."""

    module: str
    """The file or package beside this one."""
    may_be: Callable[[PathInfo], bool]
    """Return whether to import and try it; quick, and true for all that it recognises."""


_OF_SEVERAL = (
    _Listed("distributed", lambda found: found.is_folder or "metadata" in found.path.name or _ends(found, ".distcp")),
    _Listed("huggingface", lambda found: found.is_folder),
    _Listed("shards", lambda found: found.is_folder or "-of-" in found.path.name or found.head.lstrip()[:1] == b"{"),
)
"""Of folders, and of files that belong together; tried in order, before those of single files."""
_OF_ONE = (
    _Listed("gguf", lambda found: found.head.startswith(b"GGUF")),
    _Listed("numpy_file", lambda found: found.head.startswith((b"\x93NUMPY", b"PK"))),
    _Listed("safetensors", lambda found: True),
    _Listed("torch_file", lambda found: True),
)
"""Of single files, tried in order."""


def open_path(text: str, how: OpenOptions) -> Source:
    """Open the files or the folder at a path or pattern, by the first format that recognises it; raise SourceError."""
    from .looking import file_path_of, look

    path = file_path_of(text)
    if _is_pattern(path):
        from .shards import open_pattern

        return open_pattern(path, text, how)
    found = look(text)
    if found.is_folder:
        from .folders import open_folder

        return open_folder(found, how)
    return open_own(found, how)


def open_own(found: PathInfo, how: OpenOptions) -> Source:
    """Open a file, or what a folder holds itself, not in folders below; raise SourceError."""
    return _open_with(found, (*_OF_SEVERAL, *_OF_ONE), how)


def open_alone(path: str, how: OpenOptions) -> Source:
    """Open one file by itself, also where it belongs with others; raise SourceError."""
    from .looking import look

    return _open_with(look(path), _OF_ONE, how)


def checkpoint_at(path: Path, how: OpenOptions) -> Checkpoint:
    """Return the checkpoint in one file, a shard of a larger one; raise SourceError, also when it holds none."""
    source = open_alone(str(path), how)
    if source.checkpoint is None:
        raise SourceError(f"{path.name} holds a network, not tensors")
    return source.checkpoint


def _open_with(found: PathInfo, formats: Iterable[_Listed], how: OpenOptions) -> Source:
    for form in _imported(found, formats):
        if form.recognises(found):
            return form.open(found, how)
    from .unrecognised import diagnose

    raise diagnose(found)


def _imported(found: PathInfo, formats: Iterable[_Listed]) -> Iterator[Format]:
    for listed in formats:
        if listed.may_be(found):
            form: Format = import_module(f".{listed.module}", __package__).FORMAT
            yield form


def _ends(found: PathInfo, ending: str) -> bool:
    return found.path.name.endswith(ending)


def _is_pattern(path: str) -> bool:
    if "://" in path or "\0" in path or os.path.lexists(path):
        return False
    return any(sign in path for sign in "*?[")


def _claims(text: str) -> bool:
    """Return whether a text is a path: one that is there, or one that was meant for a file, so that this is said.

    A name of the catalogue is looked for before (`./rgnet` is the path), and `FILE.py:NAME` stays Python.
    """
    from .looking import file_path_of

    path = file_path_of(text)
    if (text.rpartition(":")[0] or text).endswith(".py") and not os.path.isdir(path):  # noqa: PTH112 - NUL is said later
        return False
    if _CALL.fullmatch(text) and not os.path.lexists(path):
        return False
    return bool(text) and (os.path.lexists(path) or _meant_as_a_path(text))


_CALL = re.compile(r"[^:]*:[^:(]*\(.*", re.DOTALL)
"""How a text looks that calls what it names, `FILE.py:Net(64)`: its arguments may be anything."""
_WEIGHTS = (
    ".safetensors", ".index.json", ".pt", ".pth", ".pth.tar", ".ckpt", ".bin", ".gguf", ".distcp", ".pt2", ".h5",
    ".hdf5", ".keras", ".onnx", ".npz", ".npy", ".msgpack", ".tflite", ".pb", ".mlmodel", ".nemo", ".mar", ".pkl",
    ".pickle",
)  # fmt: skip
"""How the names of files of weights end, also of those that are not read: a text that ends so was meant for a file."""


def _meant_as_a_path(text: str) -> bool:
    if "://" in text or any(each in text for each in "*?") or text.lower().endswith(_WEIGHTS):
        return True
    return ":" not in text and (os.sep in text or text.startswith("~"))


KIND = SourceKind(claims=_claims, open=open_path)
