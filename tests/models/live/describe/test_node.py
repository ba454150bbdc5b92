"""The facts of tensors and modules, each compared with what torch says of the object.

Of `node`, `module`, `tensor` and `plain_value`.
"""

import functools

import pytest
import torch
from torch import nn
from torch.nn import functional

from models.live.describe.node import describe_node
from models.live.live_tree import LiveTree


def facts(root, path):
    tree = LiveTree.of(root)
    groups = describe_node(tree, tree.at(path))
    return {group.title: {fact.label: fact.text for fact in group.facts} for group in groups}


def links(root, path, label):
    tree = LiveTree.of(root)
    every = [fact for group in describe_node(tree, tree.at(path)) for fact in group.facts]
    return [fact.path for fact in every if fact.label == label]


def shared():
    tied = nn.Linear(8, 8)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), tied, nn.ReLU(), tied, nn.ReLU(), nn.Linear(8, 1))


class Mixed(nn.Module):
    """One of each kind of tensor.

    More words.
    """

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.register_buffer("kept", torch.zeros(2))
        self.register_buffer("lost", torch.zeros(2), persistent=False)
        self.rand_weight = torch.rand(4, 4)
        self.window = self.rand_weight[1:, :2]
        self.width = 7
        self.activation = functional.relu
        self.sizes = (1, [2, 3], {"a": torch.float16})
        self.hidden = [nn.Linear(2, 2)]

    def forward(self, x, times: int = 2):
        return x


def test_a_parameter_is_a_compound_object():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    found = facts(net, "2.weight")
    assert found["Name"]["State-dict key"] == "2.weight"
    assert found["Name"]["Python"] == "net[2].weight"
    assert found["Name"]["Class"] == "torch.nn.parameter.Parameter"
    assert found["Name"]["By default"].startswith("uniform(-0.353553, 0.353553)")
    assert found["Numbers"] == {
        "Shape": "[1, 8]", "Elements": "8", "Dtype": "float32", "Device": "cpu", "Bytes": "32",
    }  # fmt: skip
    assert found["Gradient"]["requires_grad"] == "True"
    assert found["Gradient"]["Gradient"].startswith("no gradient yet (None)")
    assert found["Memory"]["Stride"] == "[8, 1]"
    assert "Sharing" not in found


def test_the_three_states_of_a_gradient():
    net = nn.Linear(2, 1)
    net(torch.zeros(1, 2)).sum().backward()
    assert facts(net, "weight")["Gradient"]["Gradient"].startswith("all zeros")
    assert facts(net, "bias")["Gradient"]["Gradient"] == "present: [1] float32, L2 norm 1"
    net.bias.requires_grad_(False)
    net.bias.grad = None
    assert "requires_grad is False" in facts(net, "bias")["Gradient"]["Gradient"]


def test_what_registering_means():
    net = Mixed()
    kinds = {path: facts(net, path)["Name"] for path in ("scale", "kept", "lost", "rand_weight")}
    assert {path: "State-dict key" in names for path, names in kinds.items()} == {
        path: path in net.state_dict() for path in kinds
    }
    assert kinds["rand_weight"]["Kind"].startswith("plain attribute: not in state_dict")
    assert "not persistent" in kinds["lost"]["Kind"]


def test_who_shares_an_object_is_a_link():
    net = shared()
    assert links(net, "2.weight", "Same object") == ["4.weight"]
    assert links(net, "4", "Same object") == ["2"]
    assert facts(net, "")["Size"]["Parameters"] == "121 (in 6 tensors)"
    assert facts(net, "")["Size"]["Modules below"] == "6"


def test_views_of_one_storage_are_links():
    net = Mixed()
    assert links(net, "window", "Same memory") == ["rand_weight"]
    memory = facts(net, "window")["Memory"]
    assert memory["Stride"] == "[4, 1], not contiguous"
    assert memory["Storage offset"] == "4"


def test_in_place_changes_are_counted():
    net = Mixed()
    net.rand_weight.mul_(2).add_(1)
    assert facts(net, "rand_weight")["Memory"]["Version"].startswith(f"{net.rand_weight._version} ")


def test_a_module_shows_what_it_is():
    found = facts(Mixed(), "")
    assert found["Name"]["Class"] == f"{__name__}.Mixed"
    assert found["Name"]["Mode"] == "train"
    assert found["Code"]["About"] == "One of each kind of tensor."
    assert found["Code"]["forward"] == "forward(x, times: int = 2)"
    assert found["Code"]["Defined in"].startswith(f"{__file__}:")
    assert found["Size"]["Own"] == "3 (in 1 tensor)"
    assert found["Attributes"] == {
        "width": "7",
        "activation": "torch.nn.functional.relu",
        "sizes": "(1, [2, 3], {'a': torch.float16})",
    }


def test_arguments_are_what_torch_prints():
    net = nn.Sequential(nn.Linear(4, 8))
    assert facts(net, "0")["Name"]["Arguments"] == "in_features=4, out_features=8, bias=True"
    assert facts(net, "0.weight")["Name"]["Kind"].startswith("parameter")


def some_hook(*args):
    """Hooked by the tests below."""


def test_hooks_are_named_where_they_sit():
    net = nn.Linear(2, 2)
    net.register_forward_hook(some_hook)
    net.register_forward_pre_hook(functools.partial(some_hook, 1))
    net.register_full_backward_hook(some_hook)
    net.register_load_state_dict_pre_hook(some_hook)
    net.weight.register_hook(some_hook)
    net.weight.register_post_accumulate_grad_hook(some_hook)
    name = f"{__name__}.some_hook"
    assert facts(net, "")["Hooks"] == {
        "Before forward": name, "After forward": name, "After backward": name, "Before load_state_dict": name,
    }  # fmt: skip
    gradient = facts(net, "weight")["Gradient"]
    assert (gradient["Hook"], gradient["After accumulation"]) == (name, name)


def test_hooks_that_watch_a_run_are_not_shown():
    def watch(*args):
        pass

    watch.__module__ = "models.run.trace.tracing"
    net = nn.Linear(2, 2)
    net.register_forward_hook(watch)
    assert "Hooks" not in facts(net, "")


class Hostile(nn.Module):
    """\x1b[31mred"""

    def __init__(self):
        super().__init__()
        self.trap = Trap()
        self.long = "x" * 10_000
        self.number = 10**5000

    def extra_repr(self):
        raise RuntimeError("no " * 10_000)


class Trap:
    """Nobody may print this."""

    def __repr__(self):
        raise AssertionError("printed")


class Long(nn.Module):
    """Prints too much."""

    def extra_repr(self):
        return "y" * 10**6


def test_hostile_modules_are_described_all_the_same():
    found = facts(Hostile(), "")
    assert found["Name"]["Arguments"].startswith("not known (RuntimeError: no no")
    assert "trap" not in found["Attributes"]
    assert all(len(text) <= 2000 for group in found.values() for text in group.values())
    assert facts(Long(), "")["Name"]["Arguments"] == "y" * 1999 + "…"


class Own(nn.Linear):
    """Names of `nn.Module` that mean something else here."""

    def parameters(self, group):
        raise AssertionError("called")

    named_modules = modules = buffers = parameters

    @property
    def training(self):
        raise AttributeError("no mode")

    @training.setter
    def training(self, value):
        pass

    def __getattr__(self, name):
        if name == "parametrizations":
            raise SystemExit(3)
        return super().__getattr__(name)


def test_a_class_may_have_other_ideas_of_what_its_methods_do():
    found = facts(nn.Sequential(Own(2, 3)), "0")
    assert found["Name"]["Class"].endswith(".Own")
    assert "Mode" not in found["Name"]
    assert found["Size"]["Parameters"] == "9 (in 2 tensors)"
    assert facts(nn.Sequential(Own(2, 3)), "")["Size"]["Modules below"] == "1"


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(2, 3, device="meta"),
        torch.eye(3).to_sparse(),
        torch.zeros(()),
        torch.zeros(0, 4),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.float8_e4m3fn),
        nn.Parameter(torch.ones(2)) * 2,
        nn.LazyLinear(2).weight,
    ],
    ids=["meta", "sparse", "scalar", "empty", "complex", "float8", "result", "lazy"],
)
def test_every_kind_of_tensor_can_be_described(tensor):
    net = nn.Module()
    net.odd = tensor
    found = facts(net, "odd")
    assert found["Numbers"]["Dtype"] == str(tensor.dtype)[6:]
    assert not any("not known" in text for group in found.values() for text in group.values())


def test_inference_tensors_have_no_version():
    net = nn.Module()
    with torch.inference_mode():
        net.fixed = torch.zeros(2)
    assert "inference" in facts(net, "fixed")["Memory"]["Version"]


def test_looking_changes_nothing():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(), nn.LazyLinear(2))
    net[1].eval()
    tensors = [*net[:3].parameters(), *net.buffers()]
    versions, modes = [t._version for t in tensors], [m.training for m in net.modules()]
    state = torch.get_rng_state()
    tree = LiveTree.of(net)
    for node in tree.nodes:
        describe_node(tree, node)
    assert [t._version for t in tensors] == versions
    assert [m.training for m in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert net[3].has_uninitialized_params()
