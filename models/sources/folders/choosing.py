"""A choice among alternatives, for a user: each with its size and when it was written."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ...opened.source import SeveralSources, SourceChoice
from ..shards.names import ENDINGS, set_of, shard_name
from ..wording import shortened, size_text

_CHOICE_LIMIT = 1_000
"""Alternatives that are offered, at most."""
_SAID = 12
"""Alternatives that the one line of an error lists, at most."""
_LOOKED_AT = 1_000
"""Files of one alternative whose sizes are added, at most."""


def several(base: Path, text: str, choices: Sequence[Path], latest: str = "") -> SeveralSources:
    """Return the choice among files or folders at or below `base`, which the user named as `text`."""
    offered = [
        SourceChoice(written(path, base, text), _about(path) + (", the latest" if path.name == latest else ""))
        for path in islice(choices, _CHOICE_LIMIT)
    ]
    said = ", ".join(shlex.quote(each.source) for each in offered[:_SAID])
    more = f" and {len(choices) - _SAID:,} more" if len(choices) > _SAID else ""
    return SeveralSources(
        f"{shortened(base.name or str(base))} holds {len(choices):,} checkpoints that are no parts of one",
        f"Open one of them: {said}{more}",
        offered,
    )


def written(path: Path, base: Path, text: str) -> str:
    """Return `path`, which lies at or below `base`, as a user would write it who wrote `text` for `base`."""
    inside = os.path.relpath(path, base)
    return text if inside == "." else os.path.join(text, inside)  # noqa: PTH118 - it keeps `./` and `~`


def _about(path: Path) -> str:
    size, newest = 0, 0.0
    with suppress(OSError):
        for file in _files_of(path):
            status = file.stat()
            size += status.st_size
            newest = max(newest, status.st_mtime)
        return f"{size_text(size)}, {time.strftime('%Y-%m-%d %H:%M', time.localtime(newest))}"
    return ""


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        shard = shard_name(path.name)
        if shard is None:
            return [path]
        with os.scandir(path.parent) as entries:
            beside = [entry.name for entry in islice(entries, 100 * _LOOKED_AT)]
        return [path.parent / name for name in set_of(shard, beside).names[:_LOOKED_AT]]
    found: list[Path] = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(folders)[:100] if Path(folder) == path or len(found) < _LOOKED_AT else []
        found += [Path(folder, name) for name in files if name.lower().endswith((*ENDINGS, ".distcp"))]
        if len(found) >= _LOOKED_AT:
            break
    return found[:_LOOKED_AT]
