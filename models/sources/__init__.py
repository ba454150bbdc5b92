"""Opening: one small reader a kind of source."""
