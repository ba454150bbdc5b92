"""Checkpoints of several files: shards and their index, torch.distributed.checkpoint, Hugging Face folders."""

from __future__ import annotations

import json
import os
from pathlib import Path

from . import pickles as p
from . import safetensors as st
from .case import ESCAPES, MARKUP, NAMES, Case, Opened, Refused, folder_of
from .torch_files import archive

A, B = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"
F32 = ([2], "float32")


def shard(*names: str) -> bytes:
    """A safetensors file of float32 [2] tensors."""
    entries = {
        name: {"dtype": "F32", "shape": [2], "data_offsets": [8 * at, 8 * at + 8]} for at, name in enumerate(names)
    }
    return st.file(entries, bytes(8 * len(names)))


def index(weights: object, **more: object) -> bytes:
    """An index file."""
    size = 8 * len(weights) if isinstance(weights, dict) else 16
    return json.dumps({"metadata": {"total_size": size}, "weight_map": weights} | more).encode()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


_GOOD = {A: shard("a"), B: shard("b")}
_BOTH = {"a": F32, "b": F32}
_INDEXES: dict[str, tuple[dict[str, object], Refused | Opened]] = {
    "good": ({INDEX: index({"a": A, "b": B}), **_GOOD}, Opened(_BOTH)),
    "shard-missing": ({INDEX: index({"a": A, "b": B}), A: shard("a")}, Opened({"a": F32}, warning=r"00002-of-00002")),
    "all-shards-missing": ({INDEX: index({"a": A, "b": B})}, Refused(r"00001-of-00002|shard|missing")),
    "shard-surplus": (
        {INDEX: index({"a": A}), **_GOOD},
        Opened(warning=r"00002-of-00002"),
    ),
    "tensor-not-in-its-shard": ({INDEX: index({"a": A, "b": B, "c": B}), **_GOOD}, Opened(_BOTH, warning=r"\bc\b")),
    "tensor-in-two-shards": (
        {INDEX: index({"a": A, "b": B}), A: shard("a"), B: shard("a", "b")},
        Opened(warning=r"\ba\b"),
    ),
    "shard-broken": (
        {INDEX: index({"a": A, "b": B}), A: shard("a"), B: b"nonsense"},
        Opened({"a": F32}, warning=r"00002-of"),
    ),
    "shard-empty": (
        {INDEX: index({"a": A, "b": B}), A: shard("a"), B: b""},
        Opened({"a": F32}, warning=r"empty|0 bytes"),
    ),
    "shard-an-lfs-pointer": (
        {INDEX: index({"a": A, "b": B}), A: shard("a"), B: b"version https://git-lfs.github.com/spec/v1\nsize 5\n"},
        Opened({"a": F32}, warning=r"Git LFS"),
    ),
    "shard-a-fifo": (
        {INDEX: index({"a": A, "b": B}), A: shard("a"), B: _fifo},
        Opened({"a": F32}, warning=r"FIFO|regular"),
    ),
    "leads-outside": (
        {INDEX: index({"a": A, "b": "../../safetensors/good.safetensors"}), A: shard("a")},
        Opened({"a": F32}, warning=r"outside|folder|leaves|good\.safetensors"),
    ),
    "leads-outside-only": ({INDEX: index({"a": "/etc/passwd"})}, Refused(r"passwd|outside|folder")),
    "names-with-a-nul": (
        {INDEX: index({"a": A, "b": "b\0.safetensors"}), A: shard("a")},
        Opened({"a": F32}, warning=r"."),
    ),
    "itself": ({INDEX: index({"a": INDEX})}, Refused(r"is an index of shards, not a shard")),
    "in-a-circle": (
        {INDEX: index({"a": "other.index.json"}), "other.index.json": index({"a": INDEX})},
        Refused(r"is an index of shards, not a shard"),
    ),
    "names-a-folder": ({INDEX: index({"a": "."})}, Refused(r"folder|shard")),
    "hostile-names": (
        {INDEX: index(dict.fromkeys(NAMES.values(), A) | {"b": ESCAPES}), A: shard(*NAMES.values())},
        Opened(count=len(NAMES)),
    ),
    "map-a-list": ({INDEX: index([1, 2]), **_GOOD}, Refused(r"weight_map|index")),
    "map-of-numbers": ({INDEX: index({"a": 1}), **_GOOD}, Refused(r"weight_map|index|text|string|name")),
    "map-empty": ({INDEX: index({}), **_GOOD}, Refused(r"weight_map|index|no tensors|nothing|empty")),
    "no-map": ({INDEX: b'{"metadata": {}}', **_GOOD}, Refused(r"weight_map|index")),
    "broken-json": ({INDEX: b'{"weight_map": {"a": ', **_GOOD}, Refused(r"JSON|cut|broken")),
    "deep-json": ({INDEX: b'{"weight_map":' + b"[" * 100_000, **_GOOD}, Refused(r"weight_map")),
}

_LOOSE: dict[str, tuple[dict[str, object], Refused | Opened, str]] = {
    "numbered": (dict(_GOOD), Opened(_BOTH), ""),
    "numbered-one-missing": ({A: shard("a")}, Opened({"a": F32}, warning=r"00002"), ""),
    "numbered-of-a-million": (
        {"model-000001-of-999999.safetensors": shard("a")},
        Opened({"a": F32}, warning=r"999,?998|missing"),
        "",
    ),
    "globbed": ({"x1.safetensors": shard("a"), "x2.safetensors": shard("b")}, Opened(_BOTH), "*.safetensors"),
    "globbed-nothing": ({"x1.txt": b"hello"}, Refused(r"\*\.safetensors|no file|nothing|matches"), "*.safetensors"),
    "with-a-fifo": ({A: shard("a"), B: _fifo}, Opened({"a": F32}, warning=r"FIFO|regular|00002"), ""),
}

CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8}
_HUB: dict[str, tuple[dict[str, object], Refused | Opened]] = {
    "good": (
        {"config.json": json.dumps(CONFIG).encode(), "model.safetensors": shard("a")},
        Opened({"a": F32}),
    ),
    "only-config": ({"config.json": json.dumps(CONFIG).encode()}, Refused(r"weights|no tensors")),
    "config-broken": (
        {"config.json": b"{nope", "model.safetensors": shard("a")},
        Opened({"a": F32}, warning=r"config"),
    ),
    "config-deep": (
        {"config.json": b"[" * 100_000, "model.safetensors": shard("a")},
        Opened({"a": F32}, warning=r"config"),
    ),
    "config-hostile": (
        {"config.json": json.dumps({"model_type": ESCAPES, MARKUP: NAMES}).encode(), "model.safetensors": shard("a")},
        Opened({"a": F32}),
    ),
    "config-a-fifo": ({"config.json": _fifo, "model.safetensors": shard("a")}, Opened({"a": F32})),
    "both-kinds": (
        {
            "config.json": json.dumps(CONFIG).encode(),
            "model.safetensors": shard("a"),
            "pytorch_model.bin": archive(p.whole(p.call(p.name("os", "system"), p.text("true")))),
        },
        Opened({"a": F32}),
    ),
}

_META = "torch.distributed.checkpoint.metadata"


def _made(kind: str, module: str = _META, **state: bytes) -> bytes:
    """An object of a class, its attributes set as pickle does for a dataclass."""
    return _built(kind, p.a_dict([(p.text(key), value) for key, value in state.items()]), module)


def _built(kind: str, state: bytes, module: str = _META) -> bytes:
    return p.name(module, kind) + p.EMPTY_TUPLE + b"\x81" + state + p.BUILD


def _size(*dims: int) -> bytes:
    return p.call(p.name("torch", "Size"), p.a_tuple(*map(p.number, dims)))


def metadata(
    shape: tuple[int, ...] = (2, 3), chunks: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (((0, 0), (2, 3)),),
    path: str = "__0_0.distcp", length: int | None = None, offset: int = 0, name: str = "weight", more: bytes = b"",
) -> bytes:  # fmt: skip
    """A `.metadata` of one tensor in chunks, all at one place."""
    properties = _built(
        "TensorProperties",
        p.a_tuple(
            p.name("torch", "float32"),
            p.call(p.name("torch.serialization", "_get_layout"), p.text("torch.strided")),
            p.FALSE,
            p.call(p.name(_META, "_MEM_FORMAT_ENCODING"), p.number(0)),
            p.FALSE,
        ),
    )
    parts = [_made("ChunkStorageMetadata", offsets=_size(*at), sizes=_size(*sizes)) for at, sizes in chunks]
    tensors = _made("TensorStorageMetadata", properties=properties, size=_size(*shape), chunks=p.a_list(*parts))
    places = [
        (
            _made("MetadataIndex", fqn=p.text(name), offset=_size(*at), index=p.number(at_index)),
            _made(
                "_StorageInfo",
                "torch.distributed.checkpoint.filesystem",
                relative_path=p.text(path),
                offset=p.number(offset),
                length=p.number(len(CHUNK) if length is None else length),
            ),
        )
        for at_index, (at, _) in enumerate(chunks)
    ]
    return p.whole(
        _made(
            "Metadata",
            state_dict_metadata=p.a_dict([(p.text(name), tensors)]),
            planner_data=more or p.NONE,
            storage_data=p.a_dict(places),
            storage_meta=p.NONE,
            version=p.NONE,
        )
    )


CHUNK = archive(p.whole(p.tensor("0", 6, [2, 3])))
"""What one rank wrote of one tensor: `torch.save` of the chunk."""
_WEIGHT = {"weight": ([2, 3], "float32")}
_DISTRIBUTED: dict[str, tuple[dict[str, object], Refused | Opened]] = {
    "good": ({".metadata": metadata(), "__0_0.distcp": CHUNK}, Opened(_WEIGHT)),
    "hostile-name": ({".metadata": metadata(name=ESCAPES + MARKUP), "__0_0.distcp": CHUNK}, Opened(count=1)),
    "file-missing": ({".metadata": metadata()}, Opened(_WEIGHT, warning=r"__0_0\.distcp")),
    "file-cut": ({".metadata": metadata(), "__0_0.distcp": CHUNK[:50]}, Opened(_WEIGHT, warning=r"__0_0\.distcp|cut")),
    "file-a-fifo": ({".metadata": metadata(), "__0_0.distcp": _fifo}, Opened(_WEIGHT, warning=r"__0_0\.distcp")),
    "leads-outside": (
        {".metadata": metadata(path="../../torch/good.pt")},
        Opened(_WEIGHT, warning=r"good\.pt lies outside of the folder and is not read"),
    ),
    "leads-to-the-root": (
        {".metadata": metadata(path="/etc/passwd")},
        Opened(_WEIGHT, warning=r"/etc/passwd lies outside of the folder and is not read"),
    ),
    "code": (
        {".metadata": p.whole(p.call(p.name("os", "system"), p.text("true"))), "__0_0.distcp": CHUNK},
        Refused(r"os\.system"),
    ),
    "code-in-the-planner": (
        {".metadata": metadata(more=p.call(p.name("os", "system"), p.text("true"))), "__0_0.distcp": CHUNK},
        Opened(_WEIGHT, warning=r"os\.system: left out, nothing of it was run"),
    ),
    "chunk-beyond-the-shape": (
        {".metadata": metadata(chunks=(((1, 0), (2, 3)),)), "__0_0.distcp": CHUNK},
        Opened({}, warning=r"left out.*: weight"),
    ),
    "chunks-that-overlap": (
        {".metadata": metadata(chunks=(((0, 0), (2, 3)), ((0, 0), (1, 3)))), "__0_0.distcp": CHUNK},
        Opened(_WEIGHT, warning=r"weight"),
    ),
    "chunk-missing": (
        {".metadata": metadata(chunks=(((0, 0), (1, 3)),)), "__0_0.distcp": CHUNK},
        Opened(_WEIGHT, warning=r"weight"),
    ),
    "shape-of-2-to-the-124": (
        {".metadata": metadata(shape=(1 << 62, 1 << 62)), "__0_0.distcp": CHUNK},
        Refused(r"\.metadata is damaged"),
    ),
    "offset-of-2-to-the-62": (
        {".metadata": metadata(offset=1 << 62), "__0_0.distcp": CHUNK},
        Opened(_WEIGHT, warning=r"."),
    ),
    "metadata-empty": ({".metadata": b"", "__0_0.distcp": CHUNK}, Refused(r"metadata")),
    "metadata-cut": ({".metadata": metadata()[:200], "__0_0.distcp": CHUNK}, Refused(r"metadata|cut")),
    "metadata-a-fifo": ({".metadata": _fifo, "__0_0.distcp": CHUNK}, Refused(r"metadata|FIFO")),
    "metadata-a-number": ({".metadata": p.whole(p.number(5)), "__0_0.distcp": CHUNK}, Refused(r"metadata")),
    "metadata-missing": ({"__0_0.distcp": CHUNK}, Refused(r"\.metadata")),
}


def cases() -> list[Case]:
    """All of them."""
    made = []
    for name, (files, what) in _INDEXES.items():
        made.append(Case(f"index-{name}", folder_of(files), what))  # type: ignore[arg-type]
    made.append(Case("index-by-its-file", folder_of({INDEX: index({"a": A, "b": B}), **_GOOD}), Opened(_BOTH), INDEX))
    for name, (files, what, opens) in _LOOSE.items():
        made.append(Case(f"shards-{name}", folder_of(files), what, opens))  # type: ignore[arg-type]
    made += [Case(f"hub-{name}", folder_of(files), what) for name, (files, what) in _HUB.items()]  # type: ignore[arg-type]
    for name, (files, what) in _DISTRIBUTED.items():
        made.append(Case(f"distributed-{name}", folder_of(files), what))  # type: ignore[arg-type]
    return made
