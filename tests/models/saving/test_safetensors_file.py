"""Safetensors files as other programs read them: header by Python's JSON, bytes by torch.

Of `safetensors_file` and `safetensors_codes`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.saving.plan import CannotSave, plan
from models.saving.safetensors_codes import CODES
from models.saving.safetensors_file import header_bytes
from models.session.session import Session
from models.sources.safetensors.rules import TYPES
from tests.cases import examples
from tests.models.saving.saved import candidates, safetensors, same, save

NAMES = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12).filter(lambda name: name != "__metadata__")


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_any_name_comes_back(names: list[str]) -> None:
    tensors = {name: torch.full((index,), float(index)) for index, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "a.safetensors")
        save(tensors, out, "safetensors")
        found = safetensors(out)
        assert set(found) == set(tensors)
        assert all(same(found[name], tensors[name]) for name in tensors)
        session = Session()
        session.open(str(out))  # our own reader has more rules than the others
        assert {facts.key for facts in session.model.named_tensors()} == set(tensors)
        session.close()


def test_the_largest_elements_come_first_so_that_all_are_aligned(tmp_path: Path) -> None:
    dtypes = [torch.int8, torch.float64, torch.bool, torch.bfloat16, torch.float32, torch.complex64, torch.int64]
    tensors = {f"{index}": torch.ones(3, dtype=dtype) for index, dtype in enumerate(dtypes)}
    save(tensors, tmp_path / "a", "safetensors")
    found = safetensors(tmp_path / "a")  # which looks at the alignment
    assert list(found) == ["1", "5", "6", "4", "3", "0", "2"]
    assert all(same(found[name], tensors[name]) for name in tensors)


def test_every_dtype_has_the_name_under_which_it_is_read() -> None:
    assert {name: TYPES[code].name for name, code in CODES.items()} == {name: name for name in CODES}
    assert set(CODES.values()) == set(TYPES)


def test_what_the_format_does_not_allow() -> None:
    for name, match in (("__metadata__", "no tensor of the name"), ("\udc80", "no Unicode text")):
        with pytest.raises(CannotSave, match=match):
            header_bytes(plan(candidates({name: torch.ones(1)}), "safetensors").tensors, {})
    with pytest.raises(CannotSave, match="cannot hold 'c': it is complex128"):
        plan(candidates({"c": torch.ones(1, dtype=torch.complex128)}), "safetensors")
