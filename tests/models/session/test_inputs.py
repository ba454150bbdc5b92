"""Of `inputs`, and of `models/run/inputs/form.py`: the inputs of the next forward, as the fields of a form and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models import messages as m
from models.messages.errors import EngineProblem
from models.session.inputs import read_inputs, set_inputs
from models.session.passes import forward_pass
from models.session.session import Session
from models.session.statement import run_statement

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)

    def forward(self, x, mask=None, /, scale=1.0, *, bias=None, **more):
        self.seen = (x, mask, scale, bias, more)
        return self.a(x) * scale

class Any(nn.Module):
    def forward(self, *parts):
        self.seen = parts
        return parts[0]

def make():
    return (torch.ones(3, 4),), {"bias": torch.zeros(2)}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(name: str = "Net", **how: object) -> Session:
    session = Session()
    session.open(f"net.py:{name}", **how)  # type: ignore[arg-type]
    return session


def facts(session: Session) -> list[tuple[str, bool, str, str]]:
    return [(each.name, each.required, each.text, each.present) for each in read_inputs(session).fields]


def seen(session: Session) -> tuple[object, ...]:
    ran = forward_pass(session)
    assert ran.problem is None, ran.problem
    return session.root.seen  # type: ignore[return-value]


def test_each_argument_has_a_field_in_the_order_of_forward_and_says_what_it_is(folder: Path) -> None:
    session = opened()
    assert facts(session) == [
        ("x", True, "2x4", "float32[2, 4]"),
        ("mask", False, "", ""),
        ("scale", False, "", ""),
        ("bias", False, "", ""),
        ("**more", False, "", ""),
    ]
    assert [field.default for field in read_inputs(session).fields] == ["", "None", "1.0", "None", ""]
    assert read_inputs(session).fields[-1].several


@pytest.mark.parametrize(
    ("how", "origin"),
    [
        ({}, "a guess from a (Linear)"),
        ({"inputs": ["3x4"]}, "given by --input"),
        ({"inputs_from": "net.py:make"}, "from --inputs net.py:make"),
    ],
)
def test_it_says_where_the_present_ones_come_from(folder: Path, how: dict[str, object], origin: str) -> None:
    session = opened(**how)
    assert read_inputs(session).origin == origin
    run_statement(session, "X = torch.ones(5, 4)")
    assert read_inputs(session).origin == "set in the console"
    assert facts(session)[0] == ("x", True, "", "float32[5, 4]")
    set_inputs(session, ["", "", "", "", ""])
    assert read_inputs(session).origin == "set in the form"


def test_a_documented_network_has_its_documented_input() -> None:
    session = Session()
    session.open("rgnet")
    assert read_inputs(session).origin == "the documented ones"
    assert [(field.text, field.present) for field in read_inputs(session).fields] == [("2x4", "float32[2, 4]")]


def test_specs_and_expressions_become_arguments(folder: Path) -> None:
    session = opened()
    run_statement(session, "half = 0.5")
    done = set_inputs(session, ["int64[3,4]<7", "bool[3]", "= half * 4", "float64[2]~ones", "k=2 v=int64[1]<3"])
    assert done.errors == []
    args, kwargs = session.inputs.arguments
    assert (args[0].dtype, tuple(args[0].shape), int(args[0].max()) < 7) == (torch.int64, (3, 4), True)
    assert args[1].dtype == torch.bool
    assert args[2] == 2.0
    assert kwargs["bias"].tolist() == [1.0, 1.0]
    assert {name: tuple(value.shape) for name, value in kwargs.items()} == {"bias": (2,), "k": (2,), "v": (1,)}
    assert session.namespace["X"] is args[0]
    assert session.namespace["kwargs"] is kwargs


def test_the_specs_are_those_that_make_all_of_them_again(folder: Path) -> None:
    session = opened()
    done = set_inputs(session, ["int64[3,4]<7", "bool[3]", "1", "float64[2]~ones", "k=2 v=int64[1]<3"])
    assert done.specs == ["int64[3,4]<7", "bool[3]", "1", "bias=float64[2]~ones", "k=2", "v=int64[1]<3"]
    assert set_inputs(session, ["", "", "=2.0", "", ""]).specs == []
    assert set_inputs(session, ["", "", "1", "", ""]).specs == [], "k and v are there, and were made by no field of now"
    session = opened(inputs_from="net.py:make")
    assert set_inputs(session, ["2x4", "", "", "", ""]).specs == [], "bias is still the one of the file"
    assert set_inputs(session, ["2x4", "", "", "2", ""]).specs == ["2x4", "bias=2"]


def test_f_runs_with_them_and_what_is_unchanged_stays_the_very_value(folder: Path) -> None:
    session = opened(inputs_from="net.py:make")
    x, bias = session.inputs.arguments[0][0], session.inputs.arguments[1]["bias"]
    set_inputs(session, ["", "", "=3", "", ""])
    found = seen(session)
    assert found[0] is x
    assert found[3] is bias
    assert found[2] == 3
    set_inputs(session, ["2x4", "", "", "", ""])
    x = session.inputs.arguments[0][0]
    fields = [field.text for field in read_inputs(session).fields]
    assert fields[0] == "2x4"
    set_inputs(session, fields)
    assert session.inputs.arguments[0][0] is x


def test_what_is_left_out_is_left_to_the_default_and_later_ones_go_by_name(folder: Path) -> None:
    (folder / "two.py").write_text(NET.replace(", /", ""))
    session = Session()
    session.open("two.py:Net")
    set_inputs(session, ["2x4", "", "=2.0", "", ""])
    assert session.inputs.arguments[1] == {"scale": 2.0}
    assert seen(session)[1] is None


def test_errors_stand_at_their_fields_and_nothing_changes(folder: Path) -> None:
    session = opened()
    before = session.inputs.arguments
    done = set_inputs(session, ["2y4", "mask=2", "= 1/0", "=", "nothing"])
    assert [bool(error) for error in done.errors] == [True] * 5
    assert done.errors[0] == (
        "'2y4' is no input: write a shape and perhaps a dtype, such as 2x20, int64[1,64]<50257, "
        "bfloat16[2,3,224,224]~normal or mask=bool[2,16]"
    )
    assert "leave mask= out" in done.errors[1]
    assert "ZeroDivisionError" in done.errors[2]
    assert "SyntaxError" in done.errors[3]
    assert session.inputs.arguments == before
    assert set_inputs(session, ["2x4", "", "", "", "k=99999999999999"]).errors[-1]


def test_a_required_one_that_has_no_value_is_asked_for(folder: Path) -> None:
    (folder / "none.py").write_text("from torch import nn\nclass Net(nn.Module):\n    def forward(self, a, b): ...\n")
    session = Session()
    session.open("none.py:Net")
    assert facts(session) == [("a", True, "", ""), ("b", True, "", "")]
    assert read_inputs(session).origin == ""
    errors = set_inputs(session, ["", "2"]).errors
    assert "forward needs it" in errors[0]
    assert not errors[1]


def test_any_number_of_arguments_has_a_field_for_one_more(folder: Path) -> None:
    session = opened("Any")
    assert [name for name, *_ in facts(session)] == ["*parts[0]"]
    assert set_inputs(session, ["2x2"]).errors == []
    assert [name for name, *_ in facts(session)] == ["*parts[0]", "*parts[1]"]
    set_inputs(session, ["", "3"])
    assert [tuple(part.shape) for part in seen(session)] == [(2, 2), (3,)]  # type: ignore[attr-defined]


def test_a_form_of_another_forward_is_refused_and_so_is_one_of_a_checkpoint(folder: Path) -> None:
    session = opened()
    with pytest.raises(EngineProblem, match="other inputs"):
        set_inputs(session, ["2x4"])
    torch.save({"a": torch.ones(1)}, folder / "a.pt")
    session.open("a.pt")
    with pytest.raises(EngineProblem, match="not code"):
        read_inputs(session)


def test_the_header_has_them_and_the_interface_hears_of_it(folder: Path) -> None:
    events: list[object] = []
    session = Session(events.append)
    session.open("net.py:Net")
    assert session.summary().guessed
    set_inputs(session, ["3x4", "", "", "", ""])
    assert isinstance(events[-1], m.StateChanged)
    assert (events[-1].summary.input, events[-1].summary.guessed) == ("float32[3, 4]", False)
    session.open("net.py:Net", anew=True)
    assert session.names_kept == ["X"]  # it is the user's
    assert tuple(seen(session)[0].shape) == (3, 4)  # type: ignore[attr-defined]
