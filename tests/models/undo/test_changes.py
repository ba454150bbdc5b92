"""Facts about real small networks: what a statement changed, and that undo gives the old values back bit by bit.

Of the whole folder: `changes`, `history`, `record`, `batches`, `gradients`.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.undo.changes import NothingToUndo, Watch
from models.undo.history import quoted_label
from models.undo.record import ValueRecord
from models.undo.timeline import COUNT_LIMIT


def shared() -> nn.Sequential:
    torch.manual_seed(0)
    twice = nn.Linear(8, 8)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), twice, nn.ReLU(), twice, nn.ReLU(), nn.Linear(8, 1))


class Console:
    """Runs statements on `net` the way a session does."""

    def __init__(self, net: nn.Module, limit: int = 2**28) -> None:
        self.names: dict[str, object] = {"net": net, "torch": torch, "nn": nn}
        self.net = net
        self.watch = Watch(LiveTree.of(net), limit)

    def run(self, statement: str) -> list[str]:
        self.watch.begin(statement)
        self.watch.record_gradients()
        exec(statement, self.names)
        return self.watch.end()

    def values(self) -> dict[str, torch.Tensor]:
        return {path: tensor.clone() for path, tensor in self.net.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[path].dtype == other[path].dtype and torch.equal(one[path], other[path]) for path in one
    )


WRITES = [
    ("net[0].bias.data[0] = 5", ["0.bias"]),
    ("net[2].bias.data[0] = 5", ["2.bias", "4.bias"]),
    ("net[4].weight.data = torch.ones(8, 8)", ["2.weight", "4.weight"]),
    ("net[0].weight = nn.Parameter(torch.ones(8, 4))", ["0.weight"]),
    ("net[2].bias = nn.Parameter(torch.ones(8))", ["2.bias", "4.bias"]),
    ("net[0] = nn.Linear(4, 8)", ["0.weight", "0.bias"]),
    ("nn.init.zeros_(net[6].weight)", ["6.weight"]),
    ("net[6].bias.data = torch.zeros(3)", ["6.bias"]),
    ("net[6].half()", ["6.weight", "6.bias"]),
    ("net[6].bias.detach().untyped_storage()[0] = 77", ["6.bias"]),
    (
        "net(torch.rand(2, 4)).sum().backward(); torch.optim.SGD(net[6].parameters(), lr=1.0).step()",
        ["6.weight", "6.bias"],
    ),
]


@pytest.mark.parametrize(("statement", "paths"), WRITES, ids=[statement for statement, _ in WRITES])
def test_every_way_of_writing_is_seen_and_taken_back(statement: str, paths: list[str]) -> None:
    console = Console(shared())
    before, objects = console.values(), dict(console.net.named_parameters())
    assert console.run(statement) == paths
    assert not same(console.values(), before)
    undone = console.watch.undo()
    assert undone.paths == paths
    assert undone.text.startswith(f"took back `{statement[:60]}")
    assert same(console.values(), before)
    assert all(tensor is objects[path] for path, tensor in console.net.named_parameters())
    with pytest.raises(NothingToUndo, match="nothing to undo"):
        console.watch.undo()
    assert console.run("pass") == []


@pytest.mark.parametrize("statement", ["net(torch.rand(2, 4))", "net.train()", "net[0].weight.data[0, 0] += 0", "1"])
def test_what_changes_no_value_is_no_change(statement: str) -> None:
    console = Console(shared())
    assert console.run(statement) == []
    with pytest.raises(NothingToUndo):
        console.watch.undo()


def test_both_names_stay_one_object_after_undo() -> None:
    console = Console(shared())
    console.run("net[2].weight = nn.Parameter(torch.ones(8, 8))")
    console.watch.undo()
    assert console.net[2].weight is console.net[4].weight


def test_looking_consumes_no_random_numbers_and_bumps_no_version() -> None:
    net = shared()
    state, versions = torch.get_rng_state(), [tensor._version for tensor in net.parameters()]
    console = Console(net)
    console.run("pass")
    assert torch.equal(torch.get_rng_state(), state)
    assert [tensor._version for tensor in net.parameters()] == versions


def test_nan_equals_itself_and_minus_zero_differs_from_zero() -> None:
    net = nn.Linear(2, 1)
    net.weight.data = torch.tensor([[float("nan"), 0.0]])
    console = Console(net)
    assert console.run("net.weight.data[0, 0] = float('nan')") == []
    assert console.run("net.weight.data[0, 1] = -0.0") == ["weight"]
    console.watch.undo()
    assert torch.equal(torch.signbit(net.weight[0, 1]), torch.tensor(False))


def test_statistics_of_batch_norm_change_in_training_and_not_in_evaluation() -> None:
    net = nn.BatchNorm1d(3)
    console = Console(net)
    buffers = ["running_mean", "running_var", "num_batches_tracked"]
    assert console.run("net(torch.rand(4, 3))") == buffers
    assert console.run("net.eval()(torch.rand(4, 3))") == []
    assert console.watch.undo().text == "took back `net.eval()(torch.rand(4, 3))`: training of the network itself"
    assert console.watch.undo().paths == buffers
    assert net.num_batches_tracked == 0
    assert torch.equal(net.running_var, torch.ones(3))


def test_a_constant_is_watched_and_an_optimizer_step_leaves_it_alone() -> None:
    net = nn.Linear(4, 4)
    net.rand_weight = torch.rand(4, 4)
    console = Console(net)
    console.run("opt = torch.optim.SGD(net.parameters(), lr=0.1); net(torch.rand(2, 4)).sum().backward()")
    assert console.run("opt.step()") == ["weight", "bias"]
    kept = net.rand_weight
    assert console.run("net.rand_weight = torch.zeros(4, 4)") == ["rand_weight"]
    console.watch.undo()
    assert net.rand_weight is kept


def test_a_constant_turned_into_a_parameter_becomes_a_constant_again() -> None:
    net = nn.Linear(2, 2)
    net.scale = torch.ones(2)
    console = Console(net)
    assert console.run("del net.scale; net.scale = nn.Parameter(torch.zeros(2))") == ["scale"]
    console.watch.undo()
    assert [name for name, _ in net.named_parameters()] == ["weight", "bias"]
    assert torch.equal(net.scale, torch.ones(2))


def test_a_replaced_module_comes_back_in_its_place() -> None:
    console = Console(shared())
    relu = console.net[1]
    assert console.run("net[1] = nn.Tanh()") == []
    assert console.watch.undo().text == "took back `net[1] = nn.Tanh()`: 1"
    assert console.net[1] is relu
    assert list(console.net._modules) == [str(number) for number in range(7)]


def test_changes_are_taken_back_last_first() -> None:
    console = Console(shared())
    states = [console.values()]
    for number in range(4):
        console.run(f"net[0].bias.data.fill_({number})")
        states.append(console.values())
    for state in reversed(states[:-1]):
        console.watch.undo()
        assert same(console.values(), state)


def test_the_last_changes_are_kept_up_to_a_limit() -> None:
    console = Console(nn.Linear(1, 1))
    for number in range(COUNT_LIMIT + 5):
        console.run(f"net.bias.data.fill_({number})")
    for _ in range(COUNT_LIMIT):
        console.watch.undo()
    assert console.net.bias.item() == 4
    with pytest.raises(NothingToUndo):
        console.watch.undo()


def test_cleared_gradients_come_back_as_the_same_objects() -> None:
    console = Console(shared())
    console.run("net(torch.rand(2, 4)).sum().backward()")
    gradients = [tensor.grad for tensor in console.net.parameters()]
    assert console.run("net.zero_grad()") == []
    assert console.watch.gradients_changed
    undone = console.watch.undo()
    assert undone.paths == []
    assert "gradients of 0.weight, 0.bias, 2.weight, 2.bias, 6.weight and 1 more" in undone.text
    assert all(tensor.grad is old for tensor, old in zip(console.net.parameters(), gradients, strict=True))


def test_an_accumulated_backward_goes_back_to_one_and_then_to_none() -> None:
    console = Console(nn.Linear(2, 1))
    console.run("net(torch.ones(1, 2)).sum().backward()")
    console.run("net(torch.ones(1, 2)).sum().backward()")
    assert torch.equal(console.net.weight.grad, torch.full((1, 2), 2.0))
    console.watch.undo()
    assert torch.equal(console.net.weight.grad, torch.ones(1, 2))
    console.watch.undo()
    assert console.net.weight.grad is None  # not zeros


def test_gradients_are_left_alone_where_nobody_recorded_them() -> None:
    net = nn.Linear(2, 1)
    watch = Watch(LiveTree.of(net))
    watch.begin("backward")
    net(torch.ones(1, 2)).sum().backward()
    assert watch.end() == []
    assert not watch.gradients_changed
    with pytest.raises(NothingToUndo):
        watch.undo()


def test_without_room_for_copies_any_single_change_still_shows_and_undo_says_why_it_cannot() -> None:
    net = nn.Sequential(nn.Linear(300, 300), nn.Linear(300, 1))
    console = Console(net, limit=10_000)
    assert console.run("net[0].weight.data[123, 217] += 1e-6; net[1].bias.data += 1") == ["0.weight", "1.bias"]
    undone = console.watch.undo()
    assert undone.paths == ["1.bias"]
    assert "but not 0.weight: there was no room to keep a copy of it" in undone.text
    console.run("net[0].weight.data[0, 0] += 1")
    with pytest.raises(NothingToUndo, match=r"cannot take back .*0\.weight: there was no room"):
        console.watch.undo()


def test_what_is_replaced_is_kept_without_a_copy_within_the_bound_and_given_up_beyond_it() -> None:
    net = nn.Linear(300, 300)
    old = net.weight
    statement = "net.weight = nn.Parameter(torch.zeros(300, 300))"
    console = Console(net, limit=200_000)  # a history of 400,000 bytes; the weight has 360,000
    console.run(statement)
    console.watch.undo()
    assert net.weight is old
    console = Console(net, limit=10_000)
    console.run(statement)
    with pytest.raises(NothingToUndo, match=r"cannot take back .*: undoing it would take 0\.4 MB, of at most 0\.0"):
        console.watch.undo()


def test_a_lazy_layer_that_got_its_shape_is_lazy_again_and_takes_another() -> None:
    net = nn.Sequential(nn.LazyLinear(3))
    weight = net[0].weight
    console = Console(net)
    assert console.run("net(torch.rand(2, 2))") == ["0.weight", "0.bias"]
    console.watch.undo()
    assert type(net[0]) is nn.LazyLinear
    assert type(net[0].weight) is nn.UninitializedParameter
    console.watch.redo()
    assert type(net[0]) is nn.Linear
    assert net[0].weight.shape == (3, 2)
    console.watch.undo()
    assert console.run("net(torch.rand(2, 5))") == ["0.weight", "0.bias"]
    assert net[0].weight is weight
    assert weight.shape == (3, 5)


def test_meta_tensors_have_no_values_to_change() -> None:
    console = Console(nn.Linear(4, 4, device="meta"))
    assert console.run("net.weight.data.zero_()") in ([], ["weight"])
    assert console.run("pass") == []


SORTS = {
    "transposed": torch.rand(3, 4).t(),
    "complex128": torch.rand(3, dtype=torch.complex128),
    "conjugate": torch.rand(3, dtype=torch.complex64).conj(),
    "bfloat16": torch.rand(3).to(torch.bfloat16),
    "float8": torch.rand(3).to(torch.float8_e4m3fn),
    "bool": torch.tensor([True, False]),
    "scalar": torch.tensor(3),
}


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_of_tensor_is_watched(sort: str) -> None:
    net = nn.Module()
    net.register_buffer("value", SORTS[sort].clone())
    console = Console(net)
    assert console.run("pass") == []
    before = repr(net.value)
    assert console.run("net.value.data.copy_(torch.zeros(net.value.shape))") == ["value"]
    console.watch.undo()
    assert repr(net.value) == before


def test_the_values_of_a_sparse_tensor_are_watched() -> None:
    net = nn.Module()
    net.register_buffer("value", torch.eye(3).to_sparse())
    console = Console(net)
    assert console.run("net.value._values()[1] = 9") == ["value"]
    console.watch.undo()
    assert torch.equal(net.value.to_dense(), torch.eye(3))


def test_a_tensor_without_elements_never_changes() -> None:
    net = nn.Module()
    net.register_buffer("value", torch.zeros(0, 4))
    assert Console(net).run("net.value.data.zero_()") == []


def test_a_forward_that_leaves_its_result_behind_does_not_stand_in_the_way_of_undo() -> None:
    net = nn.Linear(2, 2)
    net.last = torch.zeros(1)
    console = Console(net)
    console.run("net.last = net(torch.ones(1, 2))")
    console.run("net.bias.data.fill_(7)")
    assert console.run("net.last = net(torch.ones(1, 2))") == ["last"]
    assert console.watch.undo().paths == ["bias"]


def test_another_network_under_the_name_is_a_change_too() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(3, 3)
    console = Console(first)
    console.run("net.bias.data.fill_(1)")
    console.watch.begin("net = second")
    assert console.watch.end(LiveTree.of(second)) == []
    undone = console.watch.undo()
    assert undone.tree.root is first
    assert undone.text == "took back `net = second`: the network that `net` is"
    assert console.watch.undo().paths == ["bias"]
    console.watch.redo()
    assert console.watch.redo().tree.root is second


def test_a_network_that_starts_anew_has_no_history() -> None:
    console = Console(nn.Linear(2, 2))
    console.run("net.bias.data.fill_(1)")
    console.watch.rebase(LiveTree.of(nn.Linear(3, 3)))
    with pytest.raises(NothingToUndo):
        console.watch.undo()


def test_long_statements_are_named_by_their_start() -> None:
    console = Console(nn.Linear(2, 2))
    console.run("for _ in range(2):\n    net.bias.data.add_(1)")
    assert console.watch.undo().text == "took back `for _ in range(2): …`: bias"


@pytest.mark.filterwarnings("ignore:.*deprecated:UserWarning")
def test_a_tensor_that_cannot_be_copied_does_not_stop_the_others() -> None:
    net = nn.Linear(2, 1)
    scales, zeros = torch.ones(2), torch.zeros(2)  # zero points that are no integers: torch has no clone for these
    net.register_buffer("odd", torch.quantize_per_channel(torch.rand(2, 4), scales, zeros, 0, torch.quint8))
    console = Console(net)
    assert console.run("net.bias.data.fill_(5)") == ["bias"]
    console.watch.undo()
    assert console.run("pass") == []
    assert net.bias.item() != 5


def test_a_change_is_named_by_the_line_that_does_something() -> None:
    assert quoted_label("import copy\nnet[4] = copy.deepcopy(net[2])") == "`net[4] = copy.deepcopy(net[2]) …`"
    assert quoted_label("import copy") == "`import copy`"
    assert quoted_label(" \n") == "the last change"


@pytest.mark.parametrize("goes_on", [False, True])
def test_an_undo_that_is_interrupted_can_be_undone_to_its_end(goes_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(shared())
    before = console.values()
    console.run("for parameter in net.parameters(): parameter.data += 1")
    written = []
    restore = ValueRecord.restore

    def interrupted(self: ValueRecord) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(restore(self))

    with monkeypatch.context() as pressed:
        pressed.setattr(ValueRecord, "restore", interrupted)
        with pytest.raises(KeyboardInterrupt):
            console.watch.undo()
    assert not same(console.values(), before)
    if goes_on:  # what was restored by then is part of the next change
        assert console.run("net[6].bias.data += 1") == ["0.weight", "0.bias", "6.bias"]
        console.watch.undo()
    console.watch.undo()
    assert same(console.values(), before)
    console.watch.redo()
    assert torch.equal(console.values()["6.bias"], before["6.bias"] + 1)
