"""A share of a whole as a bar, as a percentage, or both in a fixed number of cells."""

from __future__ import annotations

EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar_of(share: float, width: int) -> str:
    """Return a bar of `share` (0 to 1) of `width` cells, in eighths of a cell; one at least for what is not zero."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def share_bar(part: float | None, whole: float | None, width: int) -> str:
    """Return `██▍     34%`, `width` and 5 cells wide; empty where either is not known or nothing is the whole."""
    if part is None or not whole:
        return ""
    share = part / whole
    text = f"{share:.0%}" if share >= 0.01 or not share else "<1%"
    return f"{bar_of(share, width):<{width}} {text:>4}"


def percent(share: float) -> str:
    """Return a share from 0 to 1 with three digits where it is small, and never as a false 0% or 100%."""
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{100 * share:.2g}%" if share < 0.995 else f"{min(100 * share, 99.99):.4g}%"
