"""`diff --top N`, as text and JSON.  Of `diff`, `diff_report` and `diff_text`."""

from __future__ import annotations

import pytest
import torch

from tests.models.commands.headless import headless, strict


@pytest.fixture
def folder(tmp_path):
    before = {f"layer.{at}.weight": torch.full((2, 3), 10.0) for at in range(6)}
    before |= {"shape": torch.ones(2), "dtype": torch.ones(2), "gone": torch.ones(2)}
    after = {path: tensor.clone() for path, tensor in before.items() if path != "gone"}
    for at, size in enumerate((0.0, 3.0, 1.0, 2.0, 4.0)):
        after[f"layer.{at}.weight"][1, 2] += size
    after["layer.5.weight"][0, 1] = float("inf")
    after["shape"], after["dtype"], after["new"] = torch.ones(3), torch.ones(2, dtype=torch.float64), torch.ones(1)
    torch.save(before, tmp_path / "a.pt")
    torch.save(after, tmp_path / "b.pt")
    return tmp_path


def test_the_largest_come_first_and_what_differs_otherwise_below(folder):
    done = headless("diff", "a.pt", "b.pt", "--top", "3", folder=folder)
    assert done.returncode == 1
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[1] for row in rows[1:4]] == ["layer.5.weight", "layer.4.weight", "layer.1.weight"]
    assert done.stdout.splitlines()[4:6] == ["and 2 smaller", ""]
    assert all(name in row for row, name in zip(rows[6:10], ["dtype", "shape", "gone", "new"], strict=True))
    assert rows[10] == []
    whole = headless("diff", "a.pt", "b.pt", "--top", "99", folder=folder).stdout
    assert "smaller" not in whole
    assert whole.count("changed  ") == 5


def test_json_has_the_same_order_and_says_how_many_are_left_off(folder):
    report = strict(headless("diff", "a.pt", "b.pt", "--top", "3", "--json", folder=folder).stdout)
    assert [each["path"] for each in report["tensors"]] == [
        "layer.5.weight", "layer.4.weight", "layer.1.weight", "dtype", "shape", "gone", "new",
    ]  # fmt: skip
    assert [each["index"] for each in report["tensors"][:3]] == [[0, 1], [1, 2], [1, 2]]
    assert report["left_off"] == 2
    assert report["counts"]["changed"] == 5
    whole = strict(headless("diff", "a.pt", "b.pt", "--json", folder=folder).stdout)
    assert (whole["left_off"], len(whole["tensors"])) == (0, 10)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
def test_a_number_that_is_none_is_one_line(folder, number):
    done = headless("diff", "a.pt", "b.pt", "--top", number, folder=folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "--top" in done.stderr
