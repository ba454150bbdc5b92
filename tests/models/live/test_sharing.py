"""Memory shared between different tensor objects."""

from __future__ import annotations

import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.live.sharing import StorageTwins, may_share_memory, storage_twins


def twins(net: nn.Module, path: str) -> tuple[str, ...]:
    tree = LiveTree.of(net)
    node = tree.at(path)
    assert node is not None
    return storage_twins(tree, node)


def test_views_and_slices_are_found() -> None:
    net = nn.Linear(4, 4)
    net.first_row = net.weight.detach()[0]
    net.other = torch.zeros(4)
    assert twins(net, "weight") == ("first_row",)
    assert twins(net, "first_row") == ("weight",)
    assert twins(net, "bias") == ()


def test_meta_tensors_all_lie_at_address_0_and_share_nothing() -> None:
    net = nn.Linear(4, 4, device="meta")
    assert net.weight.data_ptr() == net.bias.data_ptr() == 0
    assert twins(net, "weight") == ()


def test_tensors_without_storage_have_no_twins() -> None:
    net = nn.Sequential(nn.LazyLinear(2), nn.LazyLinear(2))
    net.sparse = torch.eye(2).to_sparse()
    assert twins(net, "sparse") == ()
    assert twins(net, "0.weight") == ()
    assert twins(net, "") == ()


class Parts(nn.Module):
    """Views of one matrix: a row that another tensor has too, three blocks of columns, and one tensor by itself."""

    def __init__(self) -> None:
        super().__init__()
        fused = torch.zeros(4, 12)
        self.q, self.k, self.v = (nn.Parameter(part) for part in fused.split(4, dim=1))
        self.row = fused[2, 4:7]
        self.alone = nn.Parameter(torch.zeros(4))


def shared(net: nn.Module, limit: int = 8) -> dict[str, tuple[str, list[str]]]:
    tree = LiveTree.of(net)
    twins = StorageTwins(tree)
    return {node.path: tuple(twins.shared(node, limit)) for node in tree.nodes if node.is_tensor}


def test_those_on_the_same_elements_come_before_those_beside_them() -> None:
    assert shared(Parts()) == {
        "q": ("beside", ["k", "v", "row"]),
        "k": ("overlap", ["row"]),
        "v": ("beside", ["q", "k", "row"]),
        "row": ("overlap", ["k"]),
        "alone": ("", []),
    }


def test_both_kinds_are_told_apart_under_every_name() -> None:
    net = Parts()
    net.inner = nn.Module()
    net.inner.again = net.k
    tree = LiveTree.of(net)
    row = tree.at("row")
    assert row is not None
    assert StorageTwins(tree).apart(row) == (["k", "inner.again"], ["q", "v"])


def test_no_more_are_named_than_are_asked_for() -> None:
    net = nn.ParameterList(part for part in torch.zeros(50).split(1))
    found = shared(net, 3)
    assert found["0"] == ("beside", ["1", "2", "3"])
    assert found["40"] == ("beside", ["0", "1", "2"])


def test_one_object_under_two_names_is_alone_in_its_memory() -> None:
    net = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    net[1].weight = net[0].weight
    assert all(found == ("", []) for found in shared(net).values())


def test_a_tensor_that_nothing_else_holds_is_known_to_be_alone_at_once() -> None:
    net = Parts()
    assert {name for name, each in net.named_parameters() if may_share_memory(each)} == {"q", "k", "v"}
    assert may_share_memory(net.row)
    plain = nn.Linear(3, 3)
    assert not any(map(may_share_memory, plain.parameters()))
    view = plain.weight[0]
    assert may_share_memory(plain.weight)
    del view
    assert not may_share_memory(plain.weight)
