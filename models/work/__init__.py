"""Conduct of long work: cancelling, progress, one thread, garbage collection paused."""
