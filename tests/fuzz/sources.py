"""What the program is started with, one name a kind; files are made in a folder by a process that may import torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .findings import ROOT

HOME = ("Console", "Calls", "Values", "Modules", "Tensors", "documented networks", "Nothing is open")
"""One of these stands on the screen when every box is closed."""


@dataclass(frozen=True)
class Source:
    """One way to start the program."""

    name: str
    command: Callable[[Path], list[str]]
    """Its command line, from the folder in which the files are."""
    attached: bool = False
    """The engine is in the program itself: that of the user."""
    home: tuple[str, ...] = HOME
    escapes: int = 6
    """How often Escape is pressed before the program is left."""
    escape_delay: float = 0.13
    """Seconds after which Escape is taken for itself, not for the start of a sequence."""
    interface: str = ""
    """Part of the command line of the interface's process; empty when it is the program itself."""
    engine: str = "models/engine"
    """Part of the command line of the engines' processes."""


def _tui(name: str, *arguments: str) -> Source:
    def command(folder: Path) -> list[str]:
        return [sys.executable, "-m", "tui", *(each.replace("{}", str(folder)) for each in arguments)]

    return Source(name, command)


def _explore(folder: Path) -> list[str]:
    return [sys.executable, str(folder / "training.py")]


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        _tui("catalogue"),
        _tui("rgnet", "rgnet", "--seed", "0"),
        _tui("shared", "shared"),
        _tui("forward", "fixed_hidden_mlp"),
        _tui("hostile", "{}/hostile.py:net"),
        _tui("wide", "{}/wide.py:net"),
        _tui("training", "{}/loop.py:net"),
        _tui("weights", "{}/weights.safetensors"),
        _tui("torch-file", "{}/model.pt"),
        _tui("shards", "{}/shards"),
        _tui("broken", "{}/broken.safetensors"),
        _tui("missing", "{}/not_there.py:Net"),
        Source("explore", _explore, attached=True, interface="tui.attached"),
    )
}
"""By name."""


def make_files(folder: Path) -> Path:
    """Make the files of all sources in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("make_files.py")
    subprocess.run([sys.executable, str(script), str(folder)], cwd=ROOT, check=True, timeout=300)
    return folder
