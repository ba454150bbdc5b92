"""Arguments of NAME: read as literals, refused by name where they are none, and checked before anything runs.

Of `call_arguments`, `networks`, `python_target`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from models.opened.source import OpenOptions, Source, SourceError
from models.sources.call_arguments import split_call
from models.sources.opening import open_source
from models.sources.python_target import load_target

CODE = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self, width: int, layers: tuple = (2, 3), *, act="relu", path=None):
        if act == "bad":
            raise TypeError("act must not be bad")
        super().__init__(*(nn.Linear(width, each) for each in layers))

def make(count=1, **rest):
    return nn.Sequential(*(nn.ReLU() for _ in range(count)))

class Plain:
    def __init__(self, x=0): ...

net = make()
number = 3
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "nets.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return "nets.py"


def opened(text: str) -> Source:
    return open_source(text, how=OpenOptions())


def refusal(text: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        opened(text)
    return caught.value


@pytest.mark.parametrize("place", ["nets.py", "./nets.py", "nets"])
@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("Net(4)", [(2, 4), (3, 4)]),
        ("Net(width=4, layers=(1, 1))", [(1, 4), (1, 4)]),
        ("Net( 4, [5], act='a:b/c.py:d*?[x](y).pt' )", [(5, 4)]),
        ("Net(4, (), path={'a': [None, True, -1.5, 1e-3, 2j, b'x', {1, 2}]})", []),
    ],
)
def test_a_class_is_built_with_literals(file: str, place: str, name: str, shapes: list[tuple[int, int]]) -> None:
    module = opened(f"{place}:{name}").module
    assert module is not None
    assert [tuple(layer.weight.shape) for layer in module] == shapes


@pytest.mark.parametrize(
    ("name", "count"), [("make()", 1), ("make(3)", 3), ("make(count=0)", 0), ("make(2, x=(1,))", 2)]
)
def test_a_function_is_called_with_literals(file: str, name: str, count: int) -> None:
    module = opened(f"nets.py:{name}").module
    assert module is not None
    assert len(list(module)) == count


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("Net(2 * 3)", "argument 1 of Net(…) is no literal: 2 * 3", "write a function without arguments"),
        ("Net(4, layers=range(3))", "layers of Net(…) is no literal: range(3)", "Arguments are literals"),
        ("Net(4, act=relu)", "act of Net(…) is no literal: relu", "For the text write act='relu'"),
        ("Net(*(1, 2))", "argument 1 of Net(…) is no literal: *(1, 2)", "Arguments are literals"),
        ("Net(**{'width': 2})", "** of Net(…) is no literal: {'width': 2}", "Arguments are literals"),
        ("Net(__import__('os').abort())", "argument 1 of Net(…) is no literal: __import__('os').abort()", ""),
        ("Net(layers=(1,", "'Net(layers=(1,' is no complete call: '(' was never closed", "in quotes for the shell"),
        (
            "Net(4, act='relu)",
            '"Net(4, act=\'relu)" is no complete call: unterminated string literal (detected at line 1)',
            "",
        ),
        ("Net(width=1, width=2)", "width of Net(…) is given twice", ""),
        (
            "Net()",
            "nets.py:Net(): missing a required argument: 'width'",
            "It is Net(width, layers=(2, 3), *, act='relu', path=None).",
        ),
        (
            "Net(4, wdth=3)",
            "nets.py:Net(4, wdth=3): got an unexpected keyword argument 'wdth'",
            "Did you mean 'width'? It is Net(",
        ),
        ("Net(1, 2, 3)", "nets.py:Net(1, 2, 3): too many positional arguments", "It is Net("),
        (
            "net(3)",
            "nets.py:net is a Sequential that is built already, and takes no arguments",
            "Write nets.py:net without (3)",
        ),
        ("number(3)", "nets.py:number is an int, not a network", "NAME must be"),
        ("Plain(3)", "nets.py:Plain is a class, but not of torch.nn.Module", "NAME must be"),
        ("make(1)(2)", "'make(1)' names no object: only attributes and literal subscripts do", "Net(64)"),
        ("make(1).x", "'make(1).x' names no object: only attributes and literal subscripts do", "Net(64)"),
        ("Nett(4)", "There is no 'Nett' in nets.py", "Did you mean 'Net'?"),
    ],
)
def test_what_is_refused_is_named(file: str, name: str, title: str, text: str) -> None:
    error = refusal(f"nets.py:{name}")
    assert error.title == title
    assert text in error.text


def test_what_the_class_raises_is_shown_with_its_line(file: str) -> None:
    error = refusal("nets.py:Net(4, act='bad')")
    assert error.title == "nets.py:Net: TypeError: act must not be bad"
    assert 'raise TypeError("act must not be bad")' in error.text
    assert error.where == "nets.py:7"


def test_hostile_arguments_are_refused_and_not_evaluated(file: str) -> None:
    for name in (
        "Net(" + "(" * 5_000 + ")" * 5_001,
        "Net(" + "9" * 30_000 + ")",
        "Net(\0)",
        "Net(1" + "+1" * 9_000 + ")",
    ):
        assert len(refusal(f"nets.py:{name}").title) < 500


def test_a_parenthesis_in_a_key_or_a_path_is_no_call(tmp_path: Path, file: str) -> None:
    assert split_call("nets['a(b)'].head") == ("nets['a(b)'].head", None)
    folder = tmp_path / "copy (1)"
    folder.mkdir()
    (folder / "nets.py").write_text(CODE + "nets = {'a(b)': net}\n")
    module = opened(f"{folder}/nets.py:Net(4, (1,))").module
    assert module is not None
    assert len(list(module)) == 1
    assert opened(f"{folder}/nets.py:nets['a(b)']").module is not None


def test_inputs_of_a_function_that_takes_arguments(file: str) -> None:
    made = load_target("nets.py:make(2)")
    assert callable(made)
    assert len(made()) == 2
    with pytest.raises(SourceError, match="number is an int, which takes no arguments"):
        load_target("nets.py:number(2)")
