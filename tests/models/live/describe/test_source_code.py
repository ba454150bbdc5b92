"""Class texts, compared with the file they stand in."""

import functools
import linecache
import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

from models.live.describe import source_code
from models.live.describe.source_code import LINE_LIMIT, source_of

HERE = Path(__file__)
LINES = HERE.read_text().splitlines()


def traced_decorator(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)

    return inner


class Block(nn.Module):
    """The first Block."""

    @torch.no_grad()
    @traced_decorator
    def forward(self, x):
        return x + 1


First = Block


class Block(nn.Module):
    """The second Block of the same name."""

    def forward(self, x):
        return x + 2


class Heir(nn.Sequential):
    """Takes forward from its parent."""


def check(source, kind, words):
    """The text is that of the file, at the lines it names."""
    assert source.class_name == kind.__name__
    assert words in source.text
    lines = linecache.getlines(source.file)
    count = source.text.count("\n")
    assert textwrap.dedent("".join(lines[source.first_line - 1 :][:count])) == source.text
    if source.forward_line:
        assert lines[source.forward_line - 1].strip().startswith("def forward")


@pytest.mark.parametrize(("kind", "words"), [(First, "The first Block"), (Block, "The second Block")])
def test_classes_of_one_name_are_distinguished(kind, words):
    source = source_of(kind(), "a.b")
    check(source, kind, words)
    assert source.path == "a.b"
    assert source.file == str(HERE)
    assert source.forward_line
    assert source.reason == ""


def test_a_class_inside_a_function_is_dedented():
    class Inner(nn.Module):
        def forward(self, x):
            return x

    source = source_of(Inner())
    check(source, Inner, "class Inner")
    assert source.text.startswith("class Inner(nn.Module):\n    def forward")


def test_an_inherited_forward_is_named():
    source = source_of(Heir())
    check(source, Heir, "Takes forward")
    assert source.forward_line is None
    assert source.reason.endswith("torch.nn.modules.container.Sequential")


def test_torchs_own_layers_show_torchs_file():
    source = source_of(nn.Linear(1, 1))
    check(source, nn.Linear, "def reset_parameters")
    assert source.file.endswith("linear.py")


TYPED = '''
class Typed(nn.Module):
    """From the console."""

    def forward(self, x):
        return x


class Bare(nn.Module): pass
'''


def typed(keep):
    name = f"<console {keep}>"
    if keep:
        linecache.cache[name] = (len(TYPED), None, TYPED.splitlines(keepends=True), name)
    namespace = {"nn": nn, "__name__": "__console__"}
    exec(compile(TYPED, name, "exec"), namespace)
    return namespace


def test_classes_typed_into_the_console_have_their_text():
    source = source_of(typed(1)["Typed"]())
    assert (source.file, source.first_line, source.forward_line) == ("<console 1>", 2, 5)
    assert source.text.startswith("class Typed(nn.Module):\n")
    bare = source_of(typed(1)["Bare"]())
    assert (bare.file, bare.first_line) == ("<console 1>", 9)
    assert bare.text == "class Bare(nn.Module): pass\n"


@pytest.fixture(autouse=True)
def forget_what_was_typed():
    yield
    for name in [name for name in linecache.cache if name.startswith("<console")]:
        del linecache.cache[name]


@pytest.mark.parametrize("name", ["Typed", "Bare"])
def test_a_class_without_text_says_why(name):
    source = source_of(typed(0)[name]())
    assert (source.text, source.file, source.class_name) == ("", None, name)
    assert "not at hand" in source.reason


def test_a_class_made_by_code_says_why():
    assert source_of(type("Made", (nn.Module,), {})()).reason
    made = type("Block", (nn.Linear,), {})  # its name also stands, twice, in this file
    assert source_of(made(1, 1)).text == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_module_shows_its_original():
    assert source_of(torch.compile(Block())).class_name == "Block"


def test_a_parametrized_module_shows_the_class_that_was_written():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    assert source_of(layer).class_name == "Linear"


def test_a_traced_module_shows_its_generated_code():
    source = source_of(torch.fx.symbolic_trace(Block()))
    assert "x + 2" in source.text
    assert source.text.splitlines()[source.forward_line - 1].startswith("def forward")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_shows_torchscript():
    source = source_of(torch.jit.script(nn.Linear(2, 3)))
    assert source.class_name == "Linear"
    assert "def forward(self" in source.text


def test_a_long_class_is_cut(tmp_path, monkeypatch):
    (tmp_path / "long_class_module.py").write_text(
        "from torch import nn\nclass Long(nn.Module):\n    def forward(self, x):\n"
        + "        x = x + 1\n" * 3000
        + "        return x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import long_class_module

    source = source_of(long_class_module.Long())
    assert len(source.text.splitlines()) == LINE_LIMIT
    assert (source.first_line, source.forward_line) == (2, 3)


def test_line_numbers_point_into_this_file():
    source = source_of(Block())
    assert LINES[source.first_line - 1] == "class Block(nn.Module):"
    assert LINES[source.forward_line] == "        return x + 2"


def test_a_class_of_ours_is_named_as_it_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_code, "__name__", "modulescope_engine.live.describe.source_code")
    ours = type("MLP", (nn.Module,), {"__module__": "modulescope_engine.examples.mlp"})
    assert source_code.name_of_class(ours) == "models.examples.mlp.MLP"
    assert source_code.name_of_class(nn.Linear) == "torch.nn.modules.linear.Linear"
    theirs = type("Net", (nn.Module,), {"__module__": "models"})
    assert source_code.name_of_class(theirs) == "models.Net"
