"""An index of shards: which file holds which tensor, as `model.safetensors.index.json` says it.

The format is that of `huggingface_hub.save_torch_state_dict` and transformers: a JSON object with a `weight_map` of
tensor names to file names, and `metadata`.

See "Sharded checkpoints" in https://huggingface.co/docs/transformers/big_models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ...opened.source import SourceError
from ..formats import read_whole
from ..json_values import NotJson, parsed, summarised
from ..wording import shortened, size_text

LARGEST = 200_000_000
"""Bytes of an index, at most; with a million names it takes 100 million."""
_LARGEST_METADATA = 1_000_000
_REMEDY = "It was damaged or written wrongly: download it again, or open the files that hold the tensors."


class ShardIndex(NamedTuple):
    """What an index says, nothing of it believed yet."""

    promised: dict[str, str]
    """Of each tensor, the name of the file that holds it, as it is written; it may be anything."""
    metadata: dict[str, Any]
    """What the index says beside that."""

    def files(self) -> tuple[list[str], list[str]]:
        """Return the names of files beside the index, each once; and those that are no such names, never to be opened.

        Whoever sends an index may write anything into it: a file's text is not to lead anywhere.
        """
        names = list(dict.fromkeys(self.promised.values()))
        return [name for name in names if _is_plain(name)], [name for name in names if not _is_plain(name)]


class _Index(msgspec.Struct):
    weight_map: dict[str, str]
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


def read_index(path: Path) -> ShardIndex:
    """Read an index of shards.

    Raises:
        SourceError: it cannot be read, or is no index.
    """
    name = shortened(path.name)
    raw = read_whole(
        path,
        LARGEST,
        lambda size: SourceError(
            f"{name} is too large for an index of shards ({size_text(size)})", "Open the files that hold the tensors."
        ),
    )
    try:
        found = msgspec.json.decode(raw, type=_Index)
    except msgspec.ValidationError:
        raise SourceError(
            f"{name} is no index of shards, or a broken one: it has no weight_map from tensors to files", _REMEDY
        ) from None
    except msgspec.DecodeError as error:
        raise SourceError(f"{name} is no valid JSON: {error}", _REMEDY) from None
    except UnicodeDecodeError:
        raise SourceError(f"{name} is not valid UTF-8", _REMEDY) from None
    except RecursionError:
        raise SourceError(f"{name} is nested too deeply", _REMEDY) from None
    return ShardIndex(found.weight_map, _metadata(found.metadata))


def _is_plain(name: str) -> bool:
    return name not in ("", ".", "..") and not any(each in name for each in "/\\\0")


def _metadata(raw: msgspec.Raw) -> dict[str, Any]:
    if len(bytes(raw)) > _LARGEST_METADATA:
        return {}
    try:
        value = summarised(parsed(bytes(raw)))
    except NotJson:
        return {}
    return value if isinstance(value, dict) else {}
