"""The plain walk that the search for NaN and infinity is compared with."""

import itertools
import math


def by_hand(tensor, index, direction):
    """Return the next index after or before `index` at which the element is not finite, wrapping; None without one."""
    every = list(itertools.product(*map(range, tensor.shape)))
    origin = every.index(tuple(index))
    for at in range(1, len(every) + 1):
        place = every[(origin + direction * at) % len(every)]
        if not math.isfinite(tensor[place].item()):
            return list(place)
    return None
