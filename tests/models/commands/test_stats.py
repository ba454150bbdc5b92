"""`stats`: every field that the contract names, selection by path, and what can go wrong."""

from __future__ import annotations

import json
import math
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest
import torch
from torch import nn

from models.commands.stats import report_of, selected, subjects_of
from models.commands.stats_text import text_of
from models.messages import StatisticsOf
from models.messages.errors import EngineProblem
from models.session.session import Session
from tests.models.commands.headless import command, environment, headless, strict

FIELDS = {
    "path", "count", "min", "max", "mean", "std", "l2", "zeros", "nan", "inf", "quantiles", "quantiles_within",
    "histogram", "initial", "absence", "reason",
}  # fmt: skip


def opened(source: str) -> Session:
    session = Session()
    session.open(source, seed=0)
    return session


def reports(session: Session, pattern: str | None = None, exact: bool = False) -> list[dict]:
    found = []
    for subject in selected(subjects_of(session, exact), pattern):
        statistics = subject.measure(lambda done: None)
        found.append(report_of(subject.path, statistics, subject.initial(statistics)))
    return found


def test_the_numbers_are_torchs() -> None:
    session = opened("rgnet")
    state = session.root.state_dict()
    found = {each["path"]: each for each in reports(session)}
    assert list(found) == list(state)
    for path, tensor in state.items():
        told, numbers = found[path], tensor.double().flatten()
        assert set(told) == FIELDS
        assert told["count"] == tensor.numel()
        assert (told["min"], told["max"]) == (numbers.min(), numbers.max())
        assert told["mean"] == pytest.approx(numbers.mean().item())
        assert told["std"] == (pytest.approx(numbers.std().item()) if tensor.numel() > 1 else None)
        assert told["l2"] == pytest.approx(numbers.norm().item())
        assert told["quantiles"]["0.5"] == numbers.sort().values[(tensor.numel() + 1) // 2 - 1]
        assert sum(told["histogram"]["counts"]) == tensor.numel()
        assert len(told["histogram"]["edges"]) == len(told["histogram"]["counts"]) + 1
        assert told["initial"]["consistent"] is True
        assert told["initial"]["rule"].startswith("uniform(")
        assert 0.001 <= told["initial"]["p"] <= 1


def test_a_changed_parameter_is_no_draw_any_more() -> None:
    session = opened("rgnet")
    with torch.no_grad():
        session.root.get_parameter("1.weight").fill_(7)
    found = {each["path"]: each["initial"]["consistent"] for each in reports(session)}
    assert [path for path, consistent in found.items() if not consistent] == ["1.weight"]


def test_a_path_selects_itself_what_is_below_and_what_is_like_it() -> None:
    subjects = subjects_of(opened("rgnet"), exact=False)

    def paths(pattern: str) -> list[str]:
        return [each.path for each in selected(subjects, pattern)]

    assert paths("1.bias") == ["1.bias"]
    assert paths("1") == ["1.weight", "1.bias"]
    assert paths("0.block 1") == ["0.block 1.0.weight", "0.block 1.0.bias", "0.block 1.2.weight", "0.block 1.2.bias"]
    assert paths("*.2.bias") == [f"0.block {number}.2.bias" for number in range(4)]
    for pattern in ("2", "0.block", "[01].bias", ""):
        with pytest.raises(EngineProblem, match="No tensor has a path like"):
            paths(pattern)


def test_shared_tensors_are_told_at_each_of_their_paths() -> None:
    found = {each["path"]: each for each in reports(opened("shared"))}
    assert found["2.weight"]["mean"] == found["4.weight"]["mean"]


def test_what_is_missing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened("mlp")
    odd = nn.Sequential(nn.LazyLinear(3), nn.BatchNorm1d(2))
    odd[1].running_mean.fill_(math.nan)
    monkeypatch.setitem(session.namespace, "net", odd)
    monkeypatch.setitem(session.namespace, session.model.source.name, odd)
    session.settle([], gradients=False)
    found = {each["path"]: each for each in reports(session)}
    lazy, broken, norm = found["0.weight"], found["1.running_mean"], found["1.weight"]
    assert lazy["absence"] == "uninitialised"
    assert all(lazy[name] is None for name in FIELDS - {"path", "absence", "reason"})
    assert (broken["count"], broken["nan"], broken["min"], broken["histogram"]) == (2, 2, None, None)
    assert broken["initial"] is None
    assert norm["initial"] == {"rule": "ones: the scale", "consistent": True, "p": None}
    assert found["1.num_batches_tracked"]["max"] == 0
    text = "\n".join(text_of(list(found.values())))
    assert "a lazy parameter" in text
    assert "all NaN" in text


def test_text_is_safe_and_lines_up() -> None:
    tensors = [
        report_of("\x1b[31m层\n", StatisticsOf(path="", of="value", count=3, mean=1.5, zeros=1), None),
        report_of("b", StatisticsOf(path="", of="value", absence="gone", reason="x.bin\x07 is gone"), None),
    ]
    lines = list(text_of(tensors))
    assert not {"\x1b", "\n", "\x07"} & set("".join(lines))
    assert lines[0].split() == ["count", "mean", "std", "min", "median", "max", "l2"]
    assert lines[1].split() == ["␛[31m层␊", "3", "1.5", "1", "zero"]


def test_a_file_in_a_process_of_its_own(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([math.nan, 2])}, tmp_path / "m.pt")
    done = headless("stats", "m.pt", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    report = strict(done.stdout)
    assert report["kind"] == "checkpoint"
    weight, bias = report["tensors"]
    assert (weight["path"], weight["count"], weight["mean"], weight["initial"]) == ("a.weight", 6, 2.5, None)
    assert (bias["nan"], bias["max"]) == (1, 2)
    refused = headless("stats", "m.pt", "b.*", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert "b.*" in refused.stderr


def test_progress_and_an_interruption(tmp_path: Path) -> None:
    size = 40 * 2**30
    header = json.dumps({"zeros": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "large.safetensors").open("wb") as file:  # nearly all of it is a hole
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("stats", "large.safetensors"), stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path, env=environment()
    )
    os.close(theirs)
    seen = b""
    while b"%" not in seen:
        seen += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    os.close(ours)
