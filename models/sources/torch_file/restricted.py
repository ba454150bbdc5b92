"""Reading a pickle without running anything of it.

Python's own unpickler calls what a file names.  This one has its own loop (`machine.py`) over the instructions
(`opcodes.py`): what a file names becomes one of the stand-ins that the caller gave, which are ours and inert, or an
`Unknown` that does nothing at all and is listed in `Refused`.  Nothing is imported, looked up or called by a name in
the file.

What a file can make this cost is bounded by its bytes: every object and every copy is charged to a budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

MOST_REFUSED = 1000
"""Names of refused globals that are kept; a file with more is told by these."""
_NAME = 200
"""Characters of each part of a refused name."""
_FREE = 64 << 20
"""Bytes of memory that a pickle of any size may take."""
_PER_BYTE = 32
"""And for each of its bytes.  A state dict is charged some 15 for a byte, an empty set 224."""


class BrokenPickle(Exception):
    """It is no pickle, is damaged, or asks for more than any honest one; the text goes on from `its pickle `."""


class CutPickle(BrokenPickle):
    """It goes on after the bytes that were given: at least up to `needed`, counted from their start."""

    def __init__(self, needed: int) -> None:
        super().__init__("ends in the middle")
        self.needed = needed


class Refused(Exception):
    """It needs more than the stand-ins; `globals` lists what it wants run, `module.name`, each once, not cleaned."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names[:3]))
        self.globals = names


class Ordered(dict[Any, Any]):
    """An `OrderedDict`, `Counter` or `defaultdict`, with what was hung on it (`_metadata` of a state dict)."""

    __slots__ = ("_hung",)

    @property
    def attributes(self) -> dict[Any, Any]:
        """What was hung on it."""
        found = getattr(self, "_hung", None)
        return found if isinstance(found, dict) else {}

    def build(self, state: object) -> None:
        """As a stand-in does."""
        self._hung = state


def ordered(*arguments: object) -> Ordered:
    """The stand-in of those classes."""
    made = Ordered()
    for argument in arguments:  # the factory of a defaultdict is none of these
        if isinstance(argument, dict):
            made.update(argument)
        elif isinstance(argument, (list, tuple)):
            for each in argument:
                if isinstance(each, (list, tuple)) and len(each) == 2:
                    made[hashable(each[0])] = each[1]
    return made


class Unknown:
    """What a refused global is, and everything that it would have made."""

    __slots__ = ()


UNKNOWN = Unknown()


class Key:
    """A dictionary's key that is safer not to hash: a long number, or a container with others in it."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def hashable(value: object) -> object:
    """`value` where it can be a key at no great cost, else a `Key` of it.

    Equal hashes of many long numbers or tuples would make a dictionary quadratic, and hashing nested tuples recurses.
    """
    if value is None or isinstance(value, (str, bytes, bool, float, Key)):
        return value
    if isinstance(value, int):
        return value if -(1 << 60) < value < 1 << 60 else Key(value)
    if isinstance(value, (tuple, list, dict, set, frozenset, bytearray, complex)):
        return Key(value)
    return value


Persistent = Callable[[Any], object]


def read_pickle(
    data: bytes | BinaryIO,
    stubs: Mapping[tuple[str, str], Any],
    persistent: Persistent | None = None,
    extra: int = 0,
) -> Any:
    """What the pickle at the start of `data` says, made of plain Python objects and stand-ins.

    `stubs`: for (module, name), as Python 3 has them, a callable that takes the arguments that the file has for it
    and returns something inert, or a value.  What it returns gets what the file hangs on it by a method
    `build(state)`; without one that is ignored.  Whatever it raises makes the pickle a broken one.
    `persistent` is given the ids of things outside.  Dictionaries' keys may be `Key`s.
    `extra`: bytes of memory that it may take beyond what its size grants.

    Raises Refused, BrokenPickle.
    """
    return read_part(data if isinstance(data, bytes) else data.read(), 0, stubs, persistent, extra)[0]


def read_part(
    data: bytes,
    start: int,
    stubs: Mapping[tuple[str, str], Any],
    persistent: Persistent | None = None,
    extra: int = 0,
) -> tuple[Any, int]:
    """As `read_pickle`, of a pickle that begins at `start`; also where it ends.  `CutPickle` says `data` ends first."""
    from .machine import Machine
    from .opcodes import TABLE

    machine = Machine(data, start, Names(stubs), persistent, TABLE)
    machine.budget.left += extra
    try:
        value = machine.run()
    except BrokenPickle as error:
        if machine.names.refused and not isinstance(error, CutPickle):
            raise Refused(list(machine.names.refused)) from None  # what is unknown may be what does not fit
        raise
    except (IndexError, KeyError):
        raise BrokenPickle("takes things that it never made") from None
    except (TypeError, ValueError, OverflowError):
        raise BrokenPickle("puts things together that do not fit") from None
    except (RecursionError, MemoryError):
        raise BrokenPickle("asks for too much memory") from None
    if machine.names.refused:
        raise Refused(list(machine.names.refused))
    return value, machine.at


class Names:
    """What the names in a file stand for."""

    def __init__(self, stubs: Mapping[tuple[str, str], Any]) -> None:
        self._stubs = stubs
        self.refused: dict[str, None] = {}

    def find(self, module: object, name: object) -> Any:
        """The stand-in of a global; `UNKNOWN` for one that is refused."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise BrokenPickle("names something by what is no text")
        module = _PYTHON_2.get(module, module)
        found = self._stubs.get((module, name), UNKNOWN)
        if found is UNKNOWN:
            self.refuse(f"{module[:_NAME]}.{name[:_NAME]}")
        return found

    def refuse(self, name: str) -> None:
        """Remember that the file wants `name` run."""
        if len(self.refused) < MOST_REFUSED:
            self.refused[name] = None


_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}


class Budget:
    """Memory that a pickle may still take."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = _FREE + _PER_BYTE * size

    def charge(self, size: int) -> None:
        """Take so many bytes, about; raises BrokenPickle when there are no more."""
        self.left -= size
        if self.left < 0:
            raise BrokenPickle("makes far more of its bytes than weights need")
