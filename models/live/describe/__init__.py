"""What the Info and Source panes tell of one module or tensor of a live network."""
