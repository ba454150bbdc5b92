"""Python's `repr` is the oracle for all that is small."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from types import MappingProxyType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.run.console.reprs import CUT, LONGEST, bounded_repr
from tests.cases import examples

Point = namedtuple("Point", "x y")


class MyList(list):  # type: ignore[type-arg]
    pass


class MyDict(dict):  # type: ignore[type-arg]
    def __repr__(self) -> str:
        return "mine"


class MySet(set):  # type: ignore[type-arg]
    pass


def documented() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))


net = documented()
SMALL = [
    1, -0.0, 1j, True, None, "a'b", 'a"b', "\n\x1b", b"x", bytearray(b"x"), ..., range(3), slice(1),
    [], (), {}, set(), frozenset(), (1,), [1, "2", (3,)], {"a": [1], 2: None}, {1}, frozenset([1]),
    OrderedDict(), OrderedDict(a=1), OrderedDict(a=1).keys(), {}.values(), {"a": 1}.items(), deque([1], 3), deque(),
    defaultdict(int, a=1), Counter("aab"), Point(1, [2]), MyList([1]), MyDict(a=1), [MyDict()], MySet(), MySet([1]),
    MappingProxyType({"a": 1}), int, len, torch.Size([1, 2]), torch.float32, torch.device("cpu"),
    net, net[2].state_dict(), net.state_dict(), net[2].bias, net[2].bias.data, type(net[2].bias),
    list(net.named_parameters()), torch.rand(3, requires_grad=True) * 2, torch.zeros(2, device="meta"),
    torch.rand(100, 100), nn.Parameter(torch.rand(2)), torch.eye(2).to_sparse(), dict(net.named_parameters()),
    net.parameters(), nn.ModuleList([nn.ReLU()] * 3), [net, net],
]  # fmt: skip


@pytest.mark.parametrize("value", SMALL, ids=lambda value: type(value).__name__)
def test_small_values_print_as_in_python(value: object) -> None:
    assert bounded_repr(value) == repr(value)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner)
            | st.lists(inner).map(tuple)
            | st.dictionaries(st.text(), inner)
            | st.dictionaries(st.text(), inner).map(OrderedDict)
            | st.sets(st.integers())
            | st.lists(inner).map(deque)
        ),
    )
)
def test_nested_containers_print_as_in_python(value: object) -> None:
    assert bounded_repr(value) == repr(value)


def test_a_container_within_itself_prints_as_in_python() -> None:
    numbers: list[object] = [1]
    numbers.append(numbers)
    names: dict[str, object] = {"list": numbers}
    names["self"] = names
    ordered: OrderedDict[str, object] = OrderedDict(names=names)
    ordered["again"] = ordered
    queue: deque[object] = deque([ordered])
    queue.append((queue,))
    for value in (numbers, names, ordered, queue, [numbers, numbers]):
        assert bounded_repr(value) == repr(value)


@pytest.mark.parametrize(
    ("value", "start"),
    [
        (list(range(2_000_000)), "[0, 1, 2, "),
        (dict.fromkeys(range(1_000_000)), "{0: None, 1: None, "),
        ([[0] * 1000] * 100_000, "[[0, 0, "),
        ("x" * 50_000_000, "'xxx"),
        (b"x" * 50_000_000, "b'xxx"),
        ({"key": "x" * 50_000_000}, "{'key': 'xxx"),
        (OrderedDict((str(i), torch.zeros(20, 20)) for i in range(2000)), "OrderedDict("),
        (dict.fromkeys(range(1_000_000)).keys(), "dict_keys([0, 1, "),
    ],
    ids=["list", "dict", "nested", "str", "bytes", "str in dict", "state dict", "keys"],
)
def test_large_values_are_cut(value: object, start: str) -> None:
    text = bounded_repr(value)
    assert len(text) == LONGEST
    assert text.startswith(start)
    assert text.endswith(CUT)


def test_nesting_deeper_than_pythons_stack_is_written() -> None:
    value: list[object] = []
    for _ in range(sys.getrecursionlimit() * 5):
        value = [value]
    assert bounded_repr(value) == "[" * (sys.getrecursionlimit() * 5 + 1) + "]" * (sys.getrecursionlimit() * 5 + 1)


class Raising:
    def __repr__(self) -> str:
        raise ValueError("no\nway")


class NoText:
    def __repr__(self) -> str:
        return 5  # type: ignore[return-value]


def test_a_repr_that_raises_becomes_a_remark_in_its_place() -> None:
    assert bounded_repr(Raising()) == "<Raising object: its __repr__ raised ValueError: no\nway>"
    assert bounded_repr([1, Raising()]) == "[1, <Raising object: its __repr__ raised ValueError: no\nway>]"
    assert bounded_repr(NoText()).startswith("<NoText object: its __repr__ raised TypeError: ")


def test_printing_consumes_no_random_numbers() -> None:
    state = torch.get_rng_state()
    bounded_repr([net, torch.rand(0), net.state_dict()])
    assert torch.equal(torch.get_rng_state(), state)
