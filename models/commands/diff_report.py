"""What `diff --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..diff.difference import Difference, Tally, TensorSide
from ..diff.items import ItemDifference
from ..diff.modules import ModuleChange
from ..diff.pairing import Pairs
from ..opened.source import Source
from .diff_modules import modules_report


def report_of(
    a: Source,
    b: Source,
    pairs: Pairs,
    found: Sequence[Difference],
    items: Sequence[ItemDifference],
    tally: Tally,
    modules: Sequence[ModuleChange],
    rtol: float,
    atol: float,
    left_off: int = 0,
) -> dict[str, Any]:
    """Return the object that `diff --json` prints, `schema` left out.

    `same` is of the tensors, not of the items beside them; `left_off` is how many changes are not in `found` because
    others are larger.
    """
    return {
        "same": tally.same,
        "a": _source(a),
        "b": _source(b),
        "rtol": rtol,
        "atol": atol,
        "counts": tally.counts,
        "tensors": list(map(tensor_report, found)),
        "left_off": left_off,
        "modules": modules_report(modules),
        "items": [
            {"path": each.path, "place": each.place, "status": each.status, "a": each.a, "b": each.b} for each in items
        ],
        "left_out": [{"path": each.path, "side": each.side, "reason": each.reason} for each in pairs.left_out],
        "warnings": [f"{name}: {text}" for name, text in warnings(a, b)],
    }


def tensor_report(difference: Difference) -> dict[str, Any]:
    """Return one entry of `tensors`; a number that was not measured is None."""
    numbers = difference.comparison
    return {
        "path": difference.path,
        "status": difference.status,
        "max_abs": numbers and numbers.max_abs,
        "relative_l2": numbers and numbers.relative_l2,
        "cosine": numbers and numbers.cosine,
        "index": None if numbers is None or numbers.index is None else list(numbers.index),
        "values": numbers and numbers.values,
        "differing": numbers and numbers.differing,
        "nonfinite": numbers and numbers.nonfinite,
        "a": _side(difference.a),
        "b": _side(difference.b),
        "reason": difference.reason or None,
    }


def warnings(a: Source, b: Source) -> list[tuple[str, str]]:
    """Return the warnings of both sources, each with `A` or `B`."""
    return [
        (name, text)
        for name, source in (("A", a), ("B", b))
        for text in (*source.warnings, *(source.checkpoint.warnings if source.checkpoint else ()))
    ]


def _source(source: Source) -> dict[str, Any]:
    return {"source": source.source, "kind": source.kind}


def _side(side: TensorSide | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {"path": side.path, "shape": None if side.shape is None else list(side.shape), "dtype": side.dtype}
