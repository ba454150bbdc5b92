"""Where NaN and infinities of a run come from: the calls that made them, and which of them matter.

A mask's infinity that was put in on purpose is none that was made; one that a softmax takes away again led to nothing.
So the looking never stops at the first: what is not finite is followed along the memory it lies in, from the call that
made it of finite numbers to where it ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal
from weakref import ref

from torch import Tensor

from .born import Read, is_narrow, made_of, range_of
from .call_statistics import OutputStatistics
from .calls import Call
from .costs import is_elementwise
from .flow import storage_of, version_of
from .output_statistics import statistics_of

What = Literal["NaN", "infinity"]

ORIGIN_LIMIT = 1000
"""Origins that are kept."""
DESCRIBED_LIMIT = 16
"""Origins of which it is noted what they were made of."""


@dataclass(slots=True, eq=False)
class Origin:
    """Where a NaN or an infinity first was."""

    what: What
    phase: Literal["input", "forward"]
    call: Call
    """The call that made it, or that read it first."""
    order: int
    """How many were before it."""
    placed: bool = False
    """Whether it was put there on purpose: a mask."""
    tensor: str | None = None
    """Path of the parameter, buffer or constant that held it."""
    led_to_nan: bool = False
    """Of an infinity: whether a NaN was made of it."""
    cause: Origin | None = None
    """Of a NaN: the infinity that it was made of."""
    positive: bool = False
    """Of an infinity: whether it is above 0."""
    made_of: str = ""
    """What stands behind the operation's name: ` of -0.31 at [0, 2]`; empty where that is not known."""
    range: str = ""
    """Between which numbers lay what it read; empty where not all were finite."""
    narrow: bool = False
    """Whether it was made as float16, which ends early, of numbers that would not have been too large for others."""


class Memory:
    """A tensor as it was when a call was over: what stands for its memory, and its elements as long as they are those.

    Args:
        tensor: the tensor.
        kept: whether to hold it; False for one that is looked at later, and may be gone or written to by then.
    """

    __slots__ = ("_gone", "_tensor", "_version", "key")

    def __init__(self, tensor: Tensor, kept: bool = True) -> None:
        self.key = storage_of(tensor)
        self._tensor = tensor if kept else None
        self._gone = None if kept else ref(tensor)
        self._version = -1 if kept else version_of(tensor)

    @property
    def tensor(self) -> Tensor | None:
        """Return the tensor; None where it is gone, or holds other elements by now."""
        if self._gone is None:
            return self._tensor
        tensor = self._gone()
        return tensor if tensor is not None and version_of(tensor) == self._version else None


@dataclass(slots=True)
class _Held:
    """The origins of what a storage holds."""

    nan: Origin | None = None
    infinity: Origin | None = None


@dataclass
class Origins:
    """Follows what is not finite through a run.

    Args:
        path_of: returns the path of a parameter, buffer or constant of the network and whether it is a buffer or
            constant; None for any other tensor.
    """

    path_of: Callable[[Tensor], tuple[str, bool] | None]
    born: list[Origin] = field(default_factory=list)
    """Those made of finite numbers or from outside, not those that were placed; at most `ORIGIN_LIMIT`."""
    _held: dict[int, _Held] = field(default_factory=dict)
    """By address of a storage."""
    _count: int = 0
    _first: dict[str, Origin] = field(default_factory=dict)
    """The first that was born, by what it is."""

    @property
    def any(self) -> bool:
        """Return whether anything that is not finite was seen."""
        return self._count > 0

    @property
    def holds(self) -> bool:
        """Return whether any memory holds what is not finite."""
        return bool(self._held)

    def is_first(self, origin: Origin) -> bool:
        """Return whether an origin is the first of its kind."""
        return self._first.get(origin.what) is origin

    def finite(self, output: Tensor) -> None:
        """Note that all elements of a new tensor are finite."""
        self._held.pop(storage_of(output), None)

    def finite_at(self, key: int) -> None:
        """Note that all elements of what was then a new tensor were finite, by its `Memory.key`."""
        self._held.pop(key, None)

    def given(self, tensor: Memory, found: OutputStatistics, call: Call) -> Origin | None:
        """Note an input of the network that is not finite; return the origin, None for a mask."""
        held = _Held()
        if found.nan:
            held.nan = self._origin("NaN", call, phase="input")
        if found.inf:
            held.infinity = self._origin("infinity", call, phase="input", placed=not found.positive_inf)
        self._held[tensor.key] = held
        return held.nan or (held.infinity if held.infinity and not held.infinity.placed else None)

    def made(
        self,
        output: Memory,
        found: OutputStatistics,
        inputs: Iterable[tuple[Memory, OutputStatistics | None]],
        literals: list[float],
        call: Call,
        partly: bool = False,
    ) -> list[Origin]:
        """Note a result that is not finite; return what `call` made itself, or was the first to read.

        Args:
            found: the statistics of `output`.
            inputs: the tensors it read and their statistics before the call; None where they are not known.
            literals: the numbers among its arguments.
            partly: whether the other elements of `output` are as they were.
        """
        before = [self._before(*each, call) for each in inputs]
        held, new = _Held(), list[Origin]()
        if found.inf:
            held.infinity = self._infinity(output, found, before, literals, call, new)
        if found.nan:
            held.nan = self._nan(before, literals, call, new)
        address = output.key
        if partly and (earlier := self._held.get(address)) is not None:
            held.nan, held.infinity = earlier.nan or held.nan, earlier.infinity or held.infinity
        self._held[address] = held
        if new and not partly and len(self.born) <= DESCRIBED_LIMIT:
            self._describe(new, output, [(memory, known) for memory, known, _ in before], literals, call)
        return new

    def _describe(
        self, new: list[Origin], output: Memory, before: list[Read], literals: list[float], call: Call
    ) -> None:
        """Note of what `call` made what it made it of: the first of its kind are those that are reported."""
        paths = [None if (tensor := memory.tensor) is None else self.path_of(tensor) for memory, _ in before]
        read = [each for each, path in zip(before, paths, strict=True) if path is None]
        for origin in new:
            if origin.call is call and origin.tensor is None:
                origin.made_of = made_of(call.op, origin.what, output, before, literals)
                origin.range = range_of(read or before)
                origin.narrow = is_narrow(origin.what, output, before)
                if len(before) == 1 and paths[0] is not None and origin.made_of:
                    origin.made_of += f" of {paths[0][0]}"

    def in_output(self, tensors: Iterable[Tensor]) -> list[Origin]:
        """Return the origins of what is not finite in the network's result, NaN first."""
        nan: list[Origin] = []
        infinity: list[Origin] = []
        for tensor in tensors:
            held = self._held.get(storage_of(tensor))
            if held is None:
                continue
            found = statistics_of(tensor)  # a view may have none of what its memory holds
            if held.nan is not None and (found is None or found.nan):
                nan.append(held.nan)
            if held.infinity is not None and (found is None or found.inf):
                if not held.infinity.placed:
                    infinity.append(held.infinity)
                elif not tensor.dim() and tensor.requires_grad:
                    held.infinity.made_of = ", as of a mask, and it reaches a loss: what that takes is masked too"
                    infinity.append(held.infinity)
        return sorted(nan, key=_order) + sorted(infinity, key=_order)

    def overflow(self) -> Origin | None:
        """Return the first number that grew too large and led to nothing that is not finite; None for none.

        Not of an operation that is given 0 on purpose, as a logarithm or quotient, or of which an infinity is expected.
        """
        return next(
            (
                each
                for each in self.born
                if each.positive
                and each.phase == "forward"
                and each.tensor is None
                and not each.led_to_nan
                and each.made_of
                and each.call.op.rstrip("_") not in _MAY_BE_INFINITE
            ),
            None,
        )

    def _before(
        self, memory: Memory, known: OutputStatistics | None, call: Call
    ) -> tuple[Memory, OutputStatistics, _Held]:
        """Return an input with its statistics and the origins of what is not finite in it."""
        tensor = memory.tensor
        if known is None and tensor is None and (held := self._held.get(memory.key)) is not None:
            return memory, _as_held(held), held  # a view that is gone: what its memory held
        found = known or (None if tensor is None else statistics_of(tensor)) or _FINITE
        held = self._held.get(memory.key) if found.nan or found.inf else None
        if held is None:
            held = _Held()
            if found.nan or found.inf:
                path, is_constant = (None if tensor is None else self.path_of(tensor)) or (None, False)
                if found.nan:
                    held.nan = self._origin("NaN", call, tensor=path)
                if found.inf:
                    masks = is_constant and not found.positive_inf
                    held.infinity = self._origin("infinity", call, tensor=path, placed=masks)
                self._held[memory.key] = held
        return memory, found, held

    def _infinity(
        self,
        output: Memory,
        found: OutputStatistics,
        before: list[tuple[Memory, OutputStatistics, _Held]],
        numbers: list[float],
        call: Call,
        new: list[Origin],
    ) -> Origin:
        if any(math.isinf(number) for number in numbers):
            return self._origin("infinity", call, placed=True)
        sources = [held.infinity for _, _, held in before if held.infinity is not None]
        masks_target = call.op in _OF_TARGETS and found.positive_inf and not any(e.positive_inf for _, e, _ in before)
        if sources and not masks_target and not (is_elementwise(call.op) and _adds_infinities(output, found, before)):
            made = [origin for origin in sources if not origin.placed]
            origin = min(made or sources, key=_order)
            if origin.call is call and not origin.placed:
                new.append(origin)
            return origin
        origin = self._origin("infinity", call)
        origin.positive = bool(found.positive_inf)
        new.append(origin)
        return origin

    def _nan(
        self,
        before: list[tuple[Memory, OutputStatistics, _Held]],
        numbers: list[float],
        call: Call,
        new: list[Origin],
    ) -> Origin:
        sources = [held.nan for _, _, held in before if held.nan is not None]
        if sources:
            origin = min(sources, key=_order)
            if origin.call is call:
                new.append(origin)
            return origin
        if any(math.isnan(number) for number in numbers):
            return self._origin("NaN", call, placed=True)
        origin = self._origin("NaN", call)
        infinities = [held.infinity for _, _, held in before if held.infinity is not None]
        if infinities:
            origin.cause = min(infinities, key=_order)
            origin.cause.led_to_nan = True
        new.append(origin)
        return origin

    def _origin(
        self,
        what: What,
        call: Call,
        *,
        phase: Literal["input", "forward"] = "forward",
        placed: bool = False,
        tensor: str | None = None,
    ) -> Origin:
        origin = Origin(what, phase, call, self._count, placed, tensor)
        self._count += 1
        if not placed:
            self._first.setdefault(what, origin)
            if len(self.born) < ORIGIN_LIMIT:
                self.born.append(origin)
        return origin


_OF_TARGETS = frozenset(("cross_entropy", "nll_loss"))
_MAY_BE_INFINITE = frozenset((
    "exp", "exp2", "expm1", "div", "rdiv", "true_divide", "reciprocal", "log", "log2", "log10", "log1p", "logit",
    "rsqrt", "softplus", "full", "full_like", "to", "half", "type", "__setitem__", "fill", "masked_fill", "copy",
))  # fmt: skip
_FINITE = OutputStatistics(0, 0.0, 0.0, 0.0, 0.0, 0)


def _order(origin: Origin) -> int:
    return origin.order


def _as_held(held: _Held) -> OutputStatistics:
    """Return statistics that say no more than what a memory holds: NaN, or an infinity."""
    found = OutputStatistics(1, 0.0, 0.0, 0.0, 0.0, 0)
    found.nan, found.positive_inf = int(held.nan is not None), int(held.infinity is not None)
    return found


def _adds_infinities(
    output: Memory, found: OutputStatistics, before: list[tuple[Memory, OutputStatistics, _Held]]
) -> bool:
    """Return whether an operation on single elements made infinities where none of its inputs had any."""
    mine = [(tensor, each) for tensor, each, _ in before if each.inf]
    room = sum(each.inf * max(1, found.elements // max(each.elements, 1)) for _, each in mine)
    signs = (any(each.positive_inf for _, each in mine), any(each.negative_inf for _, each in mine))
    known = found.inf <= room
    if known and (not found.positive_inf or signs[0]) and (not found.negative_inf or signs[1]):
        return False
    result = output.tensor
    if result is None:
        return True
    new = result.detach().isinf()
    for memory, each, _ in before:
        if each.inf or each.nan:
            tensor = memory.tensor
            if tensor is None:
                return True
            try:
                new &= tensor.detach().isfinite().expand(result.shape)
            except RuntimeError:  # of another shape: a reduction, a product
                return not mine
    return bool(new.any())
