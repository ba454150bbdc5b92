"""Finds what changed among thousands of tensors: the small ones are compared many at a time.

One comparison costs some microseconds however small the tensors are; joined, they cost what their bytes do.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from .record import Record

SMALL = 2**12
"""Elements up to which a tensor is compared together with others."""
TOGETHER = 512
"""Tensors that are compared at once."""


class Batches:
    """Some records, arranged for being asked again and again which of their tensors changed."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._single: list[Record] = []
        self._batches: list[_Batch] = []
        alike: dict[torch.dtype, list[Record]] = {}
        for record in records:
            flat = record.flat(SMALL)
            if flat is None:
                self._single.append(record)
            else:
                alike.setdefault(flat[0].dtype, []).append(record)
        for group in alike.values():
            self._batches += [_Batch(group[start : start + TOGETHER]) for start in range(0, len(group), TOGETHER)]

    def changed(self) -> set[int]:
        """Identities of the tensors that hold other values than their records."""
        found = {id(record.tensor) for record in self._single if record.changed()}
        for batch in self._batches:
            if not batch.holds():
                found.update(id(record.tensor) for record in batch.records if record.changed())
        return found


class _Batch:
    """Small tensors of one element size on the processor."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self._tensors = [record.tensor for record in records]
        self._layouts = _layouts(self._tensors)
        flat = [record.flat(SMALL) for record in records]
        self._here = [each[0] for each in flat if each is not None]
        self._before = torch.cat([each[1] for each in flat if each is not None])

    def holds(self) -> bool:
        """Whether nothing changed; told by the memory, which a tensor may have been taken away from."""
        try:
            return _layouts(self._tensors) == self._layouts and torch.equal(torch.cat(self._here), self._before)
        except RuntimeError:  # a tensor without memory by now
            return False


def _layouts(tensors: list[Tensor]) -> list[object]:
    return [(tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype) for tensor in tensors]
