"""Paths as Python: evaluating one gives the very object, whatever the names."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations

from models.examples.catalogue import EXAMPLES, build_example
from models.live.live_tree import LiveTree
from models.live.paths import node_path_forms, python_path
from tests.cases import examples


def written(net: nn.Module, path: str) -> str:
    tree = LiveTree.of(net)
    node = tree.at(path)
    assert node is not None
    return python_path(tree, node)


def check_all(net: nn.Module) -> None:
    tree = LiveTree.of(net)
    for node in tree.nodes:
        text = python_path(tree, node)
        assert eval(text, {"net": net}) is node.item, text


@pytest.mark.parametrize("name", EXAMPLES)
def test_documented_networks(name: str) -> None:
    check_all(build_example(name))


def test_as_the_document_writes_it() -> None:
    assert written(build_example("rgnet"), "0.block 1.0.bias") == "net[0][1][0].bias"
    assert written(build_example("rgnet"), "") == "net"
    assert written(build_example("mlp"), "hidden.weight") == "net.hidden.weight"
    assert written(build_example("my_sequential"), "2.bias") == "getattr(net, '2').bias"


class Numbered(nn.Sequential):
    def __getitem__(self, index: object) -> nn.Module:  # type: ignore[override]
        raise AssertionError("a look must not call the user's code")


class Unset(nn.Module):
    bias = None
    """Stands before what is registered under this name."""

    @property
    def weight(self) -> int:
        raise AssertionError("a look must not call the user's code")


def _containers() -> nn.Module:
    net = nn.Module()
    net.layers = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
    net.layers.extra = nn.ReLU()
    net.by_name = nn.ModuleDict({"a b": nn.ReLU(), "c": nn.ReLU()})
    net.numbers = nn.ParameterList([torch.ones(1), torch.ones(2)])
    net.named = nn.ParameterDict({"x": torch.ones(1), "y z": torch.ones(1)})
    net.own = Numbered(nn.ReLU())
    net.normed = parametrizations.weight_norm(nn.Linear(2, 2))
    net.hidden = [nn.Linear(1, 1), {"k": nn.ReLU(), object(): nn.ReLU(), (1, "a"): nn.ReLU(), 1.5: nn.ReLU()}]
    net.masks = (torch.ones(1), [torch.ones(1)])
    net.unset = Unset()
    net.unset._parameters["bias"] = nn.Parameter(torch.ones(1))
    net.unset._buffers["weight"] = torch.ones(1)
    net.unset.__dict__["weight"] = torch.zeros(1)
    net.twice = nn.Module()
    net.twice._parameters["same"] = nn.Parameter(torch.ones(1))
    net.twice._buffers["same"] = torch.ones(1)
    net.twice._modules["same"] = nn.ReLU()
    holes = nn.Sequential(nn.ReLU(), nn.ReLU(), nn.ReLU())
    holes._modules["1"] = None
    net.holes = holes
    return net


def test_every_container_is_written_as_python_reads_it() -> None:
    net = _containers()
    check_all(net)
    assert written(net, "layers.1") == "net.layers[1]"
    assert written(net, "by_name.a b") == "net.by_name['a b']"
    assert written(net, "named.x") == "net.named['x']"
    assert written(net, "numbers.1") == "net.numbers[1]"
    assert written(net, "own.0") == "getattr(net.own, '0')"
    assert written(net, "unset.bias") == "net.unset._parameters['bias']"
    assert written(net, "hidden[0].weight") == "net.hidden[0].weight"
    assert written(net, "holes.2") == "net.holes[2]"


NASTY = st.one_of(
    st.sampled_from(
        ["", "class", "0", "00", "1", "٣", "ﬁ", "keys", "training", "forward", "weight", "a.b", "__class__"]
    ),
    st.text(max_size=6),
)


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    def make(depth: int) -> nn.Module:
        module: nn.Module = draw(st.sampled_from([nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict, Unset]))()
        for name in draw(st.lists(NASTY, max_size=4)):
            what = draw(st.integers(0, 4))
            if what == 0:
                module._parameters[name] = nn.Parameter(torch.zeros(1))
            elif what == 1:
                module._buffers[name] = torch.zeros(1)
            elif what == 2 and name not in vars(module) and name != "__class__":
                module.__dict__[name] = draw(st.sampled_from([torch.zeros(1), [torch.zeros(1)], {name: nn.ReLU()}]))
            elif depth:
                module._modules[name] = make(depth - 1)
        return module

    return make(3)


@settings(max_examples=examples(200), deadline=None)
@given(networks())
def test_any_network(net: nn.Module) -> None:
    check_all(net)


def forms(net: nn.Module, path: str, where: str | None = None) -> dict[str, str]:
    tree = LiveTree.of(net)
    node = tree.at(path)
    assert node is not None
    return {form.label: form.text for form in node_path_forms(tree, node, where)}


def test_forms_of_a_parameter_all_lead_to_it() -> None:
    net = build_example("rgnet")
    found = forms(net, "0.block 1.0.bias", "layers.py:3")
    assert next(iter(found.items())) == ("State-dict key", "0.block 1.0.bias")
    bias = net[0][1][0].bias
    assert eval(found["Python"], {"net": net}) is bias
    assert eval(found["By its path"], {"net": net}) is bias
    assert eval(found["From the state dict"], {"net": net}).data_ptr() == bias.data_ptr()
    assert torch.equal(torch.tensor(eval(found["Value as Python"])), bias)
    assert found["File and line of the class"] == "layers.py:3"


def test_forms_fit_what_a_node_is() -> None:
    net = build_example("fixed_hidden_mlp")
    assert set(forms(net, "rand_weight")) == {"Path", "Python", "Value as Python", "Value as NumPy", "Value as CSV"}
    assert forms(net, "linear") == {
        "Path": "linear",
        "Python": "net.linear",
        "By its path": "net.get_submodule('linear')",
    }
    assert forms(net, "", "mlp.py:9") == {"Python": "net", "File and line of the class": "mlp.py:9"}
    net.register_buffer("passing", torch.ones(1), persistent=False)
    assert "From the state dict" not in forms(net, "passing")
    assert forms(net, "passing")["By its path"] == "net.get_buffer('passing')"


def test_no_values_where_there_are_none() -> None:
    assert "Value as Python" not in forms(nn.Linear(1, 1, device="meta"), "weight")
    assert "Value as CSV" not in forms(nn.LazyLinear(1), "weight")


def test_long_values_are_cut_and_say_so() -> None:
    net = nn.Linear(400, 400)
    tree = LiveTree.of(net)
    cut = {form.label: (form.cut, len(form.text)) for form in node_path_forms(tree, tree.nodes[1])}
    assert cut["Value as CSV"] == (True, 100_000)
    assert cut["Python"] == (False, len("net.weight"))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_getters_that_raise_are_not_offered() -> None:
    tree = LiveTree.of(torch.jit.script(nn.Sequential(nn.Linear(2, 1))))
    node = tree.at("0.weight")
    assert node is not None
    assert "By its path" not in [form.label for form in node_path_forms(tree, node)]
