"""A glance at some bytes.  Of `glance`."""

import pytest
import torch

from models.diff.glance import LOOK, PAIRS, differ_at_a_glance
from models.diff.pairing import pair
from models.tensors.readable import Unreadable
from tests.models.diff.comparables import live, of_stored
from tests.models.stored.held import Held


def pairs_of(a, b):
    sides = [[of_stored(Held.of(tensor, f"w{at}")) for at, tensor in enumerate(tensors)] for tensors in (a, b)]
    return pair(*sides, True, lambda path: True)


@pytest.mark.parametrize("at", [0, 5 * LOOK, 10 * LOOK + 3])
def test_a_change_at_the_beginning_in_the_middle_or_at_the_end_is_seen(at):
    a = torch.zeros(10 * LOOK + 4)
    b = a.clone()
    b[at] = 1
    assert differ_at_a_glance(pairs_of([a] * 3, [a, a, b]))
    assert not differ_at_a_glance(pairs_of([a] * 3, [a] * 3))


def test_few_are_looked_at_and_what_cannot_be_read_tells_nothing():
    tensors = [torch.zeros(4) for _ in range(10 * PAIRS)]
    both = pairs_of(tensors, tensors)
    assert not differ_at_a_glance(both)
    assert sum(bool(a.readable.reads) for a, _ in both.both) <= PAIRS + 1
    both.both[0][1].readable.fails = Unreadable("gone")
    assert not differ_at_a_glance(both)


def test_live_tensors_need_torch_anyway():
    assert differ_at_a_glance(pair([live(torch.ones(3))], [live(torch.ones(3))], True, lambda path: True))
