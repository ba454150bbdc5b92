"""What is at a path, and what it is when it is no model: one line with the cause, and what to do.

Nothing here needs torch, opens what is no regular file, or reads more than a few pieces of one.
"""

from __future__ import annotations

from .looking import look, path_of

WEIGHTS = (
    ".safetensors",
    ".index.json",
    ".pt",
    ".pth",
    ".pth.tar",
    ".ckpt",
    ".bin",
    ".gguf",
    ".distcp",
    ".pt2",
    ".h5",
    ".hdf5",
    ".keras",
    ".onnx",
    ".npz",
    ".npy",
    ".msgpack",
    ".tflite",
    ".pb",
    ".mlmodel",
    ".nemo",
    ".mar",
    ".pkl",
    ".pickle",
)
"""How the names of files of weights end, also of those that are not read: a text that ends so was meant for a file."""

__all__ = ["WEIGHTS", "look", "path_of"]
