"""`loss_shape`: a loss by element whose output and target differ in shape, so that each is compared with each other."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.failures.broadcasting import broadcast
from ...run.trace.calls import Call, sizes_of
from ..evidence import Evidence
from ..same_elements import FOLLOWED, SAME_ELEMENTS, computed_by

_LOSSES = frozenset((
    "mse_loss", "MSELoss", "l1_loss", "L1Loss", "smooth_l1_loss", "SmoothL1Loss", "huber_loss", "HuberLoss",
))  # fmt: skip
_DIFFERENCES = frozenset(("sub", "rsub"))
_LINEAR = frozenset(("linear", "Linear"))
_BY_ELEMENT = frozenset(("pow", "square", "abs", "mul"))
_TOGETHER = frozenset(("mean", "sum"))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each loss that is of more elements than its output and its target have; a number for all is none."""
    for call in evidence.losses:
        if call.op not in _LOSSES or call.failed or len(call.inputs) < 2:
            continue
        output, target = (list(sizes_of(given) or ()) for given in call.inputs[:2])  # a number goes with everything
        together = broadcast(output, target)
        if together is None or together in (output, target) or _is_of_pairs(call, output, target):
            continue
        given = call.subject
        by = f" from `{given.row_of().module or given.op}`" if given is not None else ""
        mend = ""
        if output == [*target, 1]:
            mend = "; `.squeeze(-1)` of the output fits"
        elif target == [*output, 1]:
            mend = "; `.squeeze(-1)` of the target fits"
        yield Finding(
            kind="loss_shape",
            severity="warning",
            text=f"{call.op} of {output}{by} and {target} compares each element with several, as {together}{mend}",
            path=call.module,
            call=call.index if call.index >= 0 else None,
            where=call.where or None,
        )
    yield from _by_hand(evidence)


def _is_of_pairs(call: Call, output: list[int], target: list[int]) -> bool:
    """Return whether each of one is meant to be compared with each of the other: `x[:, None]` with `y[None]`.

    Both have a dimension of 1 for that.  Where there are as many of one as of the other it may be an oversight, unless
    both were given that dimension by an operation.
    """
    if len(output) != len(target):
        return False
    of_output = {size for size, other in zip(output, target, strict=True) if other == 1 != size}
    of_target = {size for size, other in zip(target, output, strict=True) if other == 1 != size}
    return of_output.isdisjoint(of_target) or (len(call.producers) == 2 and all(map(_is_given_one, call.producers)))


def _is_given_one(call: Call) -> bool:
    """Return whether what a call gave has a dimension more than what it read, of the same elements."""
    for _ in range(FOLLOWED):
        row = call.row_of()
        if row.op not in SAME_ELEMENTS and row.op != "__getitem__":
            return False
        read, given = sizes_of(row.inputs[0]) if row.inputs else None, sizes_of(row.output)
        if read is None or given is None:
            return False
        if len(given) > len(read):
            return True
        if len(row.producers) != 1:
            return False
        call = row.producers[0]
    return False


def _by_hand(evidence: Evidence) -> Iterator[Finding]:
    """Yield each `((output - target) ** 2).mean()` of one output for each row, where the target has one dimension."""
    calls = [*evidence.calls, *([] if evidence.trace is None else evidence.trace.behind)]
    readers: dict[Call, list[Call]] | None = None
    for call in calls:
        if call.op not in _DIFFERENCES or call.failed or len(call.inputs) != 2:
            continue
        given = [list(sizes_of(each) or ()) for each in call.inputs]
        output, target = sorted(given, key=len, reverse=True)
        if len(target) != 1 or output != [*target, 1] or target[0] < 2:
            continue
        makers = [computed_by(made_by) for made_by in call.producers]
        layer = next((each for each in makers if each is not None and each.op in _LINEAR), None)
        if layer is None or (len(makers) > 1 and makers[0] is makers[1]):
            continue
        readers = _readers(calls) if readers is None else readers
        if not _is_loss(readers, call):
            continue
        by = f" from `{layer.module}`" if layer.module else ""
        yield Finding(
            kind="loss_shape",
            severity="warning",
            text=f"{call.op} of {output}{by} and {target} compares each element with several, as "
            f"{target * 2}; `.squeeze(-1)` of the output fits",
            path=call.module,
            call=call.index if call.index >= 0 else None,
            where=call.where or None,
        )


def _readers(calls: list[Call]) -> dict[Call, list[Call]]:
    """Return by row those that take its elements further towards one number."""
    found: dict[Call, list[Call]] = {}
    for call in calls:
        if call.op in _BY_ELEMENT or (call.op in _TOGETHER and call.output == ()):
            for row in dict.fromkeys(made_by.row_of() for made_by in call.producers):
                found.setdefault(row, []).append(call)
    return found


def _is_loss(readers: dict[Call, list[Call]], difference: Call) -> bool:
    """Return whether a difference is squared or made positive, and that made one number."""
    by_element = [call for call in readers.get(difference, ()) if call.op in _BY_ELEMENT]
    return any(call.op in _TOGETHER for each in by_element for call in readers.get(each, ()))
