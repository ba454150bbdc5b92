"""Several checkpoints as one: what each records of its modules stays with them."""

import torch

from models.opened.source import OpenOptions
from models.sources.folders.parts import FolderPart, joined_parts
from models.stored.checkpoint import Checkpoint
from tests.models.stored.held import Held


def test_classes_facts_and_modules_without_tensors_are_below_the_name_of_their_part() -> None:
    def part(name: str) -> FolderPart:
        held = [Held.of(torch.ones(2), "fc.weight"), Held.of(torch.ones(2), "last.weight")]
        facts = {"": [("Mode", "eval")], "fc": [("in_features", "2")]}
        checkpoint = Checkpoint(held, ordered=True, classes={"": "Net", "act": "ReLU"}, facts=facts, bare=[("act", 1)])
        return FolderPart(name, f"{name}.pt", lambda _: checkpoint)

    found = joined_parts([part("a"), part("b")], OpenOptions())
    assert found.classes == {"a": "Net", "a.act": "ReLU", "b": "Net", "b.act": "ReLU"}
    assert found.facts["b.fc"] == [("in_features", "2")]
    assert found.facts["b"] == [("Mode", "eval")]
    assert found.bare == [("a.act", 1), ("b.act", 3)]


def test_what_stands_beside_a_network_is_read_and_never_run_also_where_it_is_trusted() -> None:
    trusted: dict[str, bool] = {}

    def part(name: str, beside: bool) -> FolderPart:
        def opened(how: OpenOptions) -> Checkpoint:
            trusted[name] = how.trust
            return Checkpoint([Held.of(torch.ones(2), "weight")], kind="test")

        return FolderPart(name, f"{name}.pt", opened, beside)

    joined_parts([part("net", beside=False), part("training_args", beside=True)], OpenOptions(trust=True))
    assert trusted == {"net": True, "training_args": False}
