"""Which call made a tensor: the dataflow of a run, right under views, writes in place and freed tensors.

A tensor is known by its identity and a weak reference to it, since identities are used again; what was written since
is known by its version.  An attribute of the tensor would be copied and saved with it.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import ref

from msgspec import Struct
from torch import Tensor, UntypedStorage
from torch._C import TensorBase

from .accelerator import Found
from .calls import Call

_version = TensorBase.__dict__["_version"].__get__
_requires_grad = TensorBase.__dict__["requires_grad"].__get__
_untyped_storage = TensorBase.untyped_storage
"""Torch's own, whatever the class of a tensor overrides."""
base_of: Callable[[Tensor], Tensor | None] = TensorBase.__dict__["_base"].__get__
"""Returns the tensor that a tensor is a view of, as autograd knows it; None for no view."""
Read = tuple[Call, bool]
"""The call that made a tensor which is read, and whether a gradient can flow back through the tensor."""
ROOM = 1000
"""Tensors known before those that are gone are looked for."""


class Known(Struct, eq=False, gc=False):
    """What is known of a live tensor."""

    tensor: ref[Tensor]
    version: int
    """When its call was over; -1 for a tensor without one, of inference mode."""
    made_by: Call | None
    """The call that gave or last wrote it; None for what came from outside."""
    statistics: Found = None
    """Of its elements as they were then."""


class Flow:
    """The calls that made the live tensors of one run."""

    def __init__(self) -> None:
        self._known: dict[int, Known] = {}
        self._room = ROOM
        self._writers: dict[int, tuple[ref[UntypedStorage], Call]] = {}
        """By address of a storage that was written in place, the storage and the call that wrote last."""

    def known(self, tensor: Tensor) -> Known | None:
        """Return what is known of `tensor`, though it may have been written since; None for nothing."""
        known = self._known.get(id(tensor))
        return known if known is not None and known.tensor() is tensor else None

    def now(self, tensor: Tensor) -> Known | None:
        """Return what is known of `tensor`; None where nothing is, or it was written since."""
        known = self.known(tensor)
        return known if known is not None and known.version == version_of(tensor) else None

    def made_by(self, tensor: Tensor) -> Call | None:
        """Return the call that gave or last wrote the elements of `tensor`; None for what came from outside."""
        known = self.known(tensor)
        if known is not None and known.version == version_of(tensor):
            return known.made_by
        if self._writers and (writer := self._writer(tensor)) is not None:
            return writer
        if known is not None:
            return known.made_by
        base = base_of(tensor)
        return None if base is None else self.made_by(base)

    def made(self, tensor: Tensor, call: Call | None, statistics: Found = None) -> None:
        """Note that `call` gave `tensor`; None for one from outside."""
        if len(self._known) >= self._room:
            self._sweep()
        self._known[id(tensor)] = Known(ref(tensor), version_of(tensor), call, statistics)

    def wrote(self, tensor: Tensor, call: Call, statistics: Found = None) -> None:
        """Note that `call` wrote into `tensor`, and so into all that share its memory."""
        self.made(tensor, call, statistics)
        address = storage_of(tensor)
        if address:
            self._writers[address] = ref(_untyped_storage(tensor)), call

    def read(self, tensors: list[Tensor]) -> tuple[list[int], tuple[Call, ...], bool, list[Read]]:
        """Return of each tensor the version, the calls that made them, each once, and each reading of one of these.

        The third part says whether any was given to the network: it is known, and was made by no call.
        """
        versions = versions_of(tensors)
        given = False
        found: list[Call] = []
        reads: list[Read] = []
        everything = self._known
        for tensor, version in zip(tensors, versions, strict=True):
            known = everything.get(id(tensor))
            if known is not None and known.version == version and known.tensor() is tensor:
                call = known.made_by
                given = given or call is None
            else:
                call = self.made_by(tensor)
                given = given or (call is None and self._is_given(tensor))
            if call is not None:
                reads.append((call, _requires_grad(tensor)))
                if call not in found:
                    found.append(call)
        return versions, tuple(found), given, reads

    def _is_given(self, tensor: Tensor) -> bool:
        """Return whether a tensor that no call made is known, or a view of one that is."""
        base = base_of(tensor)
        return self.known(tensor) is not None or (base is not None and self.known(base) is not None)

    def _writer(self, tensor: Tensor) -> Call | None:
        entry = self._writers.get(storage_of(tensor))
        return None if entry is None or entry[0]() is None else entry[1]

    def _sweep(self) -> None:
        self._known = {key: known for key, known in self._known.items() if known.tensor() is not None}
        self._writers = {key: entry for key, entry in self._writers.items() if entry[0]() is not None}
        self._room = max(ROOM, 2 * len(self._known))


def version_of(tensor: Tensor) -> int:
    """Return how often a tensor was written in place; -1 for one of inference mode, which has no version."""
    try:
        version: int = _version(tensor)
        return version
    except RuntimeError:
        return -1


def versions_of(tensors: list[Tensor]) -> list[int]:
    """Return the same of each tensor."""
    try:
        return list(map(_version, tensors))
    except RuntimeError:
        return [version_of(tensor) for tensor in tensors]


def storage_of(tensor: Tensor) -> int:
    """Return what stands for a tensor's memory as long as that lives; 0 where it has none of its own."""
    try:
        return int(_untyped_storage(tensor)._cdata)
    except (RuntimeError, NotImplementedError):
        return 0
