"""Files and folders: recognised by their content, never by their name, and handed to the format that reads them.

A format is a package or file beside this one that offers a `Format`; it is added by naming it in `_formats_of_many`,
or, of single files, in `single_file.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain

from ..opened.source import OpenOptions, Source
from .base import Kind
from .formats import Format, PathInfo
from .single_file import find, formats_of_one, open_with


def open_path(text: str, how: OpenOptions) -> Source:
    """Open the files or the folder at a path or pattern, by the first format that recognises it; raises SourceError."""
    from .unrecognised import path_of

    path = path_of(text)
    if _is_pattern(path):
        from .shards.patterns import open_pattern

        return open_pattern(path, text, how)
    found = find(text)
    return open_with(found, chain(_formats_of_many(found), formats_of_one(found)), how)


def _is_pattern(path: str) -> bool:
    if "://" in path or "\0" in path or os.path.lexists(path):
        return False
    return any(sign in path for sign in "*?[")


def _formats_of_many(found: PathInfo) -> Iterator[Format]:
    """Of folders, and of files that belong together.  A format is imported when it may be the one: most files are one
    of few, and a user waits."""
    name = found.path.name
    if found.is_folder or "metadata" in name or name.endswith(".distcp"):
        from . import distributed

        yield distributed.FORMAT
    if found.is_folder:
        from . import huggingface

        yield huggingface.FORMAT
    if found.is_folder or "-of-" in name or found.head.lstrip()[:1] == b"{":
        from . import shards

        yield shards.FORMAT


def _claims(text: str) -> bool:
    """Whether a text is a path: one that is there, or one that was meant for a file, so that this is what is said.

    A name of the catalogue is asked for before (`./rgnet` is the path), and `FILE.py:NAME` stays Python.
    """
    from .unrecognised import path_of

    path = path_of(text)
    if (text.rpartition(":")[0] or text).endswith(".py") and not os.path.isdir(path):  # noqa: PTH112 - NUL is told later
        return False
    return bool(text) and (os.path.lexists(path) or _meant_as_a_path(text))


def _meant_as_a_path(text: str) -> bool:
    from .unrecognised import WEIGHTS

    if "://" in text or any(each in text for each in "*?") or text.lower().endswith(WEIGHTS):
        return True
    return ":" not in text and (os.sep in text or text.startswith("~"))


KIND = Kind(claims=_claims, open=open_path)
