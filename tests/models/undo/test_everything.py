"""Any sequence of actions, undone, gives back bytes, flags and structure, and done again what there was: a property.

Of `changes`, `history`, `modules`, `record`.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

from models.live.live_tree import LiveTree
from models.undo.changes import Watch


class Block(nn.Module):
    """A module with everything that one can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.tied = self.linear
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("seen", torch.zeros(2, dtype=torch.int64), persistent=False)
        self.constant = torch.ones(3)
        self.hidden = [nn.Linear(3, 1), {"a": torch.zeros(2)}]
        self.rate = 0.5
        self.names = {"a", "b"}
        self.activation = torch.relu
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.activation(self.norm(self.linear(x))) * self.constant


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        OrderedDict(first=Block(), second=nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.1)), last=Block())
    )


ACTIONS = (
    "net.eval()",
    "net.train()",
    "net.first.train(False)",
    "net.second[1].p = 0.7",
    "net.first.rate = float('nan')",
    "net.first.names.add('c')",
    "net.first.activation = torch.tanh",
    "net.requires_grad_(False)",
    "net.last.linear.bias.requires_grad_(False)",
    "net.first.linear.weight.data[0, 1] = 5",
    "net.first.linear.weight = nn.Parameter(torch.ones(3, 3))",
    "net.second[0] = nn.Linear(3, 3)",
    "net.second.append(nn.Linear(3, 3))",
    "net.second.insert(0, nn.Tanh())",
    "net.add_module('extra', nn.Linear(3, 3))",
    "del net.extra",
    "net.second = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.1))",
    "net.second = nn.Identity()",
    "net.second = None",
    "kept = net.second; net.second = nn.Identity()",
    "kept[0].weight.data.zero_(); kept.eval(); kept[0].bias.requires_grad_(False); kept.append(nn.ReLU())",
    "net.second = kept",
    "net.first, net.last = net.last, net.first",
    "net.first.constant = torch.zeros(3)",
    "del net.first.constant; net.first.constant = nn.Parameter(torch.zeros(3))",
    "net.first.seen.add_(1)",
    "net.first.register_buffer('seen', torch.ones(4), persistent=True)",
    "net.first.hidden[0] = nn.Linear(3, 2)",
    "net.first.hidden.append(torch.ones(1))",
    "net.first.hidden[1]['a'] = torch.ones(5)",
    "net.first.hidden[1]['a'].add_(1)",
    "net.first.tied = nn.Linear(3, 3)",
    "net.register_forward_hook(lambda *args: None)",
    "net.first.linear.register_forward_pre_hook(lambda *args: None, with_kwargs=True)",
    "net.double()",
    "net.half()",
    "net.zero_grad(set_to_none=False)",
    "net.zero_grad()",
    "net.float().train()(torch.rand(4, 3)).sum().backward()",
    "[p.data.mul_(0.9) for p in net.parameters()]",
    "parametrize.register_parametrization(net.last.linear, 'weight', nn.Identity())",
    "parametrize.remove_parametrizations(net.last.linear, 'weight')",
    "nn.utils.spectral_norm(net.second[0])",
    "prune.l1_unstructured(net.second[0], 'weight', 0.5)",
    "net.first.note = 'new'",
    "pass",
)


def state(root: nn.Module) -> object:
    """Return all that a network is made of, by identity where it is an object, else by its bytes.

    Of a result that a forward or a hook left behind it only says that there is one.
    """
    parts: list[object] = []
    for name, module in root.named_modules(remove_duplicate=False):
        own = vars(module)
        parts.append((name, id(module), type(module), list(own)))
        for key, value in own.items():
            computed = f"{key}_orig" in module._parameters  # by a hook of a pruned or spectrally normed layer
            parts.append((name, key, *(("result",) if computed else frozen(value))))
    return parts


def frozen(value: object) -> tuple[object, ...]:
    """Return a value in a form that is equal only to itself as it is now."""
    if isinstance(value, Tensor) and value.grad_fn is not None:
        return ("result",)
    if isinstance(value, Tensor):
        gradient = () if value.grad is None else (id(value.grad), *frozen(value.grad))
        bits = value.detach().reshape(-1).view(torch.uint8).tolist()
        return id(value), str(value.dtype), tuple(value.shape), bits, value.requires_grad, gradient
    if isinstance(value, dict):
        return tuple((key, *frozen(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(frozen(item) for item in value)
    if isinstance(value, (bool, int, float, str, set, type(None))):
        return type(value), repr(value) if not isinstance(value, set) else sorted(value)
    return (id(value),)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=8))
def test_any_sequence_of_actions_is_undone_and_done_again(actions: list[str]) -> None:
    played(actions)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_undone_and_done_again(action: str) -> None:
    played([action])


@pytest.mark.filterwarnings("ignore::FutureWarning")
def played(actions: list[str]) -> None:
    """Run the actions, undo them all and do them all again, and hold that each state comes back."""
    net = network()
    names = {"net": net, "torch": torch, "nn": nn, "parametrize": parametrize, "prune": prune}
    watch = Watch(LiveTree.of(net))
    states = [state(net)]
    done = []
    for action in actions:
        watch.begin(action)
        watch.record_gradients()
        with suppress(Exception):  # an earlier action took away what this one needs
            exec(action, names)
        watch.end()
        if state(net) != states[-1]:
            assert not watch.last.is_empty, action
            assert not watch.last.lost, action
            states.append(state(net))
            done.append(action)
        else:
            assert watch.last.is_empty, (action, watch.last)
    for before, action in zip(reversed(states[:-1]), reversed(done), strict=True):
        watch.undo()
        assert state(net) == before, f"{action} of {done}"
    for after, action in zip(states[1:], done, strict=True):
        watch.redo()
        assert state(net) == after, f"again {action} of {done}"
