"""`console` without its process: what one statement gives, as text and as JSON."""

from __future__ import annotations

import io
from typing import Any

import pytest

from models.commands.console import result_of, run_statements
from models.run.console.statements import statements
from models.session.session import Session


@pytest.fixture
def session() -> Session:
    session = Session()
    session.open("shared", seed=0)
    return session


def results(session: Session, text: str) -> list[dict[str, Any]]:
    return [
        result_of(statement, "", run_statements(session, statement), session.model.changed)
        for statement in statements(io.StringIO(text))
    ]


def test_every_shared_name_is_reported_as_changed(session: Session) -> None:
    first, second = results(session, "net[2].weight.data[0, 0] = 7\nnet[4].weight.data[0, 0]\n")
    assert first["changed"] == ["2.weight", "4.weight"]
    assert first["value"] is first["error"] is None
    assert second["value"] == "tensor(7.)"
    assert second["changed"] == []


def test_changes_are_reported_whole(session: Session) -> None:
    session.namespace["many"] = [f"{number}" for number in range(1500)]
    text = "for p in many: net.register_buffer('b' + p, torch.zeros(1))\n\nfor b in net.buffers(): b.fill_(1)\n\n"
    assert [len(result["changed"]) for result in results(session, text)] == [0, 1500]


def test_undo_takes_back(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    before = session.root.state_dict()["0.bias"].clone()
    done = results(session, "net[0].bias.data.zero_();\nundo()\n")
    assert session.root.state_dict()["0.bias"].equal(before)
    assert [each["changed"] for each in done] == [["0.bias"], ["0.bias"]]
    assert "took back" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("statement", "kind", "message", "line"),
    [
        ("1 / 0", "ZeroDivisionError", "division by zero", 1),
        ("raise ValueError('a: b\\nc')", "ValueError", "a: b\nc", 1),
        ("if True:\n    undefined", "NameError", "name 'undefined' is not defined", 2),
        ("raise SyntaxError", "SyntaxError", "None", 1),
        ("net.load_state_dict({}, strict=True)", "RuntimeError", None, 1),
    ],
)
def test_errors_have_type_whole_message_and_line(
    session: Session, statement: str, kind: str, message: str | None, line: int
) -> None:
    (result,) = results(session, statement + "\n\n")
    error = result["error"]
    assert error["type"] == kind
    assert error["where"] == f"<console 1>:{line}"
    if message is not None:
        assert error["message"] == message
    else:
        with pytest.raises(RuntimeError) as raised:
            session.root.load_state_dict({}, strict=True)
        assert error["message"] == str(raised.value)


def test_leaving_is_an_error_and_it_goes_on(session: Session) -> None:
    first, second, third = results(session, "exit(3)\nraise SystemExit('bye')\n1\n")
    assert first["error"]["type"] == second["error"]["type"] == "SystemExit"
    assert (first["error"]["message"], second["error"]["message"]) == ("3", "bye")
    assert third["value"] == "1"


def test_statements_are_those_of_the_prompt(session: Session) -> None:
    first, second = results(session, "for i in range(2):\n    i\nx = 1\n\nx\n")
    assert first["error"]["type"] == "SyntaxError"  # a block ends at its blank line
    assert second["error"]["type"] == "NameError"
