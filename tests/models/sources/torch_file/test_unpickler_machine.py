"""The quick loop does what its instructions do one by one."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributed.checkpoint.metadata import ChunkStorageMetadata, MetadataIndex

from models.sources.distributed.records import MetadataStubs
from models.sources.torch_file.unpickler import BrokenPickle, read_pickle
from models.sources.torch_file.unpickler.machine import Machine
from models.sources.torch_file.unpickler.opcodes import TABLE
from models.sources.torch_file.unpickler.values import Globals
from tests.cases import examples


def quickly(data: bytes) -> Machine:
    machine = Machine(data, 0, Globals(MetadataStubs()), None, TABLE)
    value = machine.run()
    machine.stack.append(value)  # where it was taken from: an open mark has a stack of its own
    return machine


def one_by_one(data: bytes) -> Machine:
    machine = Machine(data, 0, Globals(MetadataStubs()), None, TABLE)
    while not machine.done:
        machine.act(machine.byte())
    return machine


def comparable(value: Any) -> Any:
    """A value with what stubs hold, to be compared."""
    if isinstance(value, dict):
        return {repr(comparable(key)): comparable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value), *map(comparable, value)]
    if isinstance(value, (set, frozenset)):
        return [type(value), *sorted(repr(comparable(each)) for each in value)]
    slots = [name for each in type(value).__mro__ for name in getattr(each, "__slots__", ())]
    return [type(value), *(comparable(getattr(value, name)) for name in slots)] if slots else value


def chunks(sizes: tuple[int, ...], count: int = 3) -> list[Any]:
    found = [ChunkStorageMetadata(torch.Size([at, *sizes]), torch.Size(sizes)) for at in range(count)]
    return [found, {MetadataIndex("w", torch.Size(sizes), at): at for at in range(count)}, OrderedDict(a=(1,), b=())]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("sizes", [(), (7,), (300, 70_000), (1, 2, 3), (1, 2, 3, 4)])
def test_the_metadata_of_chunks(protocol, sizes):
    data = pickle.dumps(chunks(sizes), protocol)
    quick, slow = quickly(data), one_by_one(data)
    assert comparable(quick.stack) == comparable(slow.stack)
    assert comparable(quick.memo) == comparable(slow.memo)
    assert quick.at == slow.at == len(data)
    free = 48 * 256 if protocol < 4 else 0  # the first places of the memo
    assert quick.budget.left <= slow.budget.left + free  # whatever is done at once is charged for all the same


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.tuples(inner) | st.dictionaries(st.text(), inner)
    ),
)


@settings(max_examples=examples(60), deadline=None)
@given(_PLAIN, st.sampled_from([2, 4, 5]))
def test_plain_values(value, protocol):
    data = pickle.dumps(value, protocol)
    assert quickly(data).stack == one_by_one(data).stack == [value]


@settings(max_examples=examples(100), deadline=None)
@given(st.data())
def test_a_damaged_pickle_is_broken_for_both_or_neither(data):
    whole = pickle.dumps(chunks((300, 4)), 4)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    outcomes = []
    for run in (quickly, one_by_one):
        try:
            outcomes.append(comparable(run(damaged).stack))
        except (BrokenPickle, IndexError, KeyError, TypeError, ValueError, OverflowError, AttributeError):
            outcomes.append("broken")
    assert outcomes[0] == outcomes[1]


def test_a_mark_that_is_never_closed():
    data = b"]\x94(]\x94}\x94)\x85."  # as 0x85 in place of the last APPENDS leaves it
    assert comparable(quickly(data + b"....").stack) == comparable(one_by_one(data).stack)


def test_a_bomb_of_fused_instructions_is_charged():
    call = b"h\x00K\x01K\x01\x86\x94\x85\x94R\x940"
    data = b"\x80\x04ctorch\nSize\n\x94" + call * 2000 + b"N."
    machine = Machine(data, 0, Globals(MetadataStubs()), None, TABLE)
    machine.budget.left = 100_000
    with pytest.raises(BrokenPickle, match="far more of its bytes"):
        machine.run()
    assert read_pickle(data, MetadataStubs()) is None
