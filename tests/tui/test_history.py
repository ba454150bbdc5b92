from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tui.history import LIMIT, History, merged_history

ROOT = Path(__file__).parents[2]


def test_entries_outlive_a_start_with_their_lines(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("net(X)\n")
    history.add("for p in net.parameters():\n    print(p.shape)")
    history.add("'\ud800 \u2028'")
    assert History(tmp_path).entries == [
        "net(X)",
        "for p in net.parameters():\n    print(p.shape)",
        "'\ud800 \u2028'",
    ]


def test_duplicates_are_merged_and_the_latest_stays() -> None:
    assert merged_history(["a", "b", "a", "c"]) == ["b", "a", "c"]
    assert merged_history("abcdef", limit=2) == ["e", "f"]


def test_two_programs_at_once_lose_nothing(tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tui.history import History; from pathlib import Path\n"
    code += "h = History(Path(sys.argv[1]))\nfor i in range(200): h.add(f'{sys.argv[2]}{i} = ' + 'x' * 300)"
    programs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [program.wait(60) for program in programs] == [0, 0]
    entries = History(tmp_path).entries
    assert len(entries) == 400
    for name in "ab":
        assert [entry.split(" ")[0] for entry in entries if entry[0] == name] == [f"{name}{i}" for i in range(200)]


def test_a_long_file_is_made_shorter_at_a_start(tmp_path: Path) -> None:
    lines = [json.dumps(f"x = {number}") for number in range(3 * LIMIT)]
    (tmp_path / "history").write_text("\n".join(lines) + "\n")
    history = History(tmp_path)
    assert len(history.entries) == LIMIT
    assert history.entries[-1] == f"x = {3 * LIMIT - 1}"
    assert len((tmp_path / "history").read_text().splitlines()) == LIMIT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "history.lock"]


def test_a_spoilt_line_costs_that_line(tmp_path: Path) -> None:
    (tmp_path / "history").write_bytes(b'"a"\n"torn\n\xff\xfe\n17\n""\n"b"\n')
    assert History(tmp_path).entries == ["a", "b"]


def test_an_unusable_folder_is_survived_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = History(tmp_path / "file")
    history.add("net(X)")
    assert history.entries == ["net(X)"]
    assert "not kept" in history.note
    (tmp_path / "folder" / "history").mkdir(parents=True)
    assert "not kept" in History(tmp_path / "folder").note


def test_up_searches_for_what_was_typed_and_down_comes_back(tmp_path: Path) -> None:
    history = History(tmp_path)
    for entry in ("net[0]", "X = 1", "net(X)"):
        history.add(entry)
    assert history.older("ne", "ne") == "net(X)"
    assert history.older("net(X)", "net(X)") == "net[0]"
    assert history.older("net[0]", "net[0]") is None
    assert history.newer("net[0]") == "net(X)"
    assert history.newer("net(X)") == "ne"
    assert history.newer("ne") is None


def test_empty_and_huge_statements_are_not_remembered(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("  \n")
    history.add("x" * 200_000)
    assert history.entries == []
