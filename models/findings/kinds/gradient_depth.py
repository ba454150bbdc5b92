"""`vanishing`, `exploding`: gradients that shrink or grow by many orders of magnitude on the way back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from ...messages.findings import Finding
from ...run.trace.calls import Call
from ..evidence import Evidence

SHRINKS = 1e5
"""How much smaller all gradients of the first quarter of the layers are than all those of the last, for a finding.

A network in which a gradient of 1 comes to the last layers and 1e-6 to the first does not learn there: the smallest
change of a float32 weight is larger than a step.  Sound networks of some dozen layers stay within a hundred."""
GROWS = 1e3
"""How much larger they are, for a finding: in sound networks the first quarter is nowhere as a whole above the last."""
LAYERS = 8
"""Layers below which nothing is said."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for the layers of the last run, in their order; those without a gradient are left out."""
    if evidence.trace is None or evidence.trace.went_back is None or evidence.trace.went_back.nonfinite is not None:
        return
    layers = [call for call in evidence.calls if _norm(call) > 0 and call.tensors]
    if len(layers) < LAYERS:
        return
    quarter = len(layers) // 4
    first, last = layers[:quarter], layers[-quarter:]
    before, after = list(map(_norm, first)), list(map(_norm, last))
    # all of them, as a branch that is scaled by nearly nothing has small gradients at any depth
    if max(before) * SHRINKS >= min(after) and min(before) <= GROWS * max(after):
        return
    early, late = median(before), median(after)
    ratio = early / late
    steps = len(layers) - quarter
    factor = math.exp(math.log(ratio) / steps)
    remedy = (
        "a residual path, a normalisation, or an initialisation that fits the activation keeps them"
        if ratio < 1
        else "a normalisation, or an initialisation with smaller weights, keeps them"
    )
    does = "shrink" if ratio < 1 else "grow"
    yield Finding(
        kind="vanishing" if ratio < 1 else "exploding",
        severity="warning",
        text=(
            f"gradients {does} on the way back, x{factor:.2g} a layer: {late:.2g} at the last of {len(layers)} layers, "
            f"{early:.2g} at the first; {remedy}"
        ),
        path=first[0].module,
        call=first[0].index,
        where=first[0].where or None,
    )


def _norm(call: Call) -> float:
    norm = None if call.backward is None else call.backward.norm
    return norm if norm is not None and math.isfinite(norm) else 0.0
