"""Gradients by depth, as `run --backward` prints them: one row of bars, first layer to last, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

BARS = "▁▂▃▄▅▆▇█"
FEWEST_LAYERS = 3
"""Layers below which there is nothing to compare."""
FEWEST_DECADES = 6
"""Powers of ten that the scale spans at least: gradients that differ by less than some dozen times look level."""
WIDTH = 60
"""Bars at most; of more layers, neighbours are one."""


def depth_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield two lines on the gradients that came to the calls that read parameters; none without a backward."""
    parameters = {gradient["path"] for gradient in report["gradients"] or []}
    layers = [call for call in report["calls"] or [] if not parameters.isdisjoint(call["tensors"])]
    if len(layers) < FEWEST_LAYERS or not any(call["backward"] for call in layers):
        return
    norms = [None if call["backward"] is None else call["backward"]["norm"] for call in layers]
    measured = [norm for norm in norms if norm and math.isfinite(norm)]
    if not measured:
        return
    high = math.ceil(math.log10(max(measured)))
    low = min(math.floor(math.log10(min(measured))), high - FEWEST_DECADES)
    size = math.ceil(len(norms) / WIDTH)
    bars = [_bar(norms[at : at + size], low, high) for at in range(0, len(norms), size)]
    yield f"gradient at {len(layers)} layers, first to last, from 1e{low} to 1e{high} on a logarithmic scale"
    yield f"{_text(norms[0])} {''.join(bars)} {_text(norms[-1])}"


def _bar(norms: Sequence[float | None], low: int, high: int) -> str:
    known = [norm for norm in norms if norm is not None]
    if not known:
        return "·"
    if not all(map(math.isfinite, known)):
        return "!"
    norm = median(known)
    if not norm:
        return "0"
    return BARS[min(int((math.log10(norm) - low) / (high - low) * len(BARS)), len(BARS) - 1)]


def _text(norm: float | None) -> str:
    return "none" if norm is None else f"{norm:.2g}"
