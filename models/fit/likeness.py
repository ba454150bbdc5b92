"""How alike two units are by themselves: words of their names, order, first and second norms.

The numbers here are weights that were chosen on known pairs of networks and files; `matching` adds what the other
units say.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import fsum, log

from .names import NUMBER, NameParts, is_number
from .units import Unit
from .words import norm_place, words_of, words_of_part

WORDS, LAST, RANK, LEAVES, FOLDS, SWAPPED = 1.6, 1.0, 0.7, 0.3, 0.2, 3.0
ORDER, ORDER_OF_NAMES = 0.7, 0.2
"""What the order counts for; the second where a side is sorted by name, so that its order says little."""
_DIGITS = re.compile(r"[0-9]{1,15}")


class Likeness:
    """Scores of pairs of units of the file and of the network; `order` leaves out what their order says."""

    def __init__(self, theirs: Sequence[Unit], ours: Sequence[Unit], *, ordered: bool | None) -> None:
        self._order_weight = 0.0 if ordered is None else ORDER if ordered else ORDER_OF_NAMES
        self._words = {unit: words_of(unit.parts) for unit in (*theirs, *ours)}
        self._last = {unit: _last_words(unit.parts) for unit in (*theirs, *ours)}
        counts: Counter[str] = Counter(word for words in self._words.values() for word in words)
        total = len(theirs) + len(ours)
        self._weights = {word: log(1 + total / count) for word, count in counts.items()}
        self._ranks = _ranks(theirs) | _ranks(ours)

    def without_order(self, their: Unit, our: Unit) -> float:
        """Return how alike two units are by their names, as a score: the larger, the more alike."""
        score = WORDS * self._shared(self._words[their], self._words[our])
        score += LAST * self._shared(self._last[their], self._last[our])
        ranks = self._ranks.get(their), self._ranks.get(our)
        if None not in ranks:
            score += RANK if ranks[0] == ranks[1] else -RANK
        if their.folds == our.folds and their.count > 1:
            score += FOLDS
        swapped = our.shape if their.turned == our.turned or len(our.shape) != 2 else our.shape[::-1]
        score -= SWAPPED * (their.shape != swapped)
        score -= LEAVES * len(their.leaves.keys() ^ our.leaves.keys() - {"num_batches_tracked"})
        return score

    def order(self, places: tuple[float, float]) -> float:
        """Return what two places in their orders, from 0 to 1, add."""
        return self._order_weight * (1 - abs(places[0] - places[1]))

    def _shared(self, a: frozenset[str], b: frozenset[str]) -> float:
        # exact, as words are in no order: the same proposal in every run
        total = fsum(self._weights[word] for each in (a, b) for word in each)
        return 2 * fsum(self._weights[word] for word in a & b) / total if total else 0.0

    def words(self, unit: Unit) -> frozenset[str]:
        """Return the words in the path of a unit."""
        return self._words[unit]


def _last_words(parts: NameParts) -> frozenset[str]:
    """Return the words of the last part that is no number."""
    for part in reversed(parts):
        if part != NUMBER and not is_number(part):
            return frozenset(words_of_part(part))
    return frozenset()


def _ranks(units: Sequence[Unit]) -> dict[Unit, int]:
    """Return of each norm which of its block's it is, 0 for the first, where the names or digits of all say it."""
    groups: dict[tuple[NameParts, int], dict[int | None, list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        last = unit.parts[-1]
        digits = _DIGITS.findall(last)
        if "norm" in words_of_part(last) and last != "".join(digits):
            place = int(digits[0]) if len(digits) == 1 else norm_place(last)
            groups[unit.parts[:-1], unit.count][place].append(unit)
    return {
        places[place][0]: rank
        for places in groups.values()
        if None not in places and len(places) > 1 and all(len(each) == 1 for each in places.values())
        for rank, place in enumerate(sorted(place for place in places if place is not None))
    }
