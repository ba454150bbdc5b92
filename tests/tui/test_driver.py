"""The driver's answer to being continued, at every moment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from textual.messages import InBandWindowResize

driver = pytest.importorskip("tui.driver")  # there is none on Windows


def continued(monkeypatch: pytest.MonkeyPatch, *, leaving: bool, on: bool) -> list[str]:
    """What a driver does with the terminal when the program is continued."""
    did: list[str] = []
    made: Any = driver.TerminalDriver.__new__(driver.TerminalDriver)
    made._auto_restart, made._on = True, on
    made._app = SimpleNamespace(_exit=leaving, call_later=lambda *args, **named: None, refresh=None)
    monkeypatch.setattr(made, "suspend_application_mode", lambda: did.append("given back"))
    monkeypatch.setattr(made, "resume_application_mode", lambda: did.append("taken"))
    made._continue()
    return did


def test_one_that_was_stopped_takes_the_terminal_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert continued(monkeypatch, leaving=False, on=False) == ["taken"]
    assert continued(monkeypatch, leaving=False, on=True) == ["given back", "taken"]


def test_one_that_is_leaving_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert continued(monkeypatch, leaving=True, on=False) == []
    assert continued(monkeypatch, leaving=True, on=True) == []


@pytest.mark.parametrize(("leaving", "expected"), [(True, ["over", "given back"]), (False, ["given back"])])
def test_a_ctrl_c_behind_the_last_key_is_none_before_the_terminal_makes_a_signal_of_it(
    monkeypatch: pytest.MonkeyPatch, leaving: bool, expected: list[str]
) -> None:
    did: list[str] = []
    made: Any = driver.TerminalDriver.__new__(driver.TerminalDriver)
    made._on, made._app = True, SimpleNamespace(_exit=leaving)
    monkeypatch.setattr(driver.ENDING, "over", lambda: did.append("over"))
    monkeypatch.setattr(driver.LinuxDriver, "stop_application_mode", lambda driver: did.append("given back"))
    made.stop_application_mode()
    assert did == expected


def test_an_answer_of_the_terminal_that_comes_while_it_is_given_back_leaves_nothing_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    made: Any = driver.TerminalDriver.__new__(driver.TerminalDriver)
    made._on = made._mouse = True
    made._in_band_window_resize = False
    made._app = SimpleNamespace(_exit=True, _post_message=None)
    monkeypatch.setattr(made, "write", written.append)
    monkeypatch.setattr(driver.LinuxDriver.__mro__[1], "process_message", lambda driver, message: None)

    def disable_input(driver: Any) -> None:
        driver._disable_mouse_support()
        driver.process_message(InBandWindowResize(True, False))  # the thread that reads is not yet waited for

    monkeypatch.setattr(driver.LinuxDriver, "disable_input", disable_input)
    made.disable_input()
    text = "".join(written)
    assert text.rfind("[?2048l") > text.rfind("[?2048h") > 0
    assert text.rfind("[?1016l") > text.rfind("[?1016h") > 0


def test_the_newest_size_is_taken_in_last_also_where_one_change_comes_within_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size = (3, 120)
    taken: list[tuple[int, int]] = []
    soon: list[Any] = []
    made: Any = driver.TerminalDriver.__new__(driver.TerminalDriver)
    made._app = SimpleNamespace(post_message=lambda event: taken.append(tuple(event.size)))
    made._in_band_window_resize = False
    made._writer_thread = None

    def start(driver: Any) -> None:
        driver._writer_thread = object()

    def call_soon(call: Any) -> None:
        nonlocal size
        if size == (3, 120):  # the next signal comes while this one is handled
            size = (120, 40)
            signal.raise_signal(signal.SIGWINCH)
        soon.append(call)

    made._loop = SimpleNamespace(call_soon_threadsafe=call_soon)
    monkeypatch.setattr(driver.LinuxDriver, "start_application_mode", start)
    monkeypatch.setattr(made, "_get_terminal_size", lambda: size)
    before = signal.getsignal(signal.SIGWINCH)
    try:
        made.start_application_mode()
        signal.raise_signal(signal.SIGWINCH)
    finally:
        signal.signal(signal.SIGWINCH, before)
    for call in soon:
        call()
    assert taken
    assert taken[-1] == (120, 40)


def test_a_terminal_that_takes_nothing_now_is_waited_for_whatever_its_number_is() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(most[0], 1_200), most[1]))
    read, write = os.pipe()
    high = fcntl.fcntl(write, fcntl.F_DUPFD_CLOEXEC, 1_100)
    try:
        os.set_blocking(high, False)
        writer = driver.Writer(os.fdopen(high, "w", closefd=False))
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(high, b"x" * 2**12)
        reading = threading.Timer(0.1, lambda: os.read(read, 2**17))
        reading.start()
        writer._write(b"x")
        reading.join()
    finally:
        for descriptor in (read, write, high):
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, most)


@pytest.mark.parametrize("takes", [True, False])
def test_the_last_text_is_waited_for_as_long_as_the_terminal_would_take_it(
    monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    """On a busy machine the thread that writes may get no time for longer than a terminal may stand still."""
    read, write = os.pipe()
    looks: list[int] = []
    may_write = threading.Event()

    def has_room(descriptor: int, seconds: float = 0) -> bool:
        looks.append(descriptor)
        if len(looks) == 5:  # later than any terminal that stands still is waited for
            may_write.set()
        return takes

    monkeypatch.setattr(driver, "has_room", has_room)
    monkeypatch.setattr(driver, "LAST", 0.3)
    monkeypatch.setattr(driver, "TICK", 0.1)
    with os.fdopen(write, "w") as file, os.fdopen(read, "rb") as reader:
        writer = driver.Writer(file)
        write_it = writer._write
        monkeypatch.setattr(writer, "_write", lambda data: may_write.wait() and write_it(data))
        writer.start()
        writer.write("given back")
        writer.stop()
        ended = not writer.is_alive()
        may_write.set()
        writer.join()
        assert ended == takes
        assert os.read(reader.fileno(), 100) == b"given back"


@pytest.mark.parametrize("shell", [True, False])
def test_a_job_stops_only_where_a_shell_can_continue_it(monkeypatch: pytest.MonkeyPatch, shell: bool) -> None:
    did: list[Any] = []
    made: Any = driver.TerminalDriver.__new__(driver.TerminalDriver)
    made._on = made._auto_restart = True
    made._loop = SimpleNamespace(call_soon=lambda function, *args: function(*args))
    monkeypatch.setattr(driver, "shell_above", lambda: shell)
    monkeypatch.setattr(made, "suspend_application_mode", lambda: did.append("given back"))
    monkeypatch.setattr(driver.os, "killpg", lambda group, number: did.append((group, number)))
    assert made.suspend_job() is shell
    assert did == (["given back", (os.getpgrp(), signal.SIGSTOP)] if shell else [])
