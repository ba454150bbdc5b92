"""The module tree and the search over it."""
