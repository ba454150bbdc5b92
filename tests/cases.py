"""Cases of a test with parameters that are left to the slow tests, as others show the same fact."""

from __future__ import annotations

from typing import Any

import pytest


def slow(*values: Any) -> Any:
    """A case that runs with `-m slow` alone."""
    return pytest.param(*values, marks=pytest.mark.slow)
