"""What an unpickler makes of a file's names and containers, its errors, and the memory that it may take."""

from __future__ import annotations

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING  # what Python's own pickler goes by
from collections.abc import Callable, Mapping
from typing import Any

from .unknown import UnknownName

NAME_LIMIT = 1000
"""Names of globals that are kept, at most."""
_NAME = 200
"""Characters of each part of such a name."""
_FREE = 64 << 20
"""Bytes of memory that a pickle of any size may take."""
_PER_BYTE = 32
"""And for each of its bytes.  A state dict is charged some 15 for a byte, an empty set 224."""


class BrokenPickle(Exception):
    """It is no pickle, is damaged, or asks for more than any honest one; the text goes on from `its pickle `."""


class CutPickle(BrokenPickle):
    """It goes on after the bytes that were given: at least up to `needed` bytes, counted from their start."""

    def __init__(self, needed: int) -> None:
        super().__init__("ends in the middle")
        self.needed = needed


class Ordered(dict[Any, Any]):
    """The stub of an `OrderedDict`, `Counter` or `defaultdict`.

    `attributes` is what was hung on it, such as the `_metadata` of a state dict.
    """

    __slots__ = ("_hung",)

    @property
    def attributes(self) -> dict[Any, Any]:
        """Return what was hung on it; empty where that is nothing, or no dictionary."""
        found = getattr(self, "_hung", None)
        return found if isinstance(found, dict) else {}

    def build(self, state: object) -> None:
        """Take what is hung on it."""
        self._hung = state


def ordered(*arguments: object) -> Ordered:
    """Return an `Ordered` of the arguments that those classes take."""
    made = Ordered()
    for argument in arguments:  # the factory of a defaultdict is none of these
        if isinstance(argument, dict):
            made.update(argument)
        elif isinstance(argument, (list, tuple)):
            for each in argument:
                if isinstance(each, (list, tuple)) and len(each) == 2:
                    made[hashable(each[0])] = each[1]
    return made


class SafeKey:
    """A dictionary's key that is safer not to hash: a long number, or a container with others in it."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def hashable(value: object) -> object:
    """Return `value` where it can be a key at no great cost, else a `SafeKey` of it.

    Equal hashes of many long numbers or tuples would make a dictionary quadratic, and hashing nested tuples recurses.
    """
    if value is None or isinstance(value, (str, bytes, bool, float, SafeKey)):
        return value
    if isinstance(value, int):
        return value if -(1 << 60) < value < 1 << 60 else SafeKey(value)
    if isinstance(value, (tuple, list, dict, set, frozenset, bytearray, complex)):
        return SafeKey(value)
    return value


Persistent = Callable[[Any], object]
"""Return what a persistent id in a pickle refers to; raise BrokenPickle where that is nothing."""


class Globals:
    """What the global names in a file stand for, and which of them it has; each is remembered once, in order."""

    def __init__(self, stubs: Mapping[tuple[str, str], Any]) -> None:
        self._stubs = stubs
        self.protocol = 0
        """Of the pickle that is read."""
        self.named: dict[tuple[str, str], Any] = {}
        """By module and name, as Python 3 has them, what it stands for; at most `NAME_LIMIT`."""
        self.unknown: dict[str, None] = {}
        """Those without a stub, `module.name`; at most `NAME_LIMIT`."""
        self.instructions: dict[int, None] = {}
        """Opcodes that `torch.load(weights_only=True)` does not know."""

    def find(self, module: object, name: object) -> Any:
        """Return the stub of a global, or an `UnknownName`.  Raise BrokenPickle for what is no name."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise BrokenPickle("names something by what is no text")
        if self.protocol < 3:
            key = NAME_MAPPING.get((module, name)) or (IMPORT_MAPPING.get(module, module), name)
        else:
            key = module, name
        found = self.named.get(key)
        if found is None:
            found = self._stubs.get(key)
            module, name = key[0][:_NAME], key[1][:_NAME]
            if found is None:
                found = UnknownName(module, name)
                if len(self.unknown) < NAME_LIMIT:
                    self.unknown[found.text] = None
            if len(self.named) < NAME_LIMIT:
                self.named[module, name] = found
        return found

    def name_of(self, stub: object) -> UnknownName:
        """Return the name that the file has for a stub."""
        return next((UnknownName(*key) for key, each in self.named.items() if each is stub), UnknownName("", "?"))


class Budget:
    """Memory that a pickle may still take: `left` bytes, more the larger the pickle is."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = _FREE + _PER_BYTE * size

    def charge(self, size: int) -> None:
        """Take about `size` bytes; raise BrokenPickle when there are no more."""
        self.left -= size
        if self.left < 0:
            raise BrokenPickle("makes far more of its bytes than weights need")
