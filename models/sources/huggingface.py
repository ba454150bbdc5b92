"""A folder of the Hugging Face libraries: weights, and beside them what the model, its tokenizer and its use are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..opened.source import OpenOptions, Source, SourceError
from ..stored.file import DataFile
from ..stored.stored import Unreadable
from .formats import Format, PathInfo
from .json_values import NotJson, parsed, summarised
from .shards.choosing import chosen
from .shards.opening import by_choice
from .wording import shortened, size_text

_MAIN = ("config.json", "adapter_config.json")
"""One of them makes a folder such a folder."""
_TOLD = (
    *_MAIN,
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "preprocessor_config.json",
    "processor_config.json",
    "quantize_config.json",
)
"""Files whose settings are told, each under its name without the ending."""
_LARGEST = 4 * 1024 * 1024
"""Bytes of such a file; the longest list of added tokens takes a million."""


def _recognises(found: PathInfo) -> bool:
    return found.is_folder and any(name in found.names for name in _MAIN)


def _open(found: PathInfo, how: OpenOptions) -> Source:
    settings, warnings = _settings(found)
    choice = chosen(found.names, beside=False)
    if choice is None:
        main = next(name for name in _MAIN if name in found.names)
        raise SourceError(
            f"{shortened(found.path.name)} has a {main}, but no weights",
            "Download the weights into it too: model.safetensors, or its shards with their index.",
        )
    whole = by_choice(found.path, choice, found.names, how)
    whole.metadata = {**settings, **{key: value for key, value in whole.metadata.items() if key not in settings}}
    whole.warnings[:0] = warnings
    whole.kind = f"Hugging Face folder, {whole.kind}"
    name = _architecture(settings.get("config"))
    if name:
        whole.classes[""] = name
    return Source(source=found.text, kind="checkpoint", name=found.path.name, checkpoint=whole, file=str(found.path))


def _settings(found: PathInfo) -> tuple[dict[str, Any], list[str]]:
    """What the files beside the weights say, without what is too long to look at, and warnings about broken ones."""
    settings: dict[str, Any] = {}
    warnings: list[str] = []
    for name in _TOLD:
        if name in found.names:
            try:
                settings[name.removesuffix(".json")] = summarised(_read(found.path / name))
            except NotJson as error:
                warnings.append(f"{name} is left out: {error}")
    return settings, warnings


def _read(path: Path) -> dict[str, Any]:
    try:
        file = DataFile(path)
        if file.size > _LARGEST:
            raise NotJson(f"it is too large for settings ({size_text(file.size)})")
        raw = file.read(0, file.size)
        file.close()
    except OSError as error:
        raise NotJson(f"it cannot be read: {error.strerror or error}") from None
    except Unreadable as error:
        raise NotJson(str(error)) from None
    value = parsed(raw)
    if not isinstance(value, dict):
        raise NotJson("it holds no settings by name")
    return value


def _architecture(config: Any) -> str:
    """The class that the configuration names first; empty where it names none."""
    names = config.get("architectures") if isinstance(config, dict) else None
    return names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""


FORMAT = Format("a Hugging Face folder", _recognises, _open)
