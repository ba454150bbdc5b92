"""Looking into folders is bounded: in depth, in names, by links that lead back, by what is closed."""

from __future__ import annotations

import os

import pytest

from models.opened.source import SourceError
from models.sources.folders import listing
from models.sources.folders.listing import DEPTH_LIMIT, Looker


def test_links_that_lead_back_are_not_followed_for_ever(put, opened, tmp_path):
    put("a/b/model.safetensors", a=1)
    (tmp_path / "a/b/up").symlink_to(tmp_path)
    (tmp_path / "a/again").symlink_to("b")
    assert [tensor.path for tensor in opened().checkpoint.tensors] == ["a"]


def test_too_deep_is_not_looked_into(put, opened):
    deep = "/".join("abcdefghijklm"[: DEPTH_LIMIT + 1])
    put(f"{deep}/model.safetensors", a=1)
    with pytest.raises(SourceError, match="without weights"):
        opened()
    assert len(opened("a").checkpoint.tensors) == 1


def test_hidden_folders_and_those_of_packages_are_left_out(put, opened):
    for name in (".git", ".venv", "__pycache__", "node_modules", "site-packages"):
        put(f"{name}/model.safetensors", a=1)
    with pytest.raises(SourceError, match="without weights"):
        opened()


def test_many_names_are_not_all_looked_at_and_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(listing, "TOTAL_LIMIT", 50)
    for number in range(60):
        (tmp_path / f"{number}.txt").touch()
    looker = Looker()
    found = looker.listing(tmp_path)
    assert found is not None
    assert len(found.files) == 50
    assert looker.limited == [f"of {tmp_path.name} only 50 names were looked at"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder_is_said_to_be_closed(put, opened, tmp_path):
    put("a/model.safetensors", a=1)
    put("b/model.safetensors", a=1)
    (tmp_path / "b").chmod(0)
    try:
        source = opened()
    finally:
        (tmp_path / "b").chmod(0o700)
    assert source.warnings == ["Not all was looked at: b could not be looked into: Permission denied"]


def test_thousands_of_files_are_a_choice_and_none_is_opened(choices, tmp_path):
    for number in range(1200):
        (tmp_path / f"sample{number}.pt").write_bytes(b"x")
    assert len(choices()) == 1000
