"""Keys that the terminal hands over in one read: the program is where they lead, and goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

KEYS = (":\x1b[6~\x1b[5~\r\x1b", "?\x1b", "Y\x1b[6~\x1b", ">a=1\x1b\rb=2\x1b\rc=3\x1b[A\x1b[A", "o\x1b[6~\x1b")


@pytest.mark.slow
def test_keys_of_one_read_lead_where_they_lead_one_by_one(own_state: Path) -> None:
    with Terminal("rgnet", "--seed", "1", state=own_state) as terminal:

        def write(keys: str) -> None:
            assert os.write(terminal.master, keys.encode()) == len(keys.encode())

        terminal.wait_for("309 parameters", "block 0")
        write("/1 0 bias\r\x1b\x1b\x1b>len('box')+4000\r")
        terminal.wait_for("4003")
        terminal.wait_gone("part of a path")
        for number, keys in enumerate(("o\x1b\x1b", "?\r?\x1b", "Y\x1b", "YqYq?q", ":\x1b\x1b", "oo\x1b\x1b")):
            terminal.press("escape")
            terminal.wait_for("Enter fold")
            write(keys)  # what follows an escape in the same read would be a key with Alt
            write(f"\x1b>len('abc')+{4100 + number}\r")
            terminal.wait_for(str(4103 + number))
        terminal.press("escape")
        terminal.wait_for("Enter fold")
        write(":undo the last\r>len('ran')+4300\r")  # the command that was typed, and not the first of all
        terminal.wait_for("4303", "nothing to undo")
        terminal.press("escape")
        terminal.wait_for("Enter fold")
        write("o/sequential\r\r\r>len('new')+4400\r")
        terminal.wait_for("4403", "7,946 parameters")
        terminal.press("escape")
        terminal.wait_for("Enter fold")
        write(":abc\x11")
        assert terminal.wait_end() == 0


@pytest.mark.slow
def test_resizes_that_come_with_keys(own_state: Path) -> None:
    with Terminal("rgnet", "--seed", "1", state=own_state) as terminal:
        terminal.wait_for("309 parameters", "block 0")
        for columns, rows in ((120, 3), (3, 120), (1, 1), (120, 1), (500, 200), (20, 5)):
            for keys in (
                ":\x1b[6~\x1b[5~\r\x1b",
                "?\x1b",
                "Y\x1b[6~\x1b",
                ">a=1\x1b\rb=2\x1b\rc=3\x1b[A\x1b[A",
                "o\x1b[6~\x1b",
            ):
                terminal.press(keys)
                terminal.resize(columns, rows)
                terminal.press("\x1b\x1b")
        terminal.resize(120, 40)
        terminal.press("\x03", "\x1b", "\x1b")
        terminal.wait_for("Modules", "309 parameters")
        terminal.press("\x11")
        assert terminal.wait_end() == 0
