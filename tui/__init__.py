"""The interface: draws and takes keys, never imports torch."""

from __future__ import annotations

from .pinning import pin_models

pin_models()
