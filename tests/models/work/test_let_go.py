from __future__ import annotations

import threading
from weakref import ref

import pytest

from models.work.let_go import let_go


class Held:
    """Notes in which thread it is freed."""

    def __init__(self, freed_in: list[str], done: threading.Event) -> None:
        self.freed_in = freed_in
        self.done = done

    def __del__(self) -> None:
        self.freed_in.append(threading.current_thread().name)
        self.done.set()


def test_it_is_freed_elsewhere_and_what_others_hold_stays() -> None:
    freed_in: list[str] = []
    done = threading.Event()
    stays = Held([], threading.Event())
    held: list[object] = [Held(freed_in, done), stays]
    let_go(held)
    assert held == []
    assert done.wait(30)
    assert freed_in == ["freeing"]
    assert stays.freed_in == []


def test_it_is_freed_at_once_where_there_can_be_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    there = Held([], threading.Event())
    seen = ref(there)
    held: list[object] = [there]
    del there
    let_go(held)
    assert held == []
    assert seen() is None
