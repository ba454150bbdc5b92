from __future__ import annotations

import pytest
from torch import nn

from models.engine.handlers.tree import fold, locate, sort_tree, tree_rows
from models.messages import Fold, Locate, SortTree, TreeOrder, TreeRow, TreeRows
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import clear_gradients
from tests.models.session.observed import NeverCancelled


def session_with(source: str) -> Session:
    session = Session()
    session.open(source)
    fold(session, Fold(path="", how="all"), NeverCancelled())
    return session


def rows(session: Session) -> list[TreeRow]:
    return tree_rows(session, TreeRows(start=0, count=200), NeverCancelled()).rows


def sort(session: Session, order: TreeOrder, path: str = "") -> int:
    return sort_tree(session, SortTree(order=order, path=path), NeverCancelled()).row


def test_siblings_by_parameters_and_back_with_the_place_of_a_path() -> None:
    session = session_with("mlp")
    before = [row.path for row in rows(session)]
    assert before == ["", "hidden", "hidden.weight", "hidden.bias", "out", "out.weight", "out.bias"]
    assert sort(session, "parameters", "hidden") == 1, "20 x 256 + 256 are more than 256 x 10 + 10"
    assert [row.path for row in rows(session)] == before
    session = session_with("sequential")
    assert sort(session, "parameters", "1") == 7, "a ReLU has none"
    assert [row.path for row in rows(session)] == [*("", "0", "0.weight", "0.bias", "2", "2.weight", "2.bias", "1")]
    page = tree_rows(session, TreeRows(start=4, count=2), NeverCancelled())
    assert [row.path for row in page.rows] == ["2", "2.weight"]
    assert locate(session, Locate(path="2.bias"), NeverCancelled()).row == 6
    assert fold(session, Fold(path="0", how="close"), NeverCancelled()).row == 1
    assert [row.path for row in rows(session)] == ["", "0", "2", "2.weight", "2.bias", "1"]
    assert sort(session, "file", "1") == 2


def test_siblings_by_what_the_last_run_and_backward_did() -> None:
    session = session_with("sequential")
    assert sort(session, "flops") == 0
    assert [row.path for row in rows(session) if row.depth == 1] == ["0", "1", "2"], "nothing has run"
    forward_pass(session)
    assert [row.path for row in rows(session) if row.depth == 1] == ["0", "2", "1"], "20 x 256 before 256 x 10"
    backward_pass(session)
    sort(session, "gradient")
    found = [row.run.gradient for row in rows(session) if row.depth == 1 and row.run is not None]
    assert len(found) == 3
    assert found == sorted(found, key=lambda norm: -(norm or 0.0))
    root = rows(session)[0].run
    assert root is not None
    assert root.backward == 1.0
    net = session.root
    ratios = {path: _ratio(net.get_submodule(path)) for path in ("0", "2")}
    sort(session, "relative_gradient")
    found = [row.run.relative_gradient for row in rows(session) if row.depth == 1 and row.run is not None]
    assert found == [pytest.approx(ratio) for ratio in sorted(ratios.values(), reverse=True)] + [None]
    tensors = [row for row in rows(session) if row.path.startswith("0.")]
    sizes = [_ratio(net.get_parameter(row.path)) for row in tensors]
    assert sizes == sorted(sizes, reverse=True)
    assert [row.run.relative_gradient for row in tensors if row.run is not None] == [
        pytest.approx(each) for each in sizes
    ]


def test_gradients_made_in_the_console_stand_in_the_tree_until_they_are_cleared() -> None:
    session = session_with("sequential")

    def norms() -> dict[str, float]:
        return {row.path: row.run.weight_gradient for row in rows(session) if row.run and row.run.weight_gradient}

    for text in ("for _ in range(2):\n    net.zero_grad()\n    net(X).sum().backward()\n", "net(X).sum().backward()"):
        assert run_statement(session, text).problem is None
        expected = {"0.weight", "0.bias", "2.weight", "2.bias", "0", "2", ""}
        assert norms().keys() == expected
        for path in ("0.weight", "2.bias"):
            gradient = session.root.get_parameter(path).grad
            assert gradient is not None
            assert norms()[path] == pytest.approx(float(gradient.norm()))
    before = norms()[""]
    run_statement(session, "net[0].weight.data.mul_(3)")
    assert norms()[""] == before
    (weight,) = [row.run.weight for row in rows(session) if row.path == "0.weight" and row.run is not None]
    assert weight == pytest.approx(float(session.root.get_parameter("0.weight").detach().norm()))
    clear_gradients(session)
    assert norms() == {}


def _ratio(of: nn.Module | nn.Parameter) -> float:
    """Return the norm of the gradients over that of the parameters, by torch."""
    parameters = list(of.parameters()) if isinstance(of, nn.Module) else [of]
    norm = nn.utils.get_total_norm
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return float(norm(gradients) / norm([parameter.detach() for parameter in parameters]))
