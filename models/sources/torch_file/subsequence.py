"""Which parameters an optimizer of fewer has, as far as shapes say: its groups keep the order of the network.

Parameters are numbers in the network's order, keys those of the optimizer's state.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import groupby

_WAYS = 2
"""More ways than one are all alike."""
_ROUNDS = 16
"""Rounds in which what is known of one group narrows what is open of the others."""
_GROUPS_TRIED = 200_000
"""Groups times parameters up to which groups are looked at."""
_LARGEST = 1_000_000
"""Layers times keys up to which layers are tried as a whole."""

Fits = Callable[[Hashable, int], bool]
"""Return whether the state under a key can be that of a parameter."""


def certain(groups: Sequence[Sequence[Hashable]], count: int, fits: Fits) -> dict[Hashable, int] | None:
    """Return the parameter of each key of which there is no doubt, of `count`; None where the keys fit in no way.

    The keys of each of `groups` are in the network's order; no parameter is in two groups.
    """
    known: dict[Hashable, int] = {}
    taken: dict[int, Hashable] = {}
    if len(groups) * count > _GROUPS_TRIED:
        return None
    for _ in range(_ROUNDS):
        before = len(known)
        for group in groups:
            first = _earliest(group, range(count), known, taken, fits)
            last = _earliest(group[::-1], range(count - 1, -1, -1), known, taken, fits)
            if first is None or last is None:
                return None
            for key, number, other in zip(group, first, reversed(last), strict=True):
                if number == other:
                    known[key] = number
                    taken[number] = key
        if len(known) == before:
            break
    return known


def _earliest(
    keys: Sequence[Hashable],
    numbers: Iterable[int],
    known: dict[Hashable, int],
    taken: dict[int, Hashable],
    fits: Fits,
) -> list[int] | None:
    """Return the first of `numbers`, in their order, that each key can have; None where one finds none."""
    rest = iter(numbers)
    found: list[int] = []
    for key in keys:
        own = known.get(key)
        number = next(
            (each for each in rest if each == own or (own is None and each not in taken and fits(key, each))), None
        )
        if number is None:
            return None
        found.append(number)
    return found


def by_whole_layers(keys: Sequence[Hashable], layers: Sequence[str], fits: Fits) -> dict[Hashable, int] | None:
    """Return the parameter of each key if each layer is in as a whole or not at all, and there is one way for that.

    None otherwise.

    `layers` names the layer of each parameter.
    """
    runs = [[number for number, _ in run] for _, run in groupby(enumerate(layers), key=lambda each: each[1])]
    if len(runs) * len(keys) > _LARGEST:
        return None

    def whole(run: list[int], at: int) -> bool:
        return at + len(run) <= len(keys) and all(fits(keys[at + index], each) for index, each in enumerate(run))

    # ways[n][k]: how many ways there are to have the last n runs hold the keys from k on.
    ways = [[0] * len(keys) + [1]]
    for run in reversed(runs):
        below = ways[-1]
        ways.append(
            [min(_WAYS, below[at] + (below[at + len(run)] if whole(run, at) else 0)) for at in range(len(keys) + 1)]
        )
    if ways[-1][0] != 1:
        return None
    found: dict[Hashable, int] = {}
    at = 0
    for index, run in enumerate(runs):
        below = ways[len(runs) - index - 1]
        if whole(run, at) and below[at + len(run)]:
            found.update(zip(keys[at:], run, strict=False))
            at += len(run)
    return found
