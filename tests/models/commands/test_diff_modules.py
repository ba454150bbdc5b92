"""What `diff` says of modules, as text and JSON.  Of `diff_modules`."""

from __future__ import annotations

import pytest
import torch

from models.commands.columns import width_of
from models.commands.diff_modules import sentence_of, table_of
from models.diff.modules import ModuleChange
from models.diff.sums import Squares, Sum
from tests.models.commands.headless import headless, strict


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    before = {f"layers.{at}.{leaf}": torch.randn(4, 3) for at in range(12) for leaf in ("w", "u")}
    before["head.w"] = torch.randn(3)
    after = {path: tensor + 0.01 * (path != "head.w") for path, tensor in before.items()}
    after["layers.7.u"][2, 1] += 5
    after["layers.3.w"] = torch.ones(1)
    torch.save(before, tmp_path / "a.pt")
    torch.save(after, tmp_path / "b.pt")
    return tmp_path


def test_json_has_every_module_with_sums_of_all_its_tensors(folder):
    report = strict(headless("diff", "a.pt", "b.pt", "--json", "--only", "shape", folder=folder).stdout)
    modules = {each["path"]: each for each in report["modules"]}
    assert list(modules) == ["", "layers", *(f"layers.{at}" for at in range(12)), "head"]
    a, b = (torch.load(folder / name) for name in ("a.pt", "b.pt"))
    for prefix, module in modules.items():
        inside = [path for path in a if path.startswith(f"{prefix}." if prefix else "") and path != "layers.3.w"]
        x, y = (torch.cat([each[path].double().reshape(-1) for path in inside]) for each in (a, b))
        assert module["relative_l2"] == pytest.approx(float((x - y).norm() / x.norm()), rel=1e-5)
        assert module["max_abs"] == float((x - y).abs().max())
    assert [modules[path]["changed"] for path in ("", "layers", "layers.3", "head")] == [24, 24, 2, 0]
    assert [modules[path]["tensors"] for path in ("", "layers", "layers.3", "head")] == [25, 24, 2, 1]


def test_text_ends_with_the_modules_that_changed_most(folder):
    lines = headless("diff", "a.pt", "b.pt", "--top", "2", folder=folder).stdout.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("module "))
    rows = [line.split() for line in lines[start:]]
    assert rows[0] == ["module", "changed", "max", "|a-b|", "relative", "L2"]
    assert rows[1][:4] == ["layers.7", "2", "of", "2"]
    assert rows[9] == ["and", "4", "more", "modules"]
    assert len({width_of(line) for line in lines[start : start + 9]}) == 1
    assert lines[-1].startswith("most changed: layers.7: 2 of 2 tensors differ, relative L2 ")


def test_few_tensors_and_those_without_a_module_have_no_table(folder):
    lines = headless("diff", "a.pt", "b.pt", "--match", "layers.7.*", folder=folder).stdout.splitlines()
    assert not any(line.startswith("module ") for line in lines)
    assert lines[-1].startswith("most changed: layers.7: ")
    assert headless("diff", "a.pt", "a.pt", folder=folder).stdout.splitlines()[-1] == "25 equal"


def modules(*sizes: tuple[str, float | None, int]) -> list[ModuleChange]:
    """A root and modules in it, each with its relative size (None: from zero) and its NaN."""
    root = ModuleChange("", None, tensors=99, changed=99, max_abs=1.0, of_state=False)
    found = [root]
    for path, relative, nonfinite in sizes:
        squares = Squares(Sum(0.0 if relative is None else 1.0), Sum(1.0 if relative is None else relative**2))
        found.append(ModuleChange(path, root, 3, 1, nonfinite, 1.0, False, squares))
    return found


@pytest.mark.parametrize(("width", "bar"), [(30, 0), (60, 0), (80, 8), (120, 24), (300, 24)])
def test_bars_are_in_proportion_where_the_terminal_has_room(width, bar):
    found = modules(
        ("a", 0.5, 0), ("b" * 20, 1.0, 0), ("注意", 0.25, 0), ("z", None, 0), ("n", 0.0, 2), ("e", 0.001, 0)
    )
    lines = list(table_of(found, width))
    names = [line.split()[0] for line in lines]
    assert names == ["module", "n", "z", "b" * 20, "a", "注意", "e"]
    bars = [line.count("█") for line in lines]
    assert bars == [0, 0, 0, bar, bar // 2, bar // 4, 0]
    if not bar:
        return
    assert max(map(width_of, lines)) <= width
    assert lines[-1].endswith("▏")
    assert len({line.index("█") + line.count("注") + line.count("意") for line in lines if "█" in line}) == 1


def test_the_sentence_is_safe_and_says_what_there_is():
    nan, zero = modules(("e\x1b[31m\nvil", 0.5, 2), ("b", 0.1, 0)), modules(("z", None, 0))
    assert sentence_of(nan) == "most changed: e␛[31m␊vil: 1 of 3 tensors differs, 2 NaN or infinite, relative L2 0.5"
    assert sentence_of(zero) == "most changed: z: 1 of 3 tensors differs, max |a-b| 1"
    assert sentence_of([]) == ""
