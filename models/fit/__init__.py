"""Why the weights of a file do not fit a network, and the renames that would mend it, from names and shapes alone.

Nothing here reads a value or imports torch.  `proposal.propose` is the way in.
"""
