"""Streams of elements, block by block, from memory or from files, and the threads that go through them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

import torch
from torch import Tensor

from ...work.cores import usable_cores
from ...work.one_thread import one_thread
from ...work.progress import Ticker
from ..reading import real64
from ..seeking import index_at
from . import chunks

WORKER_LIMIT = 16
"""Threads that go through a stream: each keeps some 10 MB."""
WORTH_A_WORKER = 2**20
"""Elements a thread must have to be worth starting."""


Block: TypeAlias = tuple[int, Callable[[], Tensor]]
"""How many elements of a stream come before a block, and a function that reads it, called from any thread."""
Piece: TypeAlias = tuple[int, Tensor]
"""How many elements of a stream come before a part of a block, and that part."""


@dataclass(frozen=True, slots=True)
class PatternTable:
    """The values of all bit patterns of a dtype of at most 16 bits."""

    values: Tensor
    """float64 of 256 or 65,536 rows, one a pattern: the element, or for packed dtypes the elements, that it holds."""
    dtype: torch.dtype | None = None
    """The dtype of which these are the bit patterns; None where torch has none with one element an item."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The elements of one tensor as blocks on the CPU, which can be read several times."""

    size: int
    """How many elements there are, those of `rest` included."""
    blocks: Callable[[], Iterator[Block]]
    """Returns the blocks, in order."""
    shape: tuple[int, ...]
    """The shape of the tensor."""
    axes: tuple[int, ...] | None = None
    """Its dimensions in the order of the stream, the one that changes last first; None: as they are, row-major."""
    dtype: torch.dtype | None = None
    """The dtype of the blocks where they are plain tensors of the elements as they are; else None."""
    table: PatternTable | None = None
    """The values of the blocks' bit patterns, for items of 1 or 2 bytes; None where blocks hold the elements."""
    whole: bool = False
    """Whether all elements are whole numbers."""
    singles: bool = False
    """Whether all elements are float32."""
    rest: tuple[float, ...] = ()
    """Further elements, of a last bit pattern that is not full."""
    repeats: int = 1
    """How often each element stands in the tensor."""

    @property
    def per_item(self) -> int:
        """Return how many elements an item of a block holds: more than one for packed dtypes."""
        return 1 if self.table is None else self.table.values.shape[1]

    def index(self, position: int) -> list[int]:
        """Return the index in the tensor of the element before which `position` elements of the stream come."""
        if self.axes is None:
            return index_at(self.shape, position)
        found = dict(zip(self.axes, index_at([self.shape[axis] for axis in self.axes], position), strict=True))
        return [found[axis] for axis in range(len(self.shape))]

    def real(self, block: Tensor) -> Tensor:
        """Return the elements of a block in one dimension, as float64."""
        if self.table is None:
            return real64(block)
        return self.table.values[bit_patterns(block).long()].view(-1)


def bit_patterns(block: Tensor) -> Tensor:
    """Return the items of 1 or 2 bytes of a block as whole numbers from 0 on, in one dimension."""
    if block.dtype.itemsize == 1:
        return block.reshape(-1).view(torch.uint8)
    return block.reshape(-1).view(torch.int16).to(torch.int32).bitwise_and_(0xFFFF)


class Worker(Protocol):
    """What takes in the pieces of a stream that one thread reads."""

    def take(self, piece: Tensor, start: int) -> None:
        """Take in a piece of a block, before which `start` elements of the stream come."""

    def finish(self) -> None:
        """Finish the work after the last piece."""


AnyWorker = TypeVar("AnyWorker", bound=Worker)


def sweep(
    stream: Stream, make_worker: Callable[[], AnyWorker], ticker: Ticker, limit: int | None = None
) -> list[AnyWorker]:
    """Read all blocks once, on all processor cores but one; return the workers, each of which took in a part.

    `limit`: the elements of a piece; None for what suits work that needs much memory beside one.

    Raises:
        Cancelled: `ticker` was cancelled.
        Exception: whatever reading a block raises.
    """
    workers = [make_worker() for _ in range(workers_for(stream))]
    blocks, turn = stream.blocks(), threading.Lock()
    failed: list[BaseException] = []

    def work(worker: AnyWorker) -> None:
        try:
            with one_thread():
                while not failed:
                    with turn:
                        block = next(blocks, None)
                    if block is None:
                        break
                    start, read = block
                    for piece in chunks.chunks(read(), limit):
                        worker.take(piece, start)
                        start += piece.numel() * stream.per_item
                        with turn:
                            ticker.read(piece.numel())
                        if failed:
                            return
                worker.finish()
        except BaseException as error:  # KeyboardInterrupt too: the other threads have to end
            failed.append(error)

    threads = [threading.Thread(target=work, args=(each,), daemon=True) for each in workers[1:]]
    for thread in threads:
        thread.start()
    work(workers[0])
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return workers


def workers_for(stream: Stream) -> int:
    """Return how many threads read a stream."""
    return max(1, min(usable_cores() - 1, stream.size // WORTH_A_WORKER, WORKER_LIMIT))
