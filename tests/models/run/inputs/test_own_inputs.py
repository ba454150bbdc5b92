"""Inputs that a network brings with it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.opened.source import Source
from models.run.inputs.arguments import arguments_for
from models.run.inputs.own_inputs import arguments_text, kept_by


class Net(nn.Module):
    def __init__(self, **kept: object) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)
        self.__dict__.update(kept)

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        return self.layer(x)


class Drawing(Net):
    @property
    def example_input_array(self) -> torch.Tensor:
        return torch.rand(3, 4)


class Raising(Net):
    @property
    def example_input_array(self) -> torch.Tensor:
        raise RuntimeError("not attached")


class Images(Net):
    """As those for images of transformers, which inherit token ids for `dummy_inputs` and take any keyword."""

    def forward(self, x: torch.Tensor | None = None, **more: object) -> torch.Tensor:
        assert x is not None
        return self.layer(x)


X = torch.ones(3, 4)


@pytest.mark.parametrize(
    ("kept", "args", "kwargs"),
    [
        ({"example_input_array": X}, (X,), {}),
        ({"example_input_array": (X, X)}, (X, X), {}),
        ({"example_input_array": [X, None]}, (X, None), {}),
        ({"dummy_inputs": {"x": X}}, (), {"x": X}),
        ({"main_input_name": "x", "dummy_inputs": {"x": X}}, (), {"x": X}),
        ({"main_input_name": "y", "example_input_array": X}, (X,), {}),
        ({"example_input_array": None, "dummy_inputs": {"y": X, "x": X}}, (), {"x": X, "y": X}),
    ],
)
def test_what_is_kept(kept: dict[str, object], args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    found = kept_by(Net(**kept), "cpu")
    assert found is not None
    (got, by_name), name = found
    assert name == list(kept)[-1]
    assert all(one is other for one, other in zip(got, args, strict=True))
    assert by_name == kwargs


@pytest.mark.parametrize(
    "net",
    [
        Net(),
        Raising(),
        Net(example_input_array=None),
        Net(example_input_array="a text"),
        Net(dummy_inputs={"pixels": X}),
        Net(dummy_inputs={}),
        Net(example_input_array=(X, X, X)),
        Images(dummy_inputs={"input_ids": X}, main_input_name="x"),
    ],
)
def test_what_is_of_no_use(net: nn.Module) -> None:
    assert kept_by(net, "cpu") is None


def test_no_random_number_is_drawn() -> None:
    net, state = Drawing(), torch.get_rng_state()
    assert kept_by(net, "cpu") is not None
    assert torch.equal(torch.get_rng_state(), state)


def test_it_is_taken_before_a_guess_and_after_what_was_asked_for() -> None:
    source = Source(source="net", kind="module", name="net", module=Net(example_input_array=X))
    assert arguments_for(source, [], None, None).text == "float32[3, 4], its own example_input_array"
    assert arguments_for(source, ["2x4"], None, None).text == "torch.rand(2, 4)"
    source.arguments = ((X, 5), {"y": None})
    assert (
        arguments_for(source, [], None, None).text
        == arguments_text((X, 5), {"y": None})
        == "float32[3, 4], int, y=None"
    )
    assert arguments_for(source, ["2x4"], None, None).text == "torch.rand(2, 4)"
    assert arguments_for(source, [], None, "meta").args[0] is X
