"""What a run costs, as `run` reports and prints it: of all calls together, and of each as columns of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..run.trace.calls import Call
from ..run.trace.totals import totals_of
from ..safe_text import clean
from ..sources.wording import size_text

_UNITS = ("", " K", " M", " G", " T", " P", " E")
NOT_COUNTED = 6
"""Operations without a formula that are named."""


def costs_of(calls: Sequence[Call], weights: dict[str, int | None] | None) -> dict[str, Any] | None:
    """Return `costs` of the report: of the network's own calls together; None for a run without calls.

    Args:
        weights: `parameters`, their number or None, and `weight_bytes`, those of parameters and buffers.
    """
    if not calls:
        return None
    totals = totals_of(calls)
    return {
        "parameters": None if weights is None else weights["parameters"],
        "weight_bytes": None if weights is None else weights["weight_bytes"],
        "flops": totals.flops,
        "elementwise": totals.elementwise,
        "kept": totals.kept,
        "peak": totals.peak,
    }


def costs_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that sum up what a run costs."""
    costs = report["costs"]
    if costs is None:
        return
    if costs["parameters"] is not None:
        yield f"weights {size_text(costs['weight_bytes'])}, {costs['parameters']:,} parameters"
    flops = "FLOPs not counted" if costs["flops"] is None else f"{count_text(costs['flops'])} FLOPs of products"
    single = "" if not costs["elementwise"] else f", {count_text(costs['elementwise'])} operations on single elements"
    yield f"{flops}{single}"
    missing = report["not_counted"] or []
    if missing:
        named = ", ".join(f"{clean(each['op'], 60)} ×{each['calls']}" for each in missing[:NOT_COUNTED])
        more = f" and {len(missing) - NOT_COUNTED} more" if len(missing) > NOT_COUNTED else ""
        yield f"not counted: {named}{more}"
    memory = [] if costs["peak"] is None else [f"at most {size_text(costs['peak'])} of activations at once"]
    memory += [] if costs["kept"] is None else [f"{size_text(costs['kept'])} kept for backward"]
    if memory:
        yield ", ".join(memory)


def count_text(number: int) -> str:
    """Return a number as `950`, `43.0 K`, `613 T`: three digits or more, in powers of 1000."""
    scaled, power = float(number), 0
    while scaled >= 999.5 and power < len(_UNITS) - 1:
        scaled, power = scaled / 1000, power + 1
    return f"{scaled:.3g}{_UNITS[power]}" if scaled < 999.5 else f"{scaled:,.0f}{_UNITS[power]}"


def flops_cell(call: dict[str, Any]) -> str:
    """Return what stands under FLOPs; `?` where they are not counted."""
    return "?" if call["flops"] is None else count_text(call["flops"])


def size_cell(number: int | None) -> str:
    """Return a number of bytes in a cell; empty where it is not known."""
    return "" if number is None else size_text(number).replace(" bytes", " B").replace(" byte", " B")
