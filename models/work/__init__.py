"""The manners of long work: cancelling, progress, one thread, no garbage collected meanwhile."""
