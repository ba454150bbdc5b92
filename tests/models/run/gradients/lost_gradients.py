"""Networks of which a part gets no gradient, on many ways of losing one.

In each `lost` is the layer, or a parameter of the network, that gets no gradient; `kept` gets one.  The line that is to
be named ends in `# <-`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HERE = "lost_gradients.py"
"""This file, as places name it."""


class Net(nn.Module):
    """Two layers and a forward of the test's."""

    def __init__(self, forward: Callable[..., Any], **more: nn.Module) -> None:
        super().__init__()
        self.kept, self.lost = nn.Linear(4, 4), nn.Linear(4, 4)
        for name, module in more.items():
            setattr(self, name, module)
        self.run = forward

    def forward(self, X: Tensor) -> Any:
        return self.run(self, X)


def unused_call(net: Net, X: Tensor) -> Tensor:
    net.lost(X)  # <-
    return net.kept(X)


def unused_far_on(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).relu() * 2
    Y = Y.sin()  # <-
    return net.kept(X)


def overwritten(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X)  # <-
    Y = net.kept(X)
    return Y * 2


def another_result(net: Net, X: Tensor) -> dict[str, Tensor]:
    return {"loss": net.kept(X).sum(), "aux": net.lost(X)}  # <-


def another_part(net: Net, X: Tensor) -> dict[str, Any]:
    Z = net.lost(X).square()  # <-
    return {"total_loss": net.kept(X).sum(), "hidden": [X, Z]}


def result_of_several(net: Net, X: Tensor) -> Tensor:
    Y = net.kept(X)
    return F.multi_head_attention_forward(  # <-
        Y[:, None], Y[:, None], Y[:, None], 4, 2, torch.eye(4).repeat(3, 1), torch.zeros(12), None, None, False, 0.0,
        net.lost.weight, net.lost.bias,
    )[1]  # fmt: skip


def detached(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) + net.lost(X).detach()  # <-


def detached_before(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).sin()
    Y = Y.detach()  # <-
    return net.kept(Y).sin()


def detached_in_place(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X)
    Y.detach_()  # <-
    return net.kept(Y)


def by_data(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) * net.lost(X).data  # <-


def weight_by_data(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) @ net.lost.weight.data + net.lost.bias.data.sum() if len(X) < 0 else net.kept(X) @ _data(net)


def _data(net: Net) -> Tensor:
    return net.lost.weight.data + net.lost.bias.data  # <-


def detached_and_a_leaf_again(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).detach().requires_grad_()  # <-
    return net.kept(Y)


def by_numpy(net: Net, X: Tensor) -> Tensor:
    Y = torch.from_numpy(net.lost(X).detach().numpy() * 2)  # <-
    return net.kept(Y)


def by_tolist(net: Net, X: Tensor) -> Tensor:
    Y = torch.tensor(net.lost(X).tolist())  # <-
    return net.kept(Y)


def by_item(net: Net, X: Tensor) -> Tensor:
    scale = net.lost(X).mean().item()  # <-
    return net.kept(X) * scale


def by_float(net: Net, X: Tensor) -> Tensor:
    scale = float(net.lost(X).mean().detach())  # <-
    return net.kept(X) * scale


def by_tensor(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).sum()
    Y = torch.tensor(Y)  # <-
    return net.kept(X) * Y


def by_deepcopy(net: Net, X: Tensor) -> Tensor:
    weight, bias = copy.deepcopy(net.lost.weight), copy.deepcopy(net.lost.bias)  # <-
    return F.linear(net.kept(X), weight, bias)


def by_assignment_to_data(net: Net, X: Tensor) -> Tensor:
    Y = net.kept(X)
    Z = net.lost(X)
    Y.data = Z  # <-
    return Y.sin()


def new_parameter(net: Net, X: Tensor) -> Tensor:
    weight, bias = nn.Parameter(net.lost.weight), nn.Parameter(net.lost.bias)
    return F.linear(net.kept(X), weight, bias)  # <-


def under_no_grad(net: Net, X: Tensor) -> Tensor:
    with torch.no_grad():  # <-
        Y = net.lost(X)
    return net.kept(Y)


def some_lines_under_no_grad(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X)
    with torch.no_grad():  # <-
        Z = Y.sin()
        Z = Z * 2
    return net.kept(Z)


def switched_off(net: Net, X: Tensor) -> Tensor:
    torch.set_grad_enabled(False)  # <-
    Y = net.lost(X)
    torch.set_grad_enabled(True)
    return net.kept(Y)


def under_inference_mode(net: Net, X: Tensor) -> Tensor:
    with torch.inference_mode():
        Y = net.lost(X)  # <-
    return net.kept(Y.clone())


@torch.no_grad()  # <-
def _features(net: Net, X: Tensor) -> Tensor:
    return net.lost(X).relu()


def by_decorator(net: Net, X: Tensor) -> Tensor:
    return net.kept(_features(net, X))


def copied_under_no_grad(net: Net, X: Tensor) -> Tensor:
    state = torch.zeros(len(X), 4)
    Y = net.lost(X)
    with torch.no_grad():  # <-
        state.copy_(Y)
    return net.kept(X) + state


def written_under_no_grad(net: Net, X: Tensor) -> Tensor:
    state = torch.zeros(len(X), 4)
    Y = net.lost(X)
    with torch.no_grad():  # <-
        state[:] = Y
    return net.kept(X) + state


def moving_average(net: Net, X: Tensor) -> Tensor:
    mean = torch.zeros(4)
    Y = net.lost(X)
    with torch.no_grad():  # <-
        mean.lerp_(Y.mean(0), 0.1)
    return net.kept(X) + mean


def by_argmax(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) + net.lost(X).argmax(-1, keepdim=True)  # <-


def by_indices_of_topk(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).topk(2).indices  # <-
    return net.kept(X).gather(1, Y)


def by_indices_of_max(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).max(-1)[1]  # <-
    return net.kept(X)[Y]


def by_comparison(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) * (net.lost(X) > 0).float()  # <-


def by_condition_of_where(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X) >= 0  # <-
    return torch.where(Y, net.kept(X), -net.kept(X))


def by_rounding_to_integers(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).long()  # <-
    return net.kept(X) + Y


def by_condition(net: Net, X: Tensor) -> Tensor:
    if net.lost(X).sum() > 1e9:  # <-
        return net.kept(X) * 2
    return net.kept(X)


def by_embedding(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X)
    Y = Y.argmax(-1)  # <-
    return F.embedding(Y, net.kept.weight) + net.kept.bias


def by_rounded_mask(net: Net, X: Tensor) -> Tensor:
    Y = net.lost(X).sigmoid().round().bool()  # <-
    return net.kept(X).masked_fill(Y, 0)


class NoGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        return x + y  # <-

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def own_function_gives_none(net: Net, X: Tensor) -> Tensor:
    return NoGradient.apply(net.kept(X), net.lost(X))


class Marked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.sign()  # <-
        ctx.mark_non_differentiable(y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> None:
        return None


def marked(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) + Marked.apply(net.lost(X))


def never_called(net: Net, X: Tensor) -> Tensor:
    return net.kept(X)


def branch_not_taken(net: Net, X: Tensor) -> Tensor:
    return net.kept(X) if len(X) else net.lost(X)


def loop_of_no_turns(net: Net, X: Tensor) -> Tensor:
    for _ in range(0):
        X = net.lost(X)
    return net.kept(X)


def frozen(net: Net, X: Tensor) -> Tensor:
    net.lost.requires_grad_(False)
    return net.kept(net.lost(X))


def frozen_parameters(net: Net, X: Tensor) -> Tensor:
    for parameter in net.lost.parameters():
        parameter.requires_grad = False
    return net.lost(net.kept(X))


def frozen_and_unused(net: Net, X: Tensor) -> Tensor:
    net.lost.requires_grad_(False)
    return net.kept(X)


def replaced(net: Net, X: Tensor) -> Tensor:
    Y = net.kept(net.lost(X))
    net.lost.weight = nn.Parameter(torch.ones(4, 4))  # <-
    net.lost.bias = nn.Parameter(torch.ones(4))
    return Y


def replaced_by_a_copy(net: Net, X: Tensor) -> Tensor:
    weight, bias = net.lost.weight, net.lost.bias
    net.lost.weight, net.lost.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())  # <-
    return F.linear(net.kept(X), weight, bias)


def module_replaced(net: Net, X: Tensor) -> Tensor:
    Y = net.kept(net.lost(X))
    net.lost = nn.Linear(4, 4)  # <-
    return Y


CASES: list[tuple[Callable[..., Any], str]] = [
    *((each, "dropped") for each in (unused_call, unused_far_on, overwritten, another_result, another_part)),
    (result_of_several, "dropped"),
    *((each, "detached") for each in (detached, detached_before, detached_in_place, by_data, weight_by_data)),
    *((each, "detached") for each in (detached_and_a_leaf_again, by_numpy, by_tolist, by_item, by_float)),
    *((each, "detached") for each in (by_tensor, by_deepcopy, by_assignment_to_data, new_parameter)),
    *((each, "no_grad") for each in (under_no_grad, some_lines_under_no_grad, switched_off, under_inference_mode)),
    *((each, "no_grad") for each in (by_decorator, copied_under_no_grad, written_under_no_grad, moving_average)),
    *((each, "not_differentiable") for each in (by_argmax, by_indices_of_topk, by_indices_of_max, by_comparison)),
    *((each, "not_differentiable") for each in (by_condition_of_where, by_rounding_to_integers, by_condition)),
    *((each, "not_differentiable") for each in (by_embedding, by_rounded_mask, own_function_gives_none, marked)),
    *((each, "unread") for each in (never_called, branch_not_taken, loop_of_no_turns)),
    *((each, "frozen") for each in (frozen, frozen_parameters, frozen_and_unused)),
    *((each, "replaced") for each in (replaced, replaced_by_a_copy, module_replaced)),
]


LINES = {
    by_decorator: _features,
    weight_by_data: _data,
    own_function_gives_none: NoGradient.forward,
    marked: Marked.forward,
}
