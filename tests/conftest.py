"""What all tests share: helpers beside them can be imported, and no test touches the person's own state."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE / "e2e", HERE / "tui"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own, of a person who has seen the welcome."""
    folder = tmp_path_factory.mktemp("state")
    (folder / "settings.json").write_text('{"welcomed": true}')
    monkeypatch.setenv("MODULESCOPE_STATE", str(folder))
    return folder


def pytest_make_parametrize_id(val: object) -> str | None:
    """Files as bytes, and long texts, are no names for tests: both workers must come to the same ones."""
    if isinstance(val, bytes) and len(val) > 24:
        return "bytes"
    return val[:40] if isinstance(val, str) and len(val) > 80 else None
