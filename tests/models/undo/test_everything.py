"""Any sequence of actions, undone, gives back what there was, and done again what came of them: a property.

That is bytes, flags and structure of the network, the console's names, and where the random numbers stand.

Of `changes`, `history`, `modules`, `names`, `random_numbers`, `record`.
"""

from __future__ import annotations

import random
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
from tests.cases import examples


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
    "x = 3",
    "x, losses = 'three', [1.0]",
    "del x",
    "losses.append(0.5)",
    "losses = None",
    "table = {'a': [1], 'b': {2}}",
    "table['a'] = table.pop('b')",
    "seen = {1, 2}; seen.add(3)",
    "seen.discard(1)",
    "torch.rand(3)",
    "torch.manual_seed(5)",
    "random.random()",
    "net.float().train()(torch.ones(4, 3))",
    "noise = torch.rand(3)",
    "noise.add_(1); noise[0] = 7",
    "also = noise",
    "y = net.float().eval()(torch.ones(4, 3)); outs = [y]",
    "outs.append(y.sum())",
    "weight = net.first.linear.weight; weight.data.mul_(2)",
    "generator = torch.Generator().manual_seed(1)",
    "torch.rand(2, generator=generator)",
    "net.first.linear.reset_parameters(); loss = net.first.linear.weight.sum()",
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


def around(names: dict[str, object]) -> object:
    """Return what the console's names are bound to, and where random numbers stand."""
    parts = [(name, *bound(value, name in RESULTS)) for name, value in names.items() if name != "__builtins__"]
    generators = [random.getstate(), torch.get_rng_state().tolist()]
    generators += [each.get_state().tolist() for each in names.values() if isinstance(each, torch.Generator)]
    return sorted(parts, key=lambda part: part[0]), generators


RESULTS = {"y", "outs", "loss"}
"""Names of what comes back without its graph."""


def bound(value: object, is_result: bool) -> tuple[object, ...]:
    """Return a value as `frozen` does; of results the values."""
    if isinstance(value, Tensor) and is_result:
        return (value.tolist(),)
    if isinstance(value, list):
        return tuple(bound(item, is_result) for item in value)
    return frozen(value) if isinstance(value, (Tensor, dict, set, int, str)) else (id(value),)


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


@settings(max_examples=examples(60), deadline=None)
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
    names: dict[str, object] = {"net": net, "torch": torch, "nn": nn, "random": random}
    names |= {"parametrize": parametrize, "prune": prune}
    watch = Watch(LiveTree.of(net))
    states = [(state(net), around(names))]
    done: list[str] = []
    for action in actions:
        watch.begin(action)
        watch.record_gradients()
        watch.record_random(names)
        watch.record_names(names)
        with suppress(Exception):  # an earlier action took away what this one needs
            exec(action, names)
        watch.end()
        now = (state(net), around(names))
        if now == states[-1]:
            assert watch.last.is_beside, (action, watch.last)
            assert watch.last.random is None, action
            if not watch.last.names:  # else a name that is bound to an equal value
                continue
        assert not watch.last.is_empty, action
        assert not watch.last.lost, action
        assert (now[0] == states[-1][0]) is watch.last.is_beside, action
        if watch.last.is_beside and not watch.last.names and done and done[-1] == action and only_drew(states):
            states[-1] = now  # draws in a row of one statement are one change
        else:
            states.append(now)
            done.append(action)
    for before, action in zip(reversed(states[:-1]), reversed(done), strict=True):
        watch.undo()
        assert (state(net), around(names)) == before, f"{action} of {done}"
    for after, action in zip(states[1:], done, strict=True):
        watch.redo()
        assert (state(net), around(names)) == after, f"again {action} of {done}"


def only_drew(states: list[tuple[object, object]]) -> bool:
    """Return whether the last step between two states changed nothing but random numbers."""
    (network_before, around_before), (network_after, around_after) = states[-2:]
    return network_before == network_after and around_before[0] == around_after[0]  # type: ignore[index]


def test_a_list_of_results_that_came_back_as_a_copy_is_the_one_that_is_filled() -> None:
    played(["y = net.float().eval()(torch.ones(4, 3)); outs = [y]", "outs.append(y.sum())", "outs.append(y.mean())"])


def test_a_list_that_is_filled_and_given_up_in_one_statement() -> None:
    played(["outs = [1]", "outs.append(2); outs = [9, 9]"])
