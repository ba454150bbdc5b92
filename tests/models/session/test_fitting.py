"""Of `fitting`: a checkpoint beside the open network, its rules taken and left, and loading it undoably."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from models.messages import FitChoice, Fitted
from models.messages.errors import EngineProblem
from models.session import fitting
from models.session.exporting import export
from models.session.fitting import fit_weights, load_chosen, open_weights, weights_code
from models.session.session import Session
from models.session.undoing import undo_last

NETWORK = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(40, 4)
        self.layers = nn.ModuleList(Block() for _ in range(3))
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NETWORK)
    opened = Session()
    opened.open("net.py:Net", seed=1)
    return opened


def other(rows: int = 40) -> dict[str, torch.Tensor]:
    """The state of another network of this class, its vocabulary of as many rows."""
    scope: dict[str, type[nn.Module]] = {}
    exec(NETWORK, scope)  # type: ignore[arg-type]
    torch.manual_seed(2)
    state = dict(scope["Net"]().state_dict())
    state["embed.weight"] = torch.randn(rows, 4)
    return state


def as_called_before(rows: int = 40) -> dict[str, torch.Tensor]:
    state = {name.replace("q_proj", "wq"): tensor for name, tensor in other(rows).items()}
    return {f"module.{name}": tensor for name, tensor in state.items()}


def counts(fitted: Fitted) -> dict[str, int]:
    return {each.name: each.count for each in fitted.lists if each.count}


def key(fitted: Fitted, word: str) -> str:
    (found,) = [rule.key for rule in fitted.rules if word in rule.old]
    return found


def test_the_lists_shrink_and_grow_with_the_rules(session):
    torch.save(as_called_before(), "w.pt")
    fitted = open_weights(session, "w.pt")
    assert (fitted.fits, fitted.tensors, fitted.agreeing) == (True, 22, 0)
    assert counts(fitted) == {"matched": 22}
    assert {(rule.certainty, rule.taken) for rule in fitted.rules} == {("certain", True)}
    (matched,) = [each for each in fitted.lists if each.name == "matched"]
    sources = {entry.template: entry.source for entry in matched.entries}
    assert sources["layers.[0-2].q_proj.weight"] == "module.layers.[0-2].wq.weight"
    left = fit_weights(session, FitChoice(left=[key(fitted, ".wq.")]))
    assert counts(left) == {"matched": 16, "missing": 6, "unexpected": 6}
    (missing,) = [each for each in left.lists if each.name == "missing"]
    assert [(entry.template, entry.count, entry.path) for entry in missing.entries] == [
        ("layers.[0-2].q_proj.weight", 3, "layers.0.q_proj.weight"),
        ("layers.[0-2].q_proj.bias", 3, "layers.0.q_proj.bias"),
    ]
    own = fit_weights(session, FitChoice(left=[key(fitted, ".wq.")], own=["module.=", "*.wq.*=*.q_proj.*"]))
    assert [(each.text, each.keys) for each in own.own] == [("module.=", 22), ("*.wq.*=*.q_proj.*", 6)]
    assert (own.fits, own.agreeing, own.rules) == (True, 22, [])


def test_what_is_loaded_is_what_the_rules_say_and_is_taken_back_as_one_change(session):
    before = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    torch.save(as_called_before(), "w.pt")
    open_weights(session, "w.pt")
    loaded = load_chosen(session, FitChoice(), strict=True)
    assert loaded.text == "22 of 22 tensors loaded from w.pt (u takes it back)"
    state = other()
    assert all(torch.equal(tensor, state[name]) for name, tensor in session.root.state_dict().items())
    moved = {name for name in before if not torch.equal(before[name], state[name])}
    assert set(loaded.changed) == moved
    undo_last(session)
    assert all(torch.equal(tensor, before[name]) for name, tensor in session.root.state_dict().items())


def test_strictly_nothing_is_loaded_where_not_everything_fits(session):
    state = as_called_before()
    del state["module.layers.1.norm.weight"]
    torch.save(state, "w.pt")
    open_weights(session, "w.pt")
    before = session.root.embed.weight.clone()
    with pytest.raises(EngineProblem, match="1 missing"):
        load_chosen(session, FitChoice(), strict=True)
    assert torch.equal(session.root.embed.weight, before)
    text = load_chosen(session, FitChoice()).text
    assert text == "21 of 22 tensors loaded from w.pt; 1 missing (u takes it back)"
    assert torch.equal(session.root.embed.weight, other()["embed.weight"])


def test_rows_of_a_vocabulary_that_grew_are_copied_when_that_is_taken(session):
    before = session.root.embed.weight.detach().clone()
    torch.save(as_called_before(rows=38), "w.pt")
    fitted = open_weights(session, "w.pt")
    assert counts(fitted) == {"matched": 21, "shape": 1}
    (rule,) = [rule for rule in fitted.rules if rule.kind == "resize"]
    assert (rule.certainty, rule.taken) == ("guess", False)
    choice = FitChoice(taken=[rule.key])
    assert fit_weights(session, choice).fits
    load_chosen(session, choice, strict=True)
    right = torch.cat([other(rows=38)["embed.weight"], before[38:]])
    assert torch.equal(session.root.embed.weight, right)


def test_the_python_and_the_session_as_a_file_give_the_same_network(session, monkeypatch):
    torch.save(as_called_before(rows=38), "w.pt")
    fitted = open_weights(session, "w.pt")
    choice = FitChoice(taken=[rule.key for rule in fitted.rules])
    load_chosen(session, choice)
    monkeypatch.setattr(sys, "path", list(sys.path))
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(export(session, "session").text, "session.py", "exec"), names)
    right = session.root.state_dict()
    replayed = names["net"].state_dict()  # type: ignore[attr-defined]
    assert all(torch.equal(tensor, right[name]) for name, tensor in replayed.items())
    scope: dict[str, object] = {}
    exec(NETWORK, scope)
    torch.manual_seed(1)
    model = scope["Net"]()  # type: ignore[operator]
    exec(weights_code(session, choice).text, {"model": model})
    assert all(torch.equal(tensor, right[name]) for name, tensor in model.state_dict().items())


def test_a_rule_of_ones_own_that_cannot_be_applied_is_refused_with_its_cause(session):
    torch.save(as_called_before(), "w.pt")
    open_weights(session, "w.pt")
    with pytest.raises(EngineProblem, match="not of the form old=new"):
        fit_weights(session, FitChoice(own=["module."]))
    with pytest.raises(EngineProblem, match="one name"):
        fit_weights(session, FitChoice(own=["module.layers.1.=module.layers.0."]))


def test_without_a_checkpoint_beside_it_and_after_another_was_opened_there_is_nothing_to_fit(session):
    with pytest.raises(EngineProblem, match="No checkpoint"):
        fit_weights(session, FitChoice())
    torch.save(as_called_before(), "w.pt")
    open_weights(session, "w.pt")
    session.open("rgnet")
    with pytest.raises(EngineProblem, match="No checkpoint"):
        fit_weights(session, FitChoice())


def test_beside_a_checkpoint_nothing_is_loaded(session):
    torch.save(other(), "w.pt")
    session.open("w.pt")
    with pytest.raises(EngineProblem):
        open_weights(session, "w.pt")


def test_nothing_fits(session):
    torch.save({"a.b": torch.zeros(7, 7)}, "w.pt")
    fitted = open_weights(session, "w.pt")
    assert (fitted.rules, counts(fitted)) == ([], {"missing": 22, "unexpected": 1})
    with pytest.raises(EngineProblem, match=r"nothing of w\.pt fits"):
        load_chosen(session, FitChoice())


@pytest.mark.parametrize("cause", [KeyboardInterrupt, EngineProblem])
def test_what_was_loaded_before_it_ended_early_is_taken_back(session, monkeypatch, cause):
    before = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    torch.save(other(), "w.pt")
    open_weights(session, "w.pt")

    def reader(opened: Session) -> object:
        read, count = real(opened), iter(range(9))

        def some(name: str) -> torch.Tensor:
            if next(count) == 4:
                raise cause() if cause is KeyboardInterrupt else EngineProblem(fitting.Problem("source", "gone"))
            return read(name)

        return some

    real = fitting.reader_of
    monkeypatch.setattr(fitting, "reader_of", reader)
    with pytest.raises(EngineProblem) as raised:
        load_chosen(session, FitChoice())
    problem = raised.value.problem
    interrupted = ("interrupted", "Loading was interrupted after 4 of 22 tensors")
    assert (problem.kind, problem.title) == (interrupted if cause is KeyboardInterrupt else ("source", "gone"))
    assert "u takes it back" in problem.text
    assert torch.equal(session.root.embed.weight, other()["embed.weight"])
    undo_last(session)
    assert all(torch.equal(tensor, before[name]) for name, tensor in session.root.state_dict().items())


def test_what_the_program_no_longer_needs_is_still_collected(session, monkeypatch):
    torch.save(as_called_before(), "w.pt")
    frozen: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(session.model.source.display))
    open_weights(session, "w.pt")
    load_chosen(session, FitChoice())
    session.open("rgnet")
    assert frozen == []


def test_looking_draws_no_random_number_and_changes_nothing(session):
    torch.save(as_called_before(), "w.pt")
    before = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    state = torch.random.get_rng_state()
    fitted = open_weights(session, "w.pt")
    fit_weights(session, FitChoice(left=[fitted.rules[0].key]))
    weights_code(session, FitChoice())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in session.root.state_dict().items())


def test_of_very_many_lines_some_are_sent_and_the_rest_counted(session, monkeypatch):
    monkeypatch.setattr(fitting, "LINES", 2)
    torch.save({f"m{n}x.weight": torch.zeros(7, 9) for n in range(5)}, "w.pt")
    fitted = open_weights(session, "w.pt")
    (unexpected,) = [each for each in fitted.lists if each.name == "unexpected"]
    assert (unexpected.count, len(unexpected.entries), unexpected.more) == (5, 2, 3)
