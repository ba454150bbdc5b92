"""The documented networks as sources."""

from __future__ import annotations

import pytest

from models.examples.catalogue import EXAMPLES
from models.sources.opening import open_source


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_opens_with_what_is_known_of_it(name: str) -> None:
    source = open_source(f" {name} ")
    assert (source.source, source.kind, source.file) == (name, "module", None)
    assert sum(p.numel() for p in source.module.parameters()) == EXAMPLES[name].parameters
    assert source.input_specs == [EXAMPLES[name].input]
    assert source.note
    assert source.tries


def test_the_console_gets_the_names_of_the_document() -> None:
    rgnet, shared = open_source("rgnet"), open_source("shared")
    assert rgnet.name == "rgnet"
    assert {"block1", "block2"} <= rgnet.names.keys()
    assert shared.names["shared"] is shared.module[2] is shared.module[4]
