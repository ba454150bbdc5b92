"""Search in the paths of a model, as the query is typed.  Must not import torch."""
