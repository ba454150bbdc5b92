from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
import torch
from torch import nn

from models.messages import Problem
from models.run.console.interpreter import Interpreter
from models.sources import tracebacks
from models.sources.tracebacks import LONGEST_TEXT, LONGEST_TITLE, own_frames, problem_of, raised, where
from models.work.own_files import is_own


def problem(text: str, **names: object) -> Problem:
    found = Interpreter(dict(names)).run(text).problem
    assert found is not None
    return found


class Broken(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, torch.zeros(3, 5))


def test_frames_of_torch_are_left_out_and_the_user_stay() -> None:
    found = problem("net(torch.zeros(2, 4))", net=nn.Sequential(Broken()), torch=torch)
    files = [line.strip() for line in found.text.splitlines() if line.startswith("  File ")]
    assert len(files) == 2
    assert files[0].startswith('File "<console 1>", line 1')
    assert files[1].startswith(f'File "{__file__}"')
    assert "return nn.functional.linear(x, torch.zeros(3, 5))" in found.text
    assert found.kind == "model"
    assert found.title.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")
    assert found.where.startswith("test_tracebacks.py:")


def test_only_library_frames_are_better_than_none() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    frames = own_frames(caught.value.__traceback__.tb_next)  # type: ignore[union-attr]
    assert frames
    assert all("json" in frame.filename for frame in frames)


def test_our_own_files_are_not_the_user_but_the_documented_networks_are() -> None:
    package = Path(__file__).parents[3] / "models"
    assert not is_own(str(package / "run" / "forward.py"))
    assert is_own(str(package / "examples" / "blocks.py"))
    assert is_own("<console 3>")
    assert is_own(__file__)
    assert not is_own(torch.__file__)
    assert not is_own(json.__file__)
    assert not is_own("<frozen importlib._bootstrap>")
    assert is_own("/home/someone/models/engine/net.py")  # theirs is called models too


def test_causes_and_contexts_and_notes_stay() -> None:
    found = problem(
        "try:\n    {}['key']\nexcept KeyError as error:\n    raise ValueError('bad') from error",
    )
    assert "KeyError: 'key'\n\nThe above exception was the direct cause" in found.text
    assert found.text.endswith("ValueError: bad")
    assert "During handling" in problem("try:\n    1/0\nexcept Exception:\n    missing").text
    if hasattr(Exception, "add_note"):
        assert "a note" in problem("e = ValueError('x')\ne.add_note('a note')\nraise e").text


def test_it_is_what_python_prints() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        exec("def f():\n    return 1 / 0\nf()")
    assert problem_of(caught.value).text == "".join(traceback.format_exception(caught.value)).rstrip("\n")


def test_the_title_is_one_bounded_line() -> None:
    assert problem("raise ValueError('\\n  first\\nsecond')").title == "ValueError: first"
    assert problem("raise ValueError").title == "ValueError"
    assert problem("raise KeyError('k')").title == "KeyError: 'k'"
    long = problem("raise ValueError('x' * 10**7)")
    assert len(long.title) == LONGEST_TITLE
    assert len(long.text) <= LONGEST_TEXT
    assert "characters left out" in long.text


def test_endless_recursion_is_folded() -> None:
    found = problem("def f(): f()\nf()")
    assert "Previous line repeated" in found.text
    assert len(found.text) < 2000
    mutual = problem("def f(): g()\ndef g(): f()\nf()")
    assert len(mutual.text) <= LONGEST_TEXT
    assert mutual.title.startswith("RecursionError")


@pytest.mark.parametrize(
    "body",
    [
        "def __str__(self): raise RuntimeError('no')",
        "def __str__(self): return 5",
        "__notes__ = 5",
        "def __getattribute__(self, name): raise RuntimeError('no')",
        "args = property(lambda self: 1 / 0)",
    ],
)
def test_hostile_exceptions_are_reported_all_the_same(body: str) -> None:
    found = problem(f"class Hostile(Exception):\n    {body}\nraise Hostile('x')")
    assert found.title.startswith("Hostile")
    assert "Hostile" in found.text


def test_where_is_the_innermost_own_line() -> None:
    with pytest.raises(RuntimeError) as caught:
        nn.Sequential(Broken())(torch.zeros(2, 4))
    place = where(caught.value)
    assert place is not None
    assert place[0] == __file__
    assert place[1] == Broken.forward.__code__.co_firstlineno + 1
    assert raised(caught.value).type == "RuntimeError"


def test_the_path_goes_along() -> None:
    assert problem_of(ValueError("x"), "0.block 1").path == "0.block 1"
    assert problem_of(ValueError("x")).text == "ValueError: x"


def test_an_interrupt_that_meets_our_own_code_shows_none_of_it() -> None:
    ours = str(Path(tracebacks.__file__).with_name("statement.py"))
    with pytest.raises(KeyboardInterrupt) as caught:
        exec(compile("raise KeyboardInterrupt", ours, "exec"))
    inner = caught.value.__traceback__
    assert inner is not None
    problem = problem_of(caught.value.with_traceback(inner.tb_next))
    assert (problem.kind, problem.title, problem.text) == ("interrupted", "Interrupted", "")
