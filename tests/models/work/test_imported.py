from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from models.work.imported import is_imported


def test_a_module_is_imported_once_its_last_line_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slowly_imported.py").write_text(
        "from models.work.imported import is_imported\nwithin = is_imported('slowly_imported')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert not is_imported("slowly_imported")
    module = importlib.import_module("slowly_imported")
    assert module.within is False
    assert is_imported("slowly_imported")
    monkeypatch.delitem(sys.modules, "slowly_imported")
    assert not is_imported("slowly_imported")
