"""The live network: rows, facts, gradients, sharing of the modules and tensors of a network that runs."""
