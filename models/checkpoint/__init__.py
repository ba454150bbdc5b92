"""Open checkpoints: the tree of their tensors, inferred classes, and answers to the panes.  Must not import torch."""
