"""Makes a picture for the documentation: the app itself, with the real engine, at 120x40.

    python docs/make_picture.py [OUTPUT.svg] [SOURCE] [KEYS...]

KEYS are pressed one after another, `pause` waits until the engine is idle; `WIDTHxHEIGHT` sets the size, `input=SPEC`
is an input of the network.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from models.engine.launch import Launch
from tui.app import ModulescopeApp
from tui.command_line import CommandOptions

STORY = ["slash", *"1 0 weight", "pause", "enter", "pause", "f", "pause", "b", "pause"]


async def until(condition: Callable[[], object]) -> None:
    """Wait for `condition`, looked at twenty times a second."""
    while not condition():  # noqa: ASYNC110 - what is waited for is what the screen shows
        await asyncio.sleep(0.05)


async def settle(app: ModulescopeApp) -> None:
    """Wait until nothing runs and nothing was drawn for a while."""
    for _ in range(12):
        await asyncio.sleep(0.08)
        await until(lambda: not (app.explorer.running or app.explorer.status.state))


async def picture(source: str | None, keys: list[str], size: tuple[int, int], inputs: list[str]) -> str:
    """Press `keys` in the app with `source` open; the SVG of what it shows then."""
    app = ModulescopeApp(CommandOptions(source=source, seed=1, inputs=inputs), Launch.local())
    async with app.run_test(size=size) as pilot:
        await until(lambda: source is None or app.explorer.summary is not None)
        await settle(app)
        for key in keys:
            if key == "pause":
                await settle(app)
            else:
                await pilot.press(key)
        await settle(app)
        return app.export_screenshot(title="modulescope")


def main(arguments: list[str]) -> None:
    output = Path(arguments[0]) if arguments else Path(__file__).with_name("explorer.svg")
    source = arguments[1] if len(arguments) > 1 else "rgnet"
    keys, size = arguments[2:] or STORY, (120, 40)
    for key in list(keys):
        if found := re.fullmatch(r"(\d+)x(\d+)", key):
            size = int(found[1]), int(found[2])
            keys.remove(key)
    inputs = [key.removeprefix("input=") for key in keys if key.startswith("input=")]
    keys = [key for key in keys if not key.startswith("input=")]
    with tempfile.TemporaryDirectory() as state:
        os.environ |= {"MODULESCOPE_STATE": state, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        (Path(state) / "settings.json").write_text('{"welcomed": true}', encoding="utf-8")
        svg = asyncio.run(picture(None if source == "-" else source, list(keys), size, inputs))
    output.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
