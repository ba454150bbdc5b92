"""The calls of two runs side by side, and how what they returned differs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import torch
from torch import Tensor

from ..diff.difference import ALIKE, SAME, Difference, TensorSide
from ..diff.tensors import Comparable
from ..run.trace.calls import Call
from ..run.trace.captured import Copy, Kept, NotKept, sample_of
from ..tensors.tensors import dtype_text
from ..tensors.torch_readable import readable_of

TINY = 5e-324
"""What is not 0, and less than all else that is not."""
Against = Callable[[Comparable, Comparable], Difference]
"""Compares two tensors."""
Pair = tuple[Call | None, Call | None]
"""The same call in A and in B; None where that run has none."""
MATCHED = 2_000
"""Calls within one call, without those that both begin and end with, up to which the best match is looked for; it takes
the square of their number."""


def aligned_calls(a: Sequence[Call], b: Sequence[Call]) -> list[Pair]:
    """Return the calls of two runs side by side: what is called, in which module, in the same order.

    Calls within calls that stand side by side do so too.  A loop that was folded while it ran is the calls of one turn,
    however many turns it took.
    """
    mine, theirs = [_key(call) for call in a], [_key(call) for call in b]
    if mine == theirs:
        return list(zip(a, b, strict=True))
    found: list[Pair] = []
    waiting: list[Iterator[tuple[_Within | None, _Within | None]]] = [_side_by_side(_outermost(a), _outermost(b))]
    while waiting:
        pair = next(waiting[-1], None)
        if pair is None:
            waiting.pop()
            continue
        one, other = pair
        if one is None or other is None:
            found += [(call, None) for call in _calls(one)] + [(None, call) for call in _calls(other)]
            continue
        found.append((one.call, other.call))
        if one.stop - one.start > 1 or other.stop - other.start > 1:
            waiting.append(_side_by_side(list(one.inner()), list(other.inner())))
    return found


class _Within(NamedTuple):
    """A call with all that happens within it: a part of the calls of a run."""

    calls: Sequence[Call]
    start: int
    stop: int

    @property
    def call(self) -> Call:
        return self.calls[self.start]

    def inner(self) -> Iterator[_Within]:
        """Yield the calls right within it."""
        return _siblings(self.calls, self.start + 1, self.stop)


def _outermost(calls: Sequence[Call]) -> list[_Within]:
    return list(_siblings(calls, 0, len(calls)))


def _siblings(calls: Sequence[Call], start: int, stop: int) -> Iterator[_Within]:
    while start < stop:
        end = start + 1
        while end < stop and calls[end].depth > calls[start].depth:
            end += 1
        yield _Within(calls, start, end)
        start = end


def _calls(found: _Within | None) -> Sequence[Call]:
    return [] if found is None else found.calls[found.start : found.stop]


def _side_by_side(a: list[_Within], b: list[_Within]) -> Iterator[tuple[_Within | None, _Within | None]]:
    """Yield siblings of both, those side by side that are the same."""
    mine, theirs = [_key(each.call) for each in a], [_key(each.call) for each in b]
    begin, shorter = 0, min(len(mine), len(theirs))
    while begin < shorter and mine[begin] == theirs[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and mine[-1 - end] == theirs[-1 - end]:
        end += 1
    yield from zip(a[:begin], b[:begin], strict=True)
    at_a, at_b = begin, begin
    for from_a, from_b, size in _blocks(mine[begin : len(mine) - end], theirs[begin : len(theirs) - end]):
        yield from ((each, None) for each in a[at_a : begin + from_a])
        yield from ((None, each) for each in b[at_b : begin + from_b])
        at_a, at_b = begin + from_a + size, begin + from_b + size
        yield from zip(a[at_a - size : at_a], b[at_b - size : at_b], strict=True)
    yield from zip(a[len(a) - end :], b[len(b) - end :], strict=True)


def _blocks(mine: list[Hashable], theirs: list[Hashable]) -> list[tuple[int, int, int]]:
    """Return which parts are the same: where they begin in both, and how long they are; the last one is empty."""
    if not (mine and theirs):
        return [(len(mine), len(theirs), 0)]
    if max(len(mine), len(theirs)) <= MATCHED:
        matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
        return [(block.a, block.b, block.size) for block in matcher.get_matching_blocks()]
    places: dict[Hashable, deque[int]] = {}
    for at, key in enumerate(theirs):
        places.setdefault(key, deque()).append(at)
    found, reached = [], 0
    for at, key in enumerate(mine):  # each with the one of theirs that is the same for the same number of times
        same = places.get(key)
        place = same.popleft() if same else -1
        if place >= reached:
            found.append((at, place, 1))
            reached = place + 1
    return [*found, (len(mine), len(theirs), 0)]


def _key(call: Call) -> Hashable:
    """Return what two calls that stand side by side have in common: another class may have taken a module's place."""
    return call.module, call.op if call.kind == "operation" else "", call.kind, call.depth


def first_that_differs(calls: Sequence[Call], differs: Callable[[int], bool]) -> int | None:
    """Return the first call that differs, the innermost one: a module differs because something in it does.

    None where none does.

    What one run alone made within a call at the same line is no cause of its own: a layer of torch works otherwise in
    another mode.

    Args:
        calls: in order of execution.
        differs: whether the call of an index is known to differ.
    """
    at = next((at for at in range(len(calls)) if differs(at)), None)
    while at is not None:
        inner = _first_within(calls, at, differs)
        if inner is None or (calls[at].depth and calls[inner].where == calls[at].where != ""):
            return at
        at = inner
    return None


def _first_within(calls: Sequence[Call], at: int, differs: Callable[[int], bool]) -> int | None:
    for below in range(at + 1, len(calls)):
        if calls[below].depth <= calls[at].depth:
            return None
        if differs(below):
            return below
    return None


def is_different(found: Difference) -> bool:
    """Return whether two tensors are known to differ; of two dtypes the numbers say it, where there are any."""
    if found.status in (*ALIKE, "unreadable"):
        return False
    return found.status != "dtype" or found.comparison is None or found.comparison.values not in ALIKE


def difference_of(a: Sequence[Kept], b: Sequence[Kept], against: Against) -> Difference | None:
    """Return the first difference of tensors of two calls, else which are furthest apart; None without any.

    Its path is the number of the tensor.
    """
    found: Difference | None = None
    for number, (mine, theirs) in enumerate(zip(a, b, strict=False)):
        missing = next((each for each in (mine, theirs) if isinstance(each, NotKept)), None)
        if missing is not None:
            own = Difference(str(number), "unreadable", None, None, reason=missing.reason)
        elif isinstance(mine, Copy) and isinstance(theirs, Copy) and _is_equal(mine.tensor, theirs.tensor):
            own = Difference(str(number), "equal", None, None, SAME)
        elif isinstance(mine, Copy) and isinstance(theirs, Copy):
            own = against(_comparable(mine.tensor, str(number)), _comparable(theirs.tensor, str(number)))
        else:
            continue  # a parameter itself
        if is_different(own):
            return own
        found = own if found is None or _apart(own) > _apart(found) else found
    return found


def _apart(found: Difference) -> float:
    """Return how far apart two tensors are that are not different; of equal ones it is 0, also of those not read."""
    numbers = found.comparison
    if numbers is None or numbers.values == "equal":
        return 0.0
    return 1.0 if numbers.relative_l2 is None else max(numbers.relative_l2, TINY)


def closeness(found: Difference) -> str:
    """Return in a few words how far two tensors that are not different are apart; empty where they are equal."""
    numbers = found.comparison
    how = ""
    if numbers is not None and numbers.values != "equal":
        measures = (("relative", numbers.relative_l2), ("max", numbers.max_abs))
        how = ", ".join(f"{name} {value:.3g}" for name, value in measures if value is not None) or "by its tolerance"
    if found.status != "dtype" or found.a is None or found.b is None:
        return how
    return ", ".join(filter(None, [f"{found.a.dtype} → {found.b.dtype}", how]))


class Given(NamedTuple):
    """What two calls that stand side by side were given."""

    differs: bool
    close: str = ""
    """How far it is apart where it is close and not equal; empty where it is equal, and where it differs."""
    unsure: str = ""
    """As far as what it is the same; empty where that is known."""

    @property
    def sentence(self) -> str:
        """Return it in words."""
        if self.differs:
            return "what it was given differs already"
        close = self.close and f"what it was given is close: {self.close}"
        return close or "it was given the same" + (self.unsure and f", {self.unsure}")

    @property
    def phrase(self) -> str:
        """Return what it was given, in words."""
        if self.differs:
            return "what differs already"
        return (self.close and f"what is close: {self.close}") or ", ".join(
            filter(None, ["the same in both", self.unsure])
        )


def given_of(a: Call, b: Call, against: Against) -> Given | None:
    """Return what two calls were given, by the copies of it; None where that is not known."""
    if a.captured is None or b.captured is None:
        return None
    found = difference_of(a.captured.inputs, b.captured.inputs, against)
    if found is None or found.status == "unreadable":
        return None
    return Given(True) if is_different(found) else Given(False, closeness(found))


def sampled_difference(a: Sequence[Kept], b: Sequence[Kept], against: Against) -> Difference | None:
    """Return the difference of the first tensors of two calls at the places of a sample; None without one of both."""
    samples = [_sample(kept[0]) if kept else None for kept in (a, b)]
    if samples[0] is None or samples[1] is None or samples[0].shape != samples[1].shape:
        return None
    return against(_comparable(samples[0], "0"), _comparable(samples[1], "0"))


def _sample(kept: Kept) -> Tensor | None:
    if isinstance(kept, Copy):
        return sample_of(kept.tensor)
    return kept.sample.tensor if isinstance(kept, NotKept) and kept.sample is not None else None


def _is_equal(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors are equal, as one call of torch says: of many small ones all else takes longer."""
    if type(a) is not Tensor or type(b) is not Tensor or a.dtype != b.dtype or a.shape != b.shape:
        return False
    try:
        return torch.equal(a, b)
    except Exception:  # of a layout or dtype that has no such operation
        return False


def _comparable(tensor: Tensor, path: str) -> Comparable:
    return Comparable(TensorSide(path, tuple(tensor.shape), dtype_text(tensor)), readable_of(tensor))
