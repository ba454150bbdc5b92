"""What the Info and Source panes show of one module or tensor of a live network."""
