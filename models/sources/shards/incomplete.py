"""Modules of which a missing shard had a part: what is inferred of them is inferred from the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from ..wording import first_of, short_text

_NUMBER = re.compile(r"(?<![^.])[0-9]+(?![^.])")
_MIN_ALIKE = 3
"""Modules that have a tensor before another one of their kind is said to lack it, at least."""


def by_promise(shown: Iterable[str], lost: Iterable[str]) -> list[str]:
    """Return a warning about modules of which some tensors are `shown` and others `lost`; empty without any."""
    here = {path.rpartition(".")[0] for path in shown}
    gone: dict[str, list[str]] = {}
    for path in lost:
        module, _, leaf = path.rpartition(".")
        if module and module in here:
            gone.setdefault(module, []).append(leaf)
    return _warning(gone, ("lacks", "lack"))


def by_likeness(shown: Iterable[str]) -> list[str]:
    """Return the same where nobody says what is lost: modules that lack what nearly all others like them have.

    `layers.7.q` is like `layers.8.q`.
    """
    leaves: dict[str, set[str]] = {}
    for path in shown:
        module, _, leaf = path.rpartition(".")
        if module:
            leaves.setdefault(module, set()).add(leaf)
    alike: dict[str, list[str]] = {}
    for module in leaves:
        alike.setdefault(_NUMBER.sub("#", module), []).append(module)
    gone: dict[str, list[str]] = {}
    for modules in alike.values():
        counts = Counter(leaf for module in modules for leaf in leaves[module])
        usual = [leaf for leaf, count in counts.items() if count >= max(_MIN_ALIKE, len(modules) * 3 // 4)]
        for module in modules:
            lacking = [leaf for leaf in usual if leaf not in leaves[module]]
            if lacking:
                gone[module] = lacking
    return _warning(gone, ("seems to lack", "seem to lack"))


def _warning(gone: Mapping[str, list[str]], lacks: tuple[str, str]) -> list[str]:
    if not gone:
        return []
    which = (f"{short_text(module)} (no {first_of(map(short_text, some), len(some))})" for module, some in gone.items())
    what = f"1 module {lacks[0]}" if len(gone) == 1 else f"{len(gone):,} modules {lacks[1]}"
    said = first_of(which, len(gone))
    return [f"{what} tensors of missing shards, and classes are inferred from the rest: {said}"]
