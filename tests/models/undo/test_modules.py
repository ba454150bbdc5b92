"""What of a module is recorded and restored, and what is left as it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.undo.changes import NothingToUndo, Watch
from models.undo.modules import LEFT, ModuleDifference, ModuleRecord, ModuleRecords


class Odd:
    """Something that a module may hold, and that may hold a graph."""


def differences(record: ModuleRecord) -> list[tuple[str, str]]:
    return [(found.kind, found.name) for found in record.differences()]


def test_what_differs_is_named_by_its_kind() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1))
    net.note = "old"
    record, dropout = ModuleRecord(net), ModuleRecord(net[1])
    assert differences(record) == differences(dropout) == []
    net.note = "new"
    net[0] = nn.Linear(2, 2)
    net.register_forward_hook(lambda *_: None)
    net.training = False
    net[1].p = 0.2
    kinds = {("attribute", "note"), ("entry", "0"), ("hooks", "_forward_hooks"), ("training", "training")}
    assert set(differences(record)) == kinds
    assert differences(dropout) == [("attribute", "p")]
    record.restore()
    dropout.restore()
    assert differences(record) == differences(dropout) == []
    assert ModuleDifference("entry", "0").kind == "entry"


@pytest.mark.parametrize(("old", "new", "differs"), [(0.5, 1 / 2, False), (0.0, -0.0, True), (1, True, True)])
def test_plain_values_are_compared_by_value_type_and_sign(old: object, new: object, differs: bool) -> None:
    net = nn.Identity()
    net.value = old
    record = ModuleRecord(net)
    net.value = new
    assert bool(differences(record)) is differs


def test_objects_of_other_classes_and_results_are_left_as_they_are() -> None:
    net = nn.Linear(2, 2)
    net.thing = Odd()
    net.last = net(torch.ones(1, 2))
    record = ModuleRecord(net)
    assert record.own["thing"] is record.own["last"] is LEFT
    thing, last = Odd(), net(torch.zeros(1, 2))
    net.thing, net.last = thing, last
    assert differences(record) == []
    net.bias = None
    record.restore()
    assert net.bias is not None
    assert net.thing is thing
    assert net.last is last


def test_a_container_that_is_too_long_or_holds_a_result_is_left() -> None:
    net = nn.Linear(2, 2)
    net.many = list(range(20_000))
    net.outputs = [net(torch.ones(1, 2))]
    net.itself = []
    net.itself.append(net.itself)
    record = ModuleRecord(net)
    assert [name for name, value in record.own.items() if value is LEFT] == ["many", "outputs", "itself"]


def test_names_come_back_in_their_order() -> None:
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Tanh())
    record = ModuleRecord(net)
    del net._modules["0"]
    net._modules["new"] = nn.ReLU()
    net._modules["0"] = nn.Linear(1, 1)
    record.restore()
    assert list(net._modules) == ["0", "1", "2"]


def test_many_are_compared_at_once_and_those_that_changed_are_found() -> None:
    net = nn.Sequential(*[nn.Dropout(0.1) for _ in range(50)])
    net[7].seen = {"a": [1, 2], "b": {3}}
    net[9].thing = Odd()
    records = ModuleRecords(net.modules())
    assert records.changed(thoroughly=False) == []
    net[7].seen["b"].add(4)
    net[9].p = 0.5
    net[11].register_forward_hook(lambda *_: None)
    changed = records.changed(thoroughly=False)
    assert [record.module for record in changed] == [net[7], net[9], net[11]]
    for record in changed:
        record.restore()
    assert records.changed(thoroughly=False) == []
    assert net[7].seen == {"a": [1, 2], "b": {3}}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_of_a_scripted_module_the_mode_comes_back() -> None:
    net = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    watch = Watch(LiveTree.of(net))
    watch.begin("net.eval()")
    net.eval()
    assert watch.end() == []
    assert watch.undo().text == "took back `net.eval()`: training of the network itself and all below"
    assert net.training


def test_the_weights_that_an_lstm_lists_besides_come_back_too() -> None:
    net = nn.LSTM(2, 2)
    old = net.weight_ih_l0
    watch = Watch(LiveTree.of(net))
    watch.begin("replace")
    net.weight_ih_l0 = nn.Parameter(torch.zeros(8, 2))
    assert watch.end() == ["weight_ih_l0"]
    watch.undo()
    assert net.weight_ih_l0 is old
    assert net._flat_weights[0] is old


def test_a_module_that_was_never_initialised_is_left_alone() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            pass

    net = Bare()
    watch = Watch(LiveTree.of(net))
    watch.begin("x")
    vars(net)["value"] = 1
    assert watch.end() == []
    with pytest.raises(NothingToUndo):
        watch.undo()


def test_keys_of_a_dict_and_names_of_attributes_that_are_others_are_seen_and_come_back() -> None:
    net = nn.Linear(2, 2)
    one, other = torch.rand(3), torch.rand(3)
    net.options, net.cache, net.last = {"a": 1}, {one: 1}, 5
    records = ModuleRecords([net])
    assert records.changed(thoroughly=False) == []
    net.options["b"] = net.options.pop("a")
    (record,) = records.changed(thoroughly=False)
    record.restore()
    net.cache[other] = net.cache.pop(one)
    assert differences(record) == [("attribute", "cache")]
    assert records.changed(thoroughly=False) == [record]
    record.restore()
    net.renamed = net.last
    del net.last
    assert records.changed(thoroughly=False) == [record]
    record.restore()
    assert net.options == {"a": 1}
    assert next(iter(net.cache)) is one
    assert net.last == 5
    assert not hasattr(net, "renamed")


def test_registries_that_torch_makes_anew_are_watched_and_come_back() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    layers = list(net)
    record = ModuleRecord(net)
    del net[1]  # a Sequential numbers the others anew, in an OrderedDict
    assert differences(record) == [("entry", "1"), ("entry", "2")]
    after = ModuleRecord(net)
    record.restore()
    assert list(net) == layers
    after.restore()
    assert list(net) == [layers[0], layers[2]]
    assert differences(after) == []
    net.append(nn.Tanh())
    assert differences(after) == [("entry", "2")]
    after.restore()
    assert list(net._modules) == ["0", "1"]
