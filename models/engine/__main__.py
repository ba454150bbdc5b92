"""The engine's process: run by its path (`python …/models/engine/__main__.py`) or as `python -m models.engine`."""

import signal
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

INTERRUPTED = 130
"""Exit status after SIGINT, as shells give it: 128 and the signal's number."""


def main() -> int:
    """Run the engine, or a headless command, and return the exit status."""
    try:
        if hasattr(signal, "pthread_sigmask"):  # held back since a headless command was handed over to this process
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return _main()
    except KeyboardInterrupt:
        print("modulescope: interrupted", file=sys.stderr)
        return INTERRUPTED


def _main() -> int:
    # By its path: under whatever name this file was started, `models` may be somebody else's.
    spec = spec_from_file_location("modulescope_boot", Path(__file__).with_name("boot.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load the file boot.py beside {__file__}")
    boot = module_from_spec(spec)
    spec.loader.exec_module(boot)
    status: int = boot.main(sys.argv[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())
