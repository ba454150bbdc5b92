"""An operation that is about to run: what it reads, noted before it may write into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from .calls import Call
from .captured import Kept
from .flow import Read, version_of
from .operations import writes_parts


class Reading:
    """An operation that is about to run: what it reads, as that is now.

    Args:
        arguments: of the operation, without names.
        named: those with names.
        tensors: those among them.
        versions: of the tensors.
        producers: the calls that made them.
        given: whether it reads what the network was given.
        reads: of each tensor, what is known of it.
        kept: copies of the tensors, where such are taken.
        bare: whether no other mode and no class of a tensor's sees what is done to the tensors.
    """

    __slots__ = (
        "_arguments",
        "_named",
        "bare",
        "before",
        "behind",
        "first",
        "given",
        "kept",
        "name",
        "producers",
        "reads",
        "tensors",
        "versions",
    )

    def __init__(
        self,
        name: str,
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        tensors: list[Tensor],
        versions: list[int],
        producers: tuple[Call, ...],
        given: bool,
        reads: list[Read],
        kept: list[Kept] | None = None,
        bare: bool = False,
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._named = named
        self.tensors = tensors
        self.versions = versions
        self.producers = producers
        self.given = given
        self.reads = reads
        self.kept = kept
        self.bare = bare
        self.before: Any = None
        """The event before it on the device that it runs on; None where its seconds are the processor's."""
        self.behind: Any = None
        self.first = 0
        """The number of the first node of autograd's graph that it makes, if it makes one."""

    @property
    def literals(self) -> list[float]:
        """Return the numbers among the arguments."""
        return [each for each in (*self._arguments, *self._named.values()) if type(each) is float]

    @property
    def texts(self) -> list[str]:
        """Return the texts among them."""
        return [each for each in self._arguments if type(each) is str]

    def written(self) -> list[Tensor]:
        """Return the tensors that the operation wrote into, now that it is over."""
        found: list[Tensor] = []
        for tensor, version in zip(self.tensors, self.versions, strict=True):
            if version < 0:  # of inference mode, without versions
                if tensor is self.tensors[0] and (self.name.endswith("_") or writes_parts(self.name)):
                    found.append(tensor)
            elif version != version_of(tensor):
                found.append(tensor)
        return found
