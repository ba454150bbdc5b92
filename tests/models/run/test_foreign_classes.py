"""Values and tensors of classes that fail or never end when they are looked at: a forward runs as it does alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count, repeat
from typing import Any, NoReturn

import pytest
import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from models.live.live_tree import LiveTree
from models.run.forward import describe_output, run_forward, structure_of
from models.run.trace.tracing import Trace


def fails(*_: object) -> NoReturn:
    raise LookupError("of the class")


class FailingTuple(tuple[Any, ...]):
    __iter__ = __bool__ = __len__ = __getitem__ = fails  # type: ignore[assignment]


class FailingList(list[Any]):
    __iter__ = __bool__ = __len__ = __getitem__ = fails  # type: ignore[assignment]


class EndlessList(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        return repeat(1)


class FailingMapping(Mapping[str, Any]):
    __iter__ = __len__ = __getitem__ = fails  # type: ignore[assignment]


class EndlessMapping(Mapping[int, Any]):
    def __getitem__(self, key: int) -> int:
        return key

    def __iter__(self) -> Iterator[int]:
        return count()

    def __len__(self) -> int:
        return 10**9


class Masked:
    __class__ = property(fails)  # type: ignore[assignment]


class Named(type):
    __name__ = property(fails)  # type: ignore[assignment]


class OfNamed(metaclass=Named):
    pass


class FailingKey:
    __repr__ = __str__ = fails  # type: ignore[assignment]


class Net(nn.Module):
    """A layer, and what the test does with its result."""

    def __init__(self, then: Callable[[Net, Tensor], object]) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.then = then

    def forward(self, x: Tensor) -> object:
        self.layer(x)
        return self.then(self, x)


def traced(then: Callable[[Net, Tensor], object]) -> tuple[object, Trace]:
    net, trace = Net(then), Trace()
    result = run_forward(net, (torch.rand(2, 4),), {}, LiveTree.of(net), trace)
    assert result.exception is None
    return result.output, trace


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: FailingTuple([1]), "FailingTuple"),
        (lambda: FailingList([torch.ones(2)]), "FailingList"),
        (lambda: EndlessList([1, 2]), "EndlessList of int; int"),
        (FailingMapping, "FailingMapping"),
        (EndlessMapping, "EndlessMapping of "),
        (Masked, "Masked"),
        (lambda: OfNamed(), "OfNamed"),
        (lambda: {FailingKey(): torch.ones(2)}, "dict"),
        (lambda: [FailingTuple([1]), {"a": FailingMapping()}], "list of FailingTuple"),
    ],
)
def test_what_a_forward_returns_is_never_run(make: Callable[[], object], said: str) -> None:
    value = make()
    output, trace = traced(lambda net, x: value)
    assert output is value
    assert [call.op for call in trace.calls] == ["Net", "Linear"]
    assert describe_output(value).startswith(said)
    assert structure_of(value) is not None


@pytest.mark.parametrize("name", ["dim", "numel", "element_size", "untyped_storage", "detach"])
def test_a_tensor_whose_methods_fail_is_recorded(name: str) -> None:
    kind = type("Strange", (Tensor,), {name: fails})
    output, trace = traced(lambda net, x: (torch.relu(x.as_subclass(kind)),))  # type: ignore[arg-type]
    assert type(output) is tuple
    assert [(call.op, call.bytes, call.note) for call in trace.calls[2:]] == [("relu", 32, "")]


def test_a_call_that_cannot_be_recorded_is_named() -> None:
    kind = type("Strange", (Tensor,), {"__getattribute__": fails})
    _, trace = traced(lambda net, x: (torch.relu(x.as_subclass(kind)),))  # type: ignore[arg-type]
    assert [call.op for call in trace.calls] == ["Net", "Linear"]
    assert trace.calls[0].note == "relu could not be looked at: LookupError: of the class"


@pytest.mark.parametrize("name", ["shape", "dtype", "_version", "_base", "grad_fn", "requires_grad", "layout"])
def test_a_tensor_whose_attributes_fail_is_recorded(name: str) -> None:
    kind = type("Strange", (Tensor,), {name: property(fails)})
    output, trace = traced(lambda net, x: (torch.relu(x.as_subclass(kind)),))  # type: ignore[arg-type]
    assert type(output) is tuple
    assert [(call.op, call.output, call.note) for call in trace.calls[2:]] == [("relu", (2, 4), "")]
    assert "float32" in describe_output(output)


def test_a_graph_with_symbols_for_sizes_is_as_it_is_alone() -> None:
    def then(net: Net, x: Tensor) -> object:
        return make_fx(
            lambda given: net.layer(given) * given.shape[0], tracing_mode="symbolic", _allow_non_fake_inputs=True
        )(x).code

    alone = then(Net(then), torch.rand(2, 4))
    output, trace = traced(then)
    assert output == alone
    assert [call.op for call in trace.calls] == ["Net", "Linear"]


def test_what_an_exceptions_text_raises_is_not_what_the_forward_raised() -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise SystemExit(3)

    def then(net: Net, x: Tensor) -> object:
        raise Wordless

    net, trace = Net(then), Trace()
    result = run_forward(net, (torch.rand(2, 4),), {}, LiveTree.of(net), trace)
    assert type(result.exception) is Wordless
    assert result.problem is not None
    assert "Wordless" in result.problem.title


def test_attention_has_its_fused_path_back_whatever_fails() -> None:
    class Odd(Exception, metaclass=Named):
        pass

    def then(net: Net, x: Tensor) -> object:
        raise Odd

    net = Net(then)
    assert torch.backends.mha.get_fastpath_enabled()
    run_forward(net, (torch.rand(2, 4),), {}, LiveTree.of(net), Trace())
    assert torch.backends.mha.get_fastpath_enabled()
