"""The `repr` of any value, bounded in time and length.

What is small prints exactly as Python prints it.  Containers of the standard library are written piece by piece until
the limit is reached, because a list of ten million numbers must not be written whole to show its start.  Must not
import torch: tensors and modules know how to print themselves, and shorten themselves.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator

LONGEST = 20_000
"""Characters of a repr, the mark of the cut included."""
CUT = "… (cut)"

_PAIRS_AS_DICT = repr(OrderedDict(a=1)).startswith("OrderedDict({")  # from Python 3.12

_Piece = str | tuple[object]
"""Text, or a value (in a tuple of one) still to be written."""


def _joined(start: str, values: Iterable[object], end: str) -> Iterator[_Piece]:
    yield start
    for index, value in enumerate(values):
        if index:
            yield ", "
        yield (value,)
    yield end


def _pairs(start: str, items: Iterable[tuple[object, object]], end: str) -> Iterator[_Piece]:
    yield start
    for index, (key, value) in enumerate(items):
        if index:
            yield ", "
        yield (key,)
        yield ": "
        yield (value,)
    yield end


def _list(value: list[object]) -> Iterator[_Piece]:
    return _joined("[", list.__iter__(value), "]")


def _tuple(value: tuple[object, ...]) -> Iterator[_Piece]:
    return _joined("(", tuple.__iter__(value), ",)" if tuple.__len__(value) == 1 else ")")


def _dict(value: dict[object, object]) -> Iterator[_Piece]:
    return _pairs("{", dict.items(value), "}")


def _set(value: set[object]) -> Iterator[_Piece]:
    name = type(value).__name__
    if not set.__len__(value):
        return iter([f"{name}()"])
    return _joined("{" if name == "set" else name + "({", set.__iter__(value), "}" if name == "set" else "})")


def _frozenset(value: frozenset[object]) -> Iterator[_Piece]:
    name = type(value).__name__
    if not frozenset.__len__(value):
        return iter([f"{name}()"])
    return _joined(name + "({", frozenset.__iter__(value), "})")


def _ordered(value: OrderedDict[object, object]) -> Iterator[_Piece]:
    name = type(value).__name__
    if not dict.__len__(value):
        return iter([f"{name}()"])
    items = OrderedDict.items(value)
    if _PAIRS_AS_DICT:
        return _pairs(name + "({", items, "})")
    return _joined(name + "([", items, "])")


def _deque(value: deque[object]) -> Iterator[_Piece]:
    end = "])" if value.maxlen is None else f"], maxlen={value.maxlen})"
    return _joined(type(value).__name__ + "([", deque.__iter__(value), end)


def _view(value: Iterable[object]) -> Iterator[_Piece]:
    return _joined(type(value).__name__ + "([", iter(value), "])")


def _text(value: str | bytes) -> Iterator[_Piece]:
    # a longer one is cut in any case: its start is enough, and repr of a gigabyte is not
    yield repr(value[:LONGEST])


_WRITERS: dict[object, tuple[Callable[..., Iterator[_Piece]], str]] = {
    list.__repr__: (_list, "[...]"),
    tuple.__repr__: (_tuple, "(...)"),
    dict.__repr__: (_dict, "{...}"),
    set.__repr__: (_set, "NAME(...)"),
    frozenset.__repr__: (_frozenset, "NAME(...)"),
    OrderedDict.__repr__: (_ordered, "..."),
    deque.__repr__: (_deque, "[...]"),
    str.__repr__: (_text, ""),
    bytes.__repr__: (_text, ""),
    **{
        type(view).__repr__: (_view, "...")
        for empty in (dict[str, int](), OrderedDict[str, int]())
        for view in (empty.keys(), empty.values(), empty.items())
    },
}
"""By the function that Python itself would call: subclasses that do not print themselves are written alike.

With it what Python writes for a container within itself.
"""


def _leaf(value: object) -> str:
    try:
        text = repr(value)
    except Exception as exc:  # what a class does in its __repr__ is the user's affair; KeyboardInterrupt passes
        try:
            reason = str(exc)
        except Exception:
            reason = ""
        raised = f"{type(exc).__name__}: {reason[:200]}" if reason else type(exc).__name__
        return f"<{type(value).__name__} object: its __repr__ raised {raised}>"
    return text


def _pieces(value: object) -> Iterator[str]:
    """Yield the repr of `value` in pieces, without recursion: values may be nested as deeply as memory allows."""
    stack: list[tuple[int, Iterator[_Piece]]] = [(0, iter([(value,)]))]
    open_ids: set[int] = set()
    while stack:
        identity, pieces = stack[-1]
        try:
            piece = next(pieces, None)
        except RuntimeError as exc:  # another thread changed the container meanwhile
            yield f"<{exc}>"
            piece = None
        if piece is None:
            stack.pop()
            open_ids.discard(identity)
        elif isinstance(piece, str):
            yield piece
        else:
            inner = piece[0]
            writer, again = _WRITERS.get(type(inner).__repr__, (None, ""))
            if writer is None:
                yield _leaf(inner)
            elif id(inner) in open_ids and again:
                yield again.replace("NAME", type(inner).__name__)
            else:
                open_ids.add(id(inner))
                stack.append((id(inner), writer(inner)))


def bounded_repr(value: object, longest: int = LONGEST) -> str:
    """Return `repr(value)`, at most `longest` characters; a cut ends with `CUT`.

    A `__repr__` that raises becomes a remark in its place: no Exception leaves this function.
    """
    written: list[str] = []
    length = 0
    for piece in _pieces(value):
        written.append(piece)
        length += len(piece)
        if length > longest:
            return "".join(written)[: longest - len(CUT)] + CUT
    return "".join(written)
