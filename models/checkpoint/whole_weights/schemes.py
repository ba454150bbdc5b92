"""Every scheme by which a weight is stored in parts, and the names by which one is known."""

from __future__ import annotations

from .by_scale import SCALED
from .nibbles import NIBBLES
from .packed_words import PACKED_WORDS
from .scheme import StorageScheme

SCHEMES: tuple[StorageScheme, ...] = (*NIBBLES, *PACKED_WORDS, *SCALED)
"""The first that knows a weight has it."""
_SIGNS = frozenset().union(*(scheme.signs for scheme in SCHEMES))
_ENDINGS = tuple({ending for scheme in SCHEMES for ending in scheme.endings})


def is_sign(name: str) -> bool:
    """Return whether the last part of a name is one by which a scheme knows a weight."""
    return name in _SIGNS or name.endswith(_ENDINGS)
