"""An engine with four handlers and no torch, for the tests of the wall; run as a script it is a process.

`Execute` runs Python in the main lane, `Window` answers in the query lane, `Statistics` counts in the slow lane until
it is cancelled, `SourceCode` answers in the reading thread.
"""

from __future__ import annotations

import importlib
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

BOOT = Path(__file__).parents[3] / "models" / "engine" / "boot.py"


class Names:
    """The session: the names of the executed code, and how many windows were answered."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"session": self}
        self.windows = 0
        self.given_up = 0


def small_registry(package: str) -> Any:
    """Handlers made of the classes of `package`, our `models` under whatever name it was loaded."""
    m = importlib.import_module(f"{package}.messages")
    errors = importlib.import_module(f"{package}.messages.errors")
    registry = importlib.import_module(f"{package}.engine.registry").Registry()

    @registry.handles(m.Execute, lane="main", busy=lambda request: request.text[:20])
    def execute(session: Names, request: Any, context: Any) -> Any:
        session.namespace.update(context=context, m=m)
        session.namespace.pop("value", None)
        exec(request.text, session.namespace)
        value = session.namespace.get("value")
        if isinstance(value, m.Problem):
            raise errors.EngineProblem(value)
        return m.Executed(value=None if value is None else str(value))

    @registry.handles(m.Window)
    def window(session: Names, request: Any, context: Any) -> Any:
        session.windows += 1
        return m.Cells(path=request.path, of="value", row=session.windows)

    @registry.handles(m.Statistics, lane="slow")
    def statistics(session: Names, request: Any, context: Any) -> Any:
        for step in range(request.bins):
            context.progress("counting", step / request.bins)
            if context.cancelled():
                session.given_up += 1
                break
            time.sleep(0.01)
        return m.StatisticsOf(path=request.path, of="value", count=request.bins)

    @registry.handles(m.SourceCode, lane="now")
    def source(session: Names, request: Any, context: Any) -> Any:
        return m.SourceText(path=request.path, class_name=f"given up {session.given_up}")

    return registry


def main() -> None:
    spec = spec_from_file_location("boot", BOOT)
    boot = module_from_spec(spec)
    spec.loader.exec_module(boot)
    boot.load()
    process = importlib.import_module(f"{boot.PRIVATE}.engine.process")
    parent = int(sys.argv[2]) if sys.argv[1:2] == ["--parent"] else None
    process.serve_process(lambda emit: (small_registry(boot.PRIVATE), Names()), parent)


if __name__ == "__main__":
    main()
