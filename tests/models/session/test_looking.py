"""Of the whole folder and the handlers that ask it: requests change nothing, and are answered while statements run."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import torch

from models import messages as m
from models.engine.handlers import about, tree, values
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from tests.models.session.observed import NeverCancelled, ObservedSession


def request_everything(session: Session) -> None:
    """Make every kind of request about everything that is open."""
    context = NeverCancelled()
    tree.fold(session, m.Fold(path="", how="all", limit=0), context)
    rows = tree.tree_rows(session, m.TreeRows(start=0, count=500), context).rows
    tree.tensor_rows(session, m.TensorRows(path="", start=0, count=500), context)
    tree.search(session, m.Search(query="weight", limit=20), context)
    values.gradient_rows(session, m.GradientRows(path="", start=0, count=500), context)
    for row in rows:
        about.describe(session, m.Describe(path=row.path), context)
        about.path_forms(session, m.PathForms(path=row.path), context)
        if row.kind in ("module", "hidden"):
            about.source_code(session, m.SourceCode(path=row.path), context)
            continue
        for of in ("value", "gradient"):
            window = m.Window(path=row.path, of=of, row=0, rows=20, column=0, columns=20)
            values.window(session, window, context)
            values.heat(session, m.HeatMap(path=row.path, of=of, height=8, width=8), context)
            values.statistics(session, m.Statistics(path=row.path, of=of), context)


NORMALISED = """\
import torch
from torch import nn

def net():
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.LazyLinear(2)).eval()
"""


def test_requests_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "normalised.py"
    file.write_text(NORMALISED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lazy modules are new, says torch
        observed = ObservedSession(f"{file}:net")
    session = observed.session
    state = torch.get_rng_state()
    flags = [module.training for module in session.root.modules()]
    tensors = [tensor for tensor in session.root.state_dict(keep_vars=True).values() if tensor.numel]
    versions = [tensor._version for tensor in tensors[:-2]]  # the last two have no values yet
    written = {path: tensor.clone() for path, tensor in list(session.root.state_dict().items())[:-2]}
    files = sorted(tmp_path.iterdir())
    request_everything(session)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in session.root.modules()] == flags
    assert [tensor._version for tensor in tensors[:-2]] == versions
    assert all(torch.equal(session.root.state_dict()[path], tensor) for path, tensor in written.items())
    assert session.root[3].has_uninitialized_params()
    assert sorted(tmp_path.iterdir()) == files
    assert observed.events == []


def test_looks_at_gradients_change_nothing() -> None:
    observed = ObservedSession("rgnet")
    forward_pass(observed.session)
    backward_pass(observed.session)
    gradients = [parameter.grad for parameter in observed.session.root.parameters()]
    versions = [gradient._version for gradient in gradients]
    request_everything(observed.session)
    assert [parameter.grad for parameter in observed.session.root.parameters()] == gradients
    assert [gradient._version for gradient in gradients] == versions
    assert not observed.run("1 + 1").changed


def test_pages_are_answered_while_statements_run() -> None:
    observed = ObservedSession("rgnet")
    failures: list[BaseException] = []
    pages: list[int] = []
    over = threading.Event()

    def ask() -> None:
        try:
            while not over.is_set():
                context = NeverCancelled()
                tree.fold(observed.session, m.Fold(path="", how="all", limit=0), context)
                page = tree.tree_rows(observed.session, m.TreeRows(start=0, count=500), context)
                assert page.rows[0].path == ""
                assert len(page.rows) <= page.total
                tree.tensor_rows(observed.session, m.TensorRows(path="", start=0, count=500), context)
                tree.search(observed.session, m.Search(query="0 w", limit=5), context)
                pages.append(page.total)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    for turn in range(20):
        observed.run("net.append(nn.Linear(1, 1))" if turn % 3 else "net(X); net.half().float()")
        if turn % 10 == 9:
            observed.run("del net[2:]")
    over.set()
    thread.join()
    assert failures == []
    assert len(set(pages)) > 1
