from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.recent import LIMIT, RecentSources, shown_path, whole_path


def test_the_newest_stands_first_once_and_old_ones_go(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.pt" for number in range(LIMIT + 3)]
    recent = RecentSources(tmp_path / "state")
    for file in files:
        file.touch()
        recent.add(str(file))
    recent.add(str(files[5]))
    found = RecentSources(tmp_path / "state").read()
    assert found[:2] == [str(files[5]), str(files[-1])]
    assert len(found) == len(set(found)) == LIMIT


def test_a_path_is_kept_whole_and_of_a_python_file_with_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.py").touch()
    monkeypatch.chdir(tmp_path)
    recent = RecentSources(tmp_path / "state")
    recent.add("net.py:nets['a.py:b']")
    recent.add("rgnet")  # of the catalogue, which lists it
    recent.add("pkg.nets:Net")  # holds in one folder only
    assert recent.read() == [f"{tmp_path}/net.py:nets['a.py:b']"]
    assert whole_path("missing.pt") is None
    assert shown_path(recent.read()[0]) == "net.py:nets['a.py:b']"


def test_what_is_gone_is_not_offered_and_comes_back_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    file.touch()
    recent = RecentSources(tmp_path)
    recent.add(str(file))
    file.unlink()
    assert recent.read() == []
    file.touch()
    assert recent.read() == [str(file)]


@pytest.mark.parametrize(
    "text", ["", "{}", "[1, null]", '["relative.pt"]', "[" * 100_000, '["/' + "x" * 5000 + '"]', '"/etc"', "\udcff"]
)
def test_a_file_that_somebody_spoilt_costs_the_list_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "recent.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    recent = RecentSources(tmp_path)
    assert recent.read() == []
    recent.add(str(tmp_path))
    assert recent.read() == [str(tmp_path)]


def test_a_zero_byte_in_it_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "recent.json").write_text(json.dumps(["/a\0b", str(tmp_path)]))
    assert RecentSources(tmp_path).read() == [str(tmp_path)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_where_nothing_can_be_written_there_is_no_list(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "state")
    recent.add(str(tmp_path))
    (tmp_path / "state").chmod(0o500)
    try:
        recent.add(str(tmp_path / "state"))
        assert recent.read() == []
    finally:
        (tmp_path / "state").chmod(0o700)


def test_a_state_folder_that_is_a_file_is_survived(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    recent = RecentSources(tmp_path / "state")
    recent.add(str(tmp_path))
    assert recent.read() == []


def test_the_list_is_for_its_user_alone(tmp_path: Path) -> None:
    RecentSources(tmp_path).add(str(tmp_path))
    assert (tmp_path / "recent.json").stat().st_mode & 0o077 == 0
