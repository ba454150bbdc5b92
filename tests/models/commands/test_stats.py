"""`stats`: every field that the contract names, selection by path, and what can go wrong.

Of `stats` and `stats_text`.
"""

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

from models.commands.progress_line import ProgressLine
from models.commands.stats import report_of, reports_of, selected, sorted_reports
from models.commands.stats_text import text_of
from models.messages import StatisticsOf
from models.messages.errors import EngineProblem
from models.session.session import Session
from tests.models.commands.headless import command, environment, headless, strict

FIELDS = {
    "path", "kind", "dtype", "shared_with", "count", "min", "max", "min_index", "max_index", "absmax", "absmax_index",
    "mean", "std", "l2", "zeros", "nan", "inf", "quantiles", "quantiles_within", "histogram", "initial", "absence",
    "reason",
}  # fmt: skip


def opened(source: str) -> Session:
    session = Session()
    session.open(source, seed=0)
    return session


def reports(session: Session, pattern: str | None = None, exact: bool = False) -> list[dict]:
    tensors = selected(list(session.model.tensors_at("")), pattern)
    with ProgressLine() as line:
        return reports_of(tensors, exact, line)


def test_the_numbers_are_torchs() -> None:
    session = opened("rgnet")
    state = session.root.state_dict()
    found = {each["path"]: each for each in reports(session)}
    assert list(found) == list(state)
    for path, tensor in state.items():
        entry, numbers = found[path], tensor.double().flatten()
        assert set(entry) == FIELDS
        assert entry["count"] == tensor.numel()
        assert (entry["min"], entry["max"]) == (numbers.min(), numbers.max())
        assert entry["absmax"] == numbers.abs().max()
        for name in ("min", "max", "absmax"):
            value = tensor[tuple(entry[f"{name}_index"])].item()
            assert (abs(value) if name == "absmax" else value) == entry[name]
        assert entry["mean"] == pytest.approx(numbers.mean().item())
        assert entry["std"] == (pytest.approx(numbers.std().item()) if tensor.numel() > 1 else None)
        assert entry["l2"] == pytest.approx(numbers.norm().item())
        assert entry["quantiles"]["0.5"] == numbers.sort().values[(tensor.numel() + 1) // 2 - 1]
        assert sum(entry["histogram"]["counts"]) == tensor.numel()
        assert len(entry["histogram"]["edges"]) == len(entry["histogram"]["counts"]) + 1
        assert entry["initial"]["consistent"] is True
        assert entry["initial"]["rule"].startswith("uniform(")
        assert 0.001 <= entry["initial"]["p"] <= 1


def test_a_changed_parameter_is_no_draw_any_more() -> None:
    session = opened("rgnet")
    with torch.no_grad():
        session.root.get_parameter("1.weight").fill_(7)
    found = {each["path"]: each["initial"]["consistent"] for each in reports(session)}
    assert [path for path, consistent in found.items() if not consistent] == ["1.weight"]


def test_a_path_selects_itself_what_is_below_and_what_is_like_it() -> None:
    tensors = list(opened("rgnet").model.tensors_at(""))

    def paths(pattern: str) -> list[str]:
        return [each.path for each in selected(tensors, pattern)]

    assert paths("1.bias") == ["1.bias"]
    assert paths("1") == ["1.weight", "1.bias"]
    assert paths("0.block 1") == ["0.block 1.0.weight", "0.block 1.0.bias", "0.block 1.2.weight", "0.block 1.2.bias"]
    assert paths("*.2.bias") == [f"0.block {number}.2.bias" for number in range(4)]
    for pattern in ("2", "0.block", "[01].bias", ""):
        with pytest.raises(EngineProblem, match="No tensor has a path like"):
            paths(pattern)


def test_shared_tensors_are_reported_at_each_of_their_paths() -> None:
    found = {each["path"]: each for each in reports(opened("shared"))}
    assert found["2.weight"]["mean"] == found["4.weight"]["mean"]
    assert found["2.weight"]["shared_with"] == ["4.weight"]
    lines = {line.split()[0]: line for line in text_of(list(found.values()))}
    assert "the same as 4.weight" in lines["2.weight"]
    assert "the same as 2.weight" in lines["4.weight"]
    assert "the same" not in lines["0.weight"]


def shown_as(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Open a network, and put another in its place."""
    session = opened("mlp")
    monkeypatch.setitem(session.namespace, "net", net)
    monkeypatch.setitem(session.namespace, session.model.source.name, net)
    session.report_changes([], gradients=False)
    return session


def test_a_tensor_that_layers_of_two_kinds_share_gets_one_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    net = nn.ModuleDict({"embed": nn.Embedding(300, 40), "head": nn.Linear(40, 300, bias=False)})
    net["head"].weight = net["embed"].weight
    found = reports(shown_as(net, monkeypatch))
    assert [each["path"] for each in found] == ["embed.weight", "head.weight"]
    assert found[0]["initial"] == found[1]["initial"]
    assert found[0]["initial"]["consistent"] is True
    assert found[0]["initial"]["rule"].startswith("normal(0, 1)")
    alone = reports(shown_as(net, monkeypatch), "head.weight")  # whichever name is asked for
    assert alone[0]["initial"] == found[0]["initial"]
    with torch.no_grad():
        net["embed"].weight.fill_(7)
    assert [each["initial"]["consistent"] for each in reports(shown_as(net, monkeypatch))] == [False, False]


def test_the_largest_come_first_and_no_more_than_wanted(tmp_path: Path) -> None:
    torch.save(
        {"a": torch.tensor([1.0, -9.0]), "b": torch.tensor([math.nan]), "c": torch.tensor([5.0, 2.0])},
        tmp_path / "m.pt",
    )
    entries = reports(opened(str(tmp_path / "m.pt")))

    def order(sort: str | None) -> str:
        return "".join(each["path"] for each in sorted_reports(entries, sort))

    assert order(None) == "abc"
    assert order("absmax") == "acb"  # what has no finite value comes last
    assert order("max") == "cab"
    assert order("min") == "acb"
    assert order("nan") == "bac"
    done = headless("stats", "m.pt", "--json", "--sort", "max", "--top", "1", folder=tmp_path)
    assert [each["path"] for each in strict(done.stdout)["tensors"]] == ["c"]
    wrong = headless("stats", "m.pt", "--top", "0", folder=tmp_path)
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1)


def test_counters_and_optimizer_state_are_sorted_behind_the_networks_own_numbers(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(net.parameters())
    for _ in range(50):
        net(torch.rand(4, 2) + 5).sum().backward()
        optimizer.step()
    with torch.no_grad():
        net[1].bias.fill_(-7)
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "m.pt")
    entries = reports(opened(str(tmp_path / "m.pt")))
    paths = [each["path"] for each in sorted_reports(entries, "absmax")]
    kinds = {each["path"]: each["kind"] for each in entries}
    assert paths[0] == "model.1.bias"
    own = [path for path in paths if kinds[path] != "state"]
    assert paths[: len(own)] == own
    assert own[-1] == "model.1.num_batches_tracked"
    assert kinds[paths[len(own)]] == "state"


def test_what_is_missing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened("mlp")
    odd = nn.Sequential(nn.LazyLinear(3), nn.BatchNorm1d(2))
    odd[1].running_mean.fill_(math.nan)
    monkeypatch.setitem(session.namespace, "net", odd)
    monkeypatch.setitem(session.namespace, session.model.source.name, odd)
    session.report_changes([], gradients=False)
    found = {each["path"]: each for each in reports(session)}
    lazy, broken, norm = found["0.weight"], found["1.running_mean"], found["1.weight"]
    assert lazy["absence"] == "uninitialised"
    assert all(lazy[name] is None for name in FIELDS - {"path", "kind", "dtype", "shared_with", "absence", "reason"})
    assert (broken["count"], broken["nan"], broken["min"], broken["histogram"]) == (2, 2, None, None)
    assert broken["initial"] is None
    assert norm["initial"] == {"rule": "ones: the scale", "consistent": True, "p": None}
    assert found["1.num_batches_tracked"]["max"] == 0
    text = "\n".join(text_of(list(found.values())))
    assert "a lazy parameter" in text
    assert "all NaN" in text


def test_text_is_safe_and_lines_up(tmp_path: Path) -> None:
    torch.save({"\x1b[31m层\n": torch.zeros(3), "b": torch.ones(1)}, tmp_path / "m.pt")
    facts = list(opened(str(tmp_path / "m.pt")).model.tensors_at(""))
    found = (
        StatisticsOf(path="", of="value", count=3, mean=1.5, minimum=-0.0, zeros=1),
        StatisticsOf(path="", of="value", absence="gone", reason="x.bin\x07 is gone"),
    )
    lines = list(text_of(list(map(report_of, facts, found))))
    assert not {"\x1b", "\n", "\x07"} & set("".join(lines))
    assert lines[0].split() == ["count", "mean", "std", "min", "median", "max", "l2", "min", "at", "max", "at"]
    assert lines[1].split() == ["␛[31m层␊", "3", "1.5", "0", "1", "zero"]


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
