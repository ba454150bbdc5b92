"""Of `new_process`, `console_names`, `watched_files`, `session`: what opening anew in one process leaves and renews."""

from __future__ import annotations

import gc
import os
import sys
import weakref
from pathlib import Path

import pytest
import torch

from models.messages.errors import EngineProblem
from models.session.session import Session
from models.session.statement import run_statement
from models.work.gc_paused import collect_seldom

NET = """
import torch
from torch import nn
import sizes

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, sizes.WIDTH)

    def forward(self, x):
        import late
        return self.a(x) * late.FACTOR
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "sizes.py").write_text("WIDTH = 3\n")
    (tmp_path / "late.py").write_text("FACTOR = 2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def session(project: Path) -> Session:
    session = Session()
    session.open("net.py:Net")
    return session


def run(session: Session, text: str) -> str | None:
    done = run_statement(session, text)
    assert done.problem is None, done.problem
    return done.value


def again(session: Session) -> None:
    session.open("net.py:Net", anew=True)


def edit(file: Path, text: str) -> None:
    """Write a file with another time, as an editor does in a while."""
    file.write_text(text)
    status = file.stat()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def test_all_of_the_users_own_files_are_imported_anew_that_of_a_forward_too(session: Session, project: Path) -> None:
    run(session, "net(torch.ones(1, 2))")
    before = sys.modules["torch"]
    edit(project / "sizes.py", "WIDTH = 5\n")
    edit(project / "late.py", "FACTOR = 7\n")
    again(session)
    assert sys.modules["torch"] is before
    assert session.summary().parameters == 15
    run(session, "net(torch.ones(1, 2))")
    assert run(session, "__import__('late').FACTOR") == "7"
    assert "sizes.WIDTH" in session.model.source_code("").text


def test_the_source_that_is_shown_and_quoted_in_errors_is_that_of_now(session: Session, project: Path) -> None:
    assert "(2, sizes.WIDTH)" in session.model.source_code("").text
    edit(project / "net.py", NET.replace("(2, sizes.WIDTH)", "(9, sizes.WIDTH)"))
    again(session)
    assert "(9, sizes.WIDTH)" in session.model.source_code("").text


def test_the_weights_are_new_ones_whatever_seed_was_set_unless_one_is_asked_for(session: Session) -> None:
    run(session, "torch.manual_seed(7)")
    again(session)
    first = session.root.a.weight.tolist()  # type: ignore[union-attr, operator]
    run(session, "torch.manual_seed(7)")
    again(session)
    assert session.root.a.weight.tolist() != first  # type: ignore[union-attr, operator]
    session.open("net.py:Net", seed=3, anew=True)
    torch.manual_seed(3)
    assert session.root.a.weight.tolist() == torch.nn.Linear(2, 3).weight.tolist()  # type: ignore[union-attr, operator]


def test_what_code_set_of_torch_and_the_process_is_as_at_the_start(
    session: Session, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    run(session, f"import os, sys; os.chdir({str(elsewhere)!r}); sys.path.insert(0, {str(elsewhere)!r})")
    run(session, "torch.set_default_dtype(torch.float64)")
    run(session, "torch.set_default_device('meta')")
    again(session)
    assert Path.cwd() == project
    assert str(elsewhere) not in sys.path
    assert torch.get_default_dtype() == torch.float32
    assert session.root.a.weight.device.type == "cpu"  # type: ignore[union-attr]


def test_where_it_fails_everything_is_as_before(session: Session, project: Path) -> None:
    run(session, "torch.set_default_dtype(torch.float64); x = 5")
    edit(project / "net.py", "class = 3")
    try:
        with pytest.raises(EngineProblem, match="SyntaxError"):
            again(session)
        assert session.summary().parameters == 9
        assert torch.get_default_dtype() == torch.float64
        assert run(session, "x") == "5"
        assert run(session, "__import__('sizes').WIDTH") == "3"
        torch.set_default_dtype(torch.float32)
        edit(project / "net.py", NET)
        again(session)
        assert run(session, "x") == "5"
    finally:
        torch.set_default_dtype(torch.float32)


def test_where_it_fails_no_call_of_torch_goes_through_a_mode_from_then_on(session: Session, project: Path) -> None:
    before = torch._C._len_torch_function_stack()
    edit(project / "net.py", "net = (")
    with pytest.raises(EngineProblem):
        again(session)
    assert torch._C._len_torch_function_stack() == before


def test_plain_data_of_the_console_survives_and_the_rest_is_named(session: Session) -> None:
    run(session, "import math, net as code")
    run(session, "rows = {'a': [1, (2.5, None)], 'b': torch.ones(2)}; X = torch.zeros(1, 2); y = net(X)")
    run(session, "other = code.Net(); parts = [other]\ndef helper(): return rows")
    again(session)
    assert set(session.names_kept) == {"math", "rows", "X"}
    assert set(session.names_gone) == {"code", "y", "other", "parts", "helper"}
    assert run(session, "rows['a'], X.shape, math.pi > 3") == "([1, (2.5, None)], torch.Size([1, 2]), True)"
    assert run(session, "'other' in dir() or 'helper' in dir()") == "False"


def test_a_rebound_net_is_the_new_one_again(session: Session) -> None:
    run(session, "net = nn.Linear(1, 1)")
    again(session)
    assert session.summary().parameters == 9
    assert session.names_gone == []


def test_a_name_of_what_was_opened_is_not_the_users(session: Session) -> None:
    again(session)
    assert (session.names_kept, session.names_gone) == ([], [])


def test_a_file_that_changed_is_reported_until_it_is_opened_again(session: Session, project: Path) -> None:
    assert session.changed_files() == ([], 0, True)
    edit(project / "sizes.py", "WIDTH = 4\n")
    assert session.changed_files() == ([str(project / "sizes.py")], 1, False)
    assert session.changed_files() == ([str(project / "sizes.py")], 1, True)
    again(session)
    assert session.changed_files() == ([], 0, True)
    (project / "net.py").unlink()
    assert session.changed_files()[0] == [str(project / "net.py")]


def test_a_file_that_is_saved_while_it_is_opened_again_has_changed(session: Session, project: Path) -> None:
    save = "\nfrom pathlib import Path\nPath(__file__).with_name('sizes.py').write_text('WIDTH = 70  # later\\n')\n"
    edit(project / "net.py", NET + save)
    again(session)
    assert session.changed_files() == ([str(project / "sizes.py")], 1, True)


def test_a_file_that_is_written_as_it_was_has_not_changed(session: Session, project: Path) -> None:
    status = (project / "net.py").stat()
    edit(project / "net.py", "")
    (project / "net.py").write_text(NET)
    os.utime(project / "net.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert session.changed_files()[0] == []


def test_the_files_of_a_checkpoint_are_watched_too(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    torch.save({"a": torch.ones(2)}, file)
    session = Session()
    session.open(str(file))
    assert session.changed_files()[0] == []
    torch.save({"a": torch.ones(3)}, file)
    os.utime(file, ns=(1, 1))
    assert session.changed_files()[0] == [str(file)]
    session.open(str(file), anew=True)
    assert session.changed_files()[0] == []
    file.write_bytes(b"nothing")
    with pytest.raises(EngineProblem):
        session.open(str(file), anew=True)
    assert session.summary().parameters == 3


def test_nothing_open_and_a_documented_network_have_no_changed_files() -> None:
    session = Session()
    assert session.changed_files() == ([], 0, True)
    session.open("rgnet")
    assert session.changed_files()[0] == []
    session.open("rgnet", anew=True)
    assert session.summary().parameters == 309


@pytest.mark.parametrize("other", ["net.py:Net", "weights.pt"])
def test_a_network_that_refers_to_itself_goes_when_another_source_is_opened(
    project: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"a": torch.zeros(2)}, project / "weights.pt")
    (project / "net.py").write_text(
        f"{NET}\n    def __setattr__(self, name, value):\n        super().__setattr__(name, value)\n"
        "        self.__dict__['me'] = self\n"
    )
    session = Session()
    before, frozen = gc.get_threshold(), []
    collect_seldom()
    try:
        session.open("net.py:Net")
        gone = weakref.ref(session.root)
        monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gone() is not None))  # which never goes then
        session.open(other)
        assert gone() is None
        assert not any(frozen)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
