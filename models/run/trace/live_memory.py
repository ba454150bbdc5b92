"""How many bytes a run's own tensors take at once: the storages that were made meanwhile and are in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from weakref import ref

from torch import Tensor, UntypedStorage
from torch._C import TensorBase

from ...live.live_tree import LiveTree
from .calls import Call
from .flow import storage_of

_untyped_storage = TensorBase.untyped_storage


class _Storage(ref[UntypedStorage]):
    """A weak reference to a storage that knows its size."""

    __slots__ = ("key", "size")
    key: int
    size: int


class LiveMemory:
    """Counts the bytes of storages until they are freed, each once, whatever views there are of it.

    Args:
        given: tensors whose memory is there anyway, such as weights and inputs; it is not counted.
    """

    __slots__ = ("_alive", "_gone", "_live", "_when_freed", "peak")

    def __init__(self, given: Iterable[Tensor] = ()) -> None:
        self._live = 0
        self._gone: list[_Storage] = []
        """Storages that were freed and are still counted.

        They are put here by a method of C's: an interrupt that came within one of ours would be lost.
        """
        self.peak = 0
        """The largest `live` since `start`."""
        self._alive: dict[int, _Storage] = {}
        self._when_freed = self._gone.append
        for tensor in given:
            self.take(tensor, counted=False)

    @property
    def live(self) -> int:
        """Return the bytes in use."""
        if self._gone:
            self._forget()
        return self._live

    def start(self) -> int:
        """Begin to look for a peak, and return the one before, which `end` is to be given."""
        before, self.peak = self.peak, self.live
        return before

    def end(self, before: int) -> int:
        """Return the largest `live` since `start` returned `before`."""
        peak = self.peak
        self.peak = max(before, peak)
        return peak

    def knows(self, key: int) -> bool:
        """Return whether the storage at this address, as `storage_of` gives it, was seen and is in use."""
        self._forget()
        return key in self._alive

    def counts(self, tensor: Tensor) -> bool:
        """Return whether the memory of `tensor` was made by the run itself."""
        self._forget()
        known = self._alive.get(storage_of(tensor))
        return known is not None and known.size > 0

    def take(self, tensor: Tensor, counted: bool = True) -> int:
        """Count the storage of a tensor until it is freed, unless it was there before, and return the bytes in use."""
        try:
            storage = _untyped_storage(tensor)
            key, size = storage._cdata, storage.nbytes()
        except (RuntimeError, NotImplementedError):  # a sparse one
            return self.live
        if self._gone:
            self._forget()
        alive = self._alive
        if key in alive or not isinstance(size, int):
            return self._live
        known = _Storage(storage, self._when_freed)
        known.key = key
        known.size = size if counted else 0
        alive[key] = known
        if counted:
            self._live += size
            if self._live > self.peak:
                self.peak = self._live
        return self._live

    def _forget(self) -> None:
        """Count no longer what was freed."""
        gone, alive = self._gone, self._alive
        while gone:
            storage = gone.pop()
            if alive.get(storage.key) is storage:
                del alive[storage.key]
            self._live -= storage.size


def constants_of(tree: LiveTree) -> Iterator[Tensor]:
    """Yield the tensors in plain attributes of the network's modules."""
    for node in tree.nodes:
        if node.kind == "constant" and isinstance(node.item, Tensor):
            yield node.item


def add_hidden(events: Sequence[tuple[Call, int]], hidden: list[tuple[int, int]]) -> None:
    """Add to the peaks of calls what no call returned and backward needs, such as the indices of a maximum.

    Args:
        events: the operations in their order, each with the number of the first node of autograd's graph that it made.
        hidden: the number of the node that keeps a storage until the end of the run, and its bytes.
    """
    hidden = sorted(hidden, reverse=True)
    held = 0
    for place, (call, _) in enumerate(events):
        following = events[place + 1][1] if place + 1 < len(events) else None
        while hidden and (following is None or hidden[-1][0] < following):
            held += hidden.pop()[1]
        row = call.row_of()
        if call.peak is not None:
            row.peak = max(row.peak or 0, call.peak + held)
