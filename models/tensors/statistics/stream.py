"""Elements that come block by block, from memory or from files, and the threads that go through them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from ...work.cancelled import Cancelled, ShouldCancel
from ...work.one_thread import one_thread
from ..reading import real64
from . import chunks

MOST_WORKERS = 16
"""Each keeps some 10 MB."""
WORTH_A_WORKER = 2**20
"""Elements below which another thread costs more than it brings."""


@dataclass(frozen=True, slots=True)
class Table:
    """What the bit patterns of a type of at most 16 bits stand for."""

    values: Tensor
    """float64 of 256 or 65,536 rows, one a pattern: the element, or the elements, that it holds."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The elements of one tensor; its blocks can be gone through several times."""

    size: int
    """Elements."""
    blocks: Callable[[], Iterator[Callable[[], Tensor]]]
    """Ways to get each block; they are called from several threads."""
    table: Table | None = None
    """For blocks of items of 1 or 2 bytes: they are read as bit patterns."""
    whole: bool = False
    """All elements are whole numbers."""
    singles: bool = False
    """All elements are float32."""
    rest: tuple[float, ...] = ()
    """Further elements, of a pattern that is not full."""
    repeats: int = 1
    """How often each element stands in the tensor."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where the blocks are."""

    def real(self, block: Tensor) -> Tensor:
        """The elements of a block in one dimension, as float64."""
        if self.table is None:
            return real64(block)
        return self.table.values[patterns(block).long()].view(-1)


def patterns(block: Tensor) -> Tensor:
    """Items of 1 or 2 bytes as whole numbers from 0 on, in one dimension."""
    if block.dtype.itemsize == 1:
        return block.reshape(-1).view(torch.uint8)
    return block.reshape(-1).view(torch.int16).to(torch.int32).bitwise_and_(0xFFFF)


class Worker(Protocol):
    """Goes through pieces in one thread."""

    def take(self, piece: Tensor) -> None:
        """Take in a piece of a block."""

    def finish(self) -> None:
        """All pieces were seen."""


W = TypeVar("W", bound=Worker)


class Ticker:
    """Counts the elements that were read, tells each hundredth, and learns when nobody waits any more."""

    def __init__(self, size: int, cancelled: ShouldCancel, progress: Callable[[float], None] | None) -> None:
        self._size, self._cancelled, self._progress = size, cancelled, progress
        self._done, self._told = 0, -1.0
        self.read(0)

    def read(self, elements: int) -> None:
        """So many more were read.  Raises `Cancelled`."""
        if self._cancelled():
            raise Cancelled
        self._done += elements
        part = min(self._done / self._size, 0.99) if self._size else 0.0
        if self._progress is not None and part >= self._told + 0.01:
            self._told = part
            self._progress(part)

    def end(self) -> None:
        """All is done."""
        if self._progress is not None:
            self._progress(1.0)


def sweep(stream: Stream, make: Callable[[], W], ticker: Ticker, light: bool = False) -> list[W]:
    """Go through all blocks once, in all processor cores but one; returns the workers, each with its part.

    `light` is work that takes little memory beside a piece, which may then be larger.

    Raises whatever reading a block raises, and `Cancelled`.
    """
    workers = [make() for _ in range(workers_for(stream))]
    blocks, turn = stream.blocks(), threading.Lock()
    failed: list[BaseException] = []
    most = 2 * chunks.CHUNK if light and stream.device.type == "cpu" else None

    def work(worker: W) -> None:
        try:
            with one_thread():
                while not failed:
                    with turn:
                        block = next(blocks, None)
                    if block is None:
                        break
                    for piece in chunks.chunks(block(), most):
                        worker.take(piece)
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
    """How many threads go through a stream."""
    if stream.device.type != "cpu":
        return 1
    return max(1, min(_cores() - 1, stream.size // WORTH_A_WORKER, MOST_WORKERS))


def _cores() -> int:
    """Those that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
