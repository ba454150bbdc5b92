"""Of `choosing`, `resizing`: rules taken and left one by one, and what is linked then."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.fit.choosing import Choices
from models.fit.code import code_for, code_of
from models.fit.loading import fill, values_of
from models.fit.misfits import misfits, misfits_of
from models.fit.proposal import NamesClash, propose
from models.fit.sides import Side
from models.tree.globs import Rename
from tests.cases import examples
from tests.models.fit.fit_cases import cases

NETWORK = {
    "embed.weight": (100, 8),
    **{f"layers.{n}.q_proj.weight": (8, 4) for n in range(4)},
    **{f"layers.{n}.norm.weight": (8,) for n in range(4)},
}
FILE = {
    "embed.weight": (98, 8),
    **{f"layers.{n}.wq.weight": (4, 8) for n in range(4)},
    **{f"layers.{n}.norm.weight": (8,) for n in range(4)},
}


def default(choices: Choices) -> set[str]:
    return choices.taken((), ())


def pairs(choices: Choices, keys: set[str]) -> dict[str, str]:
    return {link.file[0]: link.network[0] for link in choices.chosen(keys).links}


def by_kind(choices: Choices) -> dict[str, str]:
    return {each.rule.kind: each.key for each in choices.choices}


def test_a_rule_that_is_left_takes_its_names_along_and_no_others():
    choices = Choices(NETWORK, FILE)
    kinds = by_kind(choices)
    assert set(kinds) == {"word", "transpose", "resize"}
    assert set(pairs(choices, default(choices))) == FILE.keys()
    left = choices.taken((), (kinds["word"],))
    assert set(pairs(choices, left)) == {name for name in FILE if "wq" not in name}


def test_a_swap_that_is_left_leaves_the_dimensions_as_they_are():
    choices = Choices(NETWORK, FILE)
    left = choices.taken((), (by_kind(choices)["transpose"],))
    links = [link for link in choices.chosen(left).links if "wq" in link.file[0]]
    assert [link.transposed for link in links] == [False] * 4
    found = misfits_of(links, Side(dict(NETWORK)), Side(dict(FILE)))
    assert {each.name for each in found.shape} == {name for name in NETWORK if "q_proj" in name}


def test_rows_of_a_vocabulary_that_grew_are_a_guess_that_nobody_takes_unasked():
    choices = Choices(NETWORK, FILE)
    (grown,) = [each for each in choices.choices if each.rule.kind == "resize"]
    assert (grown.rule.certainty, grown.by_default, grown.rule.keys) == ("guess", False, 1)
    assert grown.rule.note == (
        "98 rows in the file, 100 in the network: the first 98 are copied; the last 2 stay as they are"
    )
    sides = Side(dict(NETWORK)), Side(dict(FILE))
    before = misfits_of(choices.chosen(default(choices)).links, *sides)
    assert [each.name for each in before.shape] == ["embed.weight"]
    after = misfits_of(choices.chosen(choices.taken((grown.key,), ())).links, *sides)
    assert (after.shape, after.fits) == ([], True)


@pytest.mark.parametrize("theirs", [98, 102])
def test_the_rows_that_both_have_are_copied_by_the_product_and_by_the_python(theirs, tmp_path, monkeypatch):
    torch.manual_seed(0)
    net = nn.ModuleDict({"embed": nn.Embedding(100, 8), "out": nn.Linear(8, 100)})
    file = {
        "embed.weight": torch.randn(theirs, 8),
        "out.weight": torch.randn(theirs, 8),
        "out.bias": torch.randn(theirs),
    }
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    right = {name: torch.cat([file[name], before[name][theirs:]])[:100] for name in before}
    shapes = [{name: tuple(tensor.shape) for name, tensor in side.items()} for side in (before, file)]
    choices = Choices(*shapes)
    assert [each.rule.keys for each in choices.choices] == [3]
    chosen = choices.chosen({each.key for each in choices.choices})
    sides = Side(shapes[0]), Side(shapes[1])
    torch.save(file, tmp_path / "w.pt")
    monkeypatch.chdir(tmp_path)
    exec(code_of(chosen.links, chosen, sides[0], misfits_of(chosen.links, *sides), "w.pt"), {"model": net})
    assert all(torch.equal(tensor, right[name]) for name, tensor in net.state_dict().items())
    net.load_state_dict(before)
    with torch.no_grad():
        for link in chosen.links:
            (value,) = values_of(link, file.__getitem__, shapes[0])
            fill(net.state_dict()[link.network[0]], value, link)
    assert all(torch.equal(tensor, right[name]) for name, tensor in net.state_dict().items())


def test_rows_that_are_taken_with_the_guesses_are_in_the_lists_and_the_python():
    proposal = propose(NETWORK, FILE)
    sides = Side(dict(NETWORK)), Side(dict(FILE))
    assert [each.name for each in misfits(proposal, *sides, ("certain", "likely")).shape] == ["embed.weight"]
    found = misfits(proposal, *sides, ("certain", "likely", "guess"))
    assert found.shape == []
    assert "strict: 9 of 9" in code_for(proposal, sides[0], found, "w.pt")
    assert [rule.kind for rule in proposal.rules] == ["word", "transpose", "resize"]


def test_a_bias_alone_that_has_other_rows_is_no_vocabulary():
    choices = Choices({"norm.weight": (100,), "fc.weight": (100, 9)}, {"norm.weight": (98,), "fc.weight": (98, 7)})
    assert choices.choices == []


def test_rules_of_ones_own_come_first_and_the_links_have_the_names_of_the_file():
    network = {f"blocks.{n}.a.weight": (3,) for n in range(4)}
    file = {f"zz.{n}.b.weight": (3,) for n in range(4)}
    choices = Choices(network, file, [Rename("zz.=blocks."), Rename("*.b.*=*.a.*")])
    assert choices.proposal.agreeing == 4
    assert pairs(choices, default(choices)) == dict(zip(file, network, strict=True))
    with pytest.raises(NamesClash):
        Choices(network, file, [Rename("zz.1.=zz.0.")])


def test_a_guess_among_what_a_certain_rule_renames_is_to_be_taken_by_itself():
    for case in cases("made_up").values():
        choices = Choices(case.network, case.file)
        guesses = {link for link in choices.proposal.links if link.certainty == "guess" and link.how == "copy"}
        chosen = set(pairs(choices, default(choices)))
        assert not any(link.file[0] in chosen for link in guesses), case.name


@pytest.mark.parametrize("file", ["made_up", "real"])
def test_with_all_rules_all_links_hold_and_with_none_those_whose_names_agree(file):
    for case in cases(file).values():
        choices = Choices(case.network, case.file)
        every = choices.chosen({each.key for each in choices.choices}).links
        assert {link.file: link.network for link in every} == {
            link.file: link.network for link in choices.proposal.links
        }, case.name
        assert all(link.file == link.network for link in choices.chosen(set()).links if link.how == "copy"), case.name


@settings(max_examples=examples(20), deadline=None)
@given(st.data())
def test_more_rules_never_take_a_link_away(data):
    case = cases("made_up")[data.draw(st.sampled_from(sorted(cases("made_up"))))]
    choices = Choices(case.network, case.file)
    keys = [each.key for each in choices.choices]
    some = set(data.draw(st.lists(st.sampled_from(keys)))) if keys else set()
    more = some | (set(data.draw(st.lists(st.sampled_from(keys)))) if keys else set())
    assert pairs(choices, some).items() <= pairs(choices, more).items()


def test_an_edited_rule_is_one_that_rename_reads():
    choices = Choices(NETWORK, FILE)
    renames = [each.rename for each in choices.choices if each.rename]
    assert renames == ["*.wq.*=*.q_proj.*"]
    assert Rename(renames[0])("layers.3.wq.weight") == "layers.3.q_proj.weight"


def test_the_python_for_a_folder_knows_a_tensor_that_it_holds_once_under_two_names():
    net = nn.ModuleDict({"embed": nn.Embedding(9, 4), "head": nn.Linear(4, 9, bias=False)})
    net["head"].weight = net["embed"].weight
    shapes = {"embed.weight": (9, 4), "head.weight": (9, 4)}
    twins = {"embed.weight": ("head.weight",), "head.weight": ("embed.weight",)}
    sides = Side(shapes, twins=twins), Side({f"model.{name}": shape for name, shape in shapes.items()})
    choices = Choices(sides[0].shapes, sides[1].shapes)
    chosen = choices.chosen({each.key for each in choices.choices})
    found = misfits_of(chosen.links, *sides)
    ties = {f"model.{name}": tuple(f"model.{each}" for each in others) for name, others in twins.items()}
    code = code_of(chosen.links, chosen, sides[0], found, "folder", ties)
    values = torch.randn(9, 4)
    names = {"model": net, "held": {"model.embed.weight": values}}
    exec(code.replace("file = ...", "file = held"), names)
    assert torch.equal(net["head"].weight, values)
    assert "setdefault" not in code_of(chosen.links, chosen, sides[0], found, "w.pt", ties)


def test_the_parts_of_weight_norm_and_of_spectral_norm_in_one_file_are_told_apart():
    parts = {"0.weight_g": (8, 1), "0.weight_v": (8, 4)}
    file = parts | {"2.weight_orig": (8, 8), "2.weight_u": (8,), "2.weight_v": (8,)}
    reasons = {each.name: each.reason for each in misfits_of([], Side({}), Side(file)).unexpected}
    assert {name: reason.split(":")[0] for name, reason in reasons.items()} == {
        name: f"a part of {'weight' if name in parts else 'spectral'} norm" for name in file
    }
