"""A fault of our own, planted in the real program in a real terminal."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

READY = "● ready"
PLANT = """\
import sys
sys.argv = ["modulescope", "rgnet"]
from tui.pinning import pin_models
pin_models()
from {module} import {owner}
def fail(*args, **named):
    raise ZeroDivisionError("planted")
{owner}.{name} = fail
from tui.__main__ import main
sys.exit(main())
"""


def planted(tmp_path: Path, own_state: Path, module: str, owner: str, name: str) -> Terminal:
    script = tmp_path / "planted.py"
    script.write_text(PLANT.format(module=module, owner=owner, name=name))
    return Terminal(command=[sys.executable, str(script)], state=own_state)


def test_the_screen_goes_on_and_the_traceback_is_in_a_file(tmp_path: Path, own_state: Path) -> None:
    with planted(tmp_path, own_state, "tui.screens.explorer", "Explorer", "action_zoom") as t:
        t.wait_for(READY, "block 3")
        t.press("Z")
        t.wait_for("modulescope's own fault: ZeroDivisionError: planted", "Please report it")
        t.press("G", "f")
        t.wait_for("Calls 23")
        t.press("q")
        assert t.wait_end() == 0
    text = (own_state / "faults.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError: planted" in text
    assert str(tmp_path / "planted.py") in text


@pytest.mark.slow
def test_what_cannot_be_shown_ends_it_with_one_line_and_the_terminal_given_back(
    tmp_path: Path, own_state: Path
) -> None:
    with planted(tmp_path, own_state, "tui.widgets.console.output", "Output", "render_line") as t:
        assert t.wait_end() == 1
        t.wait_until(lambda: b"the traceback is in" in t.raw, "the line")
    after = t.raw.rpartition(b"\x1b[?1049l")[2]
    shown = re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b"", after).decode().strip()
    assert shown == (
        f"modulescope: ended by a fault of its own, ZeroDivisionError: planted; please report it: "
        f"the traceback is in {own_state / 'faults.log'}"
    )
    assert b"Traceback" not in t.raw


BEFORE_READY = """
import asyncio
from textual.app import App
build = App._build_driver
def planted(self, *args, **named):
    asyncio.get_running_loop().call_soon(fail)
    return build(self, *args, **named)
App._build_driver = planted
"""


def test_a_callback_that_fails_before_the_app_is_ready_ends_it_with_one_line(tmp_path: Path, own_state: Path) -> None:
    text = PLANT.format(module="tui.first_frame", owner="FirstFrame", name="planted_by_none")
    script = tmp_path / "planted.py"
    script.write_text(text.replace("from tui.__main__", f"{BEFORE_READY}from tui.__main__"))
    with Terminal(command=[sys.executable, str(script)], state=own_state) as t:
        assert t.wait_end() == 1
        t.wait_until(lambda: b"the traceback is in" in t.raw, "the line")
    after = re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b"", t.raw.rpartition(b"\x1b[?1049l")[2]).decode().strip()
    assert "modulescope: ended by a fault of its own, ZeroDivisionError: planted; please report it" in after
