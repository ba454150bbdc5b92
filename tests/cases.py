"""How many cases of a test run when: of parameters some are left to the slow tests, of properties there are few."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest


def slow(*values: Any) -> Any:
    """A case that runs with `-m slow` alone."""
    return pytest.param(*values, marks=pytest.mark.slow)


def slow_but(count: int, cases: Iterable[Any], several: bool = False) -> list[Any]:
    """Cases of which all but the first `count` are slow; `several` where each is a tuple of several parameters."""
    found = list(cases)
    return found[:count] + [slow(*case) if several else slow(case) for case in found[count:]]


def examples(many: int) -> int:
    """How many examples a property is tried with that needs other than the usual number; `many` where that is asked."""
    return many if "MANY_EXAMPLES" in os.environ else max(many // 5, min(many, 10))
