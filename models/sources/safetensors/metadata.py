"""What a safetensors file says of itself, with the JSON that some programs write into its texts unfolded."""

from __future__ import annotations

from typing import Any

from ..json_values import NotJson, parsed

_MOST_UNFOLDED = 1_000_000
"""Characters of JSON that are unfolded, all texts together; what is beyond stays text."""


def unfolded(metadata: dict[str, str]) -> dict[str, Any]:
    """`metadata` with the objects and lists that its texts hold in the place of those texts."""
    left = _MOST_UNFOLDED
    found: dict[str, Any] = {}
    for key, text in metadata.items():
        found[key] = text
        if len(text) <= left and text.lstrip()[:1] in ("{", "["):
            left -= len(text)
            try:
                found[key] = parsed(text)
            except NotJson:
                continue
    return found
