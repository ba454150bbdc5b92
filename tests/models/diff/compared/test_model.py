"""Two sources as one open model: rows, table, elements and Info, against torch.

Of `model`, `tree`, `facts`, `outcome`, `describe` and `sides`.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models import messages as m
from models.diff.compared.model import ComparedModel
from models.diff.compared.outcome import Outcome
from models.diff.compared.sides import ComparedSide
from models.diff.items import ItemDifference
from models.diff.pairing import pair
from models.messages.errors import EngineProblem
from models.session.session import Session
from models.work.cancelled import Cancelled
from tests.models.diff.comparables import of_stored, opened
from tests.models.stored.held import Held

Tensors = dict[str, Tensor]


class Patient:
    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None: ...


def of(tensors: Tensors) -> nn.Module:
    """A module whose buffers have these names."""
    root = nn.Module()
    for path, tensor in tensors.items():
        module = root
        *above, name = path.split(".")
        for part in above:
            if part not in dict(module.named_children()):
                module.add_module(part, nn.Module())
            module = module.get_submodule(part)
        module.register_buffer(name, tensor)
    return root


def compared(a: Tensors, b: Tensors, items: list[ItemDifference] | None = None, read: bool = True) -> ComparedModel:
    sides = ComparedSide("before", opened(of(a))), ComparedSide("after", opened(of(b)))
    pairs = pair(sides[0].tensors(), sides[1].tensors(), True, lambda path: True)
    model = ComparedModel(*sides, pairs, items or [], {})
    model.fold_state.fold("", "all")
    if read:
        model.outcome.read(lambda done, total, path: None)
    return model


def rows(model: ComparedModel) -> dict[str, m.RowDifference]:
    return {row.path: row.difference for row in model.page(0, 500)[0] if row.difference is not None}


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


A = {
    "enc.0.weight": drawn(6, 4, seed=0),
    "enc.0.bias": drawn(6, seed=1),
    "enc.1.weight": drawn(3, 5, seed=2),
    "gone": drawn(2, seed=3),
    "wide": drawn(8, seed=4),
    "form": drawn(4, seed=5),
}
B = {
    "enc.0.weight": A["enc.0.weight"] + 0.5,
    "enc.0.bias": A["enc.0.bias"].clone(),
    "enc.1.weight": A["enc.1.weight"] * (1 + 1e-7),
    "wide": A["wide"].bfloat16(),
    "form": drawn(5, seed=5),
    "enc.new": drawn(2, seed=6),
}


def relative(a: list[Tensor], b: list[Tensor]) -> float:
    one, other = (torch.cat([each.double().flatten() for each in side]) for side in (a, b))
    return float((one - other).norm() / one.norm())


def test_one_tree_of_both_with_each_status() -> None:
    model = compared(A, B)
    found = rows(model)
    assert {path: found[path].status for path in (*A, "enc.new")} == {
        "enc.0.weight": "changed", "enc.0.bias": "equal", "enc.1.weight": "close", "gone": "only_a",
        "wide": "dtype", "form": "shape", "enc.new": "only_b",
    }  # fmt: skip
    assert list(found) == [
        "", "gone", "wide", "form", "enc", "enc.0", "enc.0.weight", "enc.0.bias", "enc.1", "enc.1.weight", "enc.new",
    ], "in the order of A, what only B has behind the rest of its module"  # fmt: skip
    assert found["form"].text == "[4] → [5]"
    assert found["wide"].text == "float32 → bfloat16"
    details = {row.path: (row.detail, row.dtype) for row in model.page(0, 50)[0]}
    assert details["form"] == ("[4] → [5]", "float32")
    assert details["wide"] == ("[8]", "float32 → bfloat16")


def test_two_networks_without_tensors_are_equal() -> None:
    root = rows(compared({}, {}))[""]
    assert (root.status, root.tensors, root.differing) == ("equal", 0, 0)


def test_numbers_of_a_tensor_are_those_of_torch() -> None:
    found = rows(compared(A, B))["enc.0.weight"]
    a, b = A["enc.0.weight"].double(), B["enc.0.weight"].double()
    assert found.max_abs == float((a - b).abs().max())
    assert found.relative_l2 == pytest.approx(float((a - b).norm() / a.norm()))
    assert found.cosine == pytest.approx(float(torch.cosine_similarity(a.view(-1), b.view(-1), dim=0)))
    assert found.index == list(torch.unravel_index((a - b).abs().argmax(), a.shape))
    assert found.share == 1.0, "nothing is relatively larger"


def test_a_module_sums_up_all_tensors_in_it_as_one_vector() -> None:
    found = rows(compared(A, B))
    inside = ["enc.0.weight", "enc.0.bias"]
    assert found["enc.0"].relative_l2 == pytest.approx(relative([A[p] for p in inside], [B[p] for p in inside]))
    assert (found["enc.0"].tensors, found["enc.0"].compared, found["enc.0"].differing) == (2, 2, 1)
    assert found["enc.0"].status == "changed"
    assert (found["enc"].tensors, found["enc"].differing, found["enc"].status) == (4, 2, "only_b")
    assert (found[""].tensors, found[""].differing) == (7, 5)
    assert found["enc.1"].status == "close"
    assert found["enc.1"].differing == 0
    both = [path for path in A if path in B and A[path].shape == B[path].shape]
    assert found[""].relative_l2 == pytest.approx(relative([A[p] for p in both], [B[p] for p in both]), rel=1e-5)


def test_repeated_layers_are_one_row_that_sums_them_up() -> None:
    a = {f"layers.{i}.weight": drawn(3, 3, seed=i) for i in range(6)}
    b = {path: tensor.clone() for path, tensor in a.items()}
    b["layers.4.weight"][1, 2] += 1
    model = compared(a, b)
    row = next(row for row in model.page(0, 50)[0] if row.kind == "group")
    assert row.path == "layers.[0–5]"
    assert row.difference is not None
    assert (row.difference.tensors, row.difference.differing) == (6, 1)
    assert row.difference.relative_l2 == pytest.approx(relative(list(a.values()), list(b.values())))
    listed = model.describe("layers.[0–5]")
    assert "1 of 6 tensors" in [fact.text for fact in listed[0].facts]


def test_nothing_is_known_before_it_is_read_and_no_more_than_was_read() -> None:
    model = compared(A, B, read=False)
    assert {found.status for found in rows(model).values()} == {""}

    def stop(done: int, total: int, path: str) -> None:
        if path == "enc.1.weight":
            raise Cancelled

    with pytest.raises(Cancelled):
        model.outcome.read(stop)
    half = rows(model)
    assert half["enc.0.weight"].status == "changed"
    assert half["enc.1.weight"].status == ""
    assert (half[""].compared, half[""].differing) == (5, 4), "gone, wide, form and those of enc.0"
    assert not model.outcome.complete
    model.outcome.read(lambda done, total, path: None)
    assert rows(model) == rows(compared(A, B)), "as if it had never been stopped"


def test_the_table_is_sorted_by_how_much_and_filtered() -> None:
    model = compared(A, B)

    def listed(query: str = "", order: m.TensorOrder = "how_much") -> list[str]:
        request = m.TensorRows(path="", start=0, count=50, order=order, descending=True, query=query)
        return [row.path for row in model.tensors(request, Patient()).rows]

    assert listed()[:4] == ["gone", "form", "enc.new", "enc.0.weight"], "what no number says first, in tree order"
    assert listed("changed") == ["enc.0.weight"]
    assert listed("!changed !equal !close", "tree") == ["enc.new", "form", "wide", "gone"]
    assert set(listed("different")) == {"enc.0.weight", "gone", "wide", "form", "enc.new"}
    assert listed("rel>0.01 status:changed") == ["enc.0.weight"]
    assert listed("change>=0.4") == ["enc.0.weight"]
    assert "enc.0.bias" in listed("equal")
    assert listed("bias equal") == ["enc.0.bias"]
    with pytest.raises(EngineProblem, match="no status"):
        listed("status:wrong")


def test_the_table_follows_what_becomes_known() -> None:
    model = compared(A, B, read=False)
    request = m.TensorRows(path="", start=0, count=50, query="changed")
    assert model.tensors(request, Patient()).total == 0
    model.outcome.read(lambda done, total, path: None)
    assert [row.path for row in model.tensors(request, Patient()).rows] == ["enc.0.weight"]


def test_elements_of_a_of_b_and_of_their_difference() -> None:
    model = compared(A, B)
    path = "enc.0.weight"
    found = {of: model.window(m.Window(path=path, of=of)).values for of in ("value", "other", "difference")}
    assert found["value"] == A[path].reshape(-1).tolist()
    assert found["other"] == B[path].reshape(-1).tolist()
    assert found["difference"] == (B[path].double() - A[path].double()).reshape(-1).tolist()
    assert model.window(m.Window(path="gone", of="other")).reason == "B has no such tensor: v shows that of A"
    assert model.window(m.Window(path="enc.new")).reason == "A has no such tensor: v shows that of B"
    assert "A is [4], B is [5]" in model.window(m.Window(path="form", of="difference")).reason
    with pytest.raises(EngineProblem):
        model.window(m.Window(path="enc", of="difference"))


def test_items_that_differ_are_rows_and_facts() -> None:
    items = [
        ItemDifference("epoch", "item", "changed", "1", "2"),
        ItemDifference("format", "metadata", "only_b", None, "pt"),
    ]
    model = compared(A, B, items)
    found = rows(model)
    assert found["epoch"].text == "1 → 2"
    assert found["metadata.format"].text == "none → pt"
    assert (found["metadata"].differing, found["metadata"].status) == (1, "changed")
    assert (found[""].tensors, found[""].differing) == (7, 5), "items are no tensors"
    kinds = {row.path: row.kind for row in model.page(0, 50)[0]}
    assert kinds["epoch"] == "item"
    groups = {group.title: group for group in model.describe("")}
    assert [(fact.label, fact.text) for fact in groups["Items that differ"].facts] == [
        ("epoch", "1 → 2"), ("format", "none → pt"),
    ]  # fmt: skip


def test_info_of_a_tensor_has_the_elements_of_the_largest_change() -> None:
    a, b = {"w": torch.zeros(3, 4)}, {"w": torch.zeros(3, 4)}
    b["w"][1, 2] = -2.5
    model = compared(a, b)
    facts = {fact.label: fact.text for fact in model.describe("w")[0].facts}
    assert facts["Where"] == "[1, 2]: 0.0 → -2.5"
    assert facts["Largest"].startswith("2.5 ")
    assert facts["A"] == facts["B"] == "float32 [3, 4]"


def test_nan_comes_first_and_marks_its_modules() -> None:
    a = {"m.w": torch.ones(4), "n.w": torch.ones(4)}
    b = {"m.w": torch.tensor([1.0, 1.0, float("nan"), 1.0]), "n.w": torch.full((4,), 9.0)}
    model = compared(a, b)
    found = rows(model)
    assert (found["m.w"].nonfinite, found["m"].nonfinite, found["n"].nonfinite) == (1, 1, 0)
    request = m.TensorRows(path="", start=0, count=9, order="how_much", descending=True)
    assert [row.path for row in model.tensors(request, Patient()).rows] == ["m.w", "n.w"]
    assert found["m.w"].index == [2]


def test_classes_of_modules_come_from_the_side_that_has_them() -> None:
    a = nn.Sequential(OrderedDict(one=nn.Linear(2, 2)))
    b = nn.Sequential(OrderedDict(one=nn.Linear(2, 2), two=nn.LayerNorm(2)))
    sides = ComparedSide("a", opened(a)), ComparedSide("b", opened(b))
    pairs = pair(sides[0].tensors(), sides[1].tensors(), True, lambda path: True)
    model = ComparedModel(*sides, pairs, [], {})
    model.fold_state.fold("", "all")
    assert {row.path: row.detail for row in model.page(0, 9)[0] if row.kind == "module"} == {
        "": "Sequential", "one": "Linear", "two": "LayerNorm",
    }  # fmt: skip
    assert "class LayerNorm" in model.source_code("two").text
    assert [form.text for form in model.forms("two.weight")] == ["two.weight"]


def test_a_class_that_is_a_guess_says_so_in_the_tree_of_both(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(2, 2)).state_dict(), tmp_path / "a.pt")
    session = Session()
    session.open(str(tmp_path / "a.pt"))
    live = ComparedSide("b", opened(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))))
    sides = ComparedSide("a", session.model), live
    pairs = pair(sides[0].tensors(), sides[1].tensors(), True, lambda path: True)
    model = ComparedModel(*sides, pairs, [], {})
    model.fold_state.fold("", "all")
    modules = {row.path: (row.detail, row.inferred) for row in model.page(0, 9)[0] if row.kind == "module" and row.path}
    assert modules == {"0": ("Linear", True), "1": ("LayerNorm", False)}
    infos = [{fact.label: fact.text for fact in model.describe(path)[0].facts} for path in ("0", "1")]
    assert [info["Class"] for info in infos] == ["Linear (inferred from the tensors)", "LayerNorm"]


def test_names_that_no_program_writes(tmp_path: Path) -> None:
    names = ["", "a", "a.b", "a..b", ".", "a.b.c.", "x" * 300, "\x1b[31m", "a.[/]", ".".join("d" * 80), "metadata"]
    for number in (1, 2):
        held = {name: torch.full((2, 3), float(at * number)) for at, name in enumerate(names, 1)}
        torch.save({"state": held, "epoch": number}, tmp_path / f"{number}.pt")
    sessions = [Session(), Session()]
    for number, session in enumerate(sessions, 1):
        session.open(str(tmp_path / f"{number}.pt"))
    sides = tuple(ComparedSide("", session.model) for session in sessions)
    pairs = pair(sides[0].tensors(), sides[1].tensors(), True, lambda path: True)
    model = ComparedModel(sides[0], sides[1], pairs, [], {})
    model.fold_state.fold("", "all")
    model.outcome.read(lambda done, total, path: None)
    for row in model.page(0, 500)[0]:
        assert row.difference is not None
        assert row.difference.status == "changed", row.path
        assert row.kind == "group" or model.tree.find(row.path) is not None
        assert model.describe(row.path)
        if not row.difference.tensors:
            assert row.difference.relative_l2 == pytest.approx(1.0)
            assert set(model.window(m.Window(path=row.path, of="difference")).values) == {
                float(row.difference.max_abs or 0)
            }
    assert rows(model)[""].differing == len(names)


def test_rows_are_asked_for_while_another_thread_compares() -> None:
    a = {f"layers.{at}.weight": torch.full((2,), 1.0) for at in range(300)}
    b = {path: tensor + (at % 3) * 1e-7 + (at % 5 == 4) for at, (path, tensor) in enumerate(a.items())}
    model = compared(a, b, read=False)
    seen: set[int] = set()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(model.outcome.read, lambda done, total, path: None)
        while not reading.done():
            seen.add(rows(model)[""].compared)
        reading.result()
    assert max(seen) <= 300
    assert (rows(model)[""].compared, rows(model)[""].differing) == (300, 60)


def test_what_is_in_sight_is_compared_first_and_nothing_twice(monkeypatch):
    tensors = {f"m{number}.w": torch.full((4,), float(number)) for number in range(50)}
    other = {path: tensor + (path == "m40.w") for path, tensor in tensors.items()}
    model = compared(tensors, other, read=False)
    seen = iter([[40, 41]])
    order = []
    take = Outcome._take
    monkeypatch.setattr(Outcome, "_take", lambda self, some, found: (order.extend(some), take(self, some, found)))
    model.outcome.read(lambda done, total, path: None, lambda: next(seen, [40, 3]))
    assert order[:3] == [40, 41, 3]
    assert sorted(order) == list(range(50))
    assert model.outcome.complete
    assert model.outcome.tally.counts["changed"] == 1


def test_before_torch_is_imported_a_change_is_said_with_its_place(monkeypatch):
    monkeypatch.setattr("models.diff.compared.outcome.torch_is_there", lambda: False)
    monkeypatch.setattr("models.diff.compared.outcome.SHOWN", 2)
    columns = {"m.w": torch.zeros(2, 3)}, {"m.w": torch.tensor([[0.0, 0, 0], [0, 5, 0]])}
    held = [[of_stored(Held.of(tensor, path)) for path, tensor in each.items()] for each in columns]
    sides = [ComparedSide("x", opened(of(each)), tensors) for each, tensors in zip(columns, held, strict=True)]
    model = ComparedModel(*sides, pair(*held, True, lambda path: True), [], {})
    model.outcome._look_first(list, lambda done, total, path: None)
    row = model.outcome.of_node(model.tree.nodes[0])
    assert (row.status, row.index, row.max_abs) == ("changed", [1, 1], None)
    module = model.outcome.of_node(model.tree.find("m"))
    assert (module.differing, module.compared, module.max_abs, module.relative_l2) == (1, 1, None, None)
    model.outcome.read(lambda done, total, path: None)
    assert model.outcome.of_node(model.tree.nodes[0]).max_abs == 5
