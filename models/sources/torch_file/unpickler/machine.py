"""Reading a pickle: its bytes, its stack, its memo, and the few things that its opcodes do with them.

The opcodes and the machine are those that `Lib/pickletools.py` of Python describes.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from types import FunctionType
from typing import Any

from .unknown import UnknownName, UnknownObject, made_by
from .values import BrokenPickle, Budget, CutPickle, Globals, Ordered, Persistent, hashable, ordered

_LONGEST_LINE = 1 << 20
_OWED_LIMIT = 1 << 20
"""Bytes of memory that are not charged yet, at most: charging each by itself takes time."""

I4 = Struct("<i").unpack_from
U4 = Struct("<I").unpack_from
"""Return an integer of four bytes at an offset, here without a sign, in `I4` with one."""

_NEW_WITH_STATE = b")\x81\x94}\x94("
"""EMPTY_TUPLE, NEWOBJ, MEMOIZE, EMPTY_DICT, MEMOIZE, MARK: an object, before what is hung on it."""
_CALL_WITH_IT = b"\x94\x85\x94R\x94"
"""MEMOIZE, TUPLE1, MEMOIZE, REDUCE, MEMOIZE: of a tuple, such as a `torch.Size`."""

Table = list["Callable[[Machine], None] | None"]
"""What each of the 256 opcodes does; None for those that there are not."""


_FUNCTIONS = frozenset((type, FunctionType))
"""What nearly all stubs are."""
_COPIED = frozenset((list, tuple, dict, Ordered, set, frozenset, str, bytes))
"""What a stub may make a copy of."""
_BINPERSID = 0x51
_UNKNOWN = 400
"""Bytes of memory that an object takes which has no stub."""


def copied(value: Any) -> int:
    """Return roughly the bytes of a copy of a container or text; of a pair, state for slots, with its contents."""
    if isinstance(value, (str, bytes)):
        return len(value)
    if type(value) is tuple and len(value) == 2:
        first, second = value
        inside = len(first) if isinstance(first, dict) else 0
        return 96 + 48 * (inside + len(second) if isinstance(second, dict) else inside)
    return 48 * len(value)


class Machine:
    """The pickle machine of `pickletools`, for one pickle: `at` is where in `data` it is, in bytes.

    It has a stack, stacks below marks, and a memo; `table` has an action for each opcode.
    """

    def __init__(self, data: bytes, start: int, names: Globals, persistent: Persistent | None, table: Table) -> None:
        self.data = data
        self.at = start
        self.names = names
        self.persistent = persistent
        self.budget = Budget(len(data) - start)
        self.memo: dict[int, Any] = {}
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.done = False
        self._table = table

    def run(self) -> Any:
        """Run the pickle to its end and return its value; `read_part` translates what this raises.

        What a state dict and the metadata of a distributed checkpoint consist of is done here and now, some of it
        several opcodes at once, the rest by the table: that is what makes it quick, and why this is one long function.
        """
        data, memo, marks, charge, call = self.data, self.memo, self.marks, self.budget.charge, self.call
        stack, at, cost = self.stack, self.at, 0
        state: Any
        limit = len(data) - 5  # the longest of what is done here; slices may reach beyond
        while at < limit:
            code = data[at]
            if code < 0x62:
                if code == 0x4B:  # BININT1
                    stack.append(data[at + 1])
                    at += 2
                elif code == 0x28:  # MARK
                    marks.append(stack)
                    stack = []
                    at += 1
                    cost += 64
                elif code == 0x58:  # BINUNICODE
                    end = at + 5 + U4(data, at + 1)[0]
                    if end > len(data):
                        raise CutPickle(end)
                    stack.append(data[at + 5 : end].decode("utf-8", "backslashreplace"))
                    at = end
                    cost += 64
                elif code == 0x52:  # REDUCE
                    arguments = stack.pop()
                    function = stack[-1]
                    # Every tensor has an empty OrderedDict, of hooks.
                    stack[-1] = Ordered() if function is ordered and arguments == () else call(function, arguments)
                    at += 1
                    cost += 100
                elif code == 0x29:  # EMPTY_TUPLE
                    if data[at : at + 6] == _NEW_WITH_STATE:
                        stack[-1] = memo[len(memo)] = call(stack[-1], ())
                        memo[len(memo)] = state = {}
                        stack.append(state)
                        marks.append(stack)
                        stack = []
                        at += 6
                        cost += 232
                    else:
                        stack.append(())
                        at += 1
                elif code == 0x51:  # BINPERSID
                    stack[-1] = self.outside(stack[-1])
                    at += 1
                elif code == 0x4D:  # BININT2
                    stack.append(data[at + 1] | data[at + 2] << 8)
                    at += 3
                elif code == 0x4A:  # BININT
                    stack.append(I4(data, at + 1)[0])
                    at += 5
                else:
                    self.stack, self.at = stack, at + 1
                    self.act(code)
                    stack, at = self.stack, self.at
                    if self.done:
                        break
            elif code < 0x80:
                if code == 0x72:  # LONG_BINPUT
                    memo[U4(data, at + 1)[0]] = stack[-1]
                    at += 5
                    cost += 100
                elif code == 0x68:  # BINGET
                    stack.append(memo[data[at + 1]])
                    at += 2
                elif code == 0x6A:  # LONG_BINGET
                    stack.append(memo[U4(data, at + 1)[0]])
                    at += 5
                elif code == 0x74:  # TUPLE
                    items = stack
                    stack = marks.pop()
                    stack.append(tuple(items))
                    at += 1
                    cost += 64 + 8 * len(items)
                elif code == 0x75:  # SETITEMS
                    items, stack = stack, marks.pop()
                    self.stack = stack
                    self.set_items(items)
                    at += 1
                elif code == 0x62:  # BUILD
                    state = stack.pop()
                    self.build(stack[-1], state)
                    at += 1
                elif code == 0x71:  # BINPUT
                    memo[data[at + 1]] = stack[-1]
                    at += 2
                else:
                    self.stack, self.at = stack, at + 1
                    self.act(code)
                    stack, at = self.stack, self.at
            elif code == 0x94:  # MEMOIZE
                memo[len(memo)] = stack[-1]
                at += 1
                cost += 48
            elif code == 0x86 or code == 0x85:  # TUPLE2, TUPLE1
                last = stack.pop()
                made = (last,) if code == 0x85 else (stack.pop(), last)
                if data[at + 1 : at + 6] == _CALL_WITH_IT:
                    memo[len(memo)] = made
                    memo[len(memo)] = arguments = (made,)
                    stack[-1] = memo[len(memo)] = call(stack[-1], arguments)
                    at += 6
                    cost += 396
                else:
                    stack.append(made)
                    at += 1
                    cost += 80
            elif code == 0x89:  # NEWFALSE
                stack.append(False)
                at += 1
            elif code == 0x8C:  # SHORT_BINUNICODE
                end = at + 2 + data[at + 1]
                if end > len(data):
                    raise CutPickle(end)
                stack.append(data[at + 2 : end].decode("utf-8", "backslashreplace"))
                at = end
                cost += 64
            else:
                self.stack, self.at = stack, at + 1
                self.act(code)
                stack, at = self.stack, self.at
            if cost > _OWED_LIMIT:
                charge(cost)
                cost = 0
        self.stack, self.at = stack, at
        charge(cost)
        while not self.done:
            self.act(self.byte())
        return self.stack.pop()

    def act(self, code: int) -> None:
        """Do one opcode; raise BrokenPickle where there is none of this code."""
        action = self._table[code]
        if action is None:
            raise BrokenPickle(f"has an instruction {code} that there is not")
        action(self)

    # Reading what follows an opcode

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes; raise CutPickle where there are fewer."""
        start, end = self.at, self.at + size
        if end > len(self.data):
            raise CutPickle(end)
        self.at = end
        return self.data[start:end]

    def byte(self) -> int:
        """Return the next byte as a number; raise CutPickle at the end."""
        at = self.at
        if at >= len(self.data):
            raise CutPickle(at + 1)
        self.at = at + 1
        return self.data[at]

    def fixed(self, unpack: Callable[[bytes, int], tuple[Any, ...]], size: int) -> Any:
        """Return the next number, of `size` bytes; raise CutPickle where there are fewer."""
        start = self.at
        if start + size > len(self.data):
            raise CutPickle(start + size)
        self.at = start + size
        return unpack(self.data, start)[0]

    def line(self) -> bytes:
        """Return the bytes up to the end of a line; raise CutPickle without one, BrokenPickle for one too long."""
        end = self.data.find(b"\n", self.at, self.at + _LONGEST_LINE)
        if end < 0:
            if len(self.data) - self.at >= _LONGEST_LINE:
                raise BrokenPickle("has a line that is too long")
            raise CutPickle(len(self.data) + 1)
        start, self.at = self.at, end + 1
        return self.data[start:end]

    # Putting together

    def unmark(self) -> list[Any]:
        """Return what was stacked since the last mark, and take it off."""
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def call(self, function: Any, arguments: Any, named: Any = None) -> Any:
        """Return what a stub makes of its arguments, and an `UnknownObject` for what has no stub.

        Nothing but stubs is ever called.  `named` are arguments by keyword, which no stub takes.

        Raises:
            BrokenPickle: it is nothing that could be called, or the arguments do not fit a stub that makes tensors.
        """
        cost = 100
        if type(arguments) is tuple:
            for each in arguments:
                if type(each) in _COPIED:
                    cost += copied(each)
        self.budget.charge(cost)
        if type(function) is UnknownName or type(arguments) is not tuple or named:
            return self._unknown(function, arguments, named)
        if type(function) not in _FUNCTIONS and not callable(function):
            return self._unknown(function, arguments, named)
        try:
            return function(*arguments)
        except BrokenPickle:
            raise
        except Exception:
            name = self.names.name_of(function)
            # Of a damaged file a tensor is not to be shown as something else; but what is unknown may not fit either.
            if name.module.partition(".")[0] == "torch" and not self.names.unknown:
                raise BrokenPickle("gives a stand-in what does not fit") from None
            return made_by(name, arguments)

    def _unknown(self, function: Any, arguments: Any, named: Any) -> UnknownName | UnknownObject:
        if type(function) in _FUNCTIONS or callable(function):
            function = self.names.name_of(function)
        elif not isinstance(function, (UnknownName, UnknownObject)):
            if not any(function is each for each in self.names.named.values()):
                raise BrokenPickle("calls what cannot be called")
            function = self.names.name_of(function)
        self.budget.charge(_UNKNOWN)
        return made_by(function, arguments, named)

    def build(self, made: Any, state: Any) -> None:
        """Hang `state` on what a stub made, by its method `build`; without one nothing is done."""
        build = getattr(type(made), "build", None)
        if build is not None:
            self.budget.charge(200 + (copied(state) if isinstance(state, (dict, tuple, list)) else 0))
            build(made, state)

    def outside(self, key: Any) -> object:
        """Return what a persistent id refers to; raise BrokenPickle where there is nothing outside."""
        if self.persistent is None:
            raise BrokenPickle("refers to things outside of it")
        found = self.persistent(key)
        if type(found) is UnknownObject:
            self.names.instructions[_BINPERSID] = None
        return found

    def set_items(self, items: list[Any]) -> None:
        """Put keys and values, in turn in `items`, into the dictionary on top of the stack."""
        target = self.stack[-1]
        if type(target) is not dict:
            if isinstance(target, UnknownObject):
                target = target.entries
            elif not isinstance(target, dict):
                raise BrokenPickle("fills what is no dictionary")
        if len(items) % 2:
            raise BrokenPickle("fills what is no dictionary")
        self.budget.charge(48 * len(items))
        keys = iter(items)
        for key, value in zip(keys, keys, strict=True):
            target[key if type(key) is str else hashable(key)] = value

    def extend(self, items: list[Any]) -> None:
        """Put items into the list on top of the stack."""
        target = self.stack[-1]
        if isinstance(target, UnknownObject):
            target = target.items
        elif not isinstance(target, list):
            raise BrokenPickle("fills what is no list")
        self.budget.charge(8 * len(items))
        target.extend(items)
