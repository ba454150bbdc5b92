"""Tensors of every kind of checkpoint, saved and read again by torch; and in how little memory.

Of `gathering` and `writing`.
"""

from __future__ import annotations

import json
import pickle
import pickletools
import tracemalloc
from pathlib import Path

import gguf as oracle
import numpy
import torch
from gguf.constants import GGMLQuantizationType

from models.saving.gathering import Gathered, tensors_of_checkpoint
from models.saving.metadata import metadata_of
from models.saving.plan import FilePlan, SavedTensor, plan
from models.saving.torch_pickle import pickled
from models.saving.writing import write
from models.session.session import Session
from models.stored.dtypes import DTYPES
from models.tensors.torch_readable import readable_of
from tests.models.saving.saved import same, save
from tests.models.sources.distributed.saving import save as save_of_ranks
from tests.models.sources.gguf.gguf_files import gguf, info


def gathered(path: Path) -> Gathered:
    session = Session()
    session.open(str(path))
    checkpoint = session.model.source.checkpoint
    assert checkpoint is not None
    return tensors_of_checkpoint(session.model, checkpoint)


def resaved(path: Path, out: Path) -> tuple[FilePlan, dict[str, torch.Tensor]]:
    """What a source becomes in a torch file."""
    made = plan(gathered(path).candidates, "torch")
    write(made, out, {}, lambda done, path: None)
    return made, torch.load(out, weights_only=True)


def test_quantised_tensors_are_written_as_the_numbers_that_they_stand_for(tmp_path: Path) -> None:
    written = numpy.random.default_rng(0).standard_normal((4, 512)).astype(numpy.float32)
    raw = oracle.quantize(written, GGMLQuantizationType.Q8_0)
    (tmp_path / "q.gguf").write_bytes(gguf([], [info("blk.0.w", (512, 4), 8, 0)], raw.tobytes()))
    made, found = resaved(tmp_path / "q.gguf", tmp_path / "a.pt")
    assert torch.equal(found["blk.0.w"], torch.from_numpy(oracle.dequantize(raw, GGMLQuantizationType.Q8_0)))
    assert list(made.notes) == ["quantised, packed or sparse in the source, and each number written out: blk.0.w"]


def test_arrays_of_numpy(tmp_path: Path) -> None:
    arrays = {"a": numpy.arange(6.0).reshape(2, 3), "b": numpy.asfortranarray(numpy.ones((3, 2), ">i4")), "c": 2 > 1}
    numpy.savez_compressed(tmp_path / "a.npz", **arrays)
    _, found = resaved(tmp_path / "a.npz", tmp_path / "a.pt")
    assert {name: each.tolist() for name, each in found.items()} == {
        name: numpy.asarray(each).tolist() for name, each in arrays.items()
    }
    assert [each.dtype for each in found.values()] == [torch.float64, torch.int32, torch.bool]


def test_the_parts_of_several_ranks_become_one(tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(6, 4)
    save_of_ranks(tmp_path / "dcp", {"w": (whole, [(0, (0, 0), (4, 4)), (1, (4, 0), (2, 4))])})
    _, found = resaved(tmp_path / "dcp", tmp_path / "a.pt")
    assert same(found["w"], whole)


def test_shards_become_one_file_with_the_metadata_of_all(tmp_path: Path) -> None:
    tensors = {"a.w": torch.rand(3), "b.w": torch.rand(2, 2)}
    shards = {name: f"model-0000{index}-of-00002.safetensors" for index, name in enumerate(tensors, 1)}
    (tmp_path / "m").mkdir()
    for name, shard in shards.items():
        save({name: tensors[name]}, tmp_path / "m" / shard, "safetensors")
    index = {"metadata": {"total_size": 28}, "weight_map": shards}
    (tmp_path / "m" / "model.safetensors.index.json").write_text(json.dumps(index))
    _, found = resaved(tmp_path / "m", tmp_path / "a.pt")
    assert set(found) == set(tensors)
    assert all(same(found[name], tensors[name]) for name in tensors)
    assert gathered(tmp_path / "m").metadata == {}
    assert metadata_of([]) is None


def test_a_large_tensor_is_copied_in_pieces(tmp_path: Path) -> None:
    size = 2**28
    header = json.dumps({"zeros": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "large.safetensors").open("wb") as file:  # nearly all of it is a hole
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    made = plan(gathered(tmp_path / "large.safetensors").candidates, "torch")
    tracemalloc.start()
    try:
        write(made, tmp_path / "a.pt", {}, lambda done, path: None)
        assert tracemalloc.get_traced_memory()[1] < size / 8
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a.pt").stat().st_size > size


def test_the_sizes_of_what_is_larger_than_31_bits() -> None:
    readable = readable_of(torch.ones(1))
    tensor = SavedTensor("w", "w", readable, (3, 2**31, 2**33), DTYPES["float8_e5m2"])
    opcodes = list(pickletools.genops(pickled([(tensor, "0")])))
    numbers = [argument for opcode, argument, _ in opcodes if opcode.name in ("BININT", "LONG1")]
    assert numbers == [3 * 2**64, 0, 3, 2**31, 2**33, 2**64, 2**33, 1]  # bytes, offset, shape, strides
    assert pickle.loads(pickled([])) == {}
