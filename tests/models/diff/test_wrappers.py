"""Of `wrappers`: names that wrappers were put into, and the renames that take them out, tried as they are said."""

from __future__ import annotations

import pytest

from models.diff.pairing import Pairs
from models.diff.wrappers import unwrapping
from models.tree.globs import Rename

PLAIN = [f"layers.{layer}.{name}.weight" for layer in range(3) for name in ("attn", "mlp")]


def pairs(a: list[str], b: list[str]) -> Pairs:
    return Pairs(only_a=[each for each in a if each not in b], only_b=[each for each in b if each not in a])


@pytest.mark.parametrize(
    ("wrapped", "rules"),
    [
        (lambda name: name.replace(".attn", "._orig_mod.attn").replace(".mlp", "._orig_mod.mlp"), ["_orig_mod."]),
        (lambda name: f"module.{name}", ["module."]),
        (lambda name: f"_fsdp_wrapped_module.{name.replace('.attn', '._checkpoint_wrapped_module.attn')}",
         ["_fsdp_wrapped_module.", "_checkpoint_wrapped_module."]),
        (lambda name: f"_orig_mod.{name.replace('.weight', '._orig_mod.weight')}", ["_orig_mod."] * 2),
        (lambda name: f"base_model.model.{name.replace('.weight', '.base_layer.weight')}",
         ["base_model.model.", "base_layer."]),
        (lambda name: f"_forward_module.{name}", ["_forward_module."]),
    ],
)  # fmt: skip
def test_the_rules_take_the_wrappers_out(wrapped, rules: list[str]) -> None:  # type: ignore[no-untyped-def]
    names = list(map(wrapped, PLAIN))
    found = unwrapping(pairs([*names, "more"], PLAIN))
    assert found is not None
    assert (found.rules, found.more, found.swapped) == ([f"*{each}*=**" for each in rules], 6, False)
    renamed = names
    for rule in map(Rename, found.rules):
        renamed = list(map(rule, renamed))
    assert renamed == PLAIN
    other = unwrapping(pairs(PLAIN, names))
    assert other is not None
    assert (other.rules, other.more, other.swapped) == (found.rules, 6, True)


def test_nothing_is_said_where_nothing_more_pairs() -> None:
    assert unwrapping(pairs(PLAIN, PLAIN)) is None
    assert unwrapping(pairs(["module.a"], ["b"])) is None
    assert unwrapping(pairs([], PLAIN)) is None
