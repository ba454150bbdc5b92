"""The documented networks, by their name in the catalogue."""

from __future__ import annotations

from ..examples.catalogue import EXAMPLES, build_example, example_names
from ..opened.source import OpenOptions, Source
from .base import SourceKind


def _open(text: str, how: OpenOptions) -> Source:
    example = EXAMPLES[text]
    network = build_example(text)
    return Source(
        source=text,
        kind="module",
        name=example.variable,
        module=network,
        names=example_names(text, network),
        input_specs=[example.input],
        note=example.words(how.language)[1],
        tries=list(example.tries),
    )


KIND = SourceKind(claims=EXAMPLES.__contains__, open=_open)
