"""Numbers that are read while code runs are of one step, or say that they may not be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from models.live import consistent_read as module
from models.live.consistent_read import MIXED, NO_STEPS, consistent_copy, read_consistently
from models.live.gradient_access import GRADIENTS
from models.live.optimizer_steps import STEPS


@pytest.fixture
def training() -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Runs a function in another thread over and over, as the main lane's code, until the test is over."""
    over, begun, threads = threading.Event(), threading.Event(), []

    def start(step: Callable[[], bool]) -> None:
        def run() -> None:
            with GRADIENTS.running([]):
                while not over.is_set() and step():
                    begun.set()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        begun.wait()

    yield start
    over.set()
    for thread in threads:
        thread.join()
    GRADIENTS.close(1.0)


class Torn(torch.optim.Optimizer):
    """Writes all elements of a tensor alike, one after another; between two steps they are equal."""

    def __init__(self, parameter: nn.Parameter) -> None:
        super().__init__([parameter], {})
        self.count = 0

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]
        self.count += 1
        for row in self.param_groups[0]["params"][0]:
            row.fill_(self.count)


def train(optimizer: torch.optim.Optimizer) -> Callable[[], bool]:
    """Return a step of a training, which spends most of its time between two steps of the optimizer."""
    matrix = torch.ones(200, 200)

    def step() -> bool:
        for _ in range(4):
            matrix.mm(matrix)
        optimizer.step()
        return True

    return step


def test_where_no_code_runs_it_is_read_without_a_note() -> None:
    assert read_consistently(lambda: 7) == (7, "")
    assert not STEPS.is_watched


def test_what_is_read_is_never_of_two_steps(training: Callable[[Callable[[], bool]], None]) -> None:
    parameter = nn.Parameter(torch.zeros(50, 4))
    training(train(Torn(parameter)))
    torn, steady = 0, 0
    for _ in range(200):
        found, note = read_consistently(lambda: parameter.detach().flatten()[::7].tolist())
        if note == MIXED:
            continue
        steady += 1
        torn += len(set(found)) > 1
        assert note == NO_STEPS or note.startswith("as of step ")
    assert torn == 0
    assert steady > 0


def test_a_large_one_is_copied_of_one_step(training: Callable[[Callable[[], bool]], None]) -> None:
    parameter = nn.Parameter(torch.zeros(50, 4))
    training(train(Torn(parameter)))
    copies = [consistent_copy(parameter) for _ in range(50)]
    steady = [copy for copy, note in copies if note != MIXED]
    assert steady
    assert all(copy is not parameter and len(set(copy.flatten().tolist())) == 1 for copy in steady)


def test_a_step_that_never_ends_is_not_waited_for(
    training: Callable[[Callable[[], bool]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.02)
    within, go_on = threading.Event(), threading.Event()

    def closure() -> float:
        within.set()
        go_on.wait()
        return 0.0

    parameter = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=0.1)

    def step() -> bool:
        if within.is_set():
            return False
        STEPS.watch()
        optimizer.step(closure)
        return True

    try:
        threading.Thread(target=lambda: (within.wait(), None)).start()
        thread = threading.Thread(target=training, args=(step,))
        thread.start()
        within.wait()
        assert read_consistently(lambda: parameter.tolist()) == ([1.0, 1.0], MIXED)
    finally:
        go_on.set()
        thread.join()


def test_without_an_optimizer_of_torch_there_is_no_boundary(training: Callable[[Callable[[], bool]], None]) -> None:
    parameter = nn.Parameter(torch.zeros(2))

    def step() -> bool:
        with torch.no_grad():
            parameter.add_(1)
        return True

    training(step)
    assert read_consistently(lambda: parameter.shape[0]) == (2, NO_STEPS)
