"""Checkpoints in several files: an index, numbered shards, a folder of files, a pattern; shown as one tree."""

from __future__ import annotations

import shlex

from ...opened.source import OpenOptions, Source
from ..formats import Format, PathInfo
from .choosing import chosen
from .numbered import names_beside, pattern_of, shard_name
from .opening import by_choice, by_index, by_number


def _recognises(found: PathInfo) -> bool:
    """An index by its content, a shard by its number, a folder by the names in it."""
    if found.is_folder:
        return chosen(found.names) is not None
    return _is_index(found) or _is_one_of_several(found.path.name)


def _is_index(found: PathInfo) -> bool:
    opens = found.head.lstrip()[:1] == b"{"
    return opens and (found.path.name.lower().endswith(".index.json") or b'"weight_map"' in found.head)


def _is_one_of_several(name: str) -> bool:
    parts = shard_name(name)
    return parts is not None and parts.total > 1


def _open(found: PathInfo, how: OpenOptions) -> Source:
    if found.is_folder:
        choice = chosen(found.names)
        assert choice is not None
        whole = by_choice(found.path, choice, found.names, how)
    elif _is_index(found):
        whole = by_index(found.path, names_beside(found.path), how)
    else:
        whole = by_number(found.path.parent, found.path.name, names_beside(found.path), how)
    name = found.path.name or str(found.path)
    source = Source(source=found.text, kind="checkpoint", name=name, checkpoint=whole, file=str(found.path))
    if not found.is_folder and not _is_index(found):
        source.note = f"All shards are open; this one alone: {shlex.quote(pattern_of(found.text))}"
    return source


FORMAT = Format("shards of a checkpoint", _recognises, _open)
