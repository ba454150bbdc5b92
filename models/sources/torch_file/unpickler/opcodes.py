"""The opcodes of pickles, of every protocol (see `pickletools`), each as what it does to the stack and nothing else."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from struct import Struct
from typing import Any

from .machine import I4, U4, Machine, Table
from .unknown import UnknownObject
from .values import BrokenPickle, hashable

_LONGEST_INTEGER = 4096
"""Bytes of an integer, at most: random number generators have 128 bits, a bomb a gigabyte."""
_NAMED = 300
"""Bytes of memory that a name takes which has no stub."""

_WEIGHTS_ONLY = frozenset(bytes([code]) for code in b".\x80(NGKMJ\x88\x89X\x8aU)t\x85\x86\x87]}\x8faesuhjqrcR\x81bQ")
"""The opcodes that `torch.load(weights_only=True)` knows."""

_u2 = Struct("<H").unpack_from
_u8 = Struct("<Q").unpack_from
_f8 = Struct(">d").unpack_from


def _stop(m: Machine) -> None:
    m.stack[-1]
    m.done = True


def _proto(m: Machine) -> None:
    m.names.protocol = protocol = m.take(1)[0]
    if protocol > 5:
        raise BrokenPickle("has a protocol that is not known")


def _mark(m: Machine) -> None:
    m.budget.charge(64)
    m.marks.append(m.stack)
    m.stack = []


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.unmark()


def _unicode(m: Machine, size: int) -> None:
    # What is no UTF-8, and half a surrogate pair, is shown by its bytes: both cannot be written anywhere else.
    m.stack.append(m.take(size).decode("utf-8", "backslashreplace"))


def _string(m: Machine, size: int) -> None:
    if size < 0:
        raise BrokenPickle("has a text of negative length")
    raw = m.take(size)
    m.stack.append(raw.decode("ascii") if raw.isascii() else raw)  # Python 2 had text so


def _quoted(m: Machine) -> None:
    raw = m.line()
    if len(raw) < 2 or raw[:1] != raw[-1:] or raw[:1] not in (b'"', b"'"):
        raise BrokenPickle("has a text without quotation marks")
    decoded = codecs.escape_decode(raw[1:-1])[0]
    m.stack.append(decoded.decode("ascii") if decoded.isascii() else decoded)


def _raw_unicode(m: Machine) -> None:
    text = m.line().decode("raw-unicode-escape")
    m.stack.append(text.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace"))


def _bytes(m: Machine, size: int) -> None:
    m.stack.append(m.take(size))


def _long(m: Machine, size: int) -> None:
    if not 0 <= size <= _LONGEST_INTEGER:
        raise BrokenPickle("has an integer that is too long")
    m.stack.append(int.from_bytes(m.take(size), "little", signed=True))


def _int_line(m: Machine) -> None:
    raw = m.line()
    m.stack.append(raw == b"01" if raw in (b"00", b"01") else int(raw))  # Python bounds the digits


def _long_line(m: Machine) -> None:
    m.stack.append(int(m.line().rstrip(b"L")))


def _tuple(m: Machine, size: int) -> None:
    m.budget.charge(64 + 8 * size)
    if size > len(m.stack):
        raise BrokenPickle("takes things that it never made")
    items = tuple(m.stack[-size:])
    m.stack[-size:] = [items]


def _marked_tuple(m: Machine) -> None:
    items = m.unmark()
    m.budget.charge(64 + 8 * len(items))
    m.stack.append(tuple(items))


def _make(m: Machine, kind: Callable[[], object], cost: int) -> None:
    m.budget.charge(cost)
    m.stack.append(kind())


def _marked_list(m: Machine) -> None:
    items = m.unmark()
    m.budget.charge(64 + 8 * len(items))
    m.stack.append(items)


def _marked_dict(m: Machine) -> None:
    items = m.unmark()
    m.budget.charge(64)
    m.stack.append({})
    m.set_items(items)


def _set_item(m: Machine) -> None:
    items = m.stack[-2:]
    del m.stack[-2:]
    m.set_items(items)


def _append(m: Machine) -> None:
    m.extend([m.stack.pop()])


def _add_items(m: Machine) -> None:
    items, target = m.unmark(), m.stack[-1]
    m.budget.charge(48 * len(items))
    if isinstance(target, UnknownObject):
        target.items.extend(items)
        return
    if not isinstance(target, set):
        raise BrokenPickle("fills what is no set")
    target.update(map(hashable, items))


def _frozen(m: Machine) -> None:
    items = m.unmark()
    m.budget.charge(216 + 48 * len(items))
    m.stack.append(frozenset(map(hashable, items)))


def _get(m: Machine, index: int) -> None:
    m.stack.append(m.memo[index])


def _put(m: Machine, index: int) -> None:
    m.memo[index] = m.stack[-1]
    m.budget.charge(48)


def _memoize(m: Machine) -> None:
    m.budget.charge(48)
    m.memo[len(m.memo)] = m.stack[-1]


def _global(m: Machine) -> None:
    module, name = m.line(), m.line()
    m.budget.charge(_NAMED)
    m.stack.append(m.names.find(module.decode("utf-8", "replace"), name.decode("utf-8", "replace")))


def _stack_global(m: Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    m.budget.charge(_NAMED)
    m.stack.append(m.names.find(module, name))


def _extension(m: Machine, code: int) -> None:
    m.stack.append(m.names.find("copyreg", f"extension {code}"))


def _reduce(m: Machine) -> None:
    arguments = m.stack.pop()
    m.stack[-1] = m.call(m.stack[-1], arguments)


def _new_object_named(m: Machine) -> None:
    named, arguments, function = m.stack.pop(), m.stack.pop(), m.stack.pop()
    m.stack.append(m.call(function, arguments, named))


def _object(m: Machine) -> None:
    items = m.unmark()
    m.stack.append(m.call(items[0], tuple(items[1:])))


def _instance(m: Machine) -> None:
    module, name = m.line(), m.line()
    function = m.names.find(module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
    made = m.call(function, tuple(m.unmark()))
    m.stack.append(made)


def _build(m: Machine) -> None:
    state = m.stack.pop()
    m.build(m.stack[-1], state)


def _nothing(m: Machine) -> None:
    pass


def _table() -> Table:
    u1, u2, i4, u4, u8 = Machine.byte, _two, _four_signed, _four, _eight
    actions: dict[bytes, Callable[[Machine], None]] = {
        b".": _stop, b"\x80": _proto, b"\x95": lambda m: _skip(m, 8), b"(": _mark, b"0": _pop,
        b"1": lambda m: _drop(m.unmark()), b"2": lambda m: m.stack.append(m.stack[-1]),
        b"N": lambda m: m.stack.append(None), b"\x88": lambda m: m.stack.append(True),
        b"\x89": lambda m: m.stack.append(False), b"I": _int_line, b"L": _long_line,
        b"F": lambda m: m.stack.append(float(m.line())), b"G": lambda m: m.stack.append(m.fixed(_f8, 8)),
        b"K": lambda m: m.stack.append(u1(m)), b"M": lambda m: m.stack.append(u2(m)),
        b"J": lambda m: m.stack.append(i4(m)), b"\x8a": lambda m: _long(m, u1(m)), b"\x8b": lambda m: _long(m, i4(m)),
        b"S": _quoted, b"T": lambda m: _string(m, i4(m)), b"U": lambda m: _string(m, u1(m)), b"V": _raw_unicode,
        b"X": lambda m: _unicode(m, u4(m)), b"\x8c": lambda m: _unicode(m, u1(m)),
        b"\x8d": lambda m: _unicode(m, u8(m)), b"B": lambda m: _bytes(m, u4(m)), b"C": lambda m: _bytes(m, u1(m)),
        b"\x8e": lambda m: _bytes(m, u8(m)), b"\x96": lambda m: _bytes(m, u8(m)), b"\x98": _nothing,
        b")": lambda m: m.stack.append(()), b"t": _marked_tuple, b"\x85": lambda m: _tuple(m, 1),
        b"\x86": lambda m: _tuple(m, 2), b"\x87": lambda m: _tuple(m, 3), b"]": lambda m: _make(m, list, 64),
        b"}": lambda m: _make(m, dict, 72), b"\x8f": lambda m: _make(m, set, 224), b"l": _marked_list,
        b"d": _marked_dict, b"a": _append, b"e": lambda m: m.extend(m.unmark()), b"s": _set_item,
        b"u": lambda m: m.set_items(m.unmark()), b"\x90": _add_items, b"\x91": _frozen,
        b"g": lambda m: _get(m, int(m.line())), b"h": lambda m: _get(m, u1(m)), b"j": lambda m: _get(m, u4(m)),
        b"p": lambda m: _put(m, int(m.line())), b"q": lambda m: _put(m, u1(m)), b"r": lambda m: _put(m, u4(m)),
        b"\x94": _memoize, b"c": _global, b"\x93": _stack_global, b"\x82": lambda m: _extension(m, u1(m)),
        b"\x83": lambda m: _extension(m, u2(m)), b"\x84": lambda m: _extension(m, i4(m)), b"R": _reduce,
        b"\x81": _reduce, b"\x92": _new_object_named, b"o": _object, b"i": _instance, b"b": _build,
        b"P": lambda m: m.stack.append(m.outside(m.line().decode("ascii", "replace"))),
        b"Q": lambda m: m.stack.append(m.outside(m.stack.pop())),
    }  # fmt: skip
    table: Table = [None] * 256
    for code, action in actions.items():
        table[code[0]] = action if code in _WEIGHTS_ONLY else _remembered(code[0], action)
    return table


def _remembered(code: int, action: Callable[[Machine], None]) -> Callable[[Machine], None]:
    """Return the action of an opcode that `torch.load(weights_only=True)` lacks: that it was there is remembered."""

    def act(m: Machine) -> None:
        m.names.instructions[code] = None
        action(m)

    return act


def _two(m: Machine) -> int:
    return int(m.fixed(_u2, 2))


def _four_signed(m: Machine) -> int:
    return int(m.fixed(I4, 4))


def _four(m: Machine) -> int:
    return int(m.fixed(U4, 4))


def _eight(m: Machine) -> int:
    return int(m.fixed(_u8, 8))


def _skip(m: Machine, size: int) -> None:
    m.take(size)


def _drop(items: list[Any]) -> None:
    items.clear()


TABLE = _table()
"""The action of each opcode, by its code."""
