"""A folder of the Hugging Face libraries: weights, and beside them what the model, its tokenizer and its use are.

See https://huggingface.co/docs/transformers/main_classes/configuration for `config.json`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..opened.source import OpenOptions, Source, SourceError
from .formats import Format, PathInfo, checkpoint_source, read_whole
from .json_values import NotJson, parsed, summarised
from .shards import choose_weights, open_chosen
from .wording import shortened, size_text

_MAIN = ("config.json", "adapter_config.json")
"""One of them makes a folder such a folder."""
_SETTINGS = (
    *_MAIN,
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "preprocessor_config.json",
    "processor_config.json",
    "quantize_config.json",
    "trainer_state.json",
    "scheduler_config.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
)
"""Files whose settings are shown, each under its name without the ending."""
_LARGEST = 4 * 1024 * 1024
"""Bytes of such a file, at most; the longest list of added tokens takes a million."""


def _recognises(found: PathInfo) -> bool:
    return found.is_folder and any(name in found.names for name in _MAIN)


def _open(found: PathInfo, how: OpenOptions) -> Source:
    settings, warnings = settings_of(found.path, found.names)
    choice = choose_weights(found.names, beside=False)
    if choice is None:
        from .unrecognised.folders import foreign_weights

        main = next(each for each in _MAIN if each in found.names)
        name = shortened(found.path.name)
        foreign = foreign_weights(found.names)
        if foreign is not None:
            raise SourceError(
                f"{shortened(found.path.name)} has a {main}, and only {foreign[0]} as weights", foreign[1]
            )
        raise SourceError(
            f"{shortened(found.path.name)} has a {main}, but no weights",
            "Download the weights into it too: model.safetensors, or its shards with their index.",
        )
    whole = open_chosen(found.path, choice, found.names, how)
    whole.metadata = {**settings, **{key: value for key, value in whole.metadata.items() if key not in settings}}
    whole.warnings[:0] = warnings
    whole.kind = f"Hugging Face folder, {whole.kind}"
    name = _architecture(settings.get("config")) or _adapter(settings.get("adapter_config"))
    if name:
        whole.classes[""] = name
    return checkpoint_source(found, whole, found.path.name)


def settings_of(folder: Path, names: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what the files beside the weights say, summarised, and warnings about broken ones."""
    settings: dict[str, Any] = {}
    warnings: list[str] = []
    for name in _SETTINGS:
        if name in names:
            try:
                settings[name.removesuffix(".json")] = summarised(_read(folder / name))
            except NotJson as error:
                warnings.append(f"{name} is left out: {error}")
    return settings, warnings


def _read(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise NotJson("it holds no settings by name")
    return value


def read_json(path: Path) -> Any:
    """Return what a small JSON file says; raise NotJson."""

    def too_large(size: int) -> SourceError:
        return SourceError(f"it is too large for settings ({size_text(size)})")

    try:
        raw = read_whole(path, _LARGEST, too_large, "it cannot be read")
    except SourceError as error:
        raise NotJson(error.title) from None
    return parsed(raw)


def _architecture(config: Any) -> str:
    """Return the class that the configuration names first; empty where it names none."""
    if not isinstance(config, dict):
        return ""
    names = config.get("architectures")
    if isinstance(names, list) and names and isinstance(names[0], str):
        return names[0]
    name = config.get("_class_name")  # of diffusers
    return name if isinstance(name, str) else ""


def _adapter(config: Any) -> str:
    """Return what a configuration of PEFT says it is: `LORA adapter`; empty where there is none."""
    kind = config.get("peft_type") if isinstance(config, dict) else None
    return f"{shortened(kind)} adapter" if isinstance(kind, str) else ""


FORMAT = Format("a Hugging Face folder", _recognises, _open)
