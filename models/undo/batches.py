"""Finds what changed among thousands of tensors: the small ones are compared many at a time.

One comparison takes some microseconds however small the tensors are; concatenated, the time goes by their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from .record import ValueRecord

SMALL_LIMIT = 2**12
"""Elements up to which a tensor is compared in a batch."""
BATCH_SIZE = 512
"""Tensors in a batch."""


class Batches:
    """Records arranged for finding again and again which of their tensors changed."""

    def __init__(self, records: Iterable[ValueRecord]) -> None:
        self._single: list[ValueRecord] = []
        self._batches: list[_Batch] = []
        alike: dict[torch.dtype, list[ValueRecord]] = {}
        for record in records:
            flat = record.flat(SMALL_LIMIT)
            if flat is None:
                self._single.append(record)
            else:
                alike.setdefault(flat[0].dtype, []).append(record)
        for group in alike.values():
            self._batches += [_Batch(group[start : start + BATCH_SIZE]) for start in range(0, len(group), BATCH_SIZE)]

    def changed(self) -> set[int]:
        """Return the identities (`id`) of the tensors that hold other values than their records."""
        found = {id(record.tensor) for record in self._single if record.changed()}
        for batch in self._batches:
            if not batch.is_unchanged():
                found.update(id(record.tensor) for record in batch.records if record.changed())
        return found


class _Batch:
    """Small tensors on the CPU whose elements have one size."""

    def __init__(self, records: list[ValueRecord]) -> None:
        self.records = records
        self._tensors = [record.tensor for record in records]
        self._layouts = _layouts(self._tensors)
        flat = [record.flat(SMALL_LIMIT) for record in records]
        self._here = [each[0] for each in flat if each is not None]
        self._before = torch.cat([each[1] for each in flat if each is not None])

    def is_unchanged(self) -> bool:
        """Return whether nothing changed, the memory that each tensor uses included."""
        try:
            return _layouts(self._tensors) == self._layouts and torch.equal(torch.cat(self._here), self._before)
        except RuntimeError:  # a tensor without memory by now
            return False


def _layouts(tensors: list[Tensor]) -> list[object]:
    return [(tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype) for tensor in tensors]
