"""`loss_shape`: a loss by element whose output and target differ in shape, so that each is compared with each other."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.failures.broadcasting import broadcast
from ...run.trace.calls import sizes_of
from ..evidence import Evidence

_LOSSES = frozenset((
    "mse_loss", "MSELoss", "l1_loss", "L1Loss", "smooth_l1_loss", "SmoothL1Loss", "huber_loss", "HuberLoss",
))  # fmt: skip


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each loss that is of more elements than its output and its target have; a number for all is none."""
    for call in evidence.losses:
        if call.op not in _LOSSES or call.failed or len(call.inputs) < 2:
            continue
        output, target = (list(sizes_of(given) or ()) for given in call.inputs[:2])  # a number goes with everything
        together = broadcast(output, target)
        if together is None or together in (output, target):
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
