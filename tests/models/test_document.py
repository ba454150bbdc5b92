"""The twelve statements of the source document, typed into the console with that network open.

What is expected is what Python itself gives for the same objects, or a figure of the document.
"""

from __future__ import annotations

import re

import pytest
import torch

from models.live.gradients import gradient_row
from models.live.paths import python_path
from models.messages import Executed
from models.messages.errors import EngineProblem
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from models.tensors.torch_readable import readable_of
from models.tensors.window import window


def opened(source: str) -> Session:
    session = Session()
    session.open(source, seed=0)
    return session


def value(session: Session, text: str) -> str | None:
    done = run_statement(session, text)
    assert done.problem is None, done.problem
    return done.value


def test_1_print_the_structure(capsys: pytest.CaptureFixture[str]) -> None:
    session = opened("rgnet")
    assert run_statement(session, "print(rgnet)").value is None
    printed = capsys.readouterr().out
    assert printed == f"{session.root}\n"
    for block in range(4):
        assert f"(block {block}): Sequential(" in printed
    assert value(session, "net") == repr(session.root)
    mlp = value(opened("mlp"), "MLP()")
    assert mlp == (
        "MLP(\n  (hidden): Linear(in_features=20, out_features=256, bias=True)\n"
        "  (out): Linear(in_features=256, out_features=10, bias=True)\n)"
    )


def test_2_run_it() -> None:
    session = opened("sequential")
    assert value(session, "X = torch.rand(2, 20)") is None
    result = value(session, "net(X)")
    assert result is not None
    assert result.startswith("tensor([[")
    assert result.endswith("grad_fn=<AddmmBackward0>)")
    assert session.namespace["_"].shape == (2, 10)


def test_3_state_dict_of_a_layer() -> None:
    session = opened("parameter_access")
    text = value(session, "net[2].state_dict()")
    assert text is not None
    assert text.startswith("OrderedDict(")
    state = session.namespace["_"]
    assert {name: (list(tensor.shape), tensor.dtype) for name, tensor in state.items()} == {
        "weight": ([1, 8], torch.float32),
        "bias": ([1], torch.float32),
    }


def test_4_a_parameter_is_a_compound_object() -> None:
    session = opened("parameter_access")
    assert value(session, "type(net[2].bias)") == "<class 'torch.nn.parameter.Parameter'>"
    text = value(session, "net[2].bias")
    assert text is not None
    assert re.fullmatch(r"Parameter containing:\ntensor\(\[-?\d\.\d+\], requires_grad=True\)", text)
    bare = value(session, "net[2].bias.data")
    assert bare is not None
    assert "requires_grad" not in bare
    assert value(session, "net[2].bias.data.item()") == repr(session.root[2].bias.item())  # type: ignore[index]


def test_5_no_gradient_yet_is_not_zero() -> None:
    session = opened("parameter_access")
    assert value(session, "net[2].weight.grad == None") == "True"
    weight = session.root[2].weight  # type: ignore[index]
    assert gradient_row("2.weight", weight).state == "none"
    value(session, "net[2].weight.grad = torch.zeros(1, 8)")
    assert gradient_row("2.weight", weight).state == "zero"


def test_6_all_parameters_at_once() -> None:
    session = opened("parameter_access")
    assert value(session, "[name for name, _ in net[0].named_parameters()]") == "['weight', 'bias']"
    names = value(session, "[name for name, param in net.named_parameters()]")
    assert names == "['0.weight', '0.bias', '2.weight', '2.bias']"
    tree = session.model.tree
    assert [node.path for node in tree.tensors_below(tree.nodes[0])] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_7_by_key() -> None:
    session = opened("parameter_access")
    assert value(session, "net.state_dict()['2.bias']") == repr(session.root[2].bias.data)  # type: ignore[index]


def test_8_through_nesting() -> None:
    session = opened("rgnet")
    bias = session.root[0][1][0].bias  # type: ignore[index]
    assert value(session, "rgnet[0][1][0].bias.data") == repr(bias.data)
    node = session.live.node("0.block 1.0.bias")
    assert node.item is bias
    assert python_path(session.model.tree, node) == "net[0][1][0].bias"
    cells = window(readable_of(bias), path=node.path, of="value", leading=[], row=0, rows=5, column=0, columns=20)
    assert cells.values == bias.tolist()
    assert len(cells.values) == 8


def test_9_both_rows_of_rgnet_come_out_alike() -> None:
    """Averaged over many draws: one unlucky seed must not decide."""
    differences = []
    for seed in range(20):
        torch.manual_seed(seed)
        session = Session()
        session.open("rgnet", seed=seed)
        ran = forward_pass(session)
        assert ran.problem is None
        output = session.result
        assert isinstance(output, torch.Tensor)
        assert list(output.shape) == [2, 1]
        differences.append(abs(output[0, 0].item() - output[1, 0].item()))
    differences.sort()
    assert differences[10] < 1e-4


def test_10_the_constant_learns_nothing() -> None:
    session = opened("fixed_hidden_mlp")
    assert value(session, "[name for name, _ in net.named_parameters()]") == "['linear.weight', 'linear.bias']"
    constant = session.root.rand_weight
    before = constant.clone()
    assert forward_pass(session).problem is None
    assert backward_pass(session).problem is None
    assert constant.grad is None
    assert session.root.linear.weight.grad is not None
    value(session, "torch.optim.SGD(net.parameters(), lr=0.1).step()")
    assert torch.equal(constant, before)
    assert session.live.node("rand_weight").kind == "constant"


def test_10_linear_gets_one_gradient_over_both_uses() -> None:
    """Oracle: the same network with the layer copied, so that each use has a gradient of its own."""
    torch.manual_seed(3)
    session = Session()
    session.open("fixed_hidden_mlp", seed=3)
    assert forward_pass(session).problem is None
    assert backward_pass(session).problem is None
    net, x = session.root, session.namespace["X"]
    weight = net.linear.weight
    first = weight.detach().clone().requires_grad_()
    second = weight.detach().clone().requires_grad_()
    bias = net.linear.bias.detach()
    h = torch.relu((x @ first.T + bias) @ net.rand_weight + 1)
    y = h @ second.T + bias
    while y.abs().sum() > 1:
        y = y / 2
    y.sum().backward()
    assert first.grad is not None
    assert second.grad is not None
    torch.testing.assert_close(weight.grad, first.grad + second.grad)


def test_11_initialisers_of_our_own() -> None:
    session = opened("parameter_access")
    bound = 1 / 4**0.5
    assert session.root[0].weight.abs().max() <= bound  # type: ignore[index]
    done = run_statement(session, "_ = [nn.init.constant_(m.weight, 1) for m in net if isinstance(m, nn.Linear)]")
    assert done.problem is None
    assert sorted(done.changed) == ["0.weight", "2.weight"]
    assert session.root[2].weight.tolist() == [[1.0] * 8]  # type: ignore[index]


def test_12_sharing() -> None:
    session = opened("shared")
    assert session.live.node("2").shared_with == ("4",)
    done: Executed = run_statement(session, "net[2].weight.data[0, 0] = 100")
    assert done.problem is None
    assert sorted(done.changed) == ["2.weight", "4.weight"]
    assert value(session, "net[4].weight.data[0, 0].item()") == "100.0"
    assert value(session, "net[2] is net[4]") == "True"


def test_a_misspelt_network_is_reported_with_what_there_is() -> None:
    with pytest.raises(EngineProblem) as caught:
        opened("rgnett")
    assert "rgnett" in caught.value.problem.title
    assert "rgnet" in caught.value.problem.title.replace("rgnett", "") + caught.value.problem.text
