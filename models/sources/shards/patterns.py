"""A pattern such as `run/*.safetensors`: all files that it fits, as one checkpoint."""

from __future__ import annotations

import os
import shlex
from glob import iglob
from itertools import islice
from pathlib import Path

from ...opened.source import OpenOptions, SeveralSources, Source, SourceChoice, SourceError
from ..files import open_alone, open_path
from ..wording import shortened
from .names import ENDINGS, names_beside, set_of, shard_name
from .opening import by_index, together

FILE_LIMIT = 10_000
"""Files that a pattern may fit, at most."""


def open_pattern(pattern: str, text: str, how: OpenOptions) -> Source:
    """Open the files that `pattern` fits as one source; `text` is what the user wrote.

    Those and no others: one that fits a single shard opens it without its set, which its plain name would open.
    `**` is taken as `*`: a whole disk is not searched.

    Raises:
        SourceError: it fits none, or more than `FILE_LIMIT`, or what it fits cannot be opened.
    """
    fitting = sorted(islice(iglob(pattern), FILE_LIMIT + 1))  # noqa: PTH207 - it may begin at the root
    if not fitting:
        raise SourceError(f"No file fits {shortened(text)!r}", f"Looked in {shortened(str(Path.cwd()), 200)}.")
    if len(fitting) > FILE_LIMIT:
        raise SourceError(
            f"{shortened(text)!r} fits more than {FILE_LIMIT:,} files", "Name the folder, or fewer files."
        )
    if len(fitting) == 1:
        return _one(fitting[0], text, how)
    return _several(fitting, text, pattern, how)


def _one(path: str, text: str, how: OpenOptions) -> Source:
    shard = shard_name(Path(path).name)
    if shard is None or not Path(path).is_file() or len(set_of(shard, names_beside(Path(path))).names) < 2:
        source = open_path(path, how)
    else:
        source = open_alone(path, how)
        source.note = f"This is 1 of {shard.total:,} shards; {shlex.quote(path)} opens all of them."
    source.source = text
    return source


def _several(fitting: list[str], text: str, pattern: str, how: OpenOptions) -> Source:
    files = [Path(each).absolute() for each in fitting if Path(each).is_file()]
    if not files:
        raise SourceError(f"{shortened(text)!r} fits several folders, and no file", "Open one of them.")
    folder = Path(os.path.commonpath([file.parent for file in files]))
    indices = [file for file in files if file.name.endswith(".index.json")]
    if indices:
        whole = by_index(indices[0], {file.name for file in indices[0].parent.iterdir()}, how)
    else:
        named = [file for file in files if file.name.lower().endswith(ENDINGS)] or files
        try:
            whole = together(folder, [str(file.relative_to(folder)) for file in named], how)
        except SeveralSources as error:
            error.choices = [SourceChoice(_as_written(folder / each.source, pattern)) for each in error.choices]
            raise
    return Source(source=text, kind="checkpoint", name=folder.name, checkpoint=whole, file=str(folder))


def _as_written(path: Path, pattern: str) -> str:
    here = Path.cwd()
    return str(path if Path(pattern).is_absolute() or not path.is_relative_to(here) else path.relative_to(here))
