"""Counts, sizes and durations as people read them: `7,946`, `1.2 M`, `31.0 KB`, `1.5 ms`."""

from __future__ import annotations


def count(number: int | None) -> str:
    """Return a count with every digit below a million, then one decimal and M, B or T; `?` for None, an unknown one."""
    if number is None:
        return "?"
    if number < 1_000_000:
        return f"{number:,}"
    return _scaled(number / 1_000_000, 1000, ("M", "B", "T"))


def size(number: int | None) -> str:
    """Return bytes in powers of 1024, such as `196 B`, `31.0 KB`, `2.0 GB`; `?` for None, where nobody knows."""
    if number is None:
        return "?"
    if number < 1024:
        return f"{number} B"
    return _scaled(number / 1024, 1024, ("KB", "MB", "GB", "TB", "PB"))


def duration(seconds: float | None) -> str:
    """Return seconds as `12 µs`, `1.5 ms`, `2.3 s` or `4 min 05 s`; empty for None, where it was not measured."""
    if seconds is None:
        return ""
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def elapsed(seconds: float) -> str:
    """Return seconds as `3 s`, `2 min 05 s` or `1 h 02 min`, no more exactly than a clock that ticks."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _scaled(number: float, factor: int, units: tuple[str, ...]) -> str:
    """In the first unit in which it is below `factor` after rounding."""
    for unit in units[:-1]:
        if round(number, 1) < factor:
            return f"{number:,.0f} {unit}" if round(number, 1) >= 1000 else f"{number:,.1f} {unit}"
        number /= factor
    return f"{number:,.1f} {units[-1]}"
