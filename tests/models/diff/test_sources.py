"""The tensors of a source by name: which of them a state dict holds."""

import torch
from torch import nn

from models.checkpoint.model import CheckpointModel
from models.diff.pairing import pair
from models.diff.sources import comparable, every_tensor
from models.opened.source import Source
from models.session.session import Session
from models.stored.checkpoint import Checkpoint
from tests.models.diff.comparables import opened
from tests.models.stored.held import Held


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.last = nn.Linear(3, 3)
        self.last.weight = self.first.weight
        self.register_buffer("kept", torch.zeros(2))
        self.register_buffer("mask", torch.zeros(2), persistent=False)
        self.constant = torch.ones(3)
        self.hidden = [nn.Linear(2, 2)]

    def forward(self, x):
        return self.last(self.first(x))


def of(module):
    return every_tensor(opened(module))


def test_what_is_expected_of_a_checkpoint_is_the_state_dict():
    net = Net()
    found = of(net)
    assert {each.path for each in found if not each.lacks} == set(net.state_dict())
    assert {each.path for each in found if each.lacks} >= {"mask", "constant"}
    assert any(each.path.startswith("hidden") and each.lacks for each in found)


def test_tied_tensors_know_each_other():
    tied = {each.path: each.twins for each in of(Net())}
    assert tied["first.weight"] == ("last.weight",)
    assert tied["last.weight"] == ("first.weight",)


def test_a_name_that_only_a_checkpoint_has_is_a_difference_though_its_tensor_has_another(tmp_path):
    torch.save(Net().state_dict(), tmp_path / "tied.pt")
    session = Session()
    session.open(f"{tmp_path}/tied.pt")
    found = every_tensor(session.model)
    assert {each.path: each.twins for each in found}["last.weight"] == ("first.weight",)
    net = Net()
    del net.last
    pairs = pair(of(net), found, False, lambda path: True)
    assert pairs.only_b == ["last.weight", "last.bias"]
    session.close()


def test_a_checkpoints_own_order_and_roles():
    tensors = [Held.of(torch.ones(2), name) for name in ("state", "l.10", "l.9")]
    tensors[0].kind = "state"
    for ordered, paths in ((True, ["l.10", "l.9", "state"]), (False, ["l.9", "l.10", "state"])):
        checkpoint = Checkpoint(tensors, ordered=ordered)
        found = every_tensor(
            CheckpointModel(Source(source="x", kind="checkpoint", name="x", checkpoint=checkpoint), {})
        )
        assert [each.path for each in found] == paths
        assert [bool(each.lacks) for each in found] == [False, False, True]


def test_tensors_of_a_checkpoint_are_what_their_facts_say(tmp_path):
    net = Net()
    net(torch.ones(2, 3)).sum().backward()
    adam = torch.optim.Adam(net.parameters())
    adam.step()
    path = tmp_path / "c.pt"
    torch.save({"model": net.state_dict(), "optimizer": adam.state_dict(), "odd": {"a..b": torch.ones(2, 0)}}, path)
    session = Session()
    session.open(str(path))
    model = session.model
    found = every_tensor(model)
    wanted = [comparable(facts) for facts in model.named_tensors()]
    assert [_parts(each) for each in found] == [_parts(each) for each in wanted]
    assert any(each.twins for each in found)
    assert any(each.lacks for each in found)


def _parts(tensor):
    return tensor.side, tensor.path, tensor.readable, tensor.lacks, tensor.twins, tensor.stored, tensor.elements
