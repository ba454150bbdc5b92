from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.stage import Stage, lines_of
from tui.widgets.parts.status_line import StatusLine, fitted

CHECKPOINT = [
    "/tmp/ckpt.pt",
    "torch training checkpoint with its state dict under 'model'",
    "502,528 parameters",
    "5.8 MB",
]
SHARD = ["/home/a/runs/2024-01-01/model-00001-of-00030.safetensors", "safetensors file", "8.0 B parameters", "16.0 GB"]


def test_a_long_word_for_what_it_is_leaves_room_for_the_size() -> None:
    assert "".join(fitted(CHECKPOINT, 71)) == " /tmp/ckpt.pt  torch training checkpoint w…  502,528 parameters  5.8 MB"
    assert "".join(fitted(CHECKPOINT, 105)) == " " + "  ".join(CHECKPOINT)


def test_a_long_path_keeps_its_end() -> None:
    assert "".join(fitted(SHARD, 71)) == " …-of-00030.safetensors  safetensors file  8.0 B parameters  16.0 GB"
    assert "".join(fitted(SHARD, 24)).strip() == "…-of-00030.safetensors"


@given(st.lists(st.text(st.sampled_from("ab层/."), max_size=80), max_size=6), st.integers(0, 200))
def test_never_wider_than_the_room_and_the_first_parts_first(texts: list[str], room: int) -> None:
    shown = fitted(texts, room)
    assert sum(map(cell_len, shown)) <= room
    assert len(shown) <= len(texts)
    assert [part.strip() for part in shown[2:]] == [text.strip() for text in texts[2 : len(shown)]]


async def test_what_is_opened_is_reported_before_there_is_a_summary() -> None:
    line = StatusLine()
    async with Stage(line).run_test(size=(60, 5)) as pilot:
        line.source, line.state = "/tmp/[bold]\x1b.pt", "opening"
        await pilot.pause()
        (shown,) = lines_of(line)
        assert shown.startswith(" /tmp/[bold]␛.pt")
        assert shown.endswith("● opening")
