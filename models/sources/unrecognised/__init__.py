"""What a file or folder is when no format recognises it: one line with the cause, and what to do.

Nothing here needs torch, opens what is no regular file, or reads more than a few pieces of one.  Each file beside this
one knows one sort: by fixed bytes, by structure, archives, text, folders.
"""

from __future__ import annotations

from ...opened.source import SourceError
from ..formats import PathInfo
from ..wording import shortened, size_text
from .archives import by_archive
from .binaries import by_pickle, by_structure, unknown
from .diagnosis import Diagnosis
from .folders import diagnose_folder
from .signatures import by_signature
from .text import by_text

_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".incomplete", ".aria2", ".opdownload", ".filepart")
"""How programs name what they are still downloading."""


def diagnose(found: PathInfo) -> SourceError:
    """Return why a file or folder is not opened: the title says what it is instead, the text what to do."""
    what, remedy = diagnose_folder(found) if found.is_folder else _diagnose_file(found)
    return SourceError(f"{shortened(found.path.name or str(found.path))} is {what}", remedy)


def _diagnose_file(found: PathInfo) -> Diagnosis:
    if found.path.name.lower().endswith(_UNFINISHED):
        return (
            f"a download that has not finished ({size_text(found.size)} so far)",
            "Let the program that downloads it finish; then it gives the file its name.",
        )
    for by in (by_archive, by_pickle, by_signature, by_text, by_structure):
        diagnosis = by(found)
        if diagnosis:
            return diagnosis
    return unknown(found)
