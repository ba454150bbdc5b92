"""Statistics without torch are the same as with it."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.tensors.statistics.plain import plain_statistics
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of

ABOUT = ("mean", "std", "l2")


@settings(deadline=None)
@given(
    st.lists(
        st.floats(1e-140, 1e150)
        | st.floats(-1e150, -1e-140)
        | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf])
    ),
    st.integers(1, 50),
)
@example([], 5)
@example([math.nan], 5)
@example([1.7e308, -1.7e308, 0.0], 7)
@example([1 / 3] * 50, 7)
def test_any_mix(values, bins):
    mine = plain_statistics(values, (len(values),), path="a", bins=bins)
    theirs = statistics(readable_of(torch.tensor(values, dtype=torch.float64)), path="a", bins=bins)
    for name, value in msgspec.structs.asdict(mine).items():
        if name not in ABOUT:
            assert value == getattr(theirs, name), name
    largest = max((abs(each) for each in values if math.isfinite(each)), default=0)
    for name in ABOUT:
        value, other = getattr(mine, name), getattr(theirs, name)
        if value is None or math.isinf(other):  # a square beyond float64
            assert value is other or value is not None
        else:
            assert value == pytest.approx(other, rel=1e-9, abs=1e-12 * largest)


def test_complex_numbers_and_booleans():
    assert plain_statistics([3 + 4j, 0j], (2,), path="a").maximum == 5
    assert plain_statistics([True, False, True], (3,), path="a").zeros == 1


def test_a_magnitude_beyond_float64_is_infinite_as_in_torch():
    values = [1.5e308 + 1.5e308j, 3 + 4j, complex(math.nan, math.inf)]
    mine, theirs = (
        plain_statistics(values, (len(values),), path="a"),
        statistics(readable_of(torch.tensor(values)), path="a"),
    )
    assert (mine.inf, mine.nan, mine.maximum) == (theirs.inf, theirs.nan, theirs.maximum) == (2, 0, 5)


def test_torch_is_not_imported_for_a_small_tensor():
    code = """
import sys
from array import array
from models.stored.dtypes import DTYPES
from models.stored.stored import Stored
from models.tensors.statistics.statistics import statistics

class Ones(Stored):
    nbytes, place = 4000, ""
    def flat(self, start, stop):
        return array("f", [1.0] * (stop - start)).tobytes()

found = statistics(Ones("a", (10, 100), DTYPES["float32"]), path="a")
assert (found.count, found.mean, found.std) == (1000, 1, 0), found
assert "torch" not in sys.modules
"""
    root = Path(__file__).resolve().parents[4]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)
