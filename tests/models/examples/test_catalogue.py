"""Every figure of the documented networks, and every statement offered, checked against torch.

Of `catalogue` and every network of the folder.
"""

from __future__ import annotations

import contextlib
import copy
import io
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.examples.catalogue import EXAMPLES, build_example, example_names
from models.examples.chinese import CHINESE
from models.run.inputs.inputs import make_inputs
from models.run.inputs.specs import parse_spec

# name: section, input, output shape, parameters, rows of modules
FACTS = {
    "sequential": ("1", "2x20", (2, 10), 7_946, 4),
    "mlp": ("1.1", "2x20", (2, 10), 7_946, 3),
    "my_sequential": ("1.2", "2x20", (2, 10), 7_946, 4),
    "fixed_hidden_mlp": ("1.3", "2x20", (), 420, 2),
    "parameter_access": ("2.1", "2x4", (2, 1), 49, 4),
    "rgnet": ("2.1.3", "2x4", (2, 1), 309, 23),
    "initialized": ("2.2", "2x4", (2, 1), 49, 4),
    "shared": ("2", "2x4", (2, 1), 121, 8),
}


def test_the_start_order() -> None:
    assert list(EXAMPLES) == list(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_figures(name: str) -> None:
    example, net = EXAMPLES[name], build_example(name)
    section, spec, shape, parameters, modules = FACTS[name]
    assert (example.section, example.input, example.parameters, example.modules) == (section, spec, parameters, modules)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert len(list(net.named_modules(remove_duplicate=False))) == modules
    args, _ = make_inputs([parse_spec(spec)])
    assert net(*args).shape == shape


@pytest.mark.parametrize("name", FACTS)
def test_every_statement_offered_works(name: str) -> None:
    example, net = EXAMPLES[name], build_example(name)
    args, _ = make_inputs([parse_spec(example.input)])
    scope = {"torch": torch, "nn": nn, "F": F, example.variable: net, "X": args[0], **example_names(name, net)}
    with contextlib.redirect_stdout(io.StringIO()):
        for statement in example.tries:
            exec(compile(statement, "<try>", "single"), scope)


@pytest.mark.parametrize("name", FACTS)
def test_notes_are_two_or_three_sentences(name: str) -> None:
    note = EXAMPLES[name].note
    assert 2 <= note.replace("…", "").count(". ") + 1 <= 3
    assert note.endswith(".")


def test_sequential_grad_fn() -> None:
    assert build_example("sequential")(torch.rand(2, 20)).grad_fn.name() == "AddmmBackward0"


def test_my_sequential_computes_what_sequential_computes() -> None:
    mine, theirs = build_example("my_sequential"), build_example("sequential")
    theirs.load_state_dict(mine.state_dict())
    X = torch.rand(2, 20)
    assert torch.equal(mine(X), theirs(X))
    assert [name for name, _ in mine.named_children()] == ["0", "1", "2"]


def test_mlp_applies_relu_as_a_function() -> None:
    net = build_example("mlp")
    assert [type(m) for m in net.children()] == [nn.Linear, nn.Linear]
    X = torch.rand(2, 20)
    assert torch.equal(net(X), net.out(torch.clamp(net.hidden(X), min=0)))


def test_the_constant_is_no_parameter_gets_no_gradient_and_is_not_trained() -> None:
    net = build_example("fixed_hidden_mlp")
    before = net.rand_weight.clone()
    assert [name for name, _ in net.named_parameters()] == ["linear.weight", "linear.bias"]
    assert "rand_weight" not in net.state_dict()
    net(torch.rand(2, 20)).backward()
    torch.optim.SGD(net.parameters(), lr=1.0).step()
    assert net.rand_weight.grad is None
    assert torch.equal(net.rand_weight, before)
    assert net.linear.weight.grad is not None


def test_fixed_hidden_mlp_by_hand() -> None:
    net = build_example("fixed_hidden_mlp")
    X = torch.rand(2, 20)
    hidden = net.linear(torch.clamp(net.linear(X) @ net.rand_weight + 1, min=0))
    while hidden.abs().sum() > 1:
        hidden = hidden / 2
    assert torch.allclose(net(X), hidden.sum())
    assert "UnboundLocalError" in EXAMPLES["fixed_hidden_mlp"].note


def test_parameter_access_as_the_document_has_it() -> None:
    net = build_example("parameter_access")
    assert {key: tuple(value.shape) for key, value in net[2].state_dict().items()} == {"weight": (1, 8), "bias": (1,)}
    assert type(net[2].bias) is torch.nn.parameter.Parameter
    assert net[2].weight.grad is None
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_rgnet_nesting_and_its_rows_nearly_alike() -> None:
    torch.manual_seed(0)
    net = build_example("rgnet")
    assert [name for name, _ in net[0].named_children()] == ["block 0", "block 1", "block 2", "block 3"]
    assert torch.equal(net[0][1][0].bias.data, net.state_dict()["0.block 1.0.bias"])
    assert net[0][1][0].bias.numel() == 8
    first, second = net(torch.rand(2, 4))
    assert abs((first - second).item()) < 1e-3


def test_shared_is_one_object_counted_once() -> None:
    net = build_example("shared")
    assert net[2] is net[4]
    assert len(list(net.named_modules())) == 7
    assert sum(p.numel() for _, p in net.named_parameters(remove_duplicate=False)) == 193
    assert example_names("shared", net) == {"shared": net[2]}
    twin = copy.deepcopy(net)
    twin[4] = copy.deepcopy(twin[2])
    X = torch.rand(2, 4)
    for network in (net, twin):
        network(X).sum().backward()
    assert torch.allclose(net[2].weight.grad, twin[2].weight.grad + twin[4].weight.grad)


def test_initialized_ends_with_the_own_rule() -> None:
    net = build_example("initialized")
    for layer in (net[0], net[2]):
        magnitudes = layer.weight.detach().abs()
        assert bool(((magnitudes == 0) | ((magnitudes >= 5) & (magnitudes <= 10))).all())
        assert not layer.bias.detach().any()


def test_each_initialiser() -> None:
    net = build_example("initialized")
    names = example_names("initialized", net)
    big = nn.Linear(200, 300)
    big.apply(names["init_normal"])
    assert float(big.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert not big.bias.detach().any()
    assert net.apply(names["init_constant"])[0].weight.unique().tolist() == [1]
    big.apply(names["init_xavier"])
    bound = (6 / 500) ** 0.5
    assert 0.95 * bound < float(big.weight.detach().abs().max()) <= bound
    assert net[2].apply(names["init_42"]).weight.unique().tolist() == [42]
    big.apply(names["my_init"])
    assert float((big.weight == 0).float().mean()) == pytest.approx(0.5, abs=0.02)


def test_the_catalogue_does_without_torch() -> None:
    code = "import sys, models.examples.catalogue as c; assert 'torch' not in sys.modules; print(len(c.EXAMPLES))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "8\n"


def test_another_name() -> None:
    with pytest.raises(KeyError):
        build_example("nothing")


def test_every_title_and_note_is_there_in_chinese_with_the_same_code() -> None:
    assert CHINESE.keys() == EXAMPLES.keys()
    for example in EXAMPLES.values():
        title, note = example.words("zh")
        assert example.words("en") == (example.title, example.note)
        assert example.words("fr") == example.words()
        for text in (title, note):
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
        assert note.split("`")[1::2] == example.note.split("`")[1::2]
