from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import tui.app
from models.engine.launch import Launch
from models.messages.errors import EngineGone
from tui.command_line import CommandOptions
from tui.starting import HeadStart, run_explorer

CALLBACKS: dict[str, Any] = dict.fromkeys(("on_event", "on_stderr", "on_gone"), lambda reported: None)


class App:
    """Stands for the app; what it does while it runs is the test's."""

    made: list[App] = []
    return_code: int | None = 0
    ended_by = ""

    def __init__(self, options: CommandOptions, launch: HeadStart) -> None:
        self.options, self.launch = options, launch
        App.made.append(self)

    def run(self) -> None:
        pass


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The engines that were started ahead: real processes that wait for their end."""
    processes: list[subprocess.Popen[bytes]] = []

    def spawn(command: tuple[str, ...], *, dies_with_us: bool) -> subprocess.Popen[bytes]:
        assert dies_with_us
        if command[0] == "/no/python":
            raise FileNotFoundError(2, "No such file or directory")
        waiting = [sys.executable, "-c", "input()", *command]
        processes.append(subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return processes[-1]

    monkeypatch.setattr("models.engine.spawning.spawn", spawn)
    monkeypatch.setattr(tui.app, "ModulescopeApp", App)
    App.made.clear()
    return processes


def test_the_engine_runs_before_the_app_is_made_and_is_ended_when_nobody_took_it(
    spawned: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[int | None] = []
    monkeypatch.setattr(App, "run", lambda app: alive.append(spawned[0].poll()))
    options = CommandOptions(source="rgnet")
    assert run_explorer(options) == 0
    assert App.made[0].options is options
    assert alive == [None]
    assert spawned[0].returncode is not None


def test_it_is_ended_when_the_app_fails(
    spawned: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(app: App) -> None:
        raise RuntimeError("no terminal")

    monkeypatch.setattr(App, "run", run)
    with pytest.raises(RuntimeError, match="no terminal"):
        run_explorer(CommandOptions())
    assert spawned[0].returncode is not None


def test_the_apps_status_is_the_programs(spawned: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "return_code", 1)
    assert run_explorer(CommandOptions()) == 1


def test_another_python_starts_ahead_and_another_command_does_not(spawned: list[subprocess.Popen[bytes]]) -> None:
    run_explorer(CommandOptions(python="/opt/python"))
    run_explorer(CommandOptions(engine="ssh box python -m models.engine"))
    assert ["/opt/python" in process.args for process in spawned] == [True]  # type: ignore[operator]


async def test_the_first_start_takes_the_process_and_the_second_a_new_one(
    spawned: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[Launch, object]] = []

    async def start(launch: Launch, *, process: object, **callbacks: Any) -> None:
        assert callbacks == CALLBACKS
        taken.append((launch, process))

    monkeypatch.setattr(Launch, "start", start)
    engines = HeadStart(CommandOptions(python="/opt/python"))
    await engines.start(**CALLBACKS)
    await engines.start(**CALLBACKS)
    assert [process for _, process in taken] == [spawned[0], None]
    assert {launch.argv[0] for launch, _ in taken} == {"/opt/python"}
    engines.abandon()
    assert spawned[0].poll() is None  # it is the app's now
    spawned[0].kill()
    spawned[0].communicate()
    await HeadStart(CommandOptions(engine="ssh box engine")).start(**CALLBACKS)
    assert taken[-1][0].argv == ("ssh", "box", "engine")


async def test_a_python_that_is_not_there_is_reported_by_the_start(spawned: list[object]) -> None:
    engines = HeadStart(CommandOptions(python="/no/python"))
    assert spawned == []
    with pytest.raises(EngineGone, match="/no/python"):
        await engines.start(**CALLBACKS)


async def test_a_command_line_that_cannot_be_read_is_reported_by_the_start(spawned: list[object]) -> None:
    with pytest.raises(EngineGone, match="cannot be read"):
        await HeadStart(CommandOptions(engine="ssh 'box")).start(**CALLBACKS)
