"""Long lists of names in a few lines: `layers.[0-31].attn.wq.weight`, 32 names in one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from math import prod
from typing import NamedTuple

from .names import NUMBER, NameParts, fold_numbers, is_number, unfold


class NameTemplate(NamedTuple):
    """Names that differ in their numbers alone, in one text."""

    text: str
    """A name, numbers as `[0-31]` or `[0,2,4-7]`."""
    names: tuple[str, ...]


def name_templates(names: Iterable[str]) -> list[NameTemplate]:
    """Return `names` as templates, in the order of the first of each; every name is in exactly one."""
    groups: dict[NameParts, list[str]] = defaultdict(list)
    for name in names:
        groups[fold_numbers(name)[0]].append(name)
    return [template for members in groups.values() for template in _of_one_template(tuple(members))]


@lru_cache(maxsize=1 << 10)
def _of_one_template(names: tuple[str, ...]) -> tuple[NameTemplate, ...]:
    """Return the same of names that differ in their numbers alone, remembered: one choice leaves most as they were."""
    return tuple(_boxes(fold_numbers(names[0])[0], [(fold_numbers(name)[1], name) for name in names]))


def _boxes(parts: NameParts, members: list[tuple[NameParts, str]]) -> Iterator[NameTemplate]:
    """Yield one template where every combination of the numbers is there, else one for each first number."""
    names = tuple(name for _, name in members)
    columns = [sorted(set(column), key=_value) for column in zip(*(numbers for numbers, _ in members), strict=True)]
    if len(members) == 1 or prod(map(len, columns)) == len(members):
        yield NameTemplate(unfold(parts, tuple(map(ranges, columns))), names)
        return
    # the first number at which they part: those with the same rest of columns go together
    at = next(at for at, column in enumerate(columns) if len(column) > 1)
    rests: dict[str, set[NameParts]] = defaultdict(set)
    for numbers, _ in members:
        rests[numbers[at]].add(numbers[:at] + numbers[at + 1 :])
    together: dict[frozenset[NameParts], set[str]] = defaultdict(set)
    for number, rest in rests.items():
        together[frozenset(rest)].add(number)
    if len(together) == 1:  # nothing is won by parting them here
        together = {frozenset([(number,)]): {number} for number in rests}
    for chosen in together.values():
        yield from _boxes(parts, [each for each in members if each[0][at] in chosen])


def _value(number: str) -> tuple[int, str]:
    return (int(number), number) if is_number(number) else (0, number)


def ranges(numbers: Iterable[str]) -> str:
    """Return sorted numbers in short: `3`, `[0-31]`, `[0,2,4-7]`."""
    numbers = list(numbers)
    if len(numbers) == 1:
        return numbers[0]
    if not all(is_number(number) and str(int(number)) == number for number in numbers):
        return f"[{','.join(numbers)}]"
    runs = []
    for _, run in groupby(enumerate(map(int, numbers)), lambda each: each[1] - each[0]):
        values = [value for _, value in run]
        runs.append(str(values[0]) if len(values) == 1 else f"{values[0]}-{values[-1]}")
    return f"[{','.join(runs)}]"


def placeholders(parts: Iterable[str]) -> str:
    """Return a template as a text with `{n}`, `{m}`, `{k}` and so on for its numbers."""
    letters = iter("nmkijabcdefgh")
    return ".".join(f"{{{next(letters, 'x')}}}" if part == NUMBER else part for part in parts)
