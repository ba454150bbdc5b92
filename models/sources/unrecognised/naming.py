"""The one line that says what a file or folder is, when no format knows it."""

from __future__ import annotations

from ...opened.source import SourceError
from ..formats import PathInfo
from ..wording import shortened, size_text
from .archives import by_archive
from .binaries import by_pickle, by_structure, unknown
from .folders import folder_told
from .magic import by_signature
from .telling import Diagnosis
from .text import by_text

_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".incomplete", ".aria2", ".opdownload", ".filepart")
"""How programs name what they are still downloading."""


def diagnose(found: PathInfo) -> SourceError:
    """Why a file or folder is not opened: the title says what it is instead, the text what to do."""
    what, remedy = folder_told(found) if found.is_folder else _file_told(found)
    return SourceError(f"{shortened(found.path.name or str(found.path))} is {what}", remedy)


def _file_told(found: PathInfo) -> Diagnosis:
    if found.path.name.lower().endswith(_UNFINISHED):
        return (
            f"a download that has not finished ({size_text(found.size)} so far)",
            "Let the program that downloads it finish; then it gives the file its name.",
        )
    for tell in (by_archive, by_pickle, by_signature, by_text, by_structure):
        told = tell(found)
        if told:
            return told
    return unknown(found)
