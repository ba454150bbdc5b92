"""The flat tree, against what torch and the documented networks say.

Of `live_tree` and `holdings`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations

from models.examples.catalogue import EXAMPLES, build_example
from models.live.live_tree import LiveTree
from tests.cases import examples


def rows(tree: LiveTree) -> list[tuple[str, str]]:
    return [(node.path, node.kind) for node in tree.nodes]


def module_paths(tree: LiveTree) -> list[str]:
    return [node.path for node in tree.modules()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_documented_networks_have_their_rows(name: str) -> None:
    net = build_example(name)
    tree = LiveTree.of(net)
    assert len(tree.modules()) == EXAMPLES[name].modules
    assert [node.path for node in tree.nodes if node.kind == "parameter"] == list(net.state_dict())
    assert module_paths(tree) == [path for path, _ in net.named_modules(remove_duplicate=False)]


def test_names_with_spaces_are_the_keys_of_the_state_dict() -> None:
    rgnet = build_example("rgnet")
    tree = LiveTree.of(rgnet)
    node = tree.at("0.block 1.0.bias")
    assert node is not None
    assert node.item is rgnet[0][1][0].bias
    assert (node.name, tree.depths[node.index], node.kind) == ("bias", 4, "parameter")


def test_every_name_of_a_shared_layer_is_a_row_that_names_the_others() -> None:
    tree = LiveTree.of(build_example("shared"))
    at = {path: tree.at(path) for path in ("2", "4", "2.weight", "4.weight", "0")}
    shared = {path: node.shared_with for path, node in at.items() if node is not None}
    assert shared == {"2": ("4",), "4": ("2",), "2.weight": ("4.weight",), "4.weight": ("2.weight",), "0": ()}
    assert len({id(node.item) for node in tree.modules()}) == 7


def test_constants_stand_after_parameters_and_before_modules() -> None:
    net = build_example("fixed_hidden_mlp")
    assert rows(LiveTree.of(net)) == [
        ("", "module"),
        ("rand_weight", "constant"),
        ("linear", "module"),
        ("linear.weight", "parameter"),
        ("linear.bias", "parameter"),
    ]
    batch_norm = LiveTree.of(nn.BatchNorm1d(3))
    assert [node.kind for node in batch_norm.nodes[1:]] == ["parameter"] * 2 + ["buffer"] * 3


def test_what_lies_in_plain_containers_is_distinguished_from_what_is_registered() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.masks = [torch.ones(2), "text", {"a b": torch.zeros(1), object: torch.ones(3)}]
            self.layers = [nn.Linear(2, 2), (nn.ReLU(),)]
            self.loose = [nn.Parameter(torch.ones(1))]
            self.kept = nn.Linear(1, 1)
            self.mention = {"kept": self.kept, "weight": self.kept.weight}

    tree = LiveTree.of(Holder())
    assert rows(tree) == [
        ("", "module"),
        ("masks[0]", "constant"),
        ("masks[2]['a b']", "constant"),
        ("masks[2][#1]", "constant"),
        ("loose[0]", "parameter"),
        ("kept", "module"),
        ("kept.weight", "parameter"),
        ("kept.bias", "parameter"),
        ("layers[0]", "hidden"),
        ("layers[0].weight", "parameter"),
        ("layers[0].bias", "parameter"),
        ("layers[1][0]", "hidden"),
    ]
    unregistered = {node.path for node in tree.nodes if not node.registered}
    assert {"layers[0].weight", "loose[0]"} <= unregistered
    assert "kept.weight" not in unregistered


def test_an_lstm_does_not_list_its_parameters_twice() -> None:
    lstm = nn.LSTM(2, 3)
    assert [node.path for node in LiveTree.of(lstm).nodes[1:]] == list(lstm.state_dict())


def test_a_child_that_knows_its_parent_ends() -> None:
    parent = nn.Sequential(nn.Linear(1, 1))
    parent[0].__dict__["parent"] = parent
    parent[0].up = [parent]
    assert module_paths(LiveTree.of(parent)) == ["", "0"]
    loop = nn.Module()
    loop._modules["self"] = loop
    assert rows(LiveTree.of(loop)) == [("", "module"), ("self", "module")]


def test_layers_that_all_know_each_other_are_walked_once() -> None:
    layers = [nn.Linear(1, 1) for _ in range(30)]
    for layer in layers:
        layer.__dict__["peers"] = layers
    root = nn.Module()
    root.layers = layers
    tree = LiveTree.of(root)
    assert len([node for node in tree.nodes if node.path.endswith(".weight")]) == 30
    assert len(tree.nodes) < 30 * 35


def test_looking_changes_nothing_and_survives_every_kind_of_tensor() -> None:
    torch.manual_seed(7)
    net = nn.Module()
    net.lazy = nn.LazyLinear(4)
    net.meta = nn.Linear(2, 2, device="meta")
    net.empty = nn.Parameter(torch.zeros(0, 5))
    net.scalar = nn.Parameter(torch.tensor(1.0))
    net.sparse = torch.eye(3).to_sparse()
    net.parameters_by_number = nn.ParameterList([torch.ones(1), torch.ones(2)])
    net.parameters_by_name = nn.ParameterDict({"a b": torch.ones(1)})
    net.normed = parametrizations.weight_norm(nn.Linear(2, 2))
    net.nothing = None
    net.register_parameter("absent", None)
    before = torch.get_rng_state()
    tree = LiveTree.of(net)
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(net.lazy.weight, nn.UninitializedParameter)
    paths = {node.path: node.kind for node in tree.nodes}
    assert paths["lazy.weight"] == "parameter"
    assert paths["sparse"] == "constant"
    assert paths["parameters_by_name.a b"] == "parameter"
    assert paths["normed.parametrizations.weight.original0"] == "parameter"
    assert "absent" not in paths
    assert set(net.state_dict()) == {path for path, kind in paths.items() if kind == "parameter"}


class Scripted(torch.jit.ScriptModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 3)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("how", ["traced", "subclass", "within"])
def test_a_torchscript_module_is_not_shown_again_as_its_twin(how: str) -> None:
    plain = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval()
    net = Scripted() if how == "subclass" else torch.jit.trace(plain, torch.ones(1, 2))
    tree = LiveTree.of(nn.Sequential(net) if how == "within" else net)
    prefix = "0." if how == "within" else ""
    names = ["fc.weight", "fc.bias"] if how == "subclass" else list(plain.state_dict())
    assert sorted(path for path, kind in rows(tree) if kind != "module") == sorted(prefix + name for name in names)
    assert not any(node.kind == "hidden" for node in tree.nodes)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_scripted_modules_are_walked() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
    tree = LiveTree.of(scripted)
    assert [node.path for node in tree.nodes] == ["", "0", "0.weight", "0.bias", "1"]


def test_a_module_without_init_is_a_row() -> None:
    class Careless(nn.Module):
        def __init__(self) -> None:
            pass

    assert rows(LiveTree.of(Careless())) == [("", "module")]


def test_names_that_collide_keep_the_first() -> None:
    net = nn.Module()
    net._modules["a.weight"] = nn.ReLU()
    net._modules["a"] = nn.Linear(1, 1)
    tree = LiveTree.of(net)
    found = tree.at("a.weight")
    assert found is not None
    assert isinstance(found.item, nn.ReLU)
    assert len(tree.nodes) == 5


def test_nesting_may_be_deeper_than_the_stack() -> None:
    net: nn.Module = nn.ReLU()
    for _ in range(3_000):
        above = nn.Module()
        above._modules["a"] = net
        net = above
    tree = LiveTree.of(net)
    assert len(tree.nodes) == 3_001
    assert tree.depths[-1] == 3_000
    while isinstance(net, nn.Module) and net._modules:  # take it apart, or freeing it would overflow C's stack
        net = net._modules.pop("a")


def test_a_vocabulary_of_millions_is_not_read_to_its_end() -> None:
    net = nn.Module()
    net.words = {str(number): number for number in range(300_000)}
    net.words["tensor"] = torch.ones(1)
    assert len(LiveTree.of(net).nodes) == 1


def test_children_and_tensors() -> None:
    tree = LiveTree.of(build_example("rgnet"))
    block = tree.at("0.block 2")
    assert block is not None
    assert [child.name for child in tree.children_of(block)] == ["0", "1", "2", "3"]
    assert tree.counts[block.index] == 4
    assert [node.path for node in tree.tensors_below(block)] == [
        "0.block 2.0.weight", "0.block 2.0.bias", "0.block 2.2.weight", "0.block 2.2.bias",
    ]  # fmt: skip


def _replace(net: nn.Sequential) -> None:
    net[2] = nn.Linear(8, 1)


def _add_buffer(net: nn.Sequential) -> None:
    net.register_buffer("seen", torch.zeros(1))


def _freeze(net: nn.Sequential) -> None:
    net[0].weight.requires_grad_(False)


def _other_shape(net: nn.Sequential) -> None:
    net[0].weight.data = torch.ones(8, 5)


def _values(net: nn.Sequential) -> None:
    with torch.no_grad():
        net[0].weight.zero_()


@pytest.mark.parametrize(
    ("change", "same"),
    [(_replace, False), (_add_buffer, False), (_freeze, False), (_other_shape, False), (_values, True)],
)
def test_same_structure(change: Callable[[nn.Sequential], None], same: bool) -> None:
    net = build_example("parameter_access")
    before = LiveTree.of(net)
    change(net)
    assert before.same_structure(LiveTree.of(net)) is same


def test_materialising_a_lazy_layer_changes_the_structure() -> None:
    net = nn.Sequential(nn.LazyLinear(2))
    before = LiveTree.of(net)
    net(torch.ones(1, 3))
    assert not before.same_structure(LiveTree.of(net))


NAMES = st.text(st.characters(exclude_characters=".", exclude_categories=("Cs",)), min_size=1, max_size=8)


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    known: list[nn.Module] = []

    def make(depth: int) -> nn.Module:
        if known and draw(st.integers(0, 5)) == 0:
            return draw(st.sampled_from(known))
        module = nn.Module()
        for name in draw(st.lists(NAMES, max_size=3, unique=True)):
            if depth and draw(st.booleans()):
                module._modules[name] = make(depth - 1)
            elif draw(st.booleans()):
                module._parameters[name] = nn.Parameter(torch.zeros(draw(st.integers(0, 3))))
            else:
                module._buffers[name] = torch.zeros(1)
        known.append(module)
        return module

    return make(3)


@settings(max_examples=examples(60), deadline=None)
@given(networks())
def test_any_network_has_the_rows_that_torch_names(net: nn.Module) -> None:
    tree = LiveTree.of(net)
    assert module_paths(tree) == [path for path, _ in net.named_modules(remove_duplicate=False)]
    for kind, named in (("parameter", net.named_parameters), ("buffer", net.named_buffers)):
        mine = [(node.path, id(node.item)) for node in tree.nodes if node.kind == kind]
        assert mine == [(path, id(tensor)) for path, tensor in named(remove_duplicate=False)]
    for node in tree.nodes:
        below = range(node.index + 1, tree.ends[node.index])
        assert tree.counts[node.index] == sum(tree.parents[each] == node.index for each in below)
        assert all(tree.depths[each] > tree.depths[node.index] for each in below)


def test_an_outline_knows_whether_it_still_holds():
    net = nn.Sequential(nn.Linear(2, 2), nn.Conv2d(1, 1, 1))
    net.parts = {"a": [torch.ones(1)]}
    tree = LiveTree.of(net)
    assert tree.is_current()
    net.eval()
    net[0].weight.data.zero_()
    net.count = 1
    assert LiveTree.of(net).is_current()
    tree = LiveTree.of(net)
    sparse = torch.eye(3).to_sparse()
    for change in (
        lambda: net[0].weight.requires_grad_(False),
        lambda: net.parts["a"].append(torch.ones(1)),
        lambda: net.parts.update(b=nn.ReLU()),
        lambda: setattr(net[1], "held", sparse),
        lambda: sparse.copy_(torch.ones(3, 3).to_sparse()),
        lambda: net.__delitem__(1),
        lambda: setattr(net[0], "bias", None),
        lambda: net.double(),
    ):
        assert tree.is_current()
        change()
        assert not tree.is_current()
        assert not tree.same_structure(LiveTree.of(net))
        tree = LiveTree.of(net)
