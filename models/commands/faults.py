"""What is our own fault: one line for the user, and the traceback in a file for whoever mends it."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback

from ..engine.fault_file import keep_traceback
from ..safe_text import clean
from ..work.own_files import is_own

STATUS = 2


def report_fault(error: BaseException) -> int:
    """Print in one line what went wrong, keep the traceback in a file, and return the exit status, 2.

    Never raises an Exception: `error` may be of a class of the user's, which fails when it is printed.
    """
    try:
        last = traceback.extract_tb(error.__traceback__)[-1:]
        own = bool(last) and not last[0].filename.startswith("<") and is_own(last[0].filename)
        where = f" ({os.path.basename(last[0].filename)}:{last[0].lineno})" if last else ""  # noqa: PTH119
        message = str(error).strip().partition("\n")[0][:300]
    except Exception:  # of a class that fails when it is printed
        where, message, own = "", "", False
    raised = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if own:
        text = f"the code of what was opened raised {raised}{where} while it was looked at"
    elif isinstance(error, MemoryError):
        text = f"there is not enough memory{where}"
    else:
        text = f"a fault of modulescope itself, {raised}{where}{_kept(error)}"
    with contextlib.suppress(Exception):
        print(f"modulescope: {clean(text)}", file=sys.stderr, flush=True)
    return STATUS


def _kept(error: BaseException) -> str:
    """Return where the traceback was written; empty where it could not be."""
    try:
        place = keep_traceback("".join(traceback.format_exception(error)))
    except Exception:  # one that cannot be printed
        return ""
    return f"; please report it, with {place}" if place else ""
