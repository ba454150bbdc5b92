"""The flat table of all tensors: sorted, filtered, in pages.  Must not import torch."""
