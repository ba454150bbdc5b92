"""A live network: the tree, facts, gradients and sharing of its modules and tensors."""
