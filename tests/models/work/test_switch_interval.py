from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from models.work.switch_interval import LONG, SHORT, SwitchInterval, undisturbed


@pytest.fixture(autouse=True)
def interval() -> Iterator[float]:
    before = sys.getswitchinterval()
    yield before
    sys.setswitchinterval(before)


def test_two_threads_leave_what_was_there(interval: float) -> None:
    ours = SwitchInterval()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with ours.wanted(SHORT):
            inside.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with ours.wanted(SHORT):
        thread.start()
        inside.wait()
    assert sys.getswitchinterval() == pytest.approx(SHORT)  # the other one is still at work
    leave.set()
    thread.join()
    assert sys.getswitchinterval() == pytest.approx(interval)


def test_one_that_is_short_already_stays() -> None:
    sys.setswitchinterval(SHORT / 10)
    with SwitchInterval().wanted(SHORT):
        assert sys.getswitchinterval() == pytest.approx(SHORT / 10)
    assert sys.getswitchinterval() == pytest.approx(SHORT / 10)


def test_what_the_users_code_sets_stays() -> None:
    with SwitchInterval().wanted(SHORT):
        sys.setswitchinterval(0.01)
    assert sys.getswitchinterval() == pytest.approx(0.01)


def test_undisturbed_within_a_statement_ends_as_it_was(interval: float) -> None:
    with undisturbed():
        assert sys.getswitchinterval() == pytest.approx(LONG)
        assert not gc.isenabled()
    assert gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(interval)


def test_an_interrupt_as_it_begins_leaves_nothing(interval: float) -> None:
    class Interrupted:
        """A lock; the interrupt came while it was first held."""

        def __init__(self) -> None:
            self.left = 0

        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            self.left += 1
            if self.left == 1:
                raise KeyboardInterrupt

    ours = SwitchInterval()
    ours._lock = Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt), ours.wanted(LONG):
        pass
    assert sys.getswitchinterval() == pytest.approx(interval)
    with ours.wanted(SHORT):
        assert sys.getswitchinterval() == pytest.approx(SHORT)
    assert sys.getswitchinterval() == pytest.approx(interval)
