"""Gradient norms by depth as a picture: a column a layer, in order of execution, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from rich.cells import cell_len

from models.messages import LayerGradient
from tui.cell_format import short
from tui.paths import name_below
from tui.text import clean, fit_path
from tui.widgets.grid.statistics_bar import BLOCKS, Part

FEWEST_DECADES = 6
"""Powers of ten that the scale spans at least: gradients that differ by less than some dozen times look level."""
FAR = 1e6
"""By how much a gradient is smaller or larger than those of the last layers to stand out."""
LARGEST_EXPONENT = 700.0
"""Of e, what a float holds."""
MANY = 8
"""Layers from which it is said by how much a gradient changes from one to the next."""
WIDEST = 5
"""Cells of a column at most, with the gap after it."""
COLUMN, FAR_COLUMN, BAD, QUIET = "$primary", "$warning", "bold $error", "$text-muted"


class Chart(NamedTuple):
    """A picture, and where its columns are."""

    lines: list[list[Part]]
    columns: list[range]
    """Of each column the cells that it takes."""
    groups: list[Sequence[LayerGradient]]
    """Of each column its layers."""


def chart_of(layers: Sequence[LayerGradient], above: str, width: int, height: int) -> Chart:
    """Return the gradients at layers as a picture.

    Args:
        layers: in order of execution.
        above: path of the module that holds them all.
        width: cells there are.
        height: lines of the columns, to which one above and one below are added.
    """
    low, high = _decades([layer.norm for layer in layers])
    labels = [f"1e{high}", *[""] * (height - 2), f"1e{low}"]
    margin = max(map(len, labels)) + 1
    room = max(width - margin, 1)
    size = math.ceil(len(layers) / room)
    groups = [layers[at : at + size] for at in range(0, len(layers), size)]
    pitch = min(room // len(groups), WIDEST)
    wide = pitch - 1 if pitch > 2 else pitch
    columns = [range(margin + at * pitch, margin + at * pitch + wide) for at in range(len(groups))]
    norms = [_middle(group) for group in groups]
    late = _late(norms)
    lines: list[list[Part]] = [_title(layers, norms, width)]
    for line in range(height):
        parts: list[Part] = [(f"{labels[line]:>{margin - 1}} ", QUIET)]
        for norm in norms:
            text, style = _cell(norm, late, (low, high), height, height - 1 - line)
            parts.append((text * wide + " " * (pitch - wide), style))
        lines.append(parts)
    return Chart([*lines, _names(layers, above, margin, columns[-1].stop)], columns, groups)


def norm_text(norm: float | None) -> str:
    """Return a norm in a word: none is not zero."""
    if norm is None:
        return "none"
    return short(norm, 2) if math.isfinite(norm) else "NaN" if math.isnan(norm) else "infinite"


def _middle(group: Sequence[LayerGradient]) -> float | None:
    norms = [layer.norm for layer in group if layer.norm is not None]
    bad = [norm for norm in norms if not math.isfinite(norm)]
    return bad[0] if bad else median(norms) if norms else None


def _measured(norms: Sequence[float | None]) -> list[float]:
    return [norm for norm in norms if norm is not None and math.isfinite(norm) and norm > 0]


def _decades(norms: Sequence[float | None]) -> tuple[int, int]:
    """Return the powers of ten between which all norms lie, apart by at least `FEWEST_DECADES`."""
    found = _measured(norms)
    high = math.ceil(math.log10(max(found))) if found else 0
    low = math.floor(math.log10(min(found))) if found else 0
    return min(low, high - FEWEST_DECADES), high


def _late(norms: Sequence[float | None]) -> float | None:
    """Return the usual norm of the last quarter of the layers, to which the others are compared."""
    found = _measured(norms)
    return median(found[-max(len(found) // 4, 1) :]) if found else None


def _cell(norm: float | None, late: float | None, scale: tuple[int, int], height: int, line: int) -> Part:
    """Return one cell of a column, `line` lines above its foot, and its style."""
    if norm is None or norm <= 0:
        return (" ", "") if line else ("·", QUIET) if norm is None else ("0", FAR_COLUMN)
    if not math.isfinite(norm):
        return "!", BAD
    low, high = scale
    eighths = max(round((math.log10(norm) - low) / (high - low) * height * 8), 1) - 8 * line
    far = late is not None and not late / FAR <= norm <= late * FAR
    return " " if eighths <= 0 else BLOCKS[min(eighths, 8) - 1], FAR_COLUMN if far else COLUMN


def _title(layers: Sequence[LayerGradient], norms: Sequence[float | None], width: int) -> list[Part]:
    """Return in one line what the picture shows: the first and the last, and what a layer does where that adds up."""
    count = sum(layer.layers for layer in layers)
    ends = f"{norm_text(layers[0].norm)} … {norm_text(layers[-1].norm)}"
    far = _far(norms, count)
    found = next(
        (
            text
            for text in (f"gradient at {count:,} layers: {ends}", f"{count:,} layers: {ends}")
            if cell_len(text) + cell_len(far) <= width
        ),
        ends,
    )
    return [(found, QUIET), (far, FAR_COLUMN)]


def _far(norms: Sequence[float | None], count: int) -> str:
    """Return by how much a gradient changes at each layer on the way back; empty where that does not add up to much."""
    found = _measured(norms)
    if len(found) < MANY:
        return ""
    quarter = len(found) // 4
    # as a logarithm: the quotient may be too small or too large for a float
    ratio = math.log(median(found[:quarter])) - math.log(median(found[-quarter:]))
    if abs(ratio) <= math.log(FAR):
        return ""
    steps = max((len(found) - quarter) * count / len(norms), 1)
    return f", {'shrinks' if ratio < 0 else 'grows'} ×{math.exp(min(ratio / steps, LARGEST_EXPONENT)):.2g} a layer"


def _names(layers: Sequence[LayerGradient], above: str, margin: int, end: int) -> list[Part]:
    """Return the names of the first and the last layer below their columns."""
    room = end - margin
    first, last = (clean(name_below(layer.path, above)) or clean(layer.op) for layer in (layers[0], layers[-1]))
    half = max((room - 1) // 2, 1)
    left = fit_path(first, min(cell_len(first), max(room - cell_len(last) - 1, half)))
    right = fit_path(last, min(cell_len(last), max(room - cell_len(left) - 1, 0)))
    return [(" " * margin + left + " " * max(room - cell_len(left) - cell_len(right), 0) + right, QUIET)]
