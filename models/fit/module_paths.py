"""Paths of modules in names that other libraries write otherwise: `bert/encoder/layer_0/output/dense/kernel`.

TensorFlow and JAX have `/` for a dot, and `layer_0` for a block that torch calls `layer.0`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

_COUNTED = re.compile(r"(.*[A-Za-z])_([0-9]{1,15})", re.DOTALL)
_ANY = re.compile(r"_[0-9]{1,15}\.")
_OWN = 2
"""Parts at the end of a name that are left as they are: a module such as `ln_1`, and its tensor."""


def module_paths(names: Iterable[str]) -> dict[str, str]:
    """Return the path of each name, with a dot between all modules and their numbers; no two names have the same."""
    names = list(names)
    slashes = any("/" in name for name in names)
    dotted = {name: name.replace("/", ".") if slashes else name for name in names}
    numbers: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in dotted.values():
        if _ANY.search(path):
            for head, number in _counted(path.split(".")):
                numbers[head].add(number)
    several = {head for head, found in numbers.items() if len(found) > 1}
    if not several and not slashes:
        return dotted
    paths = {name: _parted(path.split("."), several) for name, path in dotted.items()}
    return paths if len(set(paths.values())) == len(names) else {name: name for name in names}


def _counted(parts: list[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each part that ends in a number, as what stands up to that, and the number."""
    for at, part in enumerate(parts[:-_OWN]):
        match = _COUNTED.fullmatch(part)
        if match:
            yield (*parts[:at], match[1]), match[2]


def _parted(parts: list[str], several: set[tuple[str, ...]]) -> str:
    """Return the path in which the numbers of heads that have `several` stand for themselves."""
    found: list[str] = []
    for at, part in enumerate(parts):
        match = _COUNTED.fullmatch(part) if at < len(parts) - _OWN else None
        counted = match is not None and (*parts[:at], match[1]) in several
        found += [match[1], match[2]] if match and counted else [part]
    return ".".join(found)
