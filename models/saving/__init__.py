"""Tensors of any source written as a new file: what is written, how, and that nothing is ever written over."""
