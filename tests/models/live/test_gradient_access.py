"""While code runs, `.grad` is touched by the thread that runs it and by no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import optimizer as torch_optimizer

from models.live import gradient_access
from models.live import training_threads as threads_module
from models.live.gradient_access import AT_BEGIN, GRADIENTS, RUNNING, UNREAD, GradientAccess
from models.live.optimizer_steps import STEPS, OptimizerSteps
from models.live.training_threads import training_threads


@pytest.fixture(autouse=True)
def no_thread_has_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread of the tests trained in others of them, and is remembered, as it never rests."""
    monkeypatch.setattr(threads_module, "_training", set())
    monkeypatch.setattr(threads_module, "_examined", set())


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    GRADIENTS.close(1.0)
    assert not torch_optimizer._global_optimizer_pre_hooks
    assert not torch_optimizer._global_optimizer_post_hooks


class Elsewhere:
    """A thread that runs code as the main lane does, one piece after another."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self._tensors = tensors
        self._jobs: list[Callable[[], object]] = []
        self._todo, self._done, self._begun = threading.Semaphore(0), threading.Semaphore(0), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Elsewhere:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *rest: object) -> None:
        self._jobs.append(lambda: None)
        self._thread_ends = True
        self._todo.release()
        self._thread.join()

    _thread_ends = False

    def do(self, job: Callable[[], object]) -> None:
        self._jobs.append(job)
        self._todo.release()
        self._done.acquire()

    def _run(self) -> None:
        with GRADIENTS.running(self._tensors):
            self._begun.set()
            while not self._thread_ends:
                self._todo.acquire()
                self._jobs.pop(0)()
                self._done.release()


def weight() -> nn.Parameter:
    return nn.Parameter(torch.ones(2, 2))


def test_where_no_code_runs_it_is_the_gradient_itself() -> None:
    parameter = weight()
    assert GRADIENTS.take([parameter]) == ([None], "")
    parameter.sum().backward()
    (found,), note = GRADIENTS.take([parameter])
    assert found is parameter.grad
    assert note == ""


def test_the_thread_that_runs_reads_its_own() -> None:
    parameter = weight()
    with GRADIENTS.running([parameter]):
        parameter.sum().backward()
        (found,), note = GRADIENTS.take([parameter])
    assert found is parameter.grad
    assert note == ""


def test_another_one_sees_what_was_there_when_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "STEP_TIMEOUT", 0.01)
    parameter, later = weight(), weight()
    parameter.sum().backward()
    before = parameter.grad
    with Elsewhere([parameter]) as elsewhere:
        elsewhere.do(lambda: setattr(parameter, "grad", None))
        assert GRADIENTS.take([parameter]) == ([before], AT_BEGIN)
        assert GRADIENTS.take([later]) == ([UNREAD], RUNNING)
        assert not GRADIENTS.may_write()
    assert GRADIENTS.take([parameter]) == ([None], "")


def test_no_other_thread_reads_while_code_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "STEP_TIMEOUT", 0.01)
    readers: list[int] = []
    read = gradient_access._read_gradient

    def noted(tensor: Tensor) -> Tensor | None:
        readers.append(threading.get_ident())
        return read(tensor)

    monkeypatch.setattr(gradient_access, "_read_gradient", noted)
    parameter = weight()
    with Elsewhere([parameter]):
        for _ in range(3):
            GRADIENTS.take([parameter])
    assert threading.get_ident() not in readers
    assert len(readers) == 1


def test_the_attributes_of_a_class_are_passed_by() -> None:
    class Hostile(nn.Parameter):
        @property
        def grad(self) -> Any:
            raise RuntimeError("asked")

    parameter = Hostile(torch.ones(2))
    parameter.sum().backward()
    (gradient,), note = GRADIENTS.take([parameter])
    assert isinstance(gradient, Tensor)
    assert gradient.tolist() == [1, 1]
    assert note == ""


def test_a_step_is_a_boundary_and_named() -> None:
    parameter, other = weight(), weight()
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    with Elsewhere([parameter, other]) as elsewhere:
        taken: list[object] = []

        def train() -> None:
            optimizer.zero_grad()
            parameter.square().sum().backward()
            optimizer.step()

        def look() -> None:
            taken.append(GRADIENTS.take([parameter, other]))

        looking = threading.Thread(target=look)
        looking.start()
        while looking.is_alive():  # it waits for a step
            elsewhere.do(train)
        (gradient, untouched), note = taken[0]  # type: ignore[misc]
        assert torch.is_tensor(gradient)
        assert untouched is None
        assert note.startswith("as of step ")
        assert note.endswith(f"since this was first looked at; others {AT_BEGIN}")
        assert STEPS.is_watched
    assert not STEPS.is_watched  # gone with the code


def test_more_than_there_is_room_for_is_not_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "KEPT_LIMIT", 20)
    parameter, large = weight(), nn.Parameter(torch.ones(100))
    optimizer = torch.optim.SGD([parameter, large], lr=0.1)
    with Elsewhere([parameter, large]) as elsewhere:

        def train() -> None:
            (parameter.sum() + large.sum()).backward()
            optimizer.step()

        taken: list[object] = []
        looking = threading.Thread(target=lambda: taken.append(GRADIENTS.take([parameter, large])))
        looking.start()
        while looking.is_alive():
            elsewhere.do(train)
        (small, dropped), _ = taken[0]  # type: ignore[misc]
        assert torch.is_tensor(small)
        assert dropped is None  # as it was when the code began


def test_a_thread_of_the_users_that_trains_is_noticed() -> None:
    net = nn.Linear(2, 2)
    within, go_on = threading.Event(), threading.Event()

    class Waits(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, value: Tensor) -> Tensor:
            return value.clone()

        @staticmethod
        def backward(context: Any, gradient: Tensor) -> Tensor:
            within.set()
            go_on.wait()
            return gradient

    thread = threading.Thread(target=lambda: Waits.apply(net(torch.ones(1, 2))).sum().backward())
    thread.start()
    within.wait()
    assert thread.ident in training_threads()
    assert GRADIENTS.take([net.weight], wait=False) == ([UNREAD], RUNNING)
    assert not GRADIENTS.may_write()
    go_on.set()
    thread.join()
    (found,), note = GRADIENTS.take([net.weight])
    assert found is net.weight.grad
    assert note == ""


def test_a_thread_that_waits_for_work_is_none_that_trains() -> None:
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        assert training_threads() == set()
        assert GRADIENTS.take([weight()]) == ([None], "")
    finally:
        waiting.set()
        thread.join()


def test_the_receiver_of_a_change_event_sees_the_new_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "STEP_TIMEOUT", 0.01)
    from models.messages import StateChanged
    from models.session.session import Session

    notes: list[str] = []
    states: list[str] = []

    def emit(event: object) -> None:
        if isinstance(event, StateChanged):  # as the query lane does when the interface asks at once

            def look() -> None:
                rows, note = session.model.page(0, 50)
                states.extend(row.gradient for row in rows if row.kind == "parameter")
                notes.append(note)

            asking = threading.Thread(target=look)
            asking.start()
            asking.join()

    session = Session(emit)
    session.open("rgnet", unfold_to=50)
    from models.session.statement import run_statement

    with session.code_runs():
        run_statement(session, "for p in net.parameters(): p.grad = torch.ones_like(p)")
    assert notes == [""]
    assert set(states) == {"value"}
    session.close()


def test_completion_reads_no_attributes_while_code_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.run.console import completion

    asked: list[str] = []
    monkeypatch.setattr(completion, "_from_jedi", lambda before, *rest: asked.append(before) or [])
    completion.complete("x = a.b\nx.", 10, {})
    assert asked == ["x = a.b\nx."]
    with Elsewhere([]):
        completion.complete("x = a.b\nx.grad.", 15, {})
    assert len(asked) == 1


def test_what_is_requested_while_a_step_is_recorded_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "STEP_TIMEOUT", 0.0)
    monkeypatch.setattr(gradient_access, "mark_training", lambda: None)
    steps = OptimizerSteps()
    monkeypatch.setattr(steps, "watch", lambda: True)
    access = GradientAccess(steps)
    first, second = weight(), weight()
    first.grad, second.grad = torch.ones(2, 2), torch.zeros(2, 2)

    class Optimizer:
        @property
        def param_groups(self) -> list[dict[str, Any]]:
            access._request([second])  # another thread looks at this moment
            return [{"params": [first, second]}]

    access._request([first])
    access._at_step(Optimizer())  # type: ignore[arg-type]
    assert access._from_boundary([first, second]).gradients == [first.grad, UNREAD]
    access._at_step(torch.optim.SGD([first, second]))
    assert access._from_boundary([second]).gradients == [second.grad]


class Clock:
    """A clock whose time the test sets."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_requests_outlive_slow_steps_and_end_where_they_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "STEP_TIMEOUT", 0.0)
    monkeypatch.setattr(gradient_access, "mark_training", lambda: None)
    clock = Clock()
    monkeypatch.setattr(gradient_access, "time", clock)
    steps = OptimizerSteps()
    monkeypatch.setattr(steps, "watch", lambda: True)
    access = GradientAccess(steps)
    parameter = weight()
    optimizer = torch.optim.SGD([parameter])

    def step(after: float) -> None:
        clock.now += after
        steps.count += 1
        parameter.grad = torch.full((2, 2), float(steps.count))
        access._at_step(optimizer)

    step(0.0)
    access._request([parameter])
    for count in (2, 3):
        step(5.0)
        ((gradient,), note) = access._from_boundary([parameter])
        assert gradient is parameter.grad
        assert note.startswith(f"as of step {count} ")
    for _ in range(10):
        step(0.1)
    assert access._from_boundary([parameter]).gradients == [UNREAD]


def test_the_step_of_another_optimizer_does_not_answer_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_access, "STEP_TIMEOUT", 0.0)
    monkeypatch.setattr(gradient_access, "mark_training", lambda: None)
    steps = OptimizerSteps()
    monkeypatch.setattr(steps, "watch", lambda: True)
    access = GradientAccess(steps)
    ours, another = weight(), weight()
    ours.grad = torch.ones(2, 2)
    access._request([ours])
    access._at_step(torch.optim.SGD([another]))
    access._at_step(torch.optim.SGD([ours]))
    assert access._from_boundary([ours]).gradients == [ours.grad]


def test_whether_any_has_a_gradient() -> None:
    first, second = weight(), weight()
    result = first * 2  # to ask a result of an operation for its gradient would warn
    assert not GRADIENTS.has_any([first, result, second])
    second.grad = torch.zeros(2, 2)
    assert GRADIENTS.has_any([first, result, second])
    with Elsewhere([first, second]):
        assert GRADIENTS.has_any([first, second])
        assert not GRADIENTS.has_any([first])
