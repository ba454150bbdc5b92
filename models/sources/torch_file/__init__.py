"""Files of torch: what `torch.save` wrote since the beginning, TorchScript, exported programs.  Without torch.

A file is a pickle that describes tensors, and their bytes, as
https://docs.pytorch.org/docs/stable/notes/serialization.html has it.  The pickle is read by an unpickler that runs
nothing (`unpickler/`), the bytes are left where they are.  Only with `--trust`, for a file that names classes which are
not known here, does torch load it: then a network that was pickled whole can run.
"""

from __future__ import annotations

import re
from contextlib import suppress

from ...opened.source import OpenOptions, Source, SourceError
from ...stored.zip_archive import Archive, BrokenArchive, first_name
from ...work.gc_paused import gc_paused
from ..formats import Format, PathInfo, checkpoint_source, opened_file
from .exported import exported_prefix
from .legacy import MAGIC, open_legacy
from .reading import explain, notes_on
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
    with suppress(SourceError, BrokenArchive), opened_file(found.path) as file:
        names = list(Archive(file).records)
        file.close()
        return prefix_of(names) is not None or exported_prefix(names) is not None
    return False


def _is_legacy(found: PathInfo) -> bool:
    return MAGIC in found.head[:24] or found.head.startswith(_OLDEST)


def _recognises(found: PathInfo) -> bool:
    return not found.is_folder and (_is_zip(found) or _is_legacy(found))


def _open(found: PathInfo, how: OpenOptions) -> Source:
    with opened_file(found.path, explain, "{} cannot be opened") as file, gc_paused():
        torch_file = open_zip(file) if first_name(found.head) is not None else open_legacy(file)
    if not torch_file.unknown or not how.trust:
        source = checkpoint_source(found, torch_file.checkpoint)
        source.note, source.how_to_run = notes_on(torch_file)
        return source
    file.close()
    from .trust import open_trusted

    return open_trusted(found, how)


FORMAT = Format(name="a torch file", recognises=_recognises, open=_open)
