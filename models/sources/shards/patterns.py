"""A pattern such as `run/*.safetensors`: all files that it fits, as one checkpoint."""

from __future__ import annotations

import os
import shlex
from glob import iglob
from itertools import islice
from pathlib import Path

from ...opened.source import OpenOptions, Source, SourceError
from ..files import open_path
from ..single_file import open_alone
from ..wording import shortened
from .choosing import ENDINGS
from .numbered import names_beside, set_of, shard_name
from .opening import by_index, together

MOST_FILES = 10_000


def open_pattern(pattern: str, text: str, how: OpenOptions) -> Source:
    """The files that `pattern` fits as one source; `text` is what the user wrote.

    Those and no others: one that fits a single shard opens it without its set, which its plain name would open.
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
        return _one(fitting[0], text, how)
    return _several(fitting, text, how)


def _one(path: str, text: str, how: OpenOptions) -> Source:
    shard = shard_name(Path(path).name)
    if shard is None or not Path(path).is_file() or len(set_of(shard, names_beside(Path(path))).names) < 2:
        source = open_path(path, how)
    else:
        source = open_alone(path, how)
        source.note = f"This is 1 of {shard.total:,} shards; {shlex.quote(path)} opens all of them."
    source.source = text
    return source


def _several(fitting: list[str], text: str, how: OpenOptions) -> Source:
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
