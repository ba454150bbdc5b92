"""Of `results`, `arguments`, `memory`: what was given on, arguments that are missing, memory that is not there."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, Piped, hint_of


class Forgets(nn.Module):
    def forward(self, x: Tensor):  # type: ignore[no-untyped-def]
        x.relu()
        if x.sum() > 1e9:
            return


class Nothing(nn.Module):
    def forward(self, x: Tensor) -> None:
        return None


def test_a_forward_without_return() -> None:
    said = "returned nothing: the forward of Forgets has no `return` with a value"
    assert hint_of(nn.Sequential(Forgets(), nn.Linear(2, 2)), torch.rand(2, 2)) == f"`0` {said}"
    net = Made(lambda self, x: self.block(x).view(2, 2), block=Forgets())
    assert hint_of(net, torch.rand(2, 2)) == f"`block` {said}"
    net = Made(lambda self, x: self.fc(self.seq(x)), fc=nn.Dropout(), seq=nn.Sequential(nn.Linear(2, 2), Forgets()))
    assert hint_of(net, torch.rand(2, 2)).endswith("has no `return` with a value")


def test_none_on_purpose_is_left_alone() -> None:
    assert hint_of(nn.Sequential(Nothing(), nn.Linear(2, 2)), torch.rand(2, 2)) == ""
    net = Made(lambda self, x: self.fc(None if self.a(x) is x else x.foo), a=nn.Linear(2, 2), fc=nn.Linear(2, 2))
    assert hint_of(net, torch.rand(2, 2)) == ""


def test_a_tuple_that_was_not_taken_apart() -> None:
    for layer in (nn.LSTM(2, 3), nn.GRU(2, 3)):
        hint = hint_of(nn.Sequential(layer, nn.Linear(3, 2)), torch.rand(4, 2))
        name = type(layer).__name__
        assert hint.startswith(f"`0` ({name}) returns a tuple of 2, and `1` takes a tensor: pass its first on, [4, 3]")
        output, *_ = layer(torch.rand(4, 2))
        nn.Linear(3, 2)(output)
    net = Made(lambda self, x: self.norm(self.att(x, x, x)), att=nn.MultiheadAttention(4, 2), norm=nn.LayerNorm(4))
    assert "pass its first on, [3, 2, 4]" in hint_of(net, torch.rand(3, 2, 4))


def test_arguments_that_are_missing() -> None:
    net = Made(lambda self, x: self.att(x), att=nn.MultiheadAttention(8, 2))
    hint = hint_of(net, torch.rand(2, 4, 8))
    assert hint.startswith("the forward of `att` takes (query, key, value, key_padding_mask=None, ")
    assert hint.endswith("with ([2, 4, 8]): `key` and `value` are missing")
    hint = hint_of(nn.Bilinear(2, 2, 2), torch.rand(2, 4))
    assert hint.endswith("and was called with ([2, 4]): `input2` is missing; --input input2=SPEC, or key I")


def test_arguments_that_are_too_many_or_unknown() -> None:
    net = Made(lambda self, x, y: self.fc(x, y), fc=nn.Linear(2, 2))
    assert hint_of(net, torch.rand(2), torch.rand(2)).endswith("with ([2], [2]): 1 too many")
    net = Made(lambda self, x: self.fc(x, mask=x), fc=nn.Linear(2, 2))
    assert hint_of(net, torch.rand(2)).endswith("with ([2], mask=[2]): it has no `mask`")


def test_a_type_error_of_the_users_own_code_is_left_alone() -> None:
    class Inner(nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            return x + len(mask)  # type: ignore[arg-type]

    assert hint_of(Piped(Inner()), torch.rand(2)) == ""


def test_memory_that_is_not_there() -> None:
    net = Made(lambda self, x: self.fc(x) + torch.zeros(10**14), fc=nn.Linear(4, 100))
    hint = hint_of(net, torch.rand(8, 4))
    assert hint.startswith("`zeros` at test_results.py:")
    assert "asked for 363.8 TB, which is not there; the network's own tensors take 2.0 KB" in hint
    assert hint.endswith("the largest outputs before: 3.1 KB [8, 100] of `fc`")


def test_a_module_that_was_given_on_and_not_called() -> None:
    net = Made(lambda self, x: self.fc(self.act), fc=nn.Linear(2, 2), act=nn.ReLU())
    said = "`fc` takes a tensor, got the module `act` (ReLU) itself: `act(…)` calls it"
    assert hint_of(net, torch.rand(2, 2)) == said
    net = Made(lambda self, x: self.fc(nn.Tanh()), fc=nn.Linear(2, 2))
    said = "`fc` takes a tensor, got a new Tanh itself: `Tanh()(…)` makes the layer and calls it"
    assert hint_of(net, torch.rand(2, 2)) == said


def test_an_array_in_place_of_a_tensor() -> None:
    net = Made(lambda self, x: self.fc(x.numpy()), fc=nn.Linear(2, 2))
    assert hint_of(net, torch.rand(2, 2)).endswith("got an array of NumPy: `torch.from_numpy(…)` of it fits")
