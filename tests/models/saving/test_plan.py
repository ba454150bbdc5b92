"""What is written of a source, under which names, and what a user reads of it.

Of `plan`, `metadata` and `writing`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.saving import writing
from models.saving.metadata import metadata_for
from models.saving.plan import Candidate, CannotSave, FilePlan, plan
from models.saving.writing import form_of, write
from models.tensors.torch_readable import readable_of
from models.tree.globs import Glob, Rename
from tests.models.saving.saved import candidates


def tied() -> list[Candidate]:
    readable = readable_of(torch.ones(4))
    return [Candidate(path, readable, "one") for path in ("m.a.w", "m.b.w", "m.c.w")]


def shared(made: FilePlan) -> dict[str, str]:
    return {each.path: each.shared_with for each in made.tensors}


def test_rules_apply_in_turn_and_the_pattern_to_their_result() -> None:
    tensors = {"layers.1.gamma": torch.ones(1), "layers.2.gamma": torch.ones(1), "head": torch.ones(1)}
    rules = [Rename("layers.{n}.=blocks.{n-1}."), Rename("*.gamma=*.weight"), Rename("nothing=x")]
    made = plan(candidates(tensors), "torch", rules, Glob("blocks.*").matches)
    assert {each.source_path: each.path for each in made.tensors} == {
        "layers.1.gamma": "blocks.0.weight", "layers.2.gamma": "blocks.1.weight",
    }  # fmt: skip
    assert made.unused == rules[2:]
    assert list(made.notes) == ["1 tensor of other names is not saved"]


def test_a_tied_tensor_is_stored_under_the_first_name_that_is_saved() -> None:
    assert shared(plan(tied(), "safetensors")) == {"m.a.w": "", "m.b.w": "m.a.w", "m.c.w": "m.a.w"}
    made = plan(tied(), "safetensors", [Rename("m.=")], lambda path: path != "a.w")
    assert shared(made) == {"b.w": "", "c.w": "b.w"}
    assert made.bytes == 16
    kept = {"step": "3", "m.b.w": "m.a.w", "m.c.w": "m.a.w", "other.x": "y.z"}
    assert metadata_for(made, kept) == {"step": "3", "other.x": "y.z", "c.w": "b.w"}
    assert metadata_for(made, None) == {"format": "pt", "c.w": "b.w"}


def test_two_names_that_become_one_are_refused_with_both() -> None:
    tensors = {"a.w": torch.ones(1), "b.w": torch.ones(1), "c": torch.ones(1)}
    with pytest.raises(CannotSave, match=r"^'a.w' and 'b.w' would both be called 'w'$"):
        plan(candidates(tensors), "torch", [Rename("*.w=w")])
    with pytest.raises(CannotSave, match=r"^'b.w' and 'c' would both be called 'c'$"):
        plan(candidates(tensors), "torch", [Rename("b.w=c")])
    made = plan(candidates(tensors), "torch", [Rename("a.=b."), Rename("b.=a.")], Glob("c").matches)
    assert [each.path for each in made.tensors] == ["c"]  # what is not saved may be called alike


@pytest.mark.parametrize(
    ("tensor", "why"),
    [(torch.empty(2, device="meta"), "meta"), (torch.nn.UninitializedParameter(), "lazy")],
)
def test_what_has_no_numbers_is_refused(tensor: Tensor, why: str) -> None:
    with pytest.raises(CannotSave, match=f"'a' cannot be saved: .*{why}"):
        plan(candidates({"a": tensor}), "torch")


def test_there_must_be_something() -> None:
    state = [Candidate("s", readable_of(torch.ones(1)), is_state=True)]
    with pytest.raises(CannotSave, match="nothing but the state of an optimizer"):
        plan(state, "torch")
    assert [each.path for each in plan(state, "torch", match=Glob("*").matches).tensors] == ["s"]
    with pytest.raises(CannotSave, match="no tensors"):
        plan([], "torch")
    with pytest.raises(CannotSave, match="no tensor has a name that matches"):
        plan(state, "torch", match=Glob("t").matches)


def test_the_name_says_what_a_file_becomes() -> None:
    ends = {"a.pt": "torch", "a.PTH": "torch", "a.bin": "torch", "a.safetensors": "safetensors", "v1.2": "safetensors"}
    assert {name: form_of(Path(name)) for name in ends} == ends
    with pytest.raises(CannotSave, match=r"no \.gguf file can be written"):
        form_of(Path("a.GGUF"))


def test_more_than_is_free_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "free_bytes", lambda out: 15)
    with pytest.raises(CannotSave, match=r"takes 16 bytes, and 15 are free there$"):
        write(plan(tied(), "torch"), tmp_path / "a.pt", {}, lambda done, path: None)
    assert list(tmp_path.iterdir()) == []
