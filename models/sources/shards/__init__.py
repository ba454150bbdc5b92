"""Checkpoints in several files: an index, numbered shards, a folder of files, a pattern; shown as one tree.

Offers the `FORMAT` of indices, shards and folders; `open_pattern` for `run/*.safetensors`; and, for a folder of another
format that has weights too, `choose_weights` and `open_chosen`.
"""

from __future__ import annotations

import shlex

from ...opened.source import OpenOptions, Source
from ..formats import Format, PathInfo, checkpoint_source
from .names import choose_weights, names_beside, shard_name, shard_pattern
from .opening import by_index, by_number, open_chosen
from .patterns import open_pattern


def _recognises(found: PathInfo) -> bool:
    """Return whether it is an index by its content, a shard by its name, or a folder by the names in it."""
    if found.is_folder:
        return choose_weights(found.names) is not None
    return _is_index(found) or _is_one_of_several(found.path.name)


def _is_index(found: PathInfo) -> bool:
    opens = found.head.lstrip()[:1] == b"{"
    return opens and (found.path.name.lower().endswith(".index.json") or b'"weight_map"' in found.head)


def _is_one_of_several(name: str) -> bool:
    parts = shard_name(name)
    return parts is not None and parts.total > 1


def _open(found: PathInfo, how: OpenOptions) -> Source:
    if found.is_folder:
        choice = choose_weights(found.names)
        assert choice is not None
        whole = open_chosen(found.path, choice, found.names, how)
    elif _is_index(found):
        whole = by_index(found.path, names_beside(found.path), how)
    else:
        whole = by_number(found.path.parent, found.path.name, names_beside(found.path), how)
    name = found.path.name or str(found.path)
    source = checkpoint_source(found, whole, name)
    if not found.is_folder and not _is_index(found):
        source.note = f"All shards are open; this one alone: {shlex.quote(shard_pattern(found.text))}"
    return source


__all__ = ["FORMAT", "choose_weights", "open_chosen", "open_pattern"]

FORMAT = Format("shards of a checkpoint", _recognises, _open)
