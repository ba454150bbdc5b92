"""The collector is off meanwhile and as it was afterwards."""

from __future__ import annotations

import gc
import threading

import pytest

from models.work.gc_paused import SELDOM, collect_seldom, collect_where_seldom, gc_paused


def test_as_it_was_afterwards() -> None:
    assert gc.isenabled()
    with gc_paused():
        assert not gc.isenabled()
        with gc_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), gc_paused():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with gc_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_one_thread_leaves_stays_off_for_the_other() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with gc_paused():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with gc_paused():
        thread.start()
        inside.wait()
    assert not gc.isenabled()  # the other one is still at work
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_full_collections_come_seldom_and_leave_alone_what_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    collections: list[str] = []
    before = gc.get_threshold()
    monkeypatch.setattr("models.work.gc_paused.gc.collect", lambda: collections.append("full"))
    collect_where_seldom()
    assert collections == []
    try:
        collect_seldom()
        assert gc.get_freeze_count()
        assert gc.get_threshold() == (*before[:2], SELDOM)
        collect_where_seldom()
        assert collections == ["full"]
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
