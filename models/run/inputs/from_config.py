"""Inputs that a network's own configuration says the sizes of: text beside a picture, sound beside text.

For what one first layer cannot say.  Names and sizes are those of transformers (`CLIPConfig`, `WhisperConfig`,
https://huggingface.co/docs/transformers/model_doc/clip); only attributes are read, nothing of it is imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Set

from torch import nn

from ...tensors.plainly import plainly
from .specs import InputSpec

TOKENS = 16
"""Of a text; no more than the network has positions for."""
DECODED = 8
"""Tokens of what a decoder begins with."""
LARGEST = 65_536
"""A size that a configuration may say."""
PLACEHOLDERS = ("image_token_id", "image_token_index")
"""In a network whose text has to hold a token for each part of the picture, which is not guessed."""


@plainly
def specs_from_config(module: nn.Module) -> list[InputSpec] | None:
    """Return the keyword inputs that the network's configuration says; None where it says none."""
    config = vars(module).get("config")
    names = _parameters(module)
    if config is None or not hasattr(config, "__dict__"):
        return None
    if {"input_ids", "pixel_values"} <= names:
        return _text_and_picture(config)
    if {"input_features", "decoder_input_ids"} <= names:
        return _sound_and_text(config)
    return None


def _text_and_picture(config: object) -> list[InputSpec] | None:
    if any(_said(config, name) is not None for name in PLACEHOLDERS):
        return None
    text, vision = (vars(config).get(name) or config for name in ("text_config", "vision_config"))
    vocabulary = _size(text, "vocab_size")
    side, channels = _size(vision, "image_size"), _size(vision, "num_channels") or 3
    if not vocabulary or not side:
        return None
    tokens = min(TOKENS, _size(text, "max_position_embeddings") or TOKENS)
    return [
        InputSpec((2, tokens), "int64", bound=vocabulary, name="input_ids"),
        InputSpec((2, channels, side, side), name="pixel_values"),
    ]


def _sound_and_text(config: object) -> list[InputSpec] | None:
    bins, positions, vocabulary = (
        _size(config, name) for name in ("num_mel_bins", "max_source_positions", "vocab_size")
    )
    if not bins or not positions or not vocabulary:
        return None
    tokens = min(DECODED, _size(config, "max_target_positions") or DECODED)
    return [
        InputSpec((1, bins, 2 * positions), name="input_features"),  # a convolution of stride 2 halves the frames
        InputSpec((1, tokens), "int64", bound=vocabulary, name="decoder_input_ids"),
    ]


def _parameters(module: nn.Module) -> Set[str]:
    try:
        return inspect.signature(module.forward).parameters.keys()
    except Exception:  # no signature; or a property of the user's
        return frozenset()


def _said(config: object, name: str) -> object:
    return vars(config).get(name) if hasattr(config, "__dict__") else None


def _size(config: object, name: str) -> int:
    """Return a size that a configuration says; 0 for one that is none."""
    said = _said(config, name)
    if isinstance(said, (list, tuple)) and len(set(map(str, said))) == 1:
        said = said[0]  # both sides of a square
    largest = LARGEST if name != "vocab_size" else 2**31
    return said if type(said) is int and 0 < said <= largest else 0
