"""Words that every refusal shares: sizes and names from outside, short enough for one line."""

from __future__ import annotations

from collections.abc import Collection

LONGEST_NAME = 100
"""Characters of one name in a sentence."""


def size_text(number: int) -> str:
    """Bytes in powers of 1024: `1 byte`, `196 bytes`, `31.0 KB`, `4.9 GB`."""
    if number < 1024:
        return f"{number} byte{'' if number == 1 else 's'}"
    power = min((number.bit_length() - 1) // 10, 5)
    scaled = number / 1024**power if number < 1 << 80 else float(1 << 30)
    return f"{scaled:,.1f} {('KB', 'MB', 'GB', 'TB', 'PB')[power - 1]}"


def shortened(name: str, limit: int = LONGEST_NAME) -> str:
    """A name with its middle left out where it is longer than `limit` characters; its end tells most."""
    if len(name) <= limit:
        return name
    start = limit // 3
    return f"{name[:start]}…{name[start + 1 - limit :]}"


def listed(names: Collection[str], most: int = 3) -> str:
    """The first `most` names, and how many more there are: `a, b, c and 4 more`."""
    shown = ", ".join(shortened(name, 60) for name in list(names)[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
