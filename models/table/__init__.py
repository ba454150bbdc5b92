"""The flat table of all tensors: sorted, filtered, in pages.  Knows nothing of torch."""
