"""What is copied of a group of siblings can be used."""

from models.opened.path_forms import group_forms
from models.tree.globs import Glob

KEYS = ["layers.0.weight", "layers.1.weight"]


def texts(*arguments):
    return {form.label: form.text for form in group_forms(*arguments)}


def test_a_pattern_comes_first_and_means_its_tensors_and_no_others():
    found = texts("layers", ["layers.0", "layers.1"], KEYS, ["norm.weight", "layers_2.weight"])
    assert list(found) == ["Pattern", "Keys of its tensors", "Paths of its siblings"]
    assert found["Pattern"] == "layers.*"
    assert all(map(Glob(found["Pattern"]).matches, KEYS))
    assert found["Keys of its tensors"] == "layers.0.weight\nlayers.1.weight"
    assert found["Paths of its siblings"] == "layers.0\nlayers.1"


def test_there_is_no_pattern_that_would_mean_others_too():
    found = texts("layers", ["layers.0", "layers.1"], KEYS, ["layers.2.other"])
    assert next(iter(found)) == "Keys of its tensors"
    assert "Pattern" not in found


def test_at_the_top_everything_is_meant():
    assert texts("", ["0", "1"], ["0.weight", "1.weight"], [])["Pattern"] == "*"
    assert "Pattern" not in texts("", ["0", "1"], ["0.weight", "1.weight"], ["norm.weight"])


def test_siblings_without_tensors_have_paths():
    assert texts("acts", ["acts.0", "acts.1"], [], ["w"]) == {"Paths of its siblings": "acts.0\nacts.1"}
