"""The model layer: knows torch, draws nothing.

Every import inside this package is relative.  People have packages called `models` of their own, so the engine loads
this one under a private name (see `models/engine/boot.py`) and leaves `models` to theirs.
"""

from __future__ import annotations

__version__ = "0.1.0"
