"""What every open model answers, whatever it is; where it came from, and why one could not be opened."""
