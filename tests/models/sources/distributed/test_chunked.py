"""The global tensor out of its chunks, with torch's own loading as oracle."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.tensors.readable import Unreadable
from tests.cases import examples
from tests.models.sources.distributed.saving import Box, checkpoint, loaded, raw, save

ROWS = [(0, (0, 0), (4, 10)), (1, (4, 0), (2, 10))]
COLUMNS = [(0, (0, 0), (6, 3)), (1, (0, 3), (6, 7))]
GRID = [(rank, at, size) for rank, (at, size) in enumerate([
    ((0, 0), (4, 3)), ((0, 3), (4, 7)), ((4, 0), (2, 3)), ((4, 3), (2, 7)),
])]  # fmt: skip
UNEVEN_AND_EMPTY = [(0, (0, 0), (4, 3)), (1, (0, 3), (4, 7)), (2, (4, 0), (2, 10)), (3, (6, 0), (0, 10))]


@pytest.mark.parametrize("boxes", [ROWS, COLUMNS, GRID, UNEVEN_AND_EMPTY, GRID[::-1]])
def test_every_stretch_across_chunks_is_the_global_tensors(tmp_path: Path, boxes: list[Box]) -> None:
    tensor = torch.arange(60, dtype=torch.int16).reshape(6, 10)
    save(tmp_path / "c", {"w": (tensor, boxes)})
    assert loaded(tmp_path / "c", {"w": tensor})["w"].equal(tensor)
    (stored,) = checkpoint(tmp_path / "c").tensors
    assert (stored.path, stored.shape, stored.dtype.name, stored.nbytes) == ("w", (6, 10), "int16", 120)
    expected = raw(tensor)
    for start, stop in product(range(61), repeat=2):
        if start <= stop:
            assert bytes(stored.flat(start, stop)) == expected[start * 2 : stop * 2], (start, stop)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_grid_of_any_shape(tmp_path: Path, data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    cuts = [sorted(data.draw(st.sets(st.integers(1, max(1, size - 1)), max_size=2)) | {0, size}) for size in shape]
    sides = [[(at, end - at) for at, end in pairwise(cut)] for cut in cuts]
    boxes = [
        (number % 3, tuple(at for at, _ in box), tuple(size for _, size in box))
        for number, box in enumerate(product(*sides))
    ]
    tensor = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
    save(tmp_path / "c", {"w": (tensor, boxes)})
    (stored,) = checkpoint(tmp_path / "c").tensors
    start = data.draw(st.integers(0, tensor.numel()))
    stop = data.draw(st.integers(start, tensor.numel()))
    assert bytes(stored.flat(start, stop)) == raw(tensor)[start * 8 : stop * 8]


def test_every_type_and_order_of_strides(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tensors = {
        "transposed": torch.rand(3, 5).t(),
        "channels_last": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 3),
        "step": torch.tensor(7),
        **{
            str(dtype).removeprefix("torch."): torch.rand(4, 6).mul(9).to(dtype)
            for dtype in (
                torch.bfloat16, torch.float16, torch.float64, torch.complex64, torch.complex128, torch.bool,
                torch.uint8, torch.int8, torch.int32, torch.uint16, torch.uint64,
                torch.float8_e4m3fn, torch.float8_e5m2,
            )
        },
    }  # fmt: skip
    save(tmp_path / "c", {name: (each, [(0, (0,) * each.dim(), tuple(each.shape))]) for name, each in tensors.items()})
    found = {stored.path: stored for stored in checkpoint(tmp_path / "c").tensors}
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        stored = found[name]
        assert (stored.shape, f"torch.{stored.dtype.name}") == (tuple(tensor.shape), str(tensor.dtype))
        assert bytes(stored.flat(0, stored.elements)) == raw(tensor), name
        assert stored.notes == []
        assert stored.place.startswith("__0_0.distcp @ ")


def test_packed_numbers_count_twice(tmp_path: Path) -> None:
    tensor = torch.arange(32, dtype=torch.uint8).reshape(8, 4).view(torch.float4_e2m1fn_x2)
    save(tmp_path / "c", {"w": (tensor, [(0, (0, 0), (8, 3)), (1, (0, 3), (8, 1))])})
    (stored,) = checkpoint(tmp_path / "c").tensors
    assert (stored.shape, stored.elements, stored.nbytes) == ((8, 8), 64, 32)
    assert bytes(stored.flat(0, 64)) == bytes(range(32))
    assert bytes(stored.flat(6, 10)) == bytes([3, 4])


def test_the_notes_say_which_file_holds_which_slice(tmp_path: Path) -> None:
    tensor = torch.zeros(6, 10)
    save(tmp_path / "c", {"w": (tensor, UNEVEN_AND_EMPTY), "v": (tensor, [(0, (0, 0), (3, 10)), (0, (3, 0), (3, 10))])})
    grid, rows = checkpoint(tmp_path / "c").tensors
    assert grid.notes == [
        ("__0_0.distcp", "[0:4, 0:3]"), ("__1_0.distcp", "[0:4, 3:10]"), ("__2_0.distcp", "[4:6, :]"),
    ]  # fmt: skip
    assert grid.place == "3 chunks in 3 files"
    assert rows.place == "2 chunks in 1 file"


def test_only_what_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = torch.arange(100_000, dtype=torch.float32).reshape(100, 1000)
    save(tmp_path / "c", {"w": (tensor, [(0, (0, 0), (50, 1000)), (1, (50, 0), (50, 1000))])})
    (stored,) = checkpoint(tmp_path / "c").tensors
    stored.flat(0, 1)
    stored.flat(99_999, 100_000)  # now both chunks are found
    sizes: list[int] = []
    read = type(stored._chunks[0].part.whole).read  # type: ignore[attr-defined]

    def counted(self: object, offset: int, size: int) -> bytes:
        sizes.append(size)
        return read(self, offset, size)

    monkeypatch.setattr("models.stored.file.DataFile.read", counted)
    assert bytes(stored.flat(49_990, 50_010)) == raw(tensor)[49_990 * 4 : 50_010 * 4]
    assert sizes == [40, 40]


def test_a_missing_file_is_missed_only_where_it_is_needed(tmp_path: Path) -> None:
    tensor = torch.arange(60.0).reshape(6, 10)
    save(tmp_path / "c", {"w": (tensor, ROWS)})
    (tmp_path / "c" / "__1_0.distcp").unlink()
    found = checkpoint(tmp_path / "c")
    assert found.warnings == ["__1_0.distcp is missing"]
    (stored,) = found.tensors
    assert bytes(stored.flat(0, 40)) == raw(tensor)[:160]
    with pytest.raises(Unreadable, match=r"__1_0\.distcp is missing: it holds \[4:6, :\] of this tensor"):
        stored.flat(39, 41)
    assert stored.notes == [("__0_0.distcp", "[0:4, :]"), ("__1_0.distcp", "[4:6, :], is missing")]


def test_a_file_that_changes_while_it_is_open(tmp_path: Path) -> None:
    tensor = torch.arange(60.0).reshape(6, 10)
    save(tmp_path / "c", {"w": (tensor, ROWS)})
    (stored,) = checkpoint(tmp_path / "c").tensors
    assert bytes(stored.flat(0, 1)) == raw(tensor)[:4]
    (tmp_path / "c" / "__0_0.distcp").write_bytes(b"x")
    with pytest.raises(Unreadable, match=r"__0_0\.distcp was changed"):
        stored.flat(0, 1)
