from __future__ import annotations

import sys

import pytest

import tui.app
from models.engine.errors import EngineGone
from models.engine.launch import Launch
from tui.command_line import Options
from tui.starting import explore


class App:
    """Stands for the app; it is left at once."""

    made: list[App] = []
    return_code: int | None = 0

    def __init__(self, options: Options, launch: object) -> None:
        self.options, self.launch = options, launch
        App.made.append(self)

    def run(self) -> None:
        pass


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[Launch]:
    """The launches that started a process; no process is started."""
    launches: list[Launch] = []

    class Process:
        stdin = stdout = stderr = None
        killed = 0

        def kill(self) -> None:
            Process.killed += 1

        def wait(self) -> int:
            return 0

    def spawn(launch: Launch) -> Process:
        launches.append(launch)
        return Process()

    monkeypatch.setattr(Launch, "spawn", spawn)
    monkeypatch.setattr(tui.app, "ModulescopeApp", App)
    App.made.clear()
    return launches


def test_the_engine_runs_before_the_app_is_made(spawned: list[Launch]) -> None:
    options = Options(source="rgnet")
    assert explore(options) == 0
    (app,) = App.made
    assert app.options is options
    (launch,) = spawned
    assert launch.argv[0] == sys.executable


def test_another_python_and_another_command(spawned: list[Launch]) -> None:
    explore(Options(python="/opt/python"))
    explore(Options(engine="ssh box python -m models.engine"))
    first, second = spawned
    assert first.argv[0] == "/opt/python"
    assert second.argv == ("ssh", "box", "python", "-m", "models.engine")


def test_the_apps_status_is_the_programs(spawned: list[Launch], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "return_code", 1)
    assert explore(Options()) == 1


@pytest.mark.parametrize("command", ["", "ssh 'box"])
def test_a_command_line_that_cannot_be_read_is_told(
    spawned: list[Launch], capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert explore(Options(engine=command or " ")) == 2
    error = capsys.readouterr().err
    assert error.startswith("modulescope: ")
    assert error.count("\n") == 1
    assert App.made == []


def test_an_engine_that_cannot_be_started_is_told(
    spawned: list[Launch], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def spawn(launch: Launch) -> None:
        raise EngineGone("there is no program 'x' to start the engine with")

    monkeypatch.setattr(Launch, "spawn", spawn)
    assert explore(Options(python="x")) == 2
    assert "there is no program 'x'" in capsys.readouterr().err
