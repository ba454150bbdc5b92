"""Cases of a test with parameters that are left to the slow tests, as others show the same fact."""

from __future__ import annotations

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
