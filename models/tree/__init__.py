"""The tree of names, whatever the nodes are: its structure in arrays, its folds, its order.  Must not import torch."""
