"""Reading a pickle without running anything of it.

Python's own unpickler calls what a file names.  This one has its own machine (`machine.py`) for the opcodes
(`opcodes.py`) of every protocol, as the standard library's `pickletools` documents them: what a file names becomes one
of the stub classes that the caller gave, which are ours and inert, or an `UnknownName`; what would be made with that
becomes an `UnknownObject`, which keeps what the file has for it (`unknown.py`).  Nothing is imported, looked up or
called by a name in the file.

What a file can make this cost is bounded by its bytes: every object and every copy is charged to a budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from .machine import Machine
from .opcodes import TABLE
from .unknown import UnknownName, UnknownObject
from .values import BrokenPickle, CutPickle, Globals, Ordered, Persistent, SafeKey, hashable, ordered

__all__ = [
    "BrokenPickle",
    "CutPickle",
    "Globals",
    "Ordered",
    "SafeKey",
    "UnknownName",
    "UnknownObject",
    "hashable",
    "ordered",
    "read_part",
    "read_pickle",
]


def read_pickle(
    data: bytes | BinaryIO,
    stubs: Mapping[tuple[str, str], Any] | Globals,
    persistent: Persistent | None = None,
    extra: int = 0,
) -> Any:
    """Return what the pickle at the start of `data` says, made of plain Python objects and stubs.

    `stubs`: for (module, name), as Python 3 has them, a callable that takes the arguments that the file has for it
    and returns something inert, or a value.  What it returns gets what the file hangs on it by a method
    `build(state)`; without one that is ignored.  Whatever it raises makes the pickle a broken one.
    Of a name that has no stub an `UnknownName` is made, and of what is called by it an `UnknownObject`; a `Globals` of
    the stubs, in their place, knows afterwards what was named.
    `persistent` is given the ids of things outside; None where there are none.  Dictionaries' keys may be `SafeKey`s.
    `extra`: bytes of memory that it may take beyond what its size grants.

    Raises:
        BrokenPickle: it is no pickle, is damaged, or asks for too much memory.
    """
    return read_part(data if isinstance(data, bytes) else data.read(), 0, stubs, persistent, extra)[0]


def read_part(
    data: bytes,
    start: int,
    stubs: Mapping[tuple[str, str], Any] | Globals,
    persistent: Persistent | None = None,
    extra: int = 0,
) -> tuple[Any, int]:
    """Return what the pickle that begins at `start` says, and where it ends; else as `read_pickle`.

    Raises:
        BrokenPickle: as `read_pickle`.
        CutPickle: `data` ends before the pickle does.
    """
    names = stubs if isinstance(stubs, Globals) else Globals(stubs)
    machine = Machine(data, start, names, persistent, TABLE)
    machine.budget.left += extra
    try:
        value = machine.run()
    except (IndexError, KeyError):
        raise BrokenPickle("takes things that it never made") from None
    except (TypeError, ValueError, OverflowError):
        raise BrokenPickle("puts things together that do not fit") from None
    except (RecursionError, MemoryError):
        raise BrokenPickle("asks for too much memory") from None
    return value, machine.at
