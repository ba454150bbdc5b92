"""What can be opened as a network."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from models.opened.source import SourceError
from models.sources.networks import as_network, built


class Config:
    width = 5


class Pretrained(nn.Module):
    """With the habits of transformers."""

    config_class = Config

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.head = nn.Linear(config.width, 1)


class Needy(nn.Module):
    def __init__(self, width: int, *, act: str) -> None:
        super().__init__()


class Holder:
    def make(self) -> nn.Module:
        return nn.ReLU()


def pair() -> tuple[object, ...]:
    net = nn.Linear(2, 2)
    return net, torch.optim.SGD(net.parameters()), {"lr": 0.1}


async def asynchronous() -> nn.Module:
    return nn.ReLU()


def generator() -> Iterator[nn.Module]:
    yield nn.ReLU()


async def both() -> AsyncIterator[nn.Module]:
    yield nn.ReLU()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (nn.Identity, nn.Identity),
        (lambda: nn.ReLU(), nn.ReLU),
        (functools.partial(nn.Linear, 2, 3, device="meta"), nn.Linear),
        (Holder().make, nn.ReLU),
        (nn.DataParallel(nn.Linear(1, 1)), nn.DataParallel),
        (nn.ParameterDict({"a": torch.ones(1)}), nn.ParameterDict),
        (Pretrained, Pretrained),
    ],
)
def test_what_is_or_builds_a_network(target: object, kind: type) -> None:
    assert isinstance(built(target, "f.py:x").module, kind)


def test_a_class_with_a_configuration_is_built_with_its_default_one_and_this_is_said() -> None:
    assert built(Pretrained, "x").warnings == ["built with the default Config(): its weights are random"]


def test_of_a_model_and_its_optimizer_the_model_is_taken_and_this_is_said() -> None:
    found = built(pair, "f.py:pair")
    assert isinstance(found.module, nn.Linear)
    assert found.own is None
    assert found.warnings == ["f.py:pair() also holds a SGD, a dict: not shown"]


@pytest.mark.parametrize("kind", [dict, OrderedDict, lambda pairs: [value for _, value in pairs]])
def test_a_container_of_modules_is_itself_the_network(kind: Any) -> None:
    first, second = nn.Linear(1, 2), nn.ReLU()
    own = kind([("first.one", first), (2, second)])
    found = as_network(own, "f.py:nets")
    assert found.own is own
    assert list(found.module.modules())[1:] == [first, second]
    assert found.warnings == []
    assert type(found.module).__name__ == type(own).__name__


def test_what_a_container_holds_besides_is_said() -> None:
    found = as_network({"net": nn.ReLU(), "step": 3, "lr": 0.1}, "f.py:state")
    assert found.warnings == ["f.py:state also holds an int, a float: not shown"]
    tensors = as_network({"a.weight": torch.ones(2)}, "f.py:state")
    assert [name for name, _ in tensors.module.named_buffers()] == ["a.weight"]
    assert tensors.warnings == ["f.py:state is a dict of tensors: values are there, but nothing to run"]


@pytest.mark.parametrize(
    ("target", "title"),
    [
        (asynchronous, "x is an async function, which returns no network when it is called"),
        (generator, "x is a generator, which returns"),
        (both, "x is an async generator, which returns"),
        (lambda: asynchronous(), "x() returned a coroutine, not a network"),
        (lambda: generator(), "x() returned a generator, not a network"),
        (Needy, "x needs arguments: width, act"),
        (Holder.make, "x needs arguments: self"),
        (Holder, "x is a class, but not of torch.nn.Module"),
        (torch.ones(2), "x is a Tensor, not a network"),
        ({}, "x is a dict that holds no module"),
        ({"lr": 1}, "x is a dict that holds no module"),
        ([[[]]], "x is a list that holds no module"),
        (lambda: 1 / 0, "x: ZeroDivisionError: division by zero"),
        (5, "x is an int, not a network"),
    ],
)
def test_what_is_none(target: object, title: str) -> None:
    with pytest.raises(SourceError) as caught:
        built(target, "x")
    assert caught.value.title.startswith(title)


def test_a_container_within_itself_ends() -> None:
    loop: list[object] = [nn.ReLU()]
    loop.append(loop)
    assert len(list(as_network(loop, "x").module.modules())) == 2


class Pipeline:
    """With the habits of diffusers and transformers: no module, but callable, with modules as attributes."""

    def __init__(self) -> None:
        self.unet = nn.Linear(2, 3)
        self.vae = nn.Linear(3, 4)
        self.again = self.unet
        self.scheduler = object()

    def __call__(self, prompt: str) -> None:
        raise AssertionError("it was run")

    @property
    def device(self) -> str:
        raise AssertionError("it was asked")


def pipeline() -> Pipeline:
    return Pipeline()


@pytest.mark.parametrize("target", [pipeline, Pipeline()])
def test_an_object_that_holds_networks_is_shown_as_what_it_holds(target: object) -> None:
    found = built(target, "x")
    assert {name: type(module) for name, module in found.module.named_children()} == {
        "unet": nn.Linear,
        "vae": nn.Linear,
    }
    (warning,) = found.warnings
    assert warning.endswith(" is a Pipeline: shown is what it holds, unet, vae")


def test_an_object_that_holds_one_network_is_that_network() -> None:
    pipeline = Pipeline()
    del pipeline.vae
    assert as_network(pipeline, "x").module is pipeline.unet
