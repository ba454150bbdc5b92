"""Files of torch.save, in both its formats: what torch.load gives is the oracle."""

import io
import random
import struct
import subprocess
import sys
import zipfile
from argparse import Namespace
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import torch
from torch import nn

from models.opened.source import OpenOptions, SourceError
from models.sources.files import checkpoint_at
from models.stored.checkpoint import Checkpoint
from models.stored.stored import Stored
from models.tensors.readable import Unreadable

Opened = Callable[[Any], Checkpoint]
Raw = Callable[[torch.Tensor], bytes]
GRID = torch.arange(24.0).reshape(4, 6)


def by_path(checkpoint: Checkpoint) -> dict[str, Stored]:
    assert len({each.path for each in checkpoint.tensors}) == len(checkpoint.tensors)
    return {each.path: each for each in checkpoint.tensors}


def texts(checkpoint: Checkpoint) -> dict[str, tuple[str, str]]:
    return {each.path: (each.type, each.text) for each in checkpoint.items}


def test_state_dict(opened: Opened, raw: Raw) -> None:
    net = nn.Sequential(OrderedDict([("b", nn.Linear(3, 2)), ("a", nn.BatchNorm1d(2))]))
    checkpoint = opened(net.state_dict())
    assert [each.path for each in checkpoint.tensors] == list(net.state_dict())
    assert checkpoint.ordered
    assert checkpoint.kind == "torch state dict"
    assert checkpoint.metadata["_metadata"]["a"] == {"version": 2}
    for path, tensor in net.state_dict().items():
        stored = by_path(checkpoint)[path]
        assert stored.shape == tuple(tensor.shape)
        assert stored.dtype.name == str(tensor.dtype).removeprefix("torch.")
        assert stored.flat(0, stored.elements) == raw(tensor)
        assert stored.storage is None


DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32,
    torch.uint64, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex32, torch.complex64,
    torch.complex128, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_every_dtype(opened: Opened, raw: Raw) -> None:
    # uint8 noise viewed as each type: whatever the bits say, they are the bits
    noise = torch.randint(0, 255, (6 * 16,), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    values = {str(dtype).removeprefix("torch."): noise.clone().view(dtype)[:6].clone() for dtype in DTYPES}
    found = by_path(opened(values))
    for name, tensor in values.items():
        assert found[name].dtype.name == name
        assert found[name].flat(0, 6) == raw(tensor)
        assert found[name].flat(2, 5) == raw(tensor[2:5])


def test_views_read_as_torch_reads_them(opened: Opened, raw: Raw) -> None:
    pairs = torch.randn(3, 2, dtype=torch.complex128)
    values = {
        "whole": GRID, "transposed": GRID.t(), "columns": GRID[:, 1:3], "steps": GRID[::2, ::3], "row": GRID[2],
        "expanded": torch.ones(3, 1).expand(3, 5), "windows": GRID.reshape(-1).unfold(0, 5, 3),
        "channels": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last), "complex": pairs.t(),
        "one": GRID[1, 1], "none": GRID[:, :0],
    }  # fmt: skip
    found = by_path(opened(values))
    for name, tensor in values.items():
        stored = found[name]
        assert stored.shape == tuple(tensor.shape), name
        assert stored.flat(0, stored.elements) == raw(tensor), name
        middle = stored.elements // 3, stored.elements - stored.elements // 4
        expected = raw(tensor.reshape(-1)[middle[0] : middle[1]])
        assert stored.flat(*middle) == expected, name
    shared = {name for name in values if found[name].storage == found["whole"].storage}
    assert shared == {"whole", "transposed", "columns", "steps", "row", "windows", "one", "none"}
    assert ("strides", "1, 6 (elements from one index to the next)") in found["transposed"].notes
    assert found["expanded"].storage is None
    assert found["expanded"].nbytes == 3 * 4


def test_tied_weights_are_the_same_place(opened: Opened) -> None:
    weight = torch.randn(4, 3)
    found = by_path(opened({"embed.weight": weight, "head.weight": weight, "other": weight.clone()}))
    embed, head = found["embed.weight"], found["head.weight"]
    assert embed.storage == head.storage
    assert embed.storage is not None
    assert embed.place == head.place
    assert found["other"].storage is None


def test_special_tensors(opened: Opened, raw: Raw) -> None:
    frozen = nn.Parameter(torch.ones(2), requires_grad=False)
    values = {
        "meta": torch.empty(2, 3, device="meta"),
        "parameter": nn.Parameter(torch.ones(2)), "frozen": frozen, "buffer": nn.Buffer(torch.ones(2)),
        "conj": torch.randn(3, dtype=torch.complex64).conj(), "scalar": torch.tensor(2.5),
        "float4": torch.zeros(2, 3, dtype=torch.uint8).view(torch.float4_e2m1fn_x2),
    }  # fmt: skip
    found = by_path(opened(values))
    assert found["meta"].nbytes == 0
    with pytest.raises(Unreadable, match="no values"):
        found["meta"].flat(0, 6)
    assert (found["parameter"].kind, found["parameter"].notes) == ("parameter", [])
    assert found["frozen"].notes == [("requires_grad", "False: it is frozen")]
    assert found["buffer"].kind == "buffer"
    assert found["conj"].notes[0][0] == "conj"
    assert found["conj"].flat(0, 3) == raw(values["conj"].resolve_conj())
    assert (found["scalar"].shape, found["scalar"].flat(0, 1)) == ((), raw(values["scalar"]))
    assert (found["float4"].shape, found["float4"].nbytes) == ((2, 6), 6)


def test_tensors_in_any_container(opened: Opened) -> None:
    value = {"list": [GRID, (GRID + 1, {"deep": GRID + 2})], 3: GRID + 3, (1, "a"): GRID + 4, "a.b": GRID + 5, "": GRID}
    value["a"] = {"b": GRID + 6}
    expected = ["list.0", "list.1.0", "list.1.1.deep", "3", "(1, 'a')", "a.b", "''", "a.b (2)"]
    assert [each.path for each in opened(value).tensors] == expected


@pytest.mark.parametrize(
    ("value", "paths"),
    [(GRID, ["tensor"]), ([GRID, GRID], ["0", "1"]), (GRID.to_sparse(), ["tensor"])],
)
def test_no_dictionary_at_the_top(opened: Opened, value: Any, paths: list[str]) -> None:
    assert [each.path for each in opened(value).tensors] == paths


def test_storage_by_itself(tmp_path: Path) -> None:
    torch.save(GRID.untyped_storage(), tmp_path / "storage.pt")
    (stored,) = checkpoint_at(tmp_path / "storage.pt", OpenOptions()).tensors
    assert (stored.shape, stored.dtype.name) == ((96,), "uint8")


def test_values_beside_tensors(opened: Opened) -> None:
    random.seed(0)
    value = {
        "weights": GRID, "epoch": 3, "lr": 1e-3, "best": None, "done": True, "name": "é[red]", "betas": (0.9, 0.999),
        "args": Namespace(lr=0.1, layers=[1, 2]), "path": PurePosixPath("/a/b"), "when": datetime(2024, 1, 2, 3, 4, 5),
        "defaults": defaultdict(list, {"x": [1]}), "count": Counter("aab"), "set": {1}, "complex": 1 + 2j,
        "large": 2**100, "bytes": b"abc", "dtype": torch.float16, "device": torch.device("cuda:1"),
        "size": torch.Size([1, 2]), "empty": {}, "rng": random.getstate(), "table": [[1, 2], [3]],
    }  # fmt: skip
    found = texts(opened(value))
    assert found["epoch"] == ("int", "3")
    assert found["lr"] == ("float", "0.001")
    assert found["best"] == ("NoneType", "None")
    assert found["done"] == ("bool", "True")
    assert found["name"] == ("str", "é[red]")
    assert found["betas"] == ("tuple", "(0.9, 0.999)")
    assert found["args.layers"] == ("list", "[1, 2]")
    assert found["path"] == ("Path", "/a/b")
    assert found["when"] == ("datetime", "2024-01-02 03:04:05")
    assert found["defaults.x"] == ("list", "[1]")
    assert found["count.a"] == ("int", "2")
    assert found["set"] == ("set", "{1}")
    assert found["complex"] == ("complex", "(1+2j)")
    assert found["large"] == ("int", str(2**100))
    assert found["bytes"] == ("bytes", "3 bytes: 61 62 63")
    assert found["dtype"] == ("torch.dtype", "torch.float16")
    assert found["device"] == ("torch.device", "cuda:1")
    assert found["size"] == ("tuple", "(1, 2)")
    assert found["empty"] == ("dict", "{}")
    assert found["rng.1"][1].startswith("(2147483648, ")
    assert len(found["rng.1"][1]) <= 2000
    assert found["table.1"] == ("list", "[3]")


def rewritten(source: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], compressed: bool = False) -> Path:
    """A zip file with changed records."""
    target = source.with_name("changed.pt")
    how = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", how) as new:
        for name in old.namelist():
            entry = change(name, old.read(name))
            if entry:
                new.writestr(*entry)
    return target


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    path = tmp_path / "simple.pt"
    torch.save({"w": GRID, "c": torch.tensor([1 + 2j])}, path)
    return path


def test_big_endian_is_swapped(simple: Path, raw: Raw) -> None:
    def big(name: str, data: bytes) -> tuple[str, bytes]:
        if name.endswith("byteorder"):
            return name, b"big"
        if "/data/" in name:
            return name, struct.pack(f">{len(data) // 4}f", *struct.unpack(f"<{len(data) // 4}f", data))
        return name, data

    found = by_path(checkpoint_at(rewritten(simple, big), OpenOptions()))
    assert found["w"].flat(3, 9) == raw(GRID.reshape(-1)[3:9])
    assert found["c"].flat(0, 1) == raw(torch.tensor([1 + 2j]))
    assert ("byte order", "big-endian") in found["w"].notes


def test_small_compressed_records_are_read(simple: Path, raw: Raw) -> None:
    path = rewritten(simple, lambda name, data: (name, data), compressed=True)
    assert by_path(checkpoint_at(path, OpenOptions()))["w"].flat(3, 9) == raw(GRID.reshape(-1)[3:9])


def test_large_compressed_values_are_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(17 << 18)}, tmp_path / "large.pt")
    path = rewritten(tmp_path / "large.pt", lambda name, data: (name, data), compressed=True)
    with pytest.raises(SourceError, match="compressed values") as caught:
        checkpoint_at(path, OpenOptions())
    assert "zip -0" in caught.value.text


def test_bomb_is_not_unpacked(simple: Path) -> None:
    def bomb(name: str, data: bytes) -> tuple[str, bytes]:
        return name, bytes(64 << 20) if name.endswith("data.pkl") else data

    with pytest.raises(SourceError, match="compressed, and larger than"):
        checkpoint_at(rewritten(simple, bomb, compressed=True), OpenOptions())


def test_missing_record(simple: Path) -> None:
    path = rewritten(simple, lambda name, data: None if name.endswith("/data/0") else (name, data))
    with pytest.raises(SourceError, match=r"no record 'simple/data/0'"):
        checkpoint_at(path, OpenOptions())


def test_short_record_names_the_tensor(simple: Path) -> None:
    path = rewritten(simple, lambda name, data: (name, data[:40] if name.endswith("/data/0") else data))
    with pytest.raises(SourceError, match=r"the tensor 'w' reaches to byte 96 of a storage of 40 bytes"):
        checkpoint_at(path, OpenOptions())


def test_path_like_names_are_harmless(simple: Path, tmp_path: Path) -> None:
    path = rewritten(simple, lambda name, data: (f"../../{name}", data))
    found = by_path(checkpoint_at(path, OpenOptions()))
    assert found["w"].elements == 24
    assert {each.name for each in tmp_path.iterdir()} == {"simple.pt", "changed.pt"}


def test_cut_short(simple: Path) -> None:
    data = simple.read_bytes()
    for size in (200, len(data) - 30):
        simple.write_bytes(data[:size])
        with pytest.raises(SourceError, match=r"simple\.pt is cut short; its"):
            checkpoint_at(simple, OpenOptions())


def test_missing_bytes_are_reported(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1_000_000)}, tmp_path / "large.pt")
    data = (tmp_path / "large.pt").read_bytes()
    (tmp_path / "large.pt").write_bytes(data[:10_000])
    with pytest.raises(SourceError, match="cut short: at least 3,99") as caught:
        checkpoint_at(tmp_path / "large.pt", OpenOptions())
    missing = int(caught.value.title.partition("at least ")[2].partition(" bytes")[0].replace(",", ""))
    assert 0 <= len(data) - 10_000 - missing < 1500


def test_nothing_of_torch_is_imported(simple: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from models.sources.files import checkpoint_at; "
        "from models.opened.source import OpenOptions; c = checkpoint_at(Path(sys.argv[1]), OpenOptions()); "
        "assert c.tensors[0].flat(0, 1); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, simple], check=False).returncode == 0


def test_a_file_that_is_changed_later(simple: Path) -> None:
    stored = by_path(checkpoint_at(simple, OpenOptions()))["w"]
    buffer = io.BytesIO()
    torch.save({"w": GRID[:2]}, buffer)
    simple.write_bytes(buffer.getvalue())
    with pytest.raises(Unreadable, match="changed"):
        stored.flat(0, 1)
