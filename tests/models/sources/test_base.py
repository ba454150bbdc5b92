"""What a name opens, and how a wrong one is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from models.opened.source import SourceError
from models.sources.opening import open_source


@pytest.mark.parametrize(
    ("text", "title", "help_"),
    [
        ("rgnt", "There is no documented network 'rgnt'", "Did you mean 'rgnet'?"),
        ("wholly wrong", "There is no documented network 'wholly wrong'", "sequential, mlp, my_sequential"),
        ("", "No source was named", "FILE.py:NAME"),
    ],
)
def test_unknown_names_are_answered_with_what_there_is(text: str, title: str, help_: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(text)
    assert caught.value.title == title
    assert help_ in caught.value.text


def test_a_seed_makes_two_openings_alike() -> None:
    first, second, third = (open_source("mlp", seed=seed).module.hidden.weight for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_spaces_around_a_name_are_no_part_of_it_unless_a_path_has_them(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, path in (("a.pt", "bare"), (" a.pt", "spaced"), ("b.pt ", "last")):
        torch.save({path: torch.ones(2)}, name)
    for name in (" net.py", "mine.py"):
        (tmp_path / name).write_text("from torch import nn\nnet = nn.Linear(2, 3)\n")
    found = [open_source(text).checkpoint for text in ("a.pt", " a.pt", "a.pt  ", "b.pt ")]
    assert [each.tensors[0].path for each in found] == ["bare", "spaced", "bare", "last"]
    for text in (" net.py:net ", " mine.py:net", "mine.py:net "):
        assert open_source(text).module.out_features == 3
    assert open_source(" rgnet\n").name == "rgnet"


def test_a_wrong_name_is_refused_without_importing_torch() -> None:
    program = (
        "import sys\n"
        "from models.opened.source import SourceError; from models.sources.opening import open_source\n"
        "try: open_source('rgnt')\n"
        "except SourceError as error: print(error.title, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "There is no documented network 'rgnt' False\n"
