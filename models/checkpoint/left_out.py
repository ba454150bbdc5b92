"""Which names transformers leaves out of a file of weights, since its classes make them the same as another tensor.

Two kinds: an encoder and a decoder that have one embedding, whatever the configuration says; and an output that is the
input embedding, where `tie_word_embeddings` of the configuration is true, or does not stand in one of transformers
(true was its default, and a class with an output writes one that is its own).  The names are those that version 5.24
left out for small networks of each family.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

SETTING = "tie_word_embeddings"
_SHARED = (("shared.weight", "embed_tokens.weight"), ("word_embeddings.weight", "word_embeddings.weight"))
"""What one embedding of two sides is called: by its own name, and in each side."""
_SIDES = ("encoder.", "decoder.")
_INPUTS = (
    "shared.weight", "embed_tokens.weight", "wte.weight", "word_embeddings.weight", "word_embedding.weight",
    "tok_embeddings.weight", "embed_in.weight",
)  # fmt: skip
"""Ends of the names of input embeddings."""
_HEADS = (
    ("cls.predictions.bias", "cls.predictions.decoder.weight"),
    ("predictions.bias", "predictions.decoder.weight"),
    ("lm_head.dense.weight", "lm_head.decoder.weight"),
    ("vocab_projector.bias", "vocab_projector.weight"),
    ("generator_lm_head.bias", "generator_lm_head.weight"),
    ("lm_loss.bias", "lm_loss.weight"),
)
"""A name that stands in the file beside an output, and the output that does not."""
_OUTPUTS = ("lm_head.weight", "proj_out.weight", "embed_out.weight", *(head for _, head in _HEADS))
_WITH_OUTPUT = ("ForCausalLM", "LMHeadModel", "DoubleHeadsModel", "ForConditionalGeneration", "MTModel")
_WITH_HEAD = (*_WITH_OUTPUT, "ForMaskedLM", "ForPreTraining")


def may_leave_out(config: dict[str, Any]) -> bool:
    """Return whether a file beside this `config.json` may leave a name out, before its names are looked through."""
    classes = _classes(config)
    return bool(classes) and (not classes[0].endswith("ForCausalLM") or bool(_is_tied(config)))


def left_out(paths: Collection[str], config: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each name that a file with these `paths` leaves out, the name it is there under, and who says so.

    `config` is what stands in the `config.json` beside the file, of whatever types.
    """
    classes = _classes(config)
    if not classes:
        return
    yield from _of_both_sides(paths, classes[0])
    why = _is_tied(config)
    if not why or any(path.endswith(_OUTPUTS) for path in paths):
        return
    embedding = _input(paths)
    if not embedding:
        return
    for beside, head in _HEADS:
        if beside in paths and classes[0].endswith(_WITH_HEAD):
            yield head, embedding, why
            bias = head.replace("decoder.weight", "bias")
            if bias != head and bias in paths:
                yield head.replace("weight", "bias"), bias, why
            return
    if classes[0].endswith(_WITH_OUTPUT):
        within = "language_model." if embedding.startswith("language_model.") else ""
        output = "proj_out" if "Whisper" in classes[0] else "lm_head"
        yield f"{within}{output}.weight", embedding, why


def _classes(config: dict[str, Any]) -> list[str]:
    listed = config.get("architectures")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _of_both_sides(paths: Collection[str], name: str) -> Iterator[tuple[str, str, str]]:
    for whole, part in _SHARED:
        for shared in [path for path in paths if path == whole or path.endswith(f".{whole}")]:
            prefix = shared.removesuffix(whole)
            sides = [prefix + side for side in _SIDES]
            for side in sides:
                if side + part not in paths and any(path.startswith(side) for path in paths):
                    yield side + part, shared, f"its class, {name}"


def _is_tied(config: dict[str, Any]) -> str:
    """Return who says that the output is the input embedding; empty where nobody does."""
    within = config.get("text_config")
    if config.get(SETTING) is True or (isinstance(within, dict) and within.get(SETTING) is True):
        return f"{SETTING} of the configuration"
    if SETTING not in config and "model_type" in config and not isinstance(within, dict):
        return f"the default of {SETTING}, on which the configuration is silent"
    return ""


def _input(paths: Collection[str]) -> str:
    """Return the name of the one embedding that an output can be; empty where there is none, or several."""
    found = [path for path in paths if path.endswith(_INPUTS) and not path.startswith(("vision", "model.vision"))]
    for side in ("encoder.", "decoder."):  # of the encoder's, the decoder's and a shared one an output is the last
        others = [path for path in found if f".{side}" not in f".{path}"]
        found = others or found
    return found[0] if len(found) == 1 else ""
