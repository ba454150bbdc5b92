"""Files of torch: what `torch.save` wrote since the beginning, TorchScript, exported programs.  Without torch.

A file is a pickle that describes tensors, and their bytes.  The pickle is read by an unpickler that runs nothing
(`restricted.py`), the bytes are left where they are.  Only with `--trust`, for a file that needs more, is torch asked.
"""

from __future__ import annotations

import re

from ...opened.source import OpenOptions, Source, SourceError
from ...stored.file import DataFile
from ...stored.stored import Unreadable
from ...stored.zip_archive import Archive, BrokenArchive, first_name
from ..formats import Format, PathInfo
from .exported import exported_prefix
from .legacy import MAGIC, open_legacy
from .reading import NeedsMore
from .zipped import open_zip, prefix_of

_RECORD = re.compile(
    r"[^/]+/(data\.pkl|constants\.pkl|version|byteorder|\.format_version|\.storage_alignment|archive_format"
    r"|data/\d+|constants/\d+|\.data/serialization_id|data/weights/.+|code/__torch__.*)$"
)
"""Names that torch gives to the records in its archives."""
_OLDEST = b"L119547037146038801333356L\n."


def _is_zip(found: PathInfo) -> bool:
    name = first_name(found.head)
    if name is None:
        return False
    if _RECORD.match(name):
        return True
    try:
        file = DataFile(found.path)
        names = list(Archive(file).records)
        file.close()
    except (OSError, BrokenArchive, Unreadable):
        return False
    return prefix_of(names) is not None or exported_prefix(names) is not None


def _is_legacy(found: PathInfo) -> bool:
    return MAGIC in found.head[:24] or found.head.startswith(_OLDEST)


def _recognises(found: PathInfo) -> bool:
    return not found.is_folder and (_is_zip(found) or _is_legacy(found))


def _open(found: PathInfo, how: OpenOptions) -> Source:
    try:
        file = DataFile(found.path)
    except OSError as error:
        raise SourceError(f"{found.path.name} cannot be opened: {error.strerror or error}") from None
    try:
        checkpoint = open_zip(file) if first_name(found.head) is not None else open_legacy(file)
    except SourceError as error:
        file.close()
        if not how.trust or not isinstance(error, NeedsMore):
            raise
        from .trust import open_trusted

        return open_trusted(found, how)
    return Source(source=found.text, kind="checkpoint", name="checkpoint", checkpoint=checkpoint, file=str(found.path))


FORMAT = Format(name="a torch file", recognises=_recognises, open=_open)
