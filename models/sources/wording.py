"""Words that every refusal and warning shares: sizes, counts, and names from outside, short enough for one line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

LONGEST_NAME = 100
"""Characters of one name in a sentence."""
LISTED = 3
"""Names or sentences that are listed, where no other limit is given."""


def size_text(size: int) -> str:
    """Return a number of bytes in powers of 1024: `1 byte`, `196 bytes`, `31.0 KB`, `4.9 GB`."""
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    power = min((size.bit_length() - 1) // 10, 5)
    scaled = size / 1024**power if size < 1 << 80 else float(1 << 30)
    return f"{scaled:,.1f} {('KB', 'MB', 'GB', 'TB', 'PB')[power - 1]}"


def shortened(name: str, limit: int = LONGEST_NAME) -> str:
    """Return a name with its middle left out where it is longer than `limit` characters; its end says most."""
    if len(name) <= limit:
        return name
    start = limit // 3
    return f"{name[:start]}…{name[start + 1 - limit :]}"


def short_text(name: str) -> str:
    """Return a name as one among others in a sentence, at most 60 characters of it."""
    return shortened(name, 60)


def listed(names: Collection[str], limit: int = LISTED) -> str:
    """Return the first `limit` names, and how many more there are: `a, b, c and 4 more`."""
    return first_of(map(short_text, names), len(names), limit=limit)


def first_of(texts: Iterable[str], count: int, joint: str = ", ", limit: int = LISTED) -> str:
    """Return the first `limit` of `count` sentences or names, and how many more there are."""
    shown = joint.join(shortened(text, 300) for text in islice(texts, limit))
    return f"{shown} and {count - limit:,} more" if count > limit else shown


def counted(count: int, what: str) -> str:
    """Return a subject and its verb: `1 shard is`, `5 shards are`."""
    return f"1 {what} is" if count == 1 else f"{count:,} {what}s are"
