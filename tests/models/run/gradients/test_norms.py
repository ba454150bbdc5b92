"""Norms of gradients: of one that comes by again transposed, of others at its place, of many small ones together."""

from __future__ import annotations

import math

import pytest
import torch

from models.run.gradients import norms as module
from models.run.gradients.norms import SMALL, Norms


def found(*gradients: torch.Tensor) -> list[float]:
    norms = Norms()
    for slot, gradient in enumerate(gradients):
        norms.add(slot, gradient)
    norms.finish()
    return [norms.values[slot] for slot in range(len(gradients))]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """Return the list of the gradients that are measured one by one."""
    kept: list[torch.Tensor] = []
    measure = module.norm_of
    monkeypatch.setattr(module, "norm_of", lambda gradient: kept.append(gradient) or measure(gradient))
    return kept


def test_a_large_one_that_comes_again_transposed_is_measured_once(measured: list[torch.Tensor]) -> None:
    gradient = torch.randn(100, 80)
    wanted = pytest.approx(math.sqrt(gradient.double().square().sum().item()))
    assert found(gradient, gradient.t(), gradient.view(-1)) == [wanted] * 3
    assert len(measured) == 1


def test_a_part_or_another_or_one_written_meanwhile_is_measured() -> None:
    gradient, norms = torch.ones(100, 80), Norms()
    norms.add(0, gradient)
    norms.add(1, gradient[:90])
    norms.add(2, gradient.expand(2, 100, 80))
    gradient.mul_(3)  # as a hook of the user's may
    norms.add(3, gradient)
    norms.add(4, gradient.view(torch.int32).float())
    norms.finish()
    assert [norms.values[slot] for slot in range(4)] == pytest.approx(
        [math.sqrt(8000), math.sqrt(7200), math.sqrt(16000), 3 * math.sqrt(8000)], rel=1e-5
    )
    assert norms.values[4] == pytest.approx(gradient.view(torch.int32).double().norm().item(), rel=1e-5)


def test_one_at_the_place_of_one_that_is_gone_is_measured() -> None:
    norms = Norms()
    for slot in range(50):
        norms.add(slot, torch.full((SMALL + 1,), float(slot)))  # the next one takes its memory
    assert [norms.values[slot] for slot in range(50)] == pytest.approx(
        [slot * math.sqrt(SMALL + 1) for slot in range(50)], rel=1e-5
    )


def test_nobody_holds_a_large_gradient_so_that_autograd_need_not_copy_it() -> None:
    weight, addresses, norms = torch.randn(100, 80, requires_grad=True), [], Norms()

    def hook(given: tuple[torch.Tensor, ...], came: tuple[torch.Tensor, ...]) -> None:
        norms.add(len(addresses), given[0])
        addresses.append(given[0].data_ptr())

    product = torch.randn(5, 80) @ weight.t()
    (transposing, _) = product.grad_fn.next_functions[1]
    transposing.register_hook(hook)
    product.sum().backward()
    assert weight.grad is not None
    assert [weight.grad.data_ptr()] == addresses


def test_small_ones_of_one_shape_are_measured_together_whatever_they_lie_like_and_are_of() -> None:
    gradients = [torch.randn(3, 4), torch.randn(4, 3).t(), torch.randn(3, 8)[:, ::2], torch.randn(3, 4).double()]
    gradients += [torch.randn(3, 4).half(), torch.randn(4), torch.randn(4)[None].expand(3, 4), torch.zeros(3, 0)]
    wanted = [math.sqrt(gradient.double().square().sum().item()) for gradient in gradients]
    assert found(*gradients) == pytest.approx(wanted, rel=1e-6)


def test_one_without_a_norm_among_others_of_its_shape_is_left_out() -> None:
    norms = Norms()
    norms.add_all((0, 1, -1), (torch.ones(4), torch.ones(4, dtype=torch.float8_e4m3fn), torch.ones(4)))
    norms.add_all((2, 3), (None, torch.ones(4)))
    norms.finish()
    assert {slot: norm for slot, norm in norms.values.items() if slot != 1} == {0: 2.0, 3: 2.0}


def test_a_device_that_cannot_be_read_any_more_does_not_hide_what_ended_the_backward(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    norms = Norms()
    norms.add(0, torch.full((4,), 1.5))
    unread = torch.empty((), device="meta")  # reading it raises, as on a device after an error
    monkeypatch.setattr(norms, "_elsewhere", {unread.device: [(1, unread)]})
    norms.finish()
    assert norms.values == {0: 3.0}
