"""The fuzzer finds what is planted in a tiny program, and makes it short; then a few sessions of the real one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cases import slow

from fuzz.__main__ import main
from fuzz.campaign import Campaign, Record
from fuzz.findings import Finding, of_stacks, of_traceback, ours, text_of
from fuzz.generating import STOPS, make_session
from fuzz.keyboard import bytes_of, keys_of_actions
from fuzz.playing import play
from fuzz.session import Session, Step
from fuzz.shrinking import smallest
from fuzz.sources import SOURCES, Source, make_files
from tui.actions import ACTIONS

FAKE = Path(__file__).with_name("fake_program.py")
PATIENCE = 5.0
NOISE = (Step("calm", ["j", "k"]), Step("resize", [[80, 24]]), Step("mouse", ["click", 3, 4, 0]), Step("paste", "abc"))


def fake(*planted: str) -> Source:
    """The tiny program as a source."""

    def command(folder: Path) -> list[str]:
        return [sys.executable, str(FAKE), *planted]

    return Source("fake", command, escapes=1, escape_delay=0.0)


def session(*steps: Step, leave: str = "q") -> Session:
    """The steps among others that do nothing."""
    return Session("fake", (*NOISE, *steps, *NOISE), leave=leave)


def found(folder: Path, source: Source, played: Session, patience: float = PATIENCE) -> Record:
    """What is found first, shrunk."""
    for _ in range(3):  # on a loaded machine a session may end another way for once
        campaign = Campaign([source], folder, folder / "findings", patience, 60.0, lambda line: None, tries=1)
        campaign.session(played)
        record = next(iter(campaign.tally.records.values()))
        if record.reproduced == "1 of 1":
            break
    assert record.reproduced == "1 of 1"
    return record


def test_a_sound_program_has_no_findings(tmp_path: Path) -> None:
    assert play(session(), fake(), tmp_path, PATIENCE).finding is None
    assert play(session(leave="ctrl+q"), fake(), tmp_path, PATIENCE).finding is None
    assert play(session(leave="hang up"), fake(), tmp_path, PATIENCE).finding is None


def test_a_death_is_found_and_only_the_keys_that_make_it_are_left(tmp_path: Path) -> None:
    record = found(tmp_path, fake("dies"), session(Step("burst", ["j", "o", "enter", "enter", "k"])))
    assert record.finding.kind == "death"
    assert record.finding.signature == "KeyError: … in fuzz/fake_program.py take"
    assert record.session.steps == (Step("burst", ["o", "enter", "enter"]),)
    assert record.session.size == (120, 40)


@pytest.mark.slow
def test_what_was_found_can_be_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found(tmp_path, fake("dies"), session(Step("burst", ["o", "enter", "enter"])))
    (file,) = (tmp_path / "findings").iterdir()
    script = json.loads(file.read_text())
    monkeypatch.setitem(SOURCES, "fake", fake("dies"))
    monkeypatch.setattr("fuzz.__main__.make_files", lambda folder: folder)
    assert main(["replay", str(file), "--times", "2"]) == 1
    assert main(["replay", Session.from_json(script["session"]).with_steps([]).script]) == 0


@pytest.mark.slow
def test_a_freeze_needs_both_steps_that_make_it(tmp_path: Path) -> None:
    steps = (Step("calm", ["h", "x"]), Step("quiet"), Step("resize", [[50, 20], [5, 20]]), Step("probe"))
    record = found(tmp_path, fake("freezes"), Session("fake", steps), patience=1.0)
    assert record.finding.kind == "freeze"
    assert "fake_program.py draw" in record.finding.signature
    kept = {step.do: step.what for step in record.session.steps}
    assert kept["burst"] == ["x"]
    assert kept["resize"] == [[5, 20]]


@pytest.mark.parametrize(
    ("planted", "key", "kind", "words"),
    [
        ("mouse", "m", "terminal", "mouse"),
        slow("child", "k", "left behind", "1 processes"),
        ("fault", "v", "fault", "ValueError: planted # in tui/pane.py render"),
        ("leaves", "w", "ending", "without being asked"),
        slow("stuck", "d", "freeze", "does not end"),
    ],
)
def test_each_planted_fault_is_found(tmp_path: Path, planted: str, key: str, kind: str, words: str) -> None:
    steps = (Step("calm", ["a"]), Step("resize", [[80, 24]]), Step("keys", [key]), Step("probe"))
    finding = play(Session("fake", steps), fake(planted), tmp_path, 2.0).finding
    assert finding is not None
    assert finding.kind == kind
    assert words in finding.signature


@pytest.mark.slow
def test_a_program_that_works_without_being_asked_is_found(tmp_path: Path) -> None:
    finding = play(session(Step("keys", ["s"]), Step("probe")), fake("spins"), tmp_path, PATIENCE).finding
    assert finding is not None
    assert finding.kind == "spin"
    assert "fake_program.py take" in finding.signature


@pytest.mark.slow
def test_a_program_that_was_quit_is_started_anew_and_the_session_goes_on(tmp_path: Path) -> None:
    campaign = Campaign([fake()], tmp_path, report=lambda line: None, patience=PATIENCE)
    campaign.session(session(Step("keys", ["q"]), Step("quiet"), Step("keys", ["j"]), Step("burst", ["x", "q"])))
    tally = campaign.tally
    assert (tally.sessions, tally.records) == (1, {})
    assert tally.starts > 1
    assert tally.steps == 12


def test_the_same_seed_makes_the_same_session() -> None:
    source = SOURCES["rgnet"]
    first = make_session(source, "7/rgnet/0", 200)
    assert first == make_session(source, "7/rgnet/0", 200)
    assert first != make_session(source, "7/rgnet/1", 200)
    assert Session.from_json(json.loads(first.script)) == first


def test_every_key_of_the_table_is_pressed_in_time_and_every_kind_of_step_taken() -> None:
    sessions = [make_session(SOURCES["rgnet"], f"{number}", 400) for number in range(60)]
    steps = [step for each in sessions for step in each.steps]
    pressed = {key for step in steps if step.do in ("keys", "calm", "burst") for key in step.what}
    assert set(keys_of_actions()) - pressed == {STOPS}
    assert {step.do for step in steps} == {
        "keys", "calm", "burst", "paste", "raw", "mouse", "drag", "resize", "statement", "engine", "signal", "quiet",
        "probe",
    }  # fmt: skip


def test_nothing_is_done_to_the_program_of_a_user_that_must_end_it() -> None:
    for number in range(20):
        made = make_session(SOURCES["explore"], f"{number}", 300)
        assert not any(step.do == "engine" for step in made.steps)
        assert not any("_exit" in str(step.what) or "SIGKILL" in str(step.what) for step in made.steps)


def test_keys_have_the_bytes_that_a_terminal_sends() -> None:
    expected = {"enter": b"\r", "slash": b"/", "question_mark": b"?", "greater_than_sign": b">", "ctrl+q": b"\x11",
                "up": b"\x1b[A", "underscore": b"_", "equals_sign": b"=", "full_stop": b".", "shift+tab": b"\x1b[Z",
                "minus": b"-", "q": b"q", "bias": b"bias", "漢字": "漢字".encode()}  # fmt: skip
    assert {key: bytes_of(key) for key in expected} == expected
    for action in ACTIONS:
        for key in action.keys.split(","):
            assert bytes_of(key) != key.encode() or len(key) == 1, f"{key} is typed as its name"


def test_leaving_out_as_much_as_can_be() -> None:
    tried: list[list[int]] = []

    def fails(part: list[int]) -> bool:
        tried.append(list(part))
        return {3, 17} <= set(part)

    assert smallest(range(30), fails) == [3, 17]
    assert smallest([1], fails) == [1]
    assert len(tried) < 120


BOXED = """\
╭──────────── Traceback (most recent call last) ────────────╮
│ /x/site-packages/textual/app.py:12 in run                 │
│ /x/tui/screens/help.py:99 in on_resize                    │
│ ❱ 99     self.query_one(Text)                             │
│ /x/site-packages/textual/dom.py:7 in query_one            │
╰───────────────────────────────────────────────────────────╯
NoMatches: No nodes match 'Text' on HelpScreen(id='h1')
sys:1: RuntimeWarning: coroutine 'f' was never awaited
RuntimeWarning: Enable tracemalloc
"""
PLAIN = """\
Traceback (most recent call last):
  File "/x/models/engine/server.py", line 5, in run
  File "/x/models/run/trace/tracing.py", line 50, in record
  File "/x/torch/nn.py", line 7, in call
ValueError: 12 of 'abc'
"""
STACKS = """\
Thread 0x0001 (most recent call first):
  File "/x/textual/driver.py", line 4 in read_keys
  File "/x/threading.py", line 9 in run

Current thread 0x0002 (most recent call first):
  File "/x/tui/widgets/lists/lines.py", line 3 in render
  File "/x/tui/app.py", line 4 in run
"""


def test_tracebacks_are_the_same_when_their_last_frame_of_ours_and_their_error_are() -> None:
    assert of_traceback("death", BOXED) == Finding(
        "death", "NoMatches: No nodes match … on HelpScreen… in tui/screens/help.py on_resize", BOXED[14:]
    )
    plain = of_traceback("death", "before\n" + PLAIN)
    assert plain is not None
    assert plain.signature == "ValueError: # of … in models/run/trace/tracing.py record"
    assert of_traceback("death", "all is well") is None


def test_a_freeze_is_named_by_what_the_main_thread_does() -> None:
    assert of_stacks("freeze", "answers not", STACKS).signature == "answers not in tui/widgets/lists/lines.py render"
    ending = STACKS.replace("/x/tui/widgets/lists/lines.py", "/x/threading.py").replace("render", "_shutdown")
    assert of_stacks("freeze", "stays", ending).signature.endswith(
        "waits for the threads in textual/driver.py read_keys"
    )


def test_only_tracebacks_through_our_code_are_ours() -> None:
    from fuzz.findings import ROOT

    begin = "Traceback (most recent call last):\n"
    theirs = begin + '  File "<console>", line 1, in <module>\nValueError\n'
    mine = begin + f'  File "{ROOT}/models/run/console.py", line 1, in go\n'
    assert ours(theirs) is None
    assert ours(mine) == mine
    assert ours(theirs + mine + theirs) == mine
    assert ours(begin + f'  File "{ROOT}/models/examples/layers.py", line 1, in forward\n') is None
    killed = f'Fatal Python error: Killed\n  File "{ROOT}/models/engine/__main__.py", line 29 in _main\n'
    assert ours(theirs + killed) is None
    assert text_of(b"\x1b[1;31mTrace\x1b[0mback\x1b]0;x\x07") == "Traceback"


def test_what_is_no_session_is_refused() -> None:
    with pytest.raises(ValueError, match="no session"):
        Session.from_json({"steps": []})


@pytest.mark.slow
def test_the_program_survives_a_few_sessions(tmp_path: Path) -> None:
    """Short, the same each time: `python -m tests.fuzz` is for longer ones."""
    files = make_files(tmp_path / "files")
    lines: list[str] = []
    names = ("rgnet", "catalogue", "weights")
    campaign = Campaign([SOURCES[name] for name in names], files, patience=20.0, shrink=0.0, report=lines.append)
    for name in names:
        campaign.session(make_session(SOURCES[name], f"always/{name}", 60))
    details = "\n\n".join(f"{each.finding.detail}\n{each.session.script}" for each in campaign.tally.records.values())
    assert not campaign.tally.records, "\n".join(lines) + details
