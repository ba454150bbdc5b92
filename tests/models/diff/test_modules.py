"""Sums of modules against torch on all their tensors as one vector.  Of `modules`, `squares` and `stream`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from models.diff import compare as compared
from models.diff import pieces as parts
from models.diff import squares as squared
from models.diff.difference import TensorSide, Tolerance
from models.diff.modules import ModuleChange, ModuleChanges, most_changed
from models.diff.pairing import pair
from models.diff.sources import every_tensor
from models.diff.squares import squares_of
from models.diff.stream import differences
from models.diff.tensors import Comparable
from models.diff.workers import Workers
from models.tensors import lattice
from tests.cases import examples
from tests.models.diff.comparables import live, of_stored, opened
from tests.models.stored.held import Held
from tests.models.stored.test_overlap import of

Tensors = dict[str, torch.Tensor]


def stored(tensors: Tensors) -> list[Comparable]:
    return [of_stored(Held.of(tensor, path)) for path, tensor in tensors.items()]


def changes(a: Sequence[Comparable], b: Sequence[Comparable], count: int = 1) -> tuple[dict[str, ModuleChange], int]:
    """Return the modules by path, and how many tensors were read again for their sums."""
    pairs = pair(a, b, True, lambda path: True)
    found, again = ModuleChanges(pairs), []
    for difference in differences(pairs, Tolerance(), workers=Workers(count), squares=True):
        found.add(difference)

    def measure(tensor):
        again.append(tensor.path)
        with Workers(count) as workers:
            return squares_of(tensor.readable, workers)

    found.measure_rest(measure)
    return {each.path: each for each in found.modules}, len(again)


def whole(tensors: Tensors, paths: Sequence[str]) -> torch.Tensor:
    return torch.cat([tensors[path].double().reshape(-1) for path in paths] or [torch.zeros(0, dtype=torch.float64)])


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join)
VALUES = st.sampled_from([0.0, 1.0, -2.5, 1e-3, 3e4, math.nan, math.inf])
KINDS = ["equal", "equal", "changed", "shape", "only_a", "only_b"]


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.dictionaries(NAMES, st.tuples(st.sampled_from(KINDS), st.lists(VALUES, max_size=9), VALUES), max_size=12),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
    count=st.sampled_from([1, 3]),
)
def test_a_module_is_all_its_tensors_together(rows, dtype, count, monkeypatch):
    a: Tensors = {}
    b: Tensors = {}
    for path, (kind, values, value) in rows.items():
        tensor = torch.tensor(values, dtype=torch.float64).to(dtype)
        if kind != "only_b":
            a[path] = tensor
        if kind != "only_a":
            b[path] = tensor.clone()
        if kind == "changed":
            b[path][len(values) // 2 :] = value
        if kind == "shape":
            b[path] = torch.ones(len(values) + 1, dtype=dtype)
    with monkeypatch.context() as patch:
        for module in (compared, squared):
            patch.setattr(module, "PIECE", 4)
        patch.setattr(parts, "PART", 2)
        found, _ = changes(stored(a), stored(b), count)
    paths = [*a, *(path for path in b if path not in a)]
    above = {path.rsplit(".", at)[0] for path in paths for at in range(1, path.count(".") + 1)}
    assert set(found) == {"", *above}
    for name, module in found.items():
        inside = [path for path in paths if not name or path.startswith(f"{name}.")]
        alike = [path for path in inside if path in a and path in b and a[path].shape == b[path].shape]
        x, y = whole(a, alike), whole(b, alike)
        same = torch.tensor([torch.allclose(a[path], b[path], equal_nan=torch.equal(
            a[path].nan_to_num(7.0), b[path].nan_to_num(7.0))) for path in alike])  # fmt: skip
        assert module.tensors == len(inside)
        assert module.changed == len(inside) - int(same.sum())
        finite = x.isfinite() & y.isfinite()
        different = (x != y) & ~(x.isnan() & y.isnan())
        assert module.nonfinite == int((different & ~finite).sum())
        x, y = x[finite], y[finite]
        apart = (x - y).norm()
        assert (module.max_abs or 0.0) == float((x - y).abs().max() if x.numel() else 0)
        if not apart:
            assert not module.relative_l2
        elif not x.norm():
            assert module.relative_l2 is None
        else:
            assert module.relative_l2 == pytest.approx(float(apart / x.norm()), rel=1e-5)


def test_equal_tensors_are_read_again_only_where_something_differs_after_them():
    a = {f"l.{at}.w": torch.randn(9) for at in range(6)}
    assert changes(stored(a), stored(a))[1] == 0
    for at in range(6):
        b = {path: tensor.clone() for path, tensor in a.items()}
        b[f"l.{at}.w"] += 1
        found, again = changes(stored(a), stored(b))
        assert again == at
        x, y = whole(a, list(a)), whole(b, list(b))
        assert found["l"].relative_l2 == found[""].relative_l2 == pytest.approx(float((x - y).norm() / x.norm()))
        assert [found[f"l.{each}"].relative_l2 != 0 for each in range(6)] == [each == at for each in range(6)]


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.body = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        self.head = nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight


@pytest.mark.parametrize("last", [False, True])
def test_a_tensor_with_two_names_counts_once_where_both_are(last):
    torch.manual_seed(0)
    a, b = Tied(), Tied()
    b.load_state_dict(a.state_dict())
    with torch.no_grad():
        (b.body[1] if last else b.embed).weight += 0.5
    found, _ = changes(every_tensor(opened(a)), every_tensor(opened(b)))
    x, y = (torch.cat([each.detach().double().reshape(-1) for each in net.parameters()]) for net in (a, b))
    assert found[""].relative_l2 == pytest.approx(float((x - y).norm() / x.norm()), rel=1e-5)
    assert (found[""].tensors, found[""].changed) == (6, 1 if last else 2)
    assert found["head"].relative_l2 == found["embed"].relative_l2
    assert bool(found["head"].changed) is not last


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool, torch.complex64])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_squares_are_torchs_of_any_dtype_and_magnitude(dtype, scale):
    numbers = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
    numbers = (numbers * scale if dtype in (torch.float32, torch.complex64) else numbers * 5).to(dtype)
    wide = numbers.to(torch.complex128) if dtype.is_complex else numbers.double()
    if dtype.is_floating_point:
        numbers = torch.cat([numbers, torch.tensor([math.nan, math.inf], dtype=dtype)])
    for readable in (live(numbers).readable, Held.of(numbers, "w")):
        with Workers(2) as workers:
            found = squares_of(readable, workers)
        assert found is not None
        assert found.value * 2.0**found.exponent == pytest.approx(float(wide.abs().square().sum()), rel=1e-5)


def test_what_is_repeated_counts_as_often_as_it_is_shown(monkeypatch):
    monkeypatch.setattr(lattice, "WALK_LIMIT", 0)
    monkeypatch.setattr(lattice, "REPEAT_LIMIT", 0)
    monkeypatch.setattr(compared, "WALK_LIMIT", 0)
    for shape, strides in (((4, 4), (1, 1)), ((3, 7), (1, 0)), ((2, 3, 3), (0, 1, 1))):
        base = torch.arange(9.0)
        view, doubled = (each.as_strided(shape, strides) for each in (base, 2 * base))
        plain = view.contiguous()
        other = torch.ones(3)
        for make in (live, lambda tensor: of_stored(of(tensor)[0])):
            a = [renamed(make(view), "m.w"), renamed(live(other), "m.x")]
            b = [renamed(make(view), "m.w"), renamed(live(other + 1), "m.x")]
            found, again = changes(a, b)
            expected = float(other.norm() / torch.cat([plain.reshape(-1), other]).norm())
            assert (found["m"].relative_l2, again) == (pytest.approx(expected), 1)
            changed, _ = changes([renamed(make(view), "m.w"), a[1]], [renamed(make(doubled), "m.w"), a[1]])
            expected = float(plain.norm() / torch.cat([plain.reshape(-1), other]).norm())
            assert changed["m"].relative_l2 == pytest.approx(expected)


def renamed(tensor: Comparable, path: str) -> Comparable:
    tensor.path = path
    return tensor


def test_what_cannot_be_read_again_leaves_the_relative_size_open():
    a = {"m.x": torch.ones(3), "n.y": torch.ones(3)}
    pairs = pair(stored(a), stored({**a, "n.y": torch.zeros(3)}), True, lambda path: True)
    found = ModuleChanges(pairs)
    for difference in differences(pairs, Tolerance(), squares=True):
        found.add(difference)
    found.measure_rest(lambda tensor: None)
    assert {each.path: each.relative_l2 for each in found.modules} == {"": None, "m": 0.0, "n": 1.0}


def test_an_optimizer_is_not_what_changed_most():
    a, b = stored({"net.w": torch.ones(2), "opt.w": torch.ones(2)}), stored(
        {"net.w": torch.ones(2) * 1.1, "opt.w": torch.ones(2) * 9}
    )  # fmt: skip
    for tensors in (a, b):
        tensors[1].side = TensorSide("opt.w", (2,), "float32", state=True)
    found, _ = changes(a, b)
    assert [each.path for each in most_changed(list(found.values()), 8)] == ["net", "opt"]


def test_the_most_changed_are_apart_from_each_other_and_lead_to_where_it_is():
    a = {f"layers.{n}.{leaf}.weight": torch.ones(4) for n in range(4) for leaf in ("attn", "mlp")}
    a |= {"head.weight": torch.ones(4), "norm.weight": torch.ones(4)}
    b = {path: tensor.clone() for path, tensor in a.items()}
    b["layers.2.mlp.weight"] += 2
    b["head.weight"] += 0.1
    found = list(changes(stored(a), stored(b))[0].values())
    assert [each.path for each in most_changed(found, 8)] == ["layers.2.mlp", "head"]
    assert [each.path for each in most_changed(found, 2)] == ["layers", "head"]
    for path in a:
        b[path] = a[path] + 1
    b["head.weight"] = a["head.weight"] + math.nan
    found = list(changes(stored(a), stored(b))[0].values())
    assert most_changed(found, 4)[0].path == "head"
    assert len(most_changed(found, 4)) == 6


@pytest.mark.parametrize("path", [".", "..", "a..b", ".a", "a.", "", ".".join("x" * 200)])
def test_any_name_has_its_modules(path):
    found, _ = changes(stored({path: torch.ones(2)}), stored({path: torch.zeros(2)}))
    assert found[""].changed == 1
    assert all(each.changed == 1 for each in found.values())
    assert len(found) <= 64
