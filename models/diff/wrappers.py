"""Parts of names that wrappers of a module put into them: `_orig_mod` of torch.compile, `module` of DataParallel.

Must not import torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .pairing import Pairs

WRAPPERS = (
    "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_forward_module.", "base_model.model.",
    "base_layer.", "modules_to_save.default.", "original_module.", "module.",
)  # fmt: skip
"""What they put before or between the other parts, by whom: torch.compile, FSDP, DataParallel, PEFT."""
_TIMES = 4
"""Wrappers of one sort around one tensor that are dropped, at most."""


class Unwrapping(NamedTuple):
    """Renames that drop wrappers."""

    rules: list[str]
    """As `--rename` takes them, to be applied in turn."""
    more: int
    """How many more names would pair."""
    swapped: bool
    """Whether the wrappers are in B, so that the two must be given the other way around."""


def unwrapping(pairs: Pairs) -> Unwrapping | None:
    """Return what drops the wrappers of the names that only one source has; None where that pairs nothing more."""
    a, b = set(pairs.only_a), set(pairs.only_b)
    found = [Unwrapping(*_dropped(a, b), swapped=False), Unwrapping(*_dropped(b, a), swapped=True)]
    best = max(found, key=lambda each: each.more)
    return best if best.more else None


def _dropped(names: set[str], others: set[str]) -> tuple[list[str], int]:
    """Return the fewest rules that drop from `names` what makes most of them `others`, and how many those are."""
    wrappers = [each for each in WRAPPERS if any(each in name for name in names)]
    used = [each for each in wrappers for _ in range(min(max(name.count(each) for name in names), _TIMES))]
    most = _paired(names, others, used)
    for wrapper in reversed(used[:]):
        fewer = used[:]
        fewer.remove(wrapper)
        count = _paired(names, others, fewer)
        if count >= most:
            used, most = fewer, count
    return [f"*{wrapper}*=**" for wrapper in used], most


def _paired(names: set[str], others: set[str], wrappers: Iterable[str]) -> int:
    """Return how many names are among the others without the first of each of these parts, as the rules drop them."""
    for wrapper in wrappers:
        names = {name.replace(wrapper, "", 1) for name in names}
    return len(names & others)
