"""`FILE.py:NAME` and `package.module:NAME`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from models.opened.source import Source, SourceError
from models.sources.opening import open_source
from models.sources.python_target import load_target

FILE = """
import torch
from torch import nn
import functools

net = nn.Linear(2, 3)
number = 7
nothing = None

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(1, 1))

class Needy(nn.Module):
    def __init__(self, width, depth=2, *, act):
        super().__init__()

class Plain:
    net = nn.ReLU()

def build(width=4):
    return nn.Linear(width, 1)

def words():
    return "words"

def broken():
    return nn.Linear(2, 2)(torch.ones(3))

def leave():
    raise SystemExit(3)

partial = functools.partial(build, 9)
holder = Net()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_networks.py"
    path.write_text(FILE)
    return path


def refusal(text: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(text)
    assert "\n" not in caught.value.title
    return caught.value


@pytest.mark.parametrize(
    ("name", "shape", "called"),
    [
        ("net", (3, 2), "net"),
        ("Net", (1, 1), "net"),
        ("build", (1, 4), "net"),
        ("partial", (1, 9), "net"),
        ("holder", (1, 1), "holder"),
        ("holder.inner", (1, 1), "inner"),
        ("nn.Identity", None, "net"),
    ],
)
def test_what_name_may_be(file: Path, name: str, shape: tuple[int, ...] | None, called: str) -> None:
    source: Source = open_source(f"{file}:{name}")
    assert isinstance(source.module, nn.Module)
    shapes = [tuple(parameter.shape) for parameter in source.module.parameters()]
    assert shapes[:1] == ([shape] if shape else [])
    assert (source.name, source.file, source.kind) == (called, str(file), "module")
    assert source.names["number"] == 7
    assert "__file__" not in source.names


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("bild", "There is no 'bild' in my_networks.py", "Did you mean 'build'?"),
        ("zzz", "There is no 'zzz' in my_networks.py", "It has: Needy, Net, broken, build, holder, leave, net, words."),
        ("holder.iner", "There is no 'iner' in my_networks.py:holder", "Did you mean 'inner'?"),
        ("number", "my_networks.py:number is an int, not a network", "NAME must be"),
        ("nothing", "my_networks.py:nothing is None, not a network", "NAME must be"),
        ("torch", "my_networks.py:torch is a Python module, not a network", "NAME must be"),
        ("Plain", "my_networks.py:Plain is a class, but not of torch.nn.Module", "NAME must be"),
        ("Needy", "my_networks.py:Needy needs arguments: width, act", "return Needy(width=..., act=...)"),
        ("words", "my_networks.py:words() returned a str, not a network", "NAME must be"),
        ("leave", "my_networks.py:leave ended the program (SystemExit: 3)", "__main__"),
    ],
)
def test_what_it_may_not_be(file: Path, name: str, title: str, text: str) -> None:
    error = refusal(f"{file}:{name}")
    assert error.title == title
    assert text in error.text


def test_an_error_of_the_user_code_shows_their_own_lines(file: Path) -> None:
    error = refusal(f"{file}:broken")
    assert error.title.startswith("my_networks.py:broken: RuntimeError: ")
    assert "return nn.Linear(2, 2)(torch.ones(3))" in error.text
    assert "site-packages" not in error.text
    assert "python_target.py" not in error.text


def test_missing_files_and_names(file: Path) -> None:
    error = refusal(f"{file.parent}/my_network.py:net")
    assert error.title == f"There is no file '{file.parent}/my_network.py'"
    assert "Did you mean 'my_networks.py'?" in error.text
    error = refusal(str(file))
    assert error.title.endswith("names a file, but not what to open in it")
    assert "one of: net, number, nothing, Net, Needy, Plain, build" in error.text
    assert refusal(f"{file}:").text == error.text


def test_dotted_modules() -> None:
    source = open_source("torch.nn:Identity")
    assert type(source.module) is nn.Identity
    assert torch.nn is __import__("torch").nn
    error = refusal("no_such_package.at_all:Net")
    assert error.title == "There is no module 'no_such_package' (for 'no_such_package.at_all')"
    assert refusal("torch.nowhere:Net").title.startswith("There is no module 'torch.nowhere'")
    assert refusal("torch.nn:").title == "'torch.nn:' does not name what to open"
    assert "neither a Python file" in refusal("C:\\what:Net").title


def test_any_object_can_be_loaded_beside(file: Path) -> None:
    source = open_source(f"{file}:holder")
    assert load_target(f"{file}:number") == 7
    assert load_target(f"{file}:holder") is source.module
    with pytest.raises(SourceError, match="There is no 'bild'"):
        load_target(f"{file}:bild")


def test_a_seed_reaches_networks_built_while_importing(file: Path) -> None:
    first, second = (open_source(f"{file}:net", seed=5).module.weight for _ in range(2))
    assert first is not second
    assert torch.equal(first, second)
