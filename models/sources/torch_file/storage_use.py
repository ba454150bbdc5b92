"""How much more a torch file stores than its tensors have: `torch.save` writes the storage of a view whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wording import listed

_SMALL = 1 << 20
"""Bytes below which what is unused is worth a warning only if it is a hundredth of all."""


@dataclass(frozen=True, slots=True)
class _View:
    """Bytes `start` to `stop` of a storage, of which a tensor has `own`."""

    path: str
    start: int
    stop: int
    own: int


@dataclass(slots=True)
class Unused:
    """What the file stores beyond what its tensors have."""

    size: int = 0
    """Bytes of it in all storages."""
    total: int = 0
    """Bytes of all storages."""
    stored: dict[str, int] = field(default_factory=dict)
    """Of the path of a tensor that views a storage with more in it, the bytes of that storage."""
    viewed: int = 0
    """Storages that have more than the tensors that view them."""
    idle: int = 0
    """Storages that no tensor views at all."""

    @property
    def text(self) -> str:
        """Return it in a sentence, and what mends it; empty where it is nothing, or next to nothing."""
        if not self.size or (self.size < _SMALL and self.size * 100 < self.total):
            return ""
        why = []
        if self.stored:
            views = "is a view" if len(self.stored) == 1 else "are views"
            larger = "a larger storage" if self.viewed == 1 else f"{self.viewed:,} larger storages"
            mends = "which torch.save writes whole; .clone() before saving leaves the rest out"
            why.append(f"{listed(list(self.stored))} {views} of {larger}, {mends}")
        if self.idle:
            why.append(f"{self.idle:,} storage{' is' if self.idle == 1 else 's are'} in no tensor at all")
        more = f"The values take {self.total:,} bytes in the file, {self.size:,} more than its tensors"
        return f"{more}: {'; '.join(why)}."


class StorageUse:
    """Counts which bytes of each storage tensors have."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._views: defaultdict[str, list[_View]] = defaultdict(list)

    def add(self, path: str, key: str, size: int, start: int, stop: int, own: int) -> None:
        """Count the tensor at `path`, which has `own` bytes between `start` and `stop` of the storage `key`.

        `size` are the bytes of that storage.
        """
        if own >= size:
            self._whole.add(key)
        elif key not in self._whole:
            self._views[key].append(_View(path, start, stop, own))
        self._sizes[key] = size

    def unused(self, sizes: Mapping[str, int]) -> Unused:
        """Return what is stored beyond the tensors; `sizes` are the bytes of storages by key, as far as known."""
        found = Unused(total=sum((self._sizes | dict(sizes)).values()))
        for key, views in self._views.items():
            left = 0 if key in self._whole else _left(views, self._sizes[key])
            if left > 0:
                found.size += left
                found.viewed += 1
                for view in views:
                    found.stored[view.path] = found.stored.get(view.path, 0) + self._sizes[key]
        for key, size in sizes.items():
            if key not in self._sizes and size:
                found.size += size
                found.idle += 1
        return found


def _left(views: list[_View], size: int) -> int:
    """Return how many of a storage's bytes the views would not need if each were stored by itself.

    Where they overlap and would need more than that, how many no view reaches.
    """
    different = {(each.start, each.stop, each.own) for each in views}
    apart = sum(own for _, _, own in different)
    if apart <= size:
        return size - apart
    together = end = 0
    for start, stop, _ in sorted(different):
        together += max(stop, end) - max(start, end)
        end = max(stop, end)
    return size - together
