"""The differences between items and metadata of two checkpoints.  Must not import torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..opened.source import Source

TEXT_LIMIT = 2_000
"""Characters of a value that are compared and shown: as many as an `Item` has."""
_VERSIONS = "_metadata"
"""The key of modules' versions in a state dict of torch: one entry, however many modules there are."""

ItemPlace = Literal["item", "metadata"]
"""Where an entry stands in a checkpoint."""
ItemStatus = Literal["changed", "only_a", "only_b"]
"""The result for one entry."""
_Value = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """An item or an entry of metadata that differs: an epoch, a learning rate, a key of `__metadata__`."""

    path: str
    """The path under which the two were compared, after renaming; of metadata, its keys joined by dots."""
    place: ItemPlace
    status: ItemStatus
    a: str | None
    """The value in A as `show` writes it; None where A has none."""
    b: str | None
    """The value in B as `show` writes it; None where B has none."""


def differing_items(
    a: Source, b: Source, rules: Sequence[Callable[[str], str]], match: Callable[[str], bool] | None
) -> list[ItemDifference]:
    """Return every item, then every entry of metadata, that differs or that only one has; in the order of A, then of B.

    `rules` rename items of A, as they do tensors; with `match`, only items of a matching path are compared, and no
    metadata.  Empty where a source is a network, which has neither.
    """
    if a.checkpoint is None or b.checkpoint is None:
        return []
    mine, theirs = _items(a, rules), _items(b, ())
    found = [each for each in _against("item", mine, theirs) if match is None or match(each.path)]
    if match is None:
        found += _against("metadata", _metadata(a), _metadata(b))
    return found


def _items(source: Source, rules: Sequence[Callable[[str], str]]) -> dict[str, _Value]:
    assert source.checkpoint is not None
    found: dict[str, _Value] = {}
    for item in source.checkpoint.items:
        path = item.path
        for rule in rules:
            path = rule(path)
        found.setdefault(path, (item.type, item.text))
    return found


def _metadata(source: Source) -> dict[str, _Value]:
    assert source.checkpoint is not None
    return dict(_flat({**source.metadata, **source.checkpoint.metadata}, ""))


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, _Value]]:
    for key, value in values.items():
        if isinstance(value, dict) and value and key.rpartition(".")[2] != _VERSIONS:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            text = value if isinstance(value, str) else repr(value)
            yield f"{prefix}{key}", (type(value).__name__, text[:TEXT_LIMIT])


def _against(place: ItemPlace, a: dict[str, _Value], b: dict[str, _Value]) -> Iterator[ItemDifference]:
    for path, mine in a.items():
        theirs = b.get(path)
        if theirs is None:
            yield ItemDifference(path, place, "only_a", mine[1], None)
        elif theirs != mine:
            yield ItemDifference(path, place, "changed", *_distinguished(mine, theirs))
    for path, theirs in b.items():
        if path not in a:
            yield ItemDifference(path, place, "only_b", None, theirs[1])


def _distinguished(a: _Value, b: _Value) -> tuple[str, str]:
    """Return the two values, with their types where they read alike: the text 3 and the number 3."""
    return (a[1], b[1]) if a[1] != b[1] else (f"{a[1]} ({a[0]})", f"{b[1]} ({b[0]})")
