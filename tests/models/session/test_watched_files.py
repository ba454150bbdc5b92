"""Which files have changed since they were read: by their times and sizes alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from models.session.session import Session
from models.session.watched_files import WatchedFiles

SECOND = 10**9


def saved(path: Path, at: int) -> str:
    path.write_text("x")
    os.utime(path, ns=(at, at))
    return str(path)


def test_a_file_that_was_saved_since_reading_began_has_changed(tmp_path: Path) -> None:
    now = time.time_ns()
    before = saved(tmp_path / "before.py", now - 20 * SECOND)
    meanwhile = saved(tmp_path / "meanwhile.py", now - 5 * SECOND)
    future = saved(tmp_path / "future.py", now + 3600 * SECOND)  # as an archive may have it
    watched = WatchedFiles([before, meanwhile, future], since=now - 10 * SECOND)
    assert watched.look([]) == [meanwhile]
    assert (watched.settled, watched.version) == (True, 1)
    assert WatchedFiles([before, meanwhile, future]).look([]) == []


@pytest.mark.parametrize("late", [False, True])
def test_a_file_that_comes_later_was_read_when_it_came_or_with_the_others(tmp_path: Path, late: bool) -> None:
    watched = WatchedFiles(since=time.time_ns() - 10 * SECOND, late=late)
    generated = saved(tmp_path / "generated.py", time.time_ns())
    assert watched.look([generated]) == ([generated] if late else [])


def test_what_a_network_saves_over_while_it_is_opened_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = tmp_path / "slow_net.py"
    text = "import pathlib, torch\nnet = torch.nn.Linear(2, 3)\n"
    net.write_text(f"{text}pathlib.Path(__file__).write_text({text!r} + '# saved again')\n")
    past = time.time_ns() - 60 * SECOND
    os.utime(net, ns=(past, past))
    monkeypatch.chdir(tmp_path)
    session = Session()
    session.open("slow_net.py:net")
    assert [Path(each).name for each in session.changed_files()[0]] == ["slow_net.py"]
