from __future__ import annotations

import ast
import gc
import threading
from pathlib import Path
from types import FrameType

import models
from models.live.thread_stacks import inspect_stacks


def test_nothing_is_collected_while_stacks_are_walked_ones_own_included() -> None:
    def look(frames: dict[int, FrameType]) -> set[str]:
        assert not gc.isenabled()
        names = set()
        frame: FrameType | None = frames[threading.get_ident()]
        while frame is not None:
            names.add(frame.f_code.co_name)
            frame = frame.f_back
        return names

    assert gc.isenabled()
    assert "test_nothing_is_collected_while_stacks_are_walked_ones_own_included" in inspect_stacks(look)
    assert gc.isenabled()


def test_no_other_code_of_ours_walks_the_stacks_of_other_threads() -> None:
    root = Path(models.__file__).parent
    found = [
        file.name
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "_current_frames"
    ]
    assert found == ["thread_stacks.py"]
