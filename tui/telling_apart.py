"""Names of siblings that are too long, cut so that those that differ are not drawn alike while there is room for it.

`weight_ih_l0_reverse` and `weight_hh_l1_reverse` are `weig…verse` both, where each is cut on its own in its middle;
beside each other they are `wei…ih_l0…` and `wei…hh_l1…`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

from rich.cells import cell_len, set_cell_size

from tui.text import fit_middle, fit_name

ROUNDS = 3
"""How often names that are still alike are cut anew, together with those that they are like."""
LEAST_OF_END = 3
"""Letters of an end that all have in common below which it is left out."""
EXTRA = (40, 12, 8, 6, 4, 3, 2, 1, 0)
"""Letters that the words of a name have beyond those that tell them apart, where there is room for them."""
MANY_WORDS = 60
"""Words of a name up to which those that differ are picked: a name with more is cut as if it stood alone."""
_SEPARATOR = re.compile(r"([_.\- ]+)")


@lru_cache(maxsize=256)
def cut_paths(paths: tuple[str, ...], width: int) -> dict[str, str]:
    """Return for each of these dotted paths how it reads in `width` cells; those that fit stay whole.

    Where some are alike, as `fit_name` cuts them, all those with as many parts show what differs between them:
    `…0.self…query…`.
    """
    cut = {path: fit_name(path, min(width, cell_len(path))) for path in paths}
    counts = Counter(cut.values())
    too_long = [path for path in cut if cell_len(path) > width]
    for parts in {path.count(".") for path in too_long if counts[cut[path]] > 1}:
        group = _Group([path for path in too_long if path.count(".") == parts])
        by_words = {path: _by_words(path, group, width) for path in group.names}
        if len({*by_words.values()}) == len(by_words) and all(by_words.values()):
            cut |= by_words
    return cut


@lru_cache(maxsize=256)
def cut_names(names: tuple[str, ...], width: int) -> dict[str, str]:
    """Return for each of these names how it reads in `width` cells; those that fit stay whole."""
    cut = {name: fit_middle(name, min(width, cell_len(name))) for name in names}
    groups: dict[str, frozenset[str]] = {name: frozenset((name,)) for name in cut}
    for _ in range(ROUNDS):
        alike: dict[str, set[str]] = {}
        for name, text in cut.items():
            alike.setdefault(text, set()).update(groups[name])
        again = [frozenset(group) for group in alike.values() if len({*map(cut.get, group)}) < len(group)]
        if not again or width < 5:
            break
        for members in again:
            group = _Group(sorted(members))
            for name in members:
                groups[name] = members
                cut[name] = _apart(name, group, width)
    return cut


class _Group:
    """Names that are distinguished from each other: what they have in common is found once for all of them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.start = _in_common(names)
        """Letters that all begin with."""
        self.end = _in_common([name[self.start :][::-1] for name in names])
        """Letters behind those that all end with."""

    @cached_property
    def words(self) -> list[list[int]] | None:
        """How many letters of each word of each dotted part tell the names apart, 0 where all have the same.

        One number for a part of which some names have more words than others; None where some have more parts, or all
        have very many words.
        """
        every = [name.split(".") for name in self.names]
        if len({len(parts) for parts in every}) > 1 or len(every[0]) > MANY_WORDS:
            return None
        found = []
        for parts in zip(*every, strict=True):
            apart = [_SEPARATOR.split(part) for part in parts]
            same_count = len({len(words) for words in apart}) == 1
            found.append([_unique({*words}) for words in (zip(*apart, strict=True) if same_count else [parts])])
        return found if sum(map(len, found)) <= MANY_WORDS else None


def _apart(name: str, group: _Group, width: int) -> str:
    """Return a name cut to where it differs from those of its group, or in its middle where that does not fit."""
    if cell_len(name) <= width:
        return name
    for whole_words in (True, False):
        start, end = _differing(name, group, whole_words)
        room = width - cell_len(name[start:end])
        if room >= (start > 0) + (end < len(name)):
            return _with_ends(name[:start], name[start:end], name[end:], room)
    return _by_words(name, group, width) or fit_middle(name, width)


def _differing(name: str, group: _Group, whole_words: bool) -> tuple[int, int]:
    """Return where the part of a name begins and ends that is not the same in all of the group."""
    start, end = group.start, len(name) - group.end
    if whole_words:
        start = max((match.end() for match in _SEPARATOR.finditer(name, 0, start)), default=0)
        end = min((match.start() for match in _SEPARATOR.finditer(name) if match.start() >= end), default=len(name))
    return start, end


def _in_common(texts: Sequence[str]) -> int:
    """Return with how many of the same letters all texts begin."""
    first, last = min(texts), max(texts)
    return next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))


def _with_ends(head: str, middle: str, tail: str, room: int) -> str:
    """Return a middle between as much of what stands before and behind it as has room."""
    for_tail = room // 2 if cell_len(head) + cell_len(tail) > room else cell_len(tail)
    for_tail = min(max(for_tail, room - cell_len(head)), cell_len(tail))
    if tail and for_tail < cell_len(tail) and for_tail - 1 < LEAST_OF_END:
        for_tail = 1
    if cell_len(tail) > for_tail:
        kept = tail[len(tail) - (for_tail - 1) :] if for_tail > 1 else ""
        while cell_len(kept) > for_tail - 1:
            kept = kept[1:]
        tail = "…" + kept
    for_head = room - cell_len(tail)
    if cell_len(head) > for_head:
        head = set_cell_size(head, for_head - 1).rstrip() + "…" if for_head else ""
    return head + middle + tail


def _by_words(name: str, group: _Group, width: int) -> str:
    """Return the words of a name that differ within the group, as long as there is room for; empty if too long."""
    if group.words is None:
        return ""
    words: list[tuple[str, int]] = []
    for part, counts in zip(name.split("."), group.words, strict=True):
        words += [(".", 0)] if words else []
        words += zip(_SEPARATOR.split(part) if len(counts) > 1 else [part], counts, strict=True)
    for extra in EXTRA:
        for whole_end in (True, False):
            shown = _joined(words, extra, whole_end)
            if cell_len(shown) <= width:
                return shown
    return ""


def _joined(words: Iterable[tuple[str, int]], extra: int, whole_end: bool) -> str:
    """Return those words that are not the same in all names, cut; `…` stands where others were.

    With `whole_end` what all names end with stays.
    """
    shown, between, is_cut = "", "", False
    for word, unique in words:
        if not unique:
            between += word
            continue
        kept = word[: unique + extra]
        only_separators = not _SEPARATOR.sub("", between)
        shown += ("…" if is_cut or not only_separators else between) + kept
        between, is_cut = "", kept != word
    if whole_end:
        return shown + ("…" if is_cut else "") + between
    return shown + ("…" if is_cut or _SEPARATOR.sub("", between) else "")


def _unique(words: Iterable[str]) -> int:
    """Return how many letters of different words tell them all apart; 0 for a single one."""
    return max((_in_common(pair) + 1 for pair in pairwise(sorted(words))), default=0)
