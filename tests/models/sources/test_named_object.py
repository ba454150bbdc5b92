"""NAME: attributes and literal subscripts, followed and nothing more."""

from __future__ import annotations

from contextlib import suppress
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.opened.source import SourceError
from models.sources.named_object import follow, split_target, steps


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("train.py:net", ("train.py", "net")),
        ("train.py", ("train.py", "")),
        ("train.py:", ("train.py", "")),
        ("a/b.py:nets['x:y']", ("a/b.py", "nets['x:y']")),
        ("[a]/b.py:nets[0]", ("[a]/b.py", "nets[0]")),
        ("pkg.mod:nets['a.py:b']", ("pkg.mod", "nets['a.py:b']")),
        ("pkg.mod:nets['a:b'].c", ("pkg.mod", "nets['a:b'].c")),
        ("C:\\what:Net", ("C:\\what", "Net")),
        ("pkg.mod", ("", "pkg.mod")),
    ],
)
def test_the_two_halves(text: str, halves: tuple[str, str]) -> None:
    assert split_target(text) == halves


@given(st.text(max_size=60))
def test_any_text_is_split_and_read_or_refused(text: str) -> None:
    _, name = split_target(text)
    with suppress(SourceError):
        assert steps(name)


MODULE = ModuleType("their_module")
MODULE.trainer = SimpleNamespace(model=nn.Linear(2, 3), nets={"a.b": [nn.ReLU(), nn.Linear(1, 1)], 7: nn.GELU()})
MODULE.keys = {("x", 1): nn.Tanh(), None: 5, -1: nn.SELU()}
MODULE.seq = nn.Sequential(nn.Linear(3, 4))


@pytest.mark.parametrize(
    ("name", "value", "called"),
    [
        ("trainer.model", MODULE.trainer.model, "model"),
        ("trainer.nets['a.b'][1]", MODULE.trainer.nets["a.b"][1], ""),
        ("trainer.nets['a.b'][-1].weight", MODULE.trainer.nets["a.b"][1].weight, "weight"),
        ("trainer.nets[7]", MODULE.trainer.nets[7], ""),
        ("keys['x', 1]", MODULE.keys["x", 1], ""),
        ("keys[-1]", MODULE.keys[-1], ""),
        ("seq.0", MODULE.seq[0], "0"),
        ("seq[0].bias", MODULE.seq[0].bias, "bias"),
    ],
)
def test_what_is_followed(name: str, value: object, called: str) -> None:
    found, last = follow(MODULE, "folder/file.py", name)
    assert found is value
    assert last == called


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("trainer.modle", "There is no 'modle' in file.py:trainer", "Did you mean 'model'?"),
        ("trainer.nets['a.c']", "There is no 'a.c' in file.py:trainer.nets", "Did you mean 'a.b'?"),
        ("trainer.nets[3]", "There is no 3 in file.py:trainer.nets", "It has: 'a.b', 7."),
        ("trainer.nets['a.b'][2]", "There is no [2] in file.py:trainer.nets['a.b']", "It holds 2."),
        ("trainer[0]", "file.py:trainer cannot be subscripted with 0: ", ""),
        ("build()", "'build()' names no object: only attributes and literal subscripts do", "write a function"),
        ("nets[index]", "'nets[index]' names no object", ""),
        ("nets[0:2]", "'nets[0:2]' names no object", ""),
        ("nets[", "'nets[' names no object", ""),
        ("__import__('os').system", "\"__import__('os').system\" names no object", ""),
        ("a" * 2000, "NAME is too long: 2,000 characters", ""),
    ],
)
def test_what_is_refused(name: str, title: str, text: str) -> None:
    with pytest.raises(SourceError) as caught:
        follow(MODULE, "folder/file.py", name)
    assert caught.value.title.startswith(title)
    assert text in caught.value.text


def test_a_property_that_raises_is_the_user_error_and_no_walk_trips_over_it() -> None:
    class Trainer:
        @property
        def model(self) -> nn.Module:
            raise RuntimeError("not attached")

        zoo = nn.ReLU()

    MODULE.raising = Trainer()
    with pytest.raises(SourceError, match=r"file.py:raising.model: RuntimeError: not attached"):
        follow(MODULE, "file.py", "raising.model")
    with pytest.raises(SourceError, match=r"There is no 'zo' in file.py:raising") as caught:
        follow(MODULE, "file.py", "raising.zo")
    assert "It has: zoo." in caught.value.text
