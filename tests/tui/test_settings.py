from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.engine.state_folder import state_folder
from tui.settings import Settings


def test_the_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MODULESCOPE_STATE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert state_folder() == tmp_path / ".local/state/modulescope"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_folder() == tmp_path / "xdg/modulescope"
    monkeypatch.setenv("MODULESCOPE_STATE", str(tmp_path / "own"))
    assert state_folder() == tmp_path / "own"


def test_settings_outlive_a_start(tmp_path: Path) -> None:
    first = Settings(tmp_path / "new")
    assert first.theme is None
    assert not first.welcomed
    first.theme = "modulescope-light"
    first.welcomed = True
    again = Settings(tmp_path / "new")
    assert again.theme == "modulescope-light"
    assert again.welcomed


def test_two_programs_keep_each_others_settings(tmp_path: Path) -> None:
    one, two = Settings(tmp_path), Settings(tmp_path)
    one.welcomed = True
    two.theme = "nord"
    assert Settings(tmp_path).welcomed
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", json.dumps({"theme": 3, "welcomed": "yes"}), "[" * 100_000])
def test_a_spoilt_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    settings = Settings(tmp_path)
    assert settings.theme is None
    assert not settings.welcomed


def test_a_folder_that_cannot_be_made_costs_only_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file" / "below")
    settings.theme = "nord"
    assert settings.theme == "nord"
