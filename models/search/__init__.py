"""Search in the paths of a model, as it is typed.  Knows nothing of torch."""
