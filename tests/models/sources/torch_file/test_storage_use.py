"""What a file stores beyond its tensors: views of larger storages, as torch saved them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from models.commands.show import report_of
from models.session.session import Session
from models.sources.torch_file.storage_use import StorageUse
from models.stored.checkpoint import Checkpoint

Opened = Callable[[Any], Checkpoint]
WIDE = torch.arange(80_000.0).reshape(10_000, 8)


def clones(value: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: each.clone() for name, each in value.items()}


@pytest.mark.parametrize(
    ("value", "more"),
    [
        ({"y": WIDE.narrow(0, 0, 10), "z": WIDE[5]}, 319_648),
        ({"column": WIDE[:, 2]}, 280_000),
        ({"none": WIDE[:0]}, 320_000),
        ({"one": torch.zeros(400).as_strided((1 << 20,), (0,))}, 1596),
        ({"turned": WIDE.t()}, 0),
        ({"all": WIDE, "part": WIDE[5]}, 0),
        ({"first": WIDE[:5000], "second": WIDE[5000:]}, 0),
        ({"even": WIDE[:, ::2], "odd": WIDE[:, 1::2]}, 0),
        ({"a": WIDE[:6000], "b": WIDE[3000:9000]}, 32_000),
        ({"a": WIDE[0], "tied": WIDE[0]}, 319_968),
        ({"bytes": WIDE.view(torch.uint8)[:, :16]}, 160_000),
    ],
)
def test_what_is_in_no_tensor_is_counted(opened: Opened, value: dict[str, torch.Tensor], more: int) -> None:
    found = opened(value)
    warning = found.warnings[0] if found.warnings else ""
    assert (f" {more:,} more than its tensors" in warning) is bool(more)
    assert all(name in warning for name in value) or not more
    size = next(iter(value.values())).untyped_storage().nbytes()
    assert found.stored_bytes == (dict.fromkeys(value, size) if more else {})


def test_a_clone_mends_it(saved: Callable[[Any], Path], opened: Opened) -> None:
    value = {"y": WIDE.narrow(0, 0, 10), "z": WIDE[5]}
    before = saved(value).stat().st_size
    assert opened(clones(value)).warnings == []
    assert abs(before - saved(clones(value)).stat().st_size - 319_648) < 1000


def test_a_few_bytes_are_no_warning(opened: Opened) -> None:
    found = opened({"w": WIDE[1:]})
    assert (found.warnings, found.stored_bytes) == ([], {"w": 320_000})


def test_json_has_what_is_stored(saved: Callable[[Any], Path]) -> None:
    session = Session()
    session.open(str(saved({"y": WIDE[:2], "other": torch.ones(3)})))
    found = {each["path"]: each["stored_bytes"] for each in report_of(session.model)["tensors"]}
    assert found == {"y": 320_000, "other": None}
    facts = [(fact.label, fact.text) for group in session.model.describe("y") for fact in group.facts]
    assert any(label == "Stored" and "320,000 bytes" in text for label, text in facts)


def test_storages_that_no_tensor_has() -> None:
    use = StorageUse()
    use.add("a", "0", 100, 0, 100, 100)
    found = use.unused({"0": 100, "1": 40, "2": 60})
    assert found.text == (
        "The values take 200 bytes in the file, 100 more than its tensors: 2 storages are in no tensor at all."
    )
