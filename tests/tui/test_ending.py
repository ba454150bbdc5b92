"""What a signal does, before, while and after the app runs."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

SCRIPT = """\
import os, signal
from tui.ending import ENDING
ENDING.install()
{then}
os.kill(os.getpid(), signal.SIGINT)
print("alive")
"""


def run(then: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SCRIPT.format(then=then)], capture_output=True, text=True, timeout=60)


def test_an_interrupt_before_there_is_an_app_ends_the_program() -> None:
    ended = run("")
    assert (ended.returncode, ended.stdout) == (130, "")


def test_one_behind_the_last_key_ends_nothing() -> None:
    ended = run("ENDING.over()")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "alive\n", "")


AN_IMPORT_THAT_MAKES_ANOTHER_ERROR_OF_IT = """
import os, signal, sys
import tui.__main__ as program

class Named:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.{name})

def run(argv):
    type("Owner", (), {{"field": Named()}})

program._main = run
raise SystemExit(program.main([]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_a_class_is_made_has_its_own_status(name: str) -> None:
    """Python makes a RuntimeError of what is raised there."""
    script = AN_IMPORT_THAT_MAKES_ANOTHER_ERROR_OF_IT.format(name=name)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (128 + getattr(signal, name), "")
