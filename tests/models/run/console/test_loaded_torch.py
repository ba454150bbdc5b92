"""Whether torch is loaded, while another thread imports it."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
import torch

from models.run.console.loaded_torch import loaded_torch
from models.session.statement import _has_graph


def test_it_is_there_when_it_was_imported() -> None:
    assert loaded_torch() is torch
    assert _has_graph(torch.ones(1, requires_grad=True) * 2)
    assert not _has_graph(torch.ones(1))


def test_it_is_not_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    assert loaded_torch() is None
    assert not _has_graph(1)


def test_it_is_not_there_while_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    half = ModuleType("torch")
    half.__spec__ = ModuleSpec("torch", None)
    half.__spec__._initializing = True  # as Python's import marks it
    monkeypatch.setitem(sys.modules, "torch", half)
    assert loaded_torch() is None
    assert not _has_graph(1)
