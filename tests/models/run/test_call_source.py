"""The code at the line of a call: in the class that ran it, in a function beside, and where there is none."""

from __future__ import annotations

import linecache
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from models.live.describe.source_code import source_files_of, source_of
from models.live.live_tree import LiveTree
from models.messages import SourceText
from models.run.call_source import source_of_call
from models.run.trace.tracing import Trace, tracing


def helped(X: Tensor) -> Tensor:
    return X.tanh()  # in a function


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2))

    def forward(self, X: Tensor) -> Tensor:
        X = self.layers(X)  # of a module
        return helped(X.relu())  # of an operation


class Misspelt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Linear(2, 2)

    def forward(self, X: Tensor) -> object:
        return self.layer(X)  # of no module


class CalledWrongly(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, X: Tensor) -> object:
        return self.layer(X, X)


def files_of(net: nn.Module) -> Callable[[str], set[str]]:
    return lambda path: source_files_of(net.get_submodule(path))


def source_at(op: str) -> SourceText:
    net, trace = Net(), Trace()
    tree = LiveTree.of(net)
    with tracing(net, tree, trace):
        net(torch.rand(1, 2))
    index = next(index for index, call in enumerate(trace.calls) if call.op == op)
    return source_of_call(trace.calls, index, lambda path: source_of(net.get_submodule(path), path), files_of(net))


def line_of(source: SourceText) -> str:
    assert source.call_line is not None
    assert source.file is not None
    shown = source.text.splitlines()[source.call_line - source.first_line].strip()
    assert shown == linecache.getline(source.file, source.call_line).strip()
    return shown


def test_an_operations_line_is_in_the_class_that_ran_it() -> None:
    found = source_at("relu")
    assert found.class_name == "Net"
    assert line_of(found) == "return helped(X.relu())  # of an operation"
    assert found.forward_line is not None


def test_a_modules_line_is_where_it_was_called_also_from_within_torchs_own_code() -> None:
    assert line_of(source_at("Sequential")) == "X = self.layers(X)  # of a module"
    assert line_of(source_at("Linear")) == "X = self.layers(X)  # of a module"


def test_a_module_whose_own_code_failed_is_shown_at_the_line_that_failed() -> None:
    net, trace = Misspelt(), Trace()
    with pytest.raises(AttributeError), tracing(net, LiveTree.of(net), trace):
        net(torch.rand(1, 2))
    assert trace.failed is not None
    found = source_of_call(trace.calls, 0, lambda path: source_of(net, path), files_of(net), trace.failed.where)
    assert line_of(found) == "return self.layer(X)  # of no module"


def test_a_layer_that_never_came_to_its_code_failed_where_it_was_called() -> None:
    net, trace = CalledWrongly(), Trace()
    with pytest.raises(TypeError), tracing(net, LiveTree.of(net), trace):
        net(torch.rand(1, 2))
    assert trace.failed is not None
    assert trace.failed.module == "layer"
    file, _, line = trace.failed.where.partition(":")
    assert file == "test_call_source.py"
    assert linecache.getline(__file__, int(line)).strip() == "return self.layer(X, X)"


def test_a_line_in_a_function_beside_the_classes_is_shown_with_that_function() -> None:
    found = source_at("tanh")
    assert found.class_name == "helped"
    assert line_of(found) == "return X.tanh()  # in a function"
    assert found.text.splitlines()[0] == "def helped(X: Tensor) -> Tensor:"


def test_where_no_line_is_known_it_is_the_class_of_its_module() -> None:
    net, trace = nn.Linear(2, 2), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(1, 2))
    trace.calls[0].where = ""
    found = source_of_call(trace.calls, 0, lambda path: source_of(net, path), files_of(net))
    assert (found.class_name, found.call_line) == ("Linear", None)


def test_a_file_that_is_gone_or_shorter_now_gives_the_class() -> None:
    net, trace = nn.Linear(2, 2), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(1, 2))
    trace.calls[0].where = "test_call_source.py:1000000"
    found = source_of_call(trace.calls, 0, lambda path: source_of(net, path), files_of(net))
    assert (found.class_name, found.call_line) == ("Linear", None)
