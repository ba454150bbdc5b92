"""Rows of the tree and of the table, as a user reads them.

Of `rows`, and of `models/live/live_facts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.messages import TensorRow, TreeRow
from models.opened.rows import OTHER_NAMES_LIMIT, tensor_row
from models.opened.source import Source


def opened(net: nn.Module, changed: tuple[str, ...] = ()) -> LiveModel:
    source = Source(source="x", kind="module", name="net", module=net)
    return LiveModel(source, LiveTree.of(net), {}).with_changes(changed)


def tree(net: nn.Module, changed: tuple[str, ...] = ()) -> dict[str, TreeRow]:
    model = opened(net, changed)
    model.fold_state.fold("", "all")
    return {row.path: row for row in model.rows(0, len(model.fold_state))}


def table(net: nn.Module) -> dict[str, TensorRow]:
    return {facts.path: tensor_row(facts) for facts in opened(net).tensors_at("")}


def test_module_rows() -> None:
    rows = tree(build_example("rgnet"))
    assert len(rows) == 41
    root = rows[""]
    assert (root.name, root.detail, root.parameters, root.bytes, root.children) == ("net", "Sequential", 309, 1_236, 2)
    block = rows["0.block 1"]
    assert (block.name, block.depth, block.parameters, block.unfolded) == ("block 1", 2, 76, True)


def test_tensor_rows_say_shape_dtype_and_gradient() -> None:
    row = tree(build_example("rgnet"))["0.block 1.0.weight"]
    assert (row.detail, row.dtype, row.parameters, row.bytes, row.gradient) == ("[8, 4]", "float32", 32, 128, "none")


def test_constants_have_no_gradient_state_and_are_not_frozen() -> None:
    row = table(build_example("fixed_hidden_mlp"))["rand_weight"]
    assert (row.kind, row.shape, row.gradient, row.frozen, row.device) == ("constant", "[20, 20]", "", False, "cpu")


def test_frozen_modules_have_parameters_of_which_none_is_trainable() -> None:
    net = nn.Sequential(nn.Linear(1, 1).requires_grad_(False), nn.Linear(1, 1), nn.ReLU())
    rows = tree(net)
    assert [rows[path].frozen for path in ("", "0", "0.weight", "1", "2")] == [False, True, True, False, False]


def test_what_has_no_values_says_why() -> None:
    rows = tree(nn.Sequential(nn.LazyLinear(2), nn.Linear(1, 1, device="meta")))
    lazy, meta = rows["0.weight"], rows["1.weight"]
    assert (lazy.state, lazy.detail, lazy.parameters) == ("uninitialised", "", None)
    assert (meta.state, meta.detail, meta.parameters) == ("meta", "[1, 1]", 1)
    assert rows["0"].parameters is None
    assert rows["1"].parameters == 2


def test_a_change_marks_the_modules_above_it() -> None:
    rows = tree(build_example("rgnet"), changed=("0.block 1.0.bias", "gone"))
    marked = {path for path, row in rows.items() if row.changed}
    assert marked == {"", "0", "0.block 1", "0.block 1.0", "0.block 1.0.bias"}


def test_many_names_are_reported_up_to_eight() -> None:
    layer = nn.ReLU()
    rows = tree(nn.Sequential(*[layer] * 20))
    assert rows["3"].shared_with == ["0", "1", "2", "4", "5", "6", "7", "8"]


def test_hidden_modules_are_not_registered() -> None:
    net = nn.Module()
    net.layers = [nn.Linear(1, 1)]
    rows = tree(net)
    assert (rows["layers[0]"].kind, rows["layers[0]"].registered) == ("hidden", False)
    assert not rows["layers[0]"].frozen
    net.layers[0].requires_grad_(False)
    assert tree(net)["layers[0]"].frozen
    assert rows[""].parameters == 0
    assert rows[""].bytes == torch.zeros(2).nbytes


def test_a_row_goes_through_no_more_names_than_it_holds() -> None:
    class Names(tuple[str, ...]):
        seen = 0

        def __iter__(self) -> Iterator[str]:
            for name in super().__iter__():
                Names.seen += 1
                yield name

    model = opened(nn.ModuleList([nn.Linear(1, 1)] * 1_000))
    node = model.tree.at("500.weight")
    assert node is not None
    node.names = Names(node.names)
    assert tensor_row(model.facts(node.index)).shared_with == [
        f"{number}.weight" for number in range(OTHER_NAMES_LIMIT)
    ]
    assert Names.seen <= OTHER_NAMES_LIMIT + 1


def test_rows_name_who_lies_in_the_same_memory() -> None:
    net = nn.Linear(4, 4)
    net.register_buffer("first", net.weight.detach()[0])
    for rows in (tree(net), table(net)):
        assert (rows["first"].memory, rows["first"].memory_with) == ("overlap", ["weight"])
        assert (rows["weight"].memory, rows["weight"].memory_with) == ("overlap", ["first"])
        assert (rows["bias"].memory, rows["bias"].memory_with) == ("", [])


def test_rows_of_a_flat_memory_say_that_nothing_overlaps() -> None:
    net = nn.Linear(4, 4)
    flat = torch.randn(20)
    net.weight.data, net.bias.data = flat[:16].view(4, 4), flat[16:]
    assert (tree(net)["bias"].memory, tree(net)["bias"].memory_with) == ("beside", ["weight"])
