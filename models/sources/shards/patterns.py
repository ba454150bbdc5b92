"""A pattern such as `run/*.safetensors`: all files that it fits, as one checkpoint."""

from __future__ import annotations

import os
from glob import iglob
from itertools import islice
from pathlib import Path

from ..base import How, Source, SourceError
from ..files import open_path
from ..wording import shortened
from .choosing import ENDINGS
from .opening import by_index, together

MOST_FILES = 10_000


def open_pattern(pattern: str, text: str, how: How) -> Source:
    """The files that `pattern` fits as one source; `text` is what the person wrote.

    `**` is taken as `*`: a whole disk is not searched.  Raises SourceError when it fits none, or too many.
    """
    fitting = sorted(islice(iglob(pattern), MOST_FILES + 1))  # noqa: PTH207 - it may begin at the root
    if not fitting:
        raise SourceError(f"No file fits {shortened(text)!r}", f"Looked in {shortened(str(Path.cwd()), 200)}.")
    if len(fitting) > MOST_FILES:
        raise SourceError(
            f"{shortened(text)!r} fits more than {MOST_FILES:,} files", "Name the folder, or fewer files."
        )
    if len(fitting) == 1:
        source = open_path(fitting[0], how)
        source.source = text
        return source
    files = [Path(each).absolute() for each in fitting if Path(each).is_file()]
    if not files:
        raise SourceError(f"{shortened(text)!r} fits several folders, and no file", "Open one of them.")
    folder = Path(os.path.commonpath([file.parent for file in files]))
    indices = [file for file in files if file.name.endswith(".index.json")]
    if indices:
        whole = by_index(indices[0], {file.name for file in indices[0].parent.iterdir()}, how)
    else:
        named = [file for file in files if file.name.lower().endswith(ENDINGS)] or files
        whole = together(folder, [str(file.relative_to(folder)) for file in named], how)
    return Source(source=text, kind="checkpoint", name=folder.name, checkpoint=whole, file=str(folder))
