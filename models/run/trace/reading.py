"""An operation that is about to run: what it reads, noted before it may write into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from torch import Tensor

from .calls import Call
from .captured import Kept
from .flow import Read, version_of, versions_of
from .operations import writes_parts


class Reading(Struct, eq=False):
    """An operation that is about to run: what it reads, as that is now."""

    name: str
    arguments: tuple[Any, ...]
    """Of the operation, without names."""
    named: Mapping[str, Any]
    """Those with names."""
    tensors: list[Tensor]
    """Those among them."""
    versions: list[int]
    """Of the tensors."""
    producers: tuple[Call, ...]
    """The calls that made them."""
    given: bool
    """Whether it reads what the network was given."""
    reads: list[Read]
    """Of each tensor, what is known of it."""
    kept: list[Kept] | None = None
    """Copies of the tensors, where such are taken."""
    bare: bool = False
    """Whether no other mode and no class of a tensor's sees what is done to the tensors."""
    before: Any = None
    """The event before it on the device that it runs on; None where its seconds are the processor's."""
    behind: Any = None
    first: int = 0
    """The number of the first node of autograd's graph that it makes, if it makes one."""

    @property
    def literals(self) -> list[float]:
        """Return the numbers among the arguments."""
        return [each for each in (*self.arguments, *self.named.values()) if type(each) is float]

    @property
    def subject(self) -> object:
        """Return its first argument, of a function of `torch.nn.functional` also where that is given by name."""
        return self.arguments[0] if self.arguments else self.named.get("input")

    @property
    def dimension(self) -> int | None:
        """Return its argument `dim` from 0 on, the second one, of an operation along one; None where it is not known.

        Where that is left out it is 0 of one and of three dimensions, else 1, as torch has it.
        """
        if not self.tensors:
            return None
        dim = self.arguments[1] if len(self.arguments) > 1 else self.named.get("dim")
        of = self.tensors[0].dim()
        if dim is None:
            dim = 0 if of in (0, 1, 3) else 1
        return dim % of if type(dim) is int and of else None

    @property
    def texts(self) -> list[str]:
        """Return the texts among them."""
        return [each for each in self.arguments if type(each) is str]

    def written(self) -> list[Tensor]:
        """Return the tensors that the operation wrote into, now that it is over."""
        if self.name == "set_data":  # which counts no version up
            return self.tensors[:1]
        if versions_of(self.tensors) == self.versions and -1 not in self.versions:
            return []
        found: list[Tensor] = []
        for tensor, version in zip(self.tensors, self.versions, strict=True):
            if version < 0:  # of inference mode, without versions
                if tensor is self.tensors[0] and (self.name.endswith("_") or writes_parts(self.name)):
                    found.append(tensor)
            elif version != version_of(tensor):
                found.append(tensor)
        return found
