"""What all tests share: helpers beside them can be imported, and no test touches the user's own state."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
FREEZE = gc.freeze
for folder in (HERE, HERE / "e2e", HERE / "tui"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

# Finding ten thousand tests, and each app, makes some hundred thousand objects, and nearly none of them is garbage: to
# look at them after each 700 took a sixth of the time.
gc.set_threshold(50_000, 5, 5)

# Machines are shared: how long an example takes says nothing.  What is checked before a change lands is checked with
# the same examples each time; everywhere else they are new ones, which is how faults are found: a few with each run,
# many where they are asked for.
settings.register_profile(
    "ours",
    deadline=None,
    max_examples=100 if "MANY_EXAMPLES" in os.environ else 20,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="SAME_EXAMPLES" in os.environ,
)
settings.load_profile("ours")

# The program is started hundreds of times: as users have it, compiled once.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell has these ignored by what it starts in the background, which the programs under test would inherit and heed.
for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that a file lists which `WITHOUT_TESTS` names: for `.ci/quick` those that take long.

    Of the slow tests, of which not all may come in time, the cases of tests with parameters come last: each repeats.
    """
    if config.option.markexpr == "slow":
        items.sort(key=lambda item: hasattr(item, "callspec"))
    listed = os.environ.get("WITHOUT_TESTS")
    if not listed:
        return
    names = set((config.rootpath / listed).read_text(encoding="utf-8").split())
    left_out = [item for item in items if item.nodeid.partition("[")[0] in names]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item.nodeid.partition("[")[0] not in names]


@pytest.fixture(scope="session")
def state_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names for state folders, in a folder of their own: making a temporary one looks at all that are there."""
    folder = tmp_path_factory.mktemp("states")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_state(state_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own, of a user who has seen the welcome."""
    folder = next(state_folders)
    folder.mkdir()
    (folder / "settings.json").write_text('{"welcomed": true}')
    monkeypatch.setenv("MODULESCOPE_STATE", str(folder))
    return folder


@pytest.fixture(scope="session", autouse=True)
def imported_is_frozen() -> Iterator[None]:
    """What is imported by now stays, and no collection of garbage need look at it again; nothing else may stay.

    The program freezes what it made, once, for it lives as long as the process; here the apps and checkpoints of a
    thousand tests would never be freed.
    """
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", lambda: None)
        patch.setattr(gc, "unfreeze", lambda: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def what_stays_is_frozen(imported_is_frozen: None) -> Iterator[None]:
    """What a file of tests imported stays too: each checkpoint that is closed is followed by a collection."""
    yield
    if len(gc.get_objects()) > 20_000:
        gc.collect()
        FREEZE()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Files as bytes, and long texts, are no names for tests: both workers must come to the same ones."""
    if isinstance(val, bytes) and len(val) > 24:
        return "bytes"
    return val[:40] if isinstance(val, str) and len(val) > 80 else None
