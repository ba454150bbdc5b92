"""A live object as a source: itself, under its name, with what its code sees."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from models.opened.source import SourceError
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import clear_gradients, undo_last
from models.sources.live_object import live_source, offered
from models.sources.opening import open_source
from models.tensors.plainly import attribute

somewhere = "a global name"


def test_the_very_object_with_its_name_and_the_names_around_it() -> None:
    my_net, local = nn.Linear(2, 3), "a local name"
    X = torch.ones(4, 2)
    source = live_source(my_net, (X,), {"scale": 2}, sys._getframe())
    assert (source.module, source.name, source.source) == (my_net, "my_net", "explore(my_net)")
    assert source.names["local"] is local
    assert source.names["somewhere"] is somewhere
    assert "__name__" not in source.names
    with offered(source):
        session = Session()
        summary = session.open("explore(my_net)")
        assert session.root is my_net
        assert session.inputs.arguments == ((X,), {"scale": 2})
        assert summary.input == "float32[4, 2], scale=int"
        assert session.namespace["X"] is X
        assert session.namespace["net"] is my_net
        assert session.namespace["my_net"] is my_net
        session.open("explore(my_net)")
        assert session.root is my_net
    with pytest.raises(SourceError):
        open_source("explore(my_net)")


def test_what_has_no_name_of_its_own() -> None:
    assert live_source(nn.ReLU(), (), {}, sys._getframe()).source == "explore(net)"
    assert live_source(nn.ReLU(), (), {}, None).names == {}


def test_a_dict_as_it_is_when_it_is_looked_at_again() -> None:
    nets = {"a": nn.Linear(1, 1)}
    source = live_source(nets, (), {}, sys._getframe())
    with offered(source):
        session = Session()
        assert session.open(source.source).parameters == 2
        assert session.namespace["nets"] is nets
        nets["b"] = nn.Linear(2, 2)
        assert session.open(source.source).parameters == 8


def test_nothing_random_is_drawn_and_nothing_is_moved_by_looking() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout()).eval()
    values, state = net[0].weight.clone(), torch.get_rng_state()
    for inputs in ((), (torch.ones(2),)):
        source = live_source(net, inputs, {}, sys._getframe())
        with offered(source):
            assert Session().open(source.source).guessed is not bool(inputs)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(net[0].weight, values)
    assert not net.training


@pytest.mark.parametrize("value", [5, None, "net", torch.ones(2), {"lr": 1}])
def test_what_has_no_tree(value: object) -> None:
    with pytest.raises(SourceError, match=r"not a network|holds no module"):
        live_source(value, (), {}, None)


def test_no_mode_that_the_program_is_in_takes_part_in_looking() -> None:
    asked: list[str] = []

    class Mode(TorchFunctionMode):
        def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
            asked.append(str(func))
            raise RuntimeError("no functions")

    net, session = nn.Linear(2, 2), Session(lambda body: None)
    net(torch.ones(1, 2)).sum().backward()
    for inputs in ((torch.ones(1, 2),), ()):
        source = live_source(net, inputs, {}, None)
        with offered(source), Mode():
            summary = session.open(source.source)
            assert summary.input.startswith("float32[1, 2]" if inputs else "torch.rand(2, 2)")
            run_statement(session, "1")
            clear_gradients(session)
            assert attribute(net.weight, "grad") is None
            undo_last(session)
            assert attribute(net.weight, "grad") is not None
            assert asked == []
            assert run_statement(session, "net.weight.sum()").problem is not None
            assert asked != []
        asked.clear()
