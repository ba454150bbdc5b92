"""Tables of tensors, calls and gradient norms: one row each, fetched a page at a time."""
