"""Of `reading`, `objects`, `memory`, `equal`: what is shared, with torch itself as oracle for what the notes say."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.messages import SharingGroup
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.sharing import equal
from models.session.sharing.equal import equal_values
from models.session.sharing.groups import ShareGroup
from models.session.sharing.memory import shared_memory
from models.session.sharing.objects import shared_objects
from models.session.sharing.reading import read_sharing
from models.work.cancelled import Cancelled


def paths(group: ShareGroup) -> list[str]:
    return [member.node.path for member in group.members]


def tree_of(net: nn.Module) -> LiveTree:
    return LiveTree.of(net)


class Net(nn.Module):
    """Two tied weights, a parameter on the memory of another, a transposed buffer and a constant that is a row."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(4, 4) for _ in range(3))
        self.b.weight = self.a.weight
        self.c.weight = nn.Parameter(self.a.weight.data)
        self.register_buffer("v", self.a.weight.data.T)
        self.row = self.a.weight.data[1]


def storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


# -- one object


def test_a_layer_in_two_places_is_one_group_and_its_tensors_come_with_it():
    layer = nn.Linear(8, 8)
    (group,) = shared_objects(tree_of(nn.Sequential(nn.Linear(4, 8), layer, nn.ReLU(), layer)))
    assert (group.kind, group.title, paths(group)) == ("object", "Linear under 2 names", ["1", "3"])
    assert (group.bytes, group.saved) == (4 * 72, 4 * 72)


def test_a_tied_weight_is_one_group_and_within_a_shared_layer_only_where_it_has_more_names():
    net = Net()
    groups = shared_objects(tree_of(net))
    assert [(group.title, paths(group)) for group in groups] == [
        ("one parameter under 2 names", ["a.weight", "b.weight"])
    ]
    layer = nn.Linear(4, 4)
    tied = nn.Linear(4, 4)
    tied.weight = layer.weight
    groups = shared_objects(tree_of(nn.Sequential(layer, layer, tied)))
    assert [paths(group) for group in groups] == [["0", "1"], ["0.weight", "1.weight", "2.weight"]]


def test_loading_by_assigning_breaks_a_tie_as_the_note_says():
    net = Net()
    (group,) = shared_objects(tree_of(net))
    assert any("assign=True" in note for note in group.notes)
    net.load_state_dict({name: tensor.clone() for name, tensor in net.state_dict().items()}, assign=True)
    assert net.b.weight is not net.a.weight
    assert shared_objects(tree_of(net)) == []


def test_a_batch_norm_under_two_names_says_that_its_statistics_mix():
    norm = nn.BatchNorm1d(3)
    (group,) = shared_objects(tree_of(nn.Sequential(norm, nn.Linear(3, 3), norm)))
    assert any("running statistics mix" in note for note in group.notes)
    (group,) = shared_objects(tree_of(nn.ModuleList([block := nn.Sequential(norm, nn.Linear(3, 3)), block])))
    assert any("running statistics mix" in note for note in group.notes)
    still = nn.BatchNorm1d(3, track_running_stats=False)
    (group,) = shared_objects(tree_of(nn.Sequential(still, still)))
    assert not any("running statistics" in note for note in group.notes)


def test_a_network_without_sharing_has_no_group():
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.LSTM(4, 4))
    assert shared_objects(tree_of(net)) == []
    assert equal_values(tree_of(net)) == []


# -- one memory


def test_views_slices_and_transposes_of_one_memory_are_one_group_with_the_part_of_each():
    (group,) = shared_memory(tree_of(Net()))
    assert group.kind == "memory"
    assert {member.node.path: member.part for member in group.members} == {
        "a.weight": "all of it",
        "c.weight": "all of it",
        "v": "all of it, transposed",
        "row": "elements 4–7 of 16",
    }
    assert (group.bytes, group.saved) == (64, 64 + 64 + 16)
    assert any("steps each parameter" in note for note in group.notes)
    assert "row is a plain attribute: .to() leaves it on the old memory" in group.notes


@pytest.mark.parametrize("how", ["double", "deepcopy"])
def test_another_dtype_and_a_deep_copy_part_what_was_one_memory_as_the_note_says(how):
    net = Net()
    moved = net.double() if how == "double" else copy.deepcopy(net)
    assert storage(moved.c.weight) != storage(moved.a.weight)
    assert moved.b.weight is moved.a.weight
    left = [paths(group) for group in shared_memory(tree_of(moved))]
    if how == "double":
        assert left == []
        assert moved.row.dtype == torch.float32
    else:
        assert left == [["row", "v"]] or left == [["v", "row"]]  # which are no parameters


def test_one_flat_memory_of_several_parameters_costs_nothing_and_warns_of_nothing():
    flat = torch.arange(20.0)
    net = nn.Module()
    net.w, net.b = nn.Parameter(flat[:16].view(4, 4)), nn.Parameter(flat[16:])
    (group,) = shared_memory(tree_of(net))
    assert (group.kind, group.title) == ("flat", "2 tensors in one flat memory")
    assert (group.bytes, group.saved, group.notes) == (80, 0, [])
    assert [member.part for member in group.members] == ["elements 0–15 of 20", "elements 16–19 of 20"]


def test_saving_a_slice_alone_writes_the_whole_memory_as_the_note_says():
    net = nn.Module()
    net.register_buffer("y", torch.zeros(80_000)[:88])
    (group,) = shared_memory(tree_of(net))
    assert (group.kind, group.bytes, group.saved) == ("part", 320_000, 320_000 - 352)
    assert group.notes == ["saving y alone writes 312.5 KB for 352 bytes; .clone() first writes what it is"]
    sizes = []
    for tensor in (net.y, net.y.clone()):
        torch.save(tensor, written := io.BytesIO())
        sizes.append(len(written.getvalue()))
    assert sizes[0] > 320_000
    assert sizes[1] < 3_000


def test_strided_expanded_and_permuted_ones_say_how_they_walk():
    base = torch.arange(24.0)
    net = nn.Module()
    for name, tensor in {
        "whole": base,
        "even": base[::2],
        "wide": base[:1].expand(5),
        "turned": base.view(2, 3, 4).permute(1, 0, 2),
        "diagonal": base[:16].view(4, 4).diagonal(),
        "ends": base[::23],
        "one": base[7:8],
        "none": base[:0],
    }.items():
        net.register_buffer(name, tensor)
    (group,) = shared_memory(tree_of(net))
    assert {member.node.path: member.part for member in group.members} == {
        "whole": "all of it",
        "even": "elements 0–22 of 24, strides (2,)",
        "wide": "element 0 of 24, expanded: fewer elements than it shows",
        "turned": "all of it, dimensions in another order",
        "diagonal": "elements 0–15 of 24, strides (5,)",
        "ends": "elements 0–23 of 24, strides (23,)",
        "one": "element 7 of 24",
        "none": "no element",
    }


def test_what_has_no_memory_is_left_out():
    net = nn.Module()
    net.register_buffer("sparse", torch.eye(3).to_sparse())
    net.lazy = nn.LazyLinear(3)
    net.meta = nn.Linear(3, 3, device="meta")
    assert shared_memory(tree_of(net)) == []
    assert equal_values(tree_of(net)) == []


# -- equal values


def test_a_copy_is_equal_and_what_is_all_one_number_is_not_reported():
    torch.manual_seed(0)
    net = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
    with torch.no_grad():
        net[2].weight.copy_(net[0].weight)
        net[3].weight.copy_(net[0].weight)
        net[3].weight[2, 1] += 1e-3
        for layer in net:
            layer.bias.zero_()
    (group,) = equal_values(tree_of(net))
    assert (group.kind, paths(group), group.bytes, group.saved) == ("equal", ["0.weight", "2.weight"], 64, 64)


def test_elements_that_are_not_sampled_are_compared_too():
    torch.manual_seed(0)
    net = nn.ParameterList(torch.randn(10_001) for _ in range(1))
    for place in (1, 5_000, 9_999):
        other = net[0].detach().clone()
        other[place] += 1
        net.append(nn.Parameter(other))
    assert equal_values(tree_of(net)) == []
    net.append(nn.Parameter(net[2].detach().clone()))
    assert [paths(group) for group in equal_values(tree_of(net))] == [["2", "4"]]


def test_one_memory_is_no_copy_and_a_tie_that_was_broken_is():
    net = Net()
    assert equal_values(tree_of(net)) == []
    net.double()
    (group,) = equal_values(tree_of(net))
    assert paths(group) == ["a.weight", "c.weight"]


def test_looking_for_equal_values_is_cancelled_and_says_how_far_it_is():
    net = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
    with pytest.raises(Cancelled):
        equal_values(tree_of(net), lambda: True)
    shares: list[float] = []
    equal_values(tree_of(net), on_progress=shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_values_are_read_in_whole_only_where_samples_agree(monkeypatch):
    compared = []
    real = torch.equal
    monkeypatch.setattr(equal.torch, "equal", lambda a, b: compared.append(a) or real(a, b))
    torch.manual_seed(0)
    equal_values(tree_of(nn.ModuleList(nn.Linear(40, 40, bias=False) for _ in range(20))))
    assert compared == []


def test_columns_of_one_matrix_do_not_overlap_though_their_ranges_do():
    net = nn.ParameterList(part for part in torch.randn(4, 12).split(4, dim=1))
    (group,) = shared_memory(tree_of(net))
    assert (group.kind, paths(group), group.notes) == ("flat", ["0", "1", "2"], [])
    holder = nn.Module()
    holder.parts, holder.row = net, net[0].data[1]
    (group,) = shared_memory(tree_of(holder))
    assert group.kind == "memory"
    assert not any("steps each parameter" in note for note in group.notes)


def test_slices_without_an_element_share_no_memory(session):
    base = torch.zeros(10)
    tensors = {"a": base[:0], "b": base[2:2], "c": base.view(2, 5)[:0]}
    net = nn.Module()
    for name, tensor in tensors.items():
        net.register_buffer(name, tensor)
    assert shared_memory(tree_of(net)) == []
    torch.save(tensors, "w.pt")
    session.open("w.pt")
    assert {group.kind for group in read_sharing(session).groups} <= {"part"}
    net.one, net.other = base[:4], base[4:]
    (group,) = shared_memory(tree_of(net))
    assert group.title == "2 tensors in one flat memory"
    assert {member.node.path: member.part for member in group.members if member.node.path in "abc"} == dict.fromkeys(
        "abc", "no element"
    )


# -- the session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    return Session()


def test_the_gradient_of_a_shared_parameter_is_the_sum_of_its_uses(session):
    session.open("shared", seed=0)
    (before,) = read_sharing(session).groups
    assert [member.path for member in before.members] == ["2", "4"]
    assert not any(note.startswith("gradient of") for note in before.notes)
    forward_pass(session)
    backward_pass(session)
    (after,) = read_sharing(session).groups
    sums = [note for note in after.notes if note.startswith("gradient of 2.weight: the sum of call ")]
    assert len(sums) == 1
    assert sums[0].count("norm") == 2


def test_looking_changes_nothing(session):
    session.open("shared", seed=0)
    state = torch.random.get_rng_state()
    versions = [tensor._version for tensor in session.root.state_dict().values()]
    for values in (False, True):
        read_sharing(session, values=values)
    assert [tensor._version for tensor in session.root.state_dict().values()] == versions
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_checkpoint_says_what_it_stores_once_and_what_it_stores_too_much(session):
    big, tied = torch.zeros(80_000), torch.randn(4, 4)
    torch.save({"a.weight": tied, "b.weight": tied, "y": big[:88], "row": tied[0]}, "w.pt")
    session.open("w.pt")
    found: list[SharingGroup] = read_sharing(session).groups
    assert [(group.kind, [member.path for member in group.members]) for group in found][:2] == [
        ("object", ["a.weight", "b.weight"]),
        ("memory", ["a.weight", "row"]),
    ]
    assert [(group.bytes, group.saved) for group in found if group.kind == "part"] == [(320_000, 319_648)]
    assert read_sharing(session, values=True).groups == []


@pytest.mark.parametrize("new", [True, False])
def test_a_checkpoint_says_which_elements_of_its_storage_a_tensor_has_and_what_that_takes(session, new):
    whole = torch.randn(8, 8)
    tensors = {"a": whole, "b": whole.T, "row": whole[1], "column": whole[:, 1], "same": whole}
    torch.save(tensors, "w.pt", _use_new_zipfile_serialization=new)
    session.open("w.pt")
    tied, group = read_sharing(session).groups
    assert [member.path for member in tied.members] == ["a", "same"]
    assert {member.path: member.part for member in group.members} == {
        "a": "all of it",
        "b": "all of it, transposed",
        "row": "elements 8–15 of 64",
        "column": "elements 1–57 of 64, strides (8,)",
    }
    assert (group.kind, group.bytes, group.saved) == ("memory", 256, 256 + 32 + 32)


@pytest.mark.parametrize("new", [True, False])
def test_several_slices_of_one_large_storage_are_one_group_that_counts_it_once(session, new):
    large = torch.randn(40_000)
    torch.save({"a": large[100:200], "b": large[300:310]}, "w.pt", _use_new_zipfile_serialization=new)
    session.open("w.pt")
    (group,) = read_sharing(session).groups
    assert (group.kind, group.bytes, group.saved) == ("flat", 160_000, 160_000 - 440)
    assert [member.part for member in group.members] == ["elements 100–199 of 40,000", "elements 300–309 of 40,000"]
    assert group.notes[-1] == "the file holds 156.2 KB for 440 bytes; saving a .clone() of each does not"


def test_a_tied_slice_of_a_large_storage_is_one_group_with_both_names(session):
    part = torch.randn(40_000)[100:200]
    torch.save({"a": part, "b": part}, "w.pt")
    session.open("w.pt")
    tied, large = read_sharing(session).groups
    assert (tied.kind, large.kind, large.saved) == ("object", "part", 160_000 - 400)
    assert [(member.path, member.part) for member in large.members] == [
        ("a", "elements 100–199 of 40,000"),
        ("b", "elements 100–199 of 40,000"),
    ]


def test_a_checkpoint_tells_a_flat_storage_from_one_in_which_views_overlap(session):
    flat, whole = torch.randn(20), torch.randn(4, 8)
    q, k = whole.split(4, dim=1)
    torch.save({"w": flat[:16].view(4, 4), "b": flat[16:], "q": q, "k": k, "row": whole[1]}, "w.pt")
    session.open("w.pt")
    found = [(group.kind, [member.path for member in group.members]) for group in read_sharing(session).groups]
    assert found == [("flat", ["w", "b"]), ("memory", ["q", "k", "row"])]
    session.model.fold_state.fold("", "all")
    rows = {row.path: (row.memory, row.memory_with) for row in session.model.rows(0, 20)}
    assert rows["w"] == ("beside", ["b"])
    assert rows["q"] == rows["k"] == ("overlap", ["row"])
    assert rows["row"] == ("overlap", ["q", "k"])
    facts = {fact.label: fact.path for group in session.model.describe("q") for fact in group.facts}
    assert (facts["Same storage"], facts["Flat storage"]) == ("row", "k")
