"""The tree of a checkpoint, from names of any kind.

Of `tree`, and of what makes it: `build_tree`, `nesting`, `repeated`.
"""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.checkpoint.build_tree import _Builder, _Sorting, build_tree
from models.checkpoint.nesting import nested
from models.checkpoint.tree import CheckpointTree
from models.stored.checkpoint import Checkpoint, Item
from models.stored.dtypes import BFLOAT16, FLOAT32
from models.stored.stored import Stored


class Named(Stored):
    """A tensor of a name and a shape, in no file."""

    nbytes = 16
    place = "nowhere"

    def flat(self, start: int, stop: int) -> bytes:
        return bytes(4 * (stop - start))


def tree(*names: str, ordered: bool = False, shape: tuple[int, ...] = (4,)) -> CheckpointTree:
    return CheckpointTree(Checkpoint([Named(name, shape, FLOAT32) for name in names], ordered=ordered))


def shown(found: CheckpointTree) -> list[str]:
    return [found.path(node) for node in range(len(found))]


def test_modules_come_of_names_and_sort_as_numbers() -> None:
    found = tree("h.10.w", "h.2.w", "h.2.b", "e")
    assert shown(found) == ["", "e", "h", "h.2", "h.2.b", "h.2.w", "h.10", "h.10.w"]
    assert [found.depths[node] for node in range(len(found))] == [0, 1, 1, 2, 3, 3, 2, 3]
    assert found.tensors(0, len(found)) == [1, 4, 5, 7]
    assert [found.counts[node] for node in (0, 2, 3)] == [2, 2, 2]


def test_an_order_that_means_something_is_kept_but_for_numbers() -> None:
    found = tree("stem.w", "head.w", "body.1.w", "body.0.w", ordered=True)
    assert shown(found)[1::2][:2] == ["stem", "head"]
    assert shown(found)[5:] == ["body", "body.0", "body.0.w", "body.1", "body.1.w"]


def test_a_tensor_with_the_name_of_a_module_keeps_a_row_of_its_own() -> None:
    for names in (("a", "a.b"), ("a.b", "a")):
        found = tree(*names)
        assert len(found) == 4
        assert {leaf.path for leaf in (found.tensor(node) for node in range(4)) if leaf} == {"a", "a.b"}
        assert len(set(shown(found))) == 4


def test_repeated_layers_are_grouped_whatever_their_dtypes() -> None:
    mixed = [Named(f"h.{i}.w", (4, 4), BFLOAT16 if i % 3 else FLOAT32) for i in range(12)]
    (group,) = CheckpointTree(Checkpoint([*mixed])).groups.values()
    assert (group.name, group.count) == ("[0–11]", 12)
    other = CheckpointTree(Checkpoint([*mixed, Named("h.12.w", (4, 5), FLOAT32)]))
    assert [each.count for each in other.groups.values()] == [12]
    assert other.group_path(group) == "h.[0–11]"
    assert other.find_group("h.[0–11]") == other.groups[group.first]


def test_items_are_leaves_and_no_tensors() -> None:
    found = CheckpointTree(Checkpoint([Named("w", (1,), FLOAT32)], items=[Item("epoch", "int", "12")]))
    assert shown(found) == ["", "epoch", "w"]
    assert [found.kind(node) for node in range(3)] == ["module", "item", "parameter"]
    assert found.tensors(0, 3) == [2]


def test_modules_without_tensors_stand_where_the_file_has_them() -> None:
    tensors = [Named(name, (1,), FLOAT32) for name in ("fc1.w", "fc1.b", "fc2.w")]
    bare = [("start", 0), ("act", 2), ("deep.inner", 3), ("end", 3)]
    found = CheckpointTree(Checkpoint(tensors, items=[Item("epoch", "int", "1")], ordered=True, bare=bare))
    assert shown(found) == [
        "", "start", "fc1", "fc1.w", "fc1.b", "act", "fc2", "fc2.w", "deep", "deep.inner", "end", "epoch",
    ]  # fmt: skip
    kinds = [found.kind(node) for node in range(len(found))]
    assert kinds == ["module"] * 3 + ["parameter"] * 2 + ["module"] * 2 + ["parameter"] + ["module"] * 3 + ["item"]
    assert [leaf.path for leaf in map(found.tensor, range(len(found))) if leaf] == ["fc1.w", "fc1.b", "fc2.w"]


def test_buffers_are_recognised_by_their_names() -> None:
    found = tree("bn.weight", "bn.running_mean", "bn.num_batches_tracked")
    kinds = {found.names[node]: found.kind(node) for node in found.tensors(0, len(found))}
    assert kinds == {"weight": "parameter", "running_mean": "buffer", "num_batches_tracked": "buffer"}


def test_names_that_nest_too_deep_stay_in_one() -> None:
    found = tree("." * 10_000, "a" + ".b" * 500)
    assert len(found) < 140
    assert max(found.depths) == 64
    assert found.find("a" + ".b" * 500) is not None


NAMES = st.lists(st.sampled_from(["a", "b", ".", "0", "1", "10", " (2)", "é"]), max_size=6).map("".join)


@settings(deadline=None)
@given(st.lists(NAMES, unique=True, max_size=14), st.booleans())
@example(["", "a", ".", ".."], False)
@example(["a", "a.b", "a (2)", "a (2).b", "a.b.c"], False)
@example(["0", "00", "0.1", "00.1"], True)
def test_any_names_make_a_tree_in_which_each_tensor_is_found(names: list[str], ordered: bool) -> None:
    found = tree(*names, ordered=ordered)
    nodes = found.tensors(0, len(found))
    assert sorted(found.tensor(node).path for node in nodes) == sorted(names)
    assert found.paths() == shown(found)
    for node in range(1, len(found)):
        parent = found.parents[node]
        assert parent < node < found.ends[node] <= found.ends[parent]
        assert found.depths[node] == found.depths[parent] + 1
        assert sum(found.parents[each] == node for each in range(len(found))) == found.counts[node]
    for node in nodes:
        again = found.find(found.path(node))
        assert again is not None
        assert found.path(again) == found.path(node)
    paths = [found.path(node) for node in nodes]
    assert len(set(paths)) == len(paths)


PLAIN = st.lists(st.sampled_from(["a", "b", "0", "2", "10"]), min_size=1, max_size=5).map(".".join)
"""Few parts, so that blocks repeat, hold one another and clash."""


@given(st.lists(PLAIN | NAMES, max_size=16), st.booleans())
@example(["a.0.b", "a.1.b", "a.10.b", "a.2.b"], False)
@example(["a.0.b", "a.0.c.0.d", "a.1.b", "a.0.c.1.d"], True)
@example(["a.0", "a.0.b", "a.1.b"], False)
@example(["a..b", "a.c", "a.0.b"], False)
@example(["0." * 61 + "a.b", "1." * 63 + "a"], False)
def test_blocks_laid_out_once_are_as_if_laid_out_each(names: list[str], ordered: bool) -> None:
    each = _Builder(_Sorting(ordered)).build(nested((path, index) for index, path in enumerate(names)))
    assert build_tree(names, ordered) == each


@given(st.sets(PLAIN, max_size=16), st.booleans())
def test_a_tree_holds_each_name_where_its_parts_lead(names: set[str], ordered: bool) -> None:
    modules = {name.rsplit(".", k)[0] for name in names for k in range(1, name.count(".") + 1)}
    tensors = sorted(names - modules, reverse=True)
    arrays = build_tree(tensors, ordered)
    paths = [""]
    for name, parent in zip(arrays.names[1:], arrays.parents[1:], strict=True):
        paths.append(f"{paths[parent]}.{name}" if parent else name)
    held = {path: index for path, index in zip(paths, arrays.indices, strict=True) if index >= 0}
    assert held == {name: index for index, name in enumerate(tensors)}
    above = {path for path in modules if any(name.startswith(f"{path}.") for name in tensors)}
    assert sorted(paths) == sorted({"", *tensors, *above})
    for node, path in enumerate(paths):
        below = {each for each in paths[1:] if each.startswith(f"{path}.") or not path}
        assert set(paths[node + 1 : arrays.ends[node]]) == below
        children = [name for name, parent in zip(arrays.names, arrays.parents, strict=True) if parent == node]
        assert arrays.counts[node] == len(children)
        if all(map(str.isdecimal, children)):
            assert children == sorted(children, key=int)
        assert arrays.depths[node] == path.count(".") + bool(path)
