"""Two sources as one open model: one tree of both, how each tensor differs, and the elements of either and of B - A."""
