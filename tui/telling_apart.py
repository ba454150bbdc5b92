"""Names of siblings that are too long, cut so that those that differ are not drawn alike while there is room for it.

`weight_ih_l0_reverse` and `weight_hh_l1_reverse` are `weig…verse` both, where each is cut on its own in its middle;
beside each other they are `wei…ih_l0…` and `wei…hh_l1…`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from tui.text import fit_middle, fit_name

ROUNDS = 3
"""How often names that are still alike are cut anew, together with those that they are like."""
LEAST_OF_END = 3
"""Letters of an end that all have in common below which it is left out."""
EXTRA = (40, 12, 8, 6, 4, 3, 2, 1, 0)
"""Letters that the words of a name have beyond those that tell them apart, where there is room for them."""
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
        group = [path for path in too_long if path.count(".") == parts]
        by_words = {path: _by_words(path, group, width) for path in group}
        if len({*by_words.values()}) == len(group) and all(by_words.values()):
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
        for group in again:
            for name in group:
                groups[name] = group
                cut[name] = _apart(name, sorted(group), width)
    return cut


def _apart(name: str, group: Sequence[str], width: int) -> str:
    """Return a name cut to where it differs from those of its group, or in its middle where that does not fit."""
    if cell_len(name) <= width:
        return name
    for whole_words in (True, False):
        start, end = _differing(name, group, whole_words)
        room = width - cell_len(name[start:end])
        if room >= (start > 0) + (end < len(name)):
            return _with_ends(name[:start], name[start:end], name[end:], room)
    return _by_words(name, group, width) or fit_middle(name, width)


def _differing(name: str, group: Sequence[str], whole_words: bool) -> tuple[int, int]:
    """Return where the part of a name begins and ends that is not the same in all of the group."""
    start = _in_common(group)
    end = len(name) - _in_common([each[start:][::-1] for each in group])
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


def _by_words(name: str, group: Sequence[str], width: int) -> str:
    """Return the words of a name that differ within the group, as long as there is room for; empty if too long."""
    every = [each.split(".") for each in group]
    mine = name.split(".")
    if len({len(each) for each in every}) > 1:
        return ""
    words: list[tuple[str, set[str]]] = []
    for at, part in enumerate(mine):
        words += [(".", {"."})] if at else []
        apart = [_SEPARATOR.split(each[at]) for each in every]
        if len({len(each) for each in apart}) > 1:  # some have more words than others
            words.append((part, {each[at] for each in every}))
        else:
            words += [(word, {each[nth] for each in apart}) for nth, word in enumerate(_SEPARATOR.split(part))]
    for extra in EXTRA:
        for whole_end in (True, False):
            shown = _joined(words, extra, whole_end)
            if cell_len(shown) <= width:
                return shown
    return ""


def _joined(words: Sequence[tuple[str, set[str]]], extra: int, whole_end: bool) -> str:
    """Return those words that are not the same in all names, cut; `…` stands where others were.

    With `whole_end` what all names end with stays.
    """
    shown, between, is_cut = "", "", False
    for word, others in words:
        if len(others) == 1:
            between += word
            continue
        kept = word[: _unique(others) + extra]
        only_separators = not _SEPARATOR.sub("", between)
        shown += ("…" if is_cut or not only_separators else between) + kept
        between, is_cut = "", kept != word
    if whole_end:
        return shown + ("…" if is_cut else "") + between
    return shown + ("…" if is_cut or _SEPARATOR.sub("", between) else "")


def _unique(words: set[str]) -> int:
    """Return how many letters of these words tell them all apart."""
    longest = max(map(len, words))
    return next((count for count in range(1, longest) if len({word[:count] for word in words}) == len(words)), longest)
