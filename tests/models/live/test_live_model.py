"""What an open network answers about groups of siblings and about what is not finite."""

import pytest

from models import messages as m
from models.session.session import Session
from models.tree.globs import Glob

CODE = """
import torch
from torch import nn
net = nn.Module()
net.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(12))
net.norm = nn.LayerNorm(2)
with torch.no_grad():
    net.layers[3].weight[1, 0] = float("nan")
"""
GROUP = "layers.[0–11]"


class Nobody:
    """A context in which nobody waits."""

    def cancelled(self):
        return False

    def progress(self, text, done=None):
        pass


@pytest.fixture
def model(tmp_path):
    (tmp_path / "net.py").write_text(CODE)
    session = Session()
    session.open(f"{tmp_path}/net.py:net")
    yield session.model
    session.close()


def test_of_a_group_the_facts_say_that_its_first_member_is_described(model):
    groups = model.describe(GROUP)
    assert (groups[0].title, groups[0].facts[0].text.split(":")[0]) == ("Repeated", "12 of one structure")
    assert (groups[0].facts[1].text, groups[0].facts[1].path) == ("of the first of 12: layers.0", "layers.0")
    assert groups[1:] == model.describe("layers.0")


def test_a_group_is_copied_as_a_pattern_of_its_tensors(model):
    forms = {form.label: form.text for form in model.forms(GROUP)}
    keys = [f"layers.{layer}.{name}" for layer in range(12) for name in ("weight", "bias")]
    assert model.forms(GROUP)[0].text == forms["Pattern"] == "layers.*"
    assert [key for key in [*keys, "norm.weight"] if Glob(forms["Pattern"]).matches(key)] == keys
    assert forms["Keys of its tensors"].split("\n") == keys
    assert forms["Paths of its siblings"].split("\n") == [f"layers.{layer}" for layer in range(12)]


def test_what_is_not_finite_is_found(model):
    request = m.NextNonfinite(path="layers.3.weight")
    assert model.next_nonfinite(request, Nobody()).index == [1, 0]
    assert model.next_nonfinite(m.NextNonfinite(path="norm.weight"), Nobody()).index is None
    assert model.next_nonfinite(m.NextNonfinite(path="norm.weight", of="gradient"), Nobody()).absence == "none"
