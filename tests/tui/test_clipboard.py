from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.clipboard import OSC_52_LIMIT, UNSEEN, Copied, copy, summary
from tui.screens.selectable import Selectable

HONEST = "kept = []\ndef copy(text): kept.append(text)\ndef paste(): return kept[-1]\n"
LIAR = "import os\ndef copy(text): os.write(1, b'noise'); os.write(2, b'noise')\ndef paste(): return ''\n"
BROKEN = "def copy(text): raise RuntimeError('no mechanism')\n"
HANGING = "import subprocess\ndef copy(text): subprocess.run(['sleep', '60'])\n"
DESKTOP = {"DISPLAY": ":0", "TERM": "xterm-256color"}
REMOTE = {"SSH_CONNECTION": "1 2 3 4", "TERM": "xterm-256color"}


class Tiny(App[None]):
    """Notes what goes to the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        self.reported: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        driver = self._driver
        assert driver is not None
        driver.write = lambda data: self.written.append(data) if "52;" in data else None  # type: ignore[method-assign]

    def notify(self, message: str, **_: object) -> None:
        self.reported.append(message)

    @property
    def arrived(self) -> str | None:
        """What a terminal would have put into its clipboard."""
        found = re.search(r"\x1b]52;c;([\w+/=]*)\a", "".join(self.written))
        return base64.b64decode(found.group(1)).decode() if found else None


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODULESCOPE_STATE", str(tmp_path / "state"))


@pytest.fixture
def pyperclip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], object]:
    """Puts the code of a `pyperclip` first on the import path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return (tmp_path / "pyperclip.py").write_text


async def copied(text: str, environment: dict[str, str], app: Tiny) -> Copied:
    async with app.run_test():
        return await copy(app, text, environment)


async def test_a_clipboard_that_gives_the_text_back_is_believed(pyperclip: Callable[[str], object]) -> None:
    pyperclip(HONEST)
    app = Tiny()
    result = await copied("0.block 1.0.bias", DESKTOP, app)
    assert result.way == "system"
    assert app.reported == ["copied 0.block 1.0.bias (system clipboard)"]
    assert app.written == []
    assert app.clipboard == "0.block 1.0.bias"


@pytest.mark.parametrize("code", [LIAR, BROKEN])
async def test_a_clipboard_that_fails_or_only_claims_to_work_is_not(
    pyperclip: Callable[[str], object], code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pyperclip(code)
    app = Tiny()
    result = await copied("0.weight", DESKTOP, app)
    assert result.way == "terminal"
    assert app.arrived == "0.weight"
    assert app.reported == ["copied 0.weight (through the terminal, OSC 52)"]
    assert capfd.readouterr() == ("", "")


async def test_a_helper_that_hangs_is_ended(
    pyperclip: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    pyperclip(HANGING)
    monkeypatch.setattr("tui.clipboard.SECONDS", 0.3)
    app = Tiny()
    result = await asyncio.wait_for(copied("0.weight", DESKTOP, app), 10)
    assert result.way == "terminal"


async def test_without_a_display_the_system_is_not_tried(pyperclip: Callable[[str], object], tmp_path: Path) -> None:
    pyperclip(f"open({str(tmp_path / 'tried')!r}, 'w')\n{HONEST}")
    app = Tiny()
    assert (await copied("x", {"TERM": "xterm"}, app)).way == "terminal"
    assert not (tmp_path / "tried").exists()


async def test_a_file_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyperclip.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n{HONEST}")
    monkeypatch.chdir(tmp_path)
    await copied("x", DESKTOP, Tiny())
    assert not (tmp_path / "imported").exists()


async def test_over_ssh_it_also_goes_through_the_terminal(pyperclip: Callable[[str], object]) -> None:
    pyperclip(HONEST)
    app = Tiny()
    assert (await copied("x", {**DESKTOP, **REMOTE}, app)).way == "both"
    assert app.arrived == "x"


async def test_in_tmux_the_needed_setting_is_reported() -> None:
    app = Tiny()
    await copied("0.weight", {**REMOTE, "TMUX": "/tmp/t,1,0"}, app)
    assert app.reported == ["copied 0.weight (through the terminal, OSC 52; in tmux: set -g set-clipboard on)"]


async def test_gnu_screen_gets_short_device_strings() -> None:
    app = Tiny()
    text = "name " * 100
    async with app.run_test():
        driver = app._driver
        assert driver is not None
        driver.write = app.written.append  # type: ignore[method-assign]
        app.written.clear()
        assert (await copy(app, text, {**REMOTE, "STY": "1.x"})).way == "terminal"
        sent = next(data for data in app.written if "52;c;" in data)
    parts = re.findall("\x1bP(.*?)\x1b\\\\", sent, re.DOTALL)
    assert "".join(f"\x1bP{part}\x1b\\" for part in parts) == sent
    assert max(map(len, parts)) < 256
    body = "".join(parts).removeprefix("\x1b]52;c;").removesuffix("\a")
    assert base64.b64decode(body).decode() == text


async def test_what_is_too_large_for_the_terminal_goes_to_a_file(tmp_path: Path) -> None:
    app = Tiny()
    text = "é" * (OSC_52_LIMIT // 2 + 1)
    assert (await copied(text, REMOTE, app)).way == "file"
    assert app.written == []
    saved = tmp_path / "state" / "copied.txt"
    assert saved.read_text(encoding="utf-8") == text
    assert str(saved) in app.reported[0]


@pytest.mark.parametrize("environment", [{"TERM": "linux"}, {**REMOTE, "TERM_PROGRAM": "Apple_Terminal"}, {}])
async def test_where_nothing_works_the_text_is_shown(environment: dict[str, str]) -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        assert (await copy(app, "0.weight", environment)).way == "shown"
        await pilot.pause()
        assert isinstance(app.screen, Selectable)
    assert app.written == []


async def test_hostile_names_are_copied_whole_and_reported_safely() -> None:
    app = Tiny()
    await copied("a\x1b]52;c;AA\x07\n\ud800[/]", REMOTE, app)
    assert app.arrived == "a\x1b]52;c;AA\x07\n?[/]"
    assert app.reported == [f"copied a␛]52;c;AA␇ … (2 lines) (through the terminal, OSC 52)\n{UNSEEN}"]


def test_the_summary_fits_a_notice() -> None:
    assert summary("x" * 1000).endswith("… (1,000 characters)")
    assert len(summary("x" * 1000)) < 80
    assert summary("") == ""
