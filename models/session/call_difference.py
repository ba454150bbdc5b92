"""How what a call returned in one run differs from what it returned in another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from ..diff.difference import Difference
from ..messages import CallDifference
from ..run.trace.call_statistics import OutputStatistics
from ..run.trace.calls import Call, shape_as_text
from ..run.trace.captured import SAMPLED, Kept, Own
from .paired_calls import Against, Pair, difference_of, is_different, sampled_difference

RTOL, ATOL = 1e-5, 1e-8
"""How far statistics may be apart to be the same, as for `torch.allclose`."""
ROUNDINGS = 4
"""How many times the rounding of its dtype the relative difference of a result may be to be close."""
PEAKS = 32
"""How many times that, of the largest element, a single element may differ then."""
NO_TENSOR = "no tensor"
OWN = "a tensor of the network itself"
"""Of what a call returned, as one that counts batches in a buffer: that is no result."""
SAMPLE = f"of a sample of {SAMPLED:,} elements; no copy"
STATISTICS = "the statistics differ; no copy"


def call_difference(pair: Pair, against: Against, relative_of: Callable[[Call], float | None]) -> CallDifference:
    """Return how a call differs in two runs.

    Args:
        pair: the call in both.
        against: compares two tensors.
        relative_of: returns the relative difference of a call before it; None where it is not known.
    """
    a, b = pair
    if a is None or b is None:
        return CallDifference(status="only_b" if a is None else "only_a", differs=True)
    if a.failed or b.failed:
        if bool(a.failed) == bool(b.failed):
            return CallDifference(text="failed in both", other=a.index)
        where = "A" if a.failed else "B"
        return CallDifference(status="changed", differs=True, text=f"failed in {where}", other=a.index)
    if a.output != b.output:
        text = f"{shape_as_text(a.output) or '·'} → {shape_as_text(b.output) or '·'}"
        return CallDifference(status="shape", differs=True, text=text, other=a.index)
    found = None
    if a.captured is not None and b.captured is not None:
        if _is_own(a.captured.outputs) and _is_own(b.captured.outputs):
            return CallDifference(text=OWN, other=a.index)
        found = difference_of(a.captured.outputs, b.captured.outputs, against)
    if found is None or found.status == "unreadable":
        reason = "" if found is None else found.reason
        return _by_sample(a, b, reason, against, relative_of) or _by_statistics(a, b, reason)
    turns = "" if a.repeat == b.repeat else f"×{a.repeat:,} → ×{b.repeat:,}"
    return _measured(b, a.index, found, turns, relative_of)


def _is_own(kept: Sequence[Kept]) -> bool:
    return bool(kept) and all(isinstance(each, Own) for each in kept)


def _measured(
    call: Call, other: int, found: Difference, turns: str, relative_of: Callable[[Call], float | None]
) -> CallDifference:
    numbers = found.comparison
    assert found.status not in ("only_a", "only_b")
    relative = None if numbers is None else numbers.relative_l2
    text = turns
    if found.status == "dtype" and found.a is not None and found.b is not None:
        text = f"{found.a.dtype} → {found.b.dtype}"
    elif found.status == "shape" and found.a is not None and found.b is not None:
        text = f"{list(found.a.shape or ())} → {list(found.b.shape or ())}"
    differs = is_different(found) and not _is_rounding(call, found)
    return CallDifference(
        status="close" if found.status == "changed" and not differs else found.status,
        differs=differs,
        max_abs=None if numbers is None else numbers.max_abs,
        relative=relative,
        grew=_grew(call, relative, relative_of) if differs else None,
        nonfinite=0 if numbers is None else numbers.nonfinite,
        index=None if numbers is None or numbers.index is None else list(numbers.index),
        output=int(found.path),
        text=text,
        other=other,
    )


def _is_rounding(call: Call, found: Difference) -> bool:
    """Return whether two results are apart by no more than their dtypes round, of two dtypes the coarser one."""
    numbers, eps = found.comparison, _eps(found)
    if numbers is None or numbers.relative_l2 is None or numbers.nonfinite or not eps:
        return False
    if numbers.relative_l2 > ROUNDINGS * eps:
        return False
    seen = call.statistics if found.path == "0" else None
    if seen is None or not seen.finite or numbers.max_abs is None:
        return True
    return numbers.max_abs <= PEAKS * eps * max(abs(seen.minimum), abs(seen.maximum))


def _eps(found: Difference) -> float:
    """Return the rounding of the coarser of two floating-point dtypes; 0 where one is no such dtype."""
    dtypes = [getattr(torch, side.dtype, None) for side in (found.a, found.b) if side is not None]
    kinds = [each for each in dtypes if isinstance(each, torch.dtype) and (each.is_floating_point or each.is_complex)]
    return max(torch.finfo(each).eps for each in kinds) if len(kinds) == 2 else 0.0


def _grew(call: Call, relative: float | None, relative_of: Callable[[Call], float | None]) -> float | None:
    """Return how many times as large a difference is as the largest one of what the call read."""
    if not relative or not math.isfinite(relative):
        return None
    read = [relative_of(each.row_of()) for each in call.producers]
    largest = max([each for each in read if each is not None], default=0.0)
    return relative / largest if largest and math.isfinite(largest) else None


def _by_sample(
    a: Call, b: Call, reason: str, against: Against, relative_of: Callable[[Call], float | None]
) -> CallDifference | None:
    """Return what samples of what a call returned say, where there is no copy of all; None without samples."""
    if a.captured is None or b.captured is None:
        return None
    found = sampled_difference(a.captured.outputs, b.captured.outputs, against)
    if found is None or found.comparison is None or found.status == "unreadable":
        return None
    relative = found.comparison.relative_l2
    differs = is_different(found) and not _is_rounding(b, found)
    if not differs:
        by_statistics = _by_statistics(a, b, reason)
        if by_statistics.differs:
            return by_statistics
        return CallDifference(status="alike", relative=relative, sampled=True, text=reason, other=a.index)
    return CallDifference(
        status="changed",
        differs=True,
        relative=relative,
        grew=_grew(b, relative, relative_of),
        nonfinite=found.comparison.nonfinite,
        sampled=True,
        text=SAMPLE,
        other=a.index,
    )


def _by_statistics(a: Call, b: Call, reason: str) -> CallDifference:
    """Return what statistics say of what a call returned, where there is no copy of it."""
    if a.statistics is None or b.statistics is None:
        if not reason:
            return CallDifference(text=NO_TENSOR, other=a.index)
        return CallDifference(status="unreadable", text=reason, other=a.index)
    if _is_alike(a.statistics, b.statistics):
        return CallDifference(status="alike", by_statistics=True, text=reason, other=a.index)
    return CallDifference(status="changed", differs=True, by_statistics=True, text=STATISTICS, other=a.index)


def _is_alike(a: OutputStatistics, b: OutputStatistics) -> bool:
    if (a.elements, a.nan, a.positive_inf, a.negative_inf) != (b.elements, b.nan, b.positive_inf, b.negative_inf):
        return False
    if not a.finite:
        return True
    scale = max(abs(a.minimum), abs(a.maximum), abs(b.minimum), abs(b.maximum))
    pairs = ((a.minimum, b.minimum), (a.maximum, b.maximum), (a.mean, b.mean), (a.std, b.std))
    limit = ATOL + RTOL * scale
    return all(x is not None and y is not None and abs(x - y) <= limit for x, y in pairs)
