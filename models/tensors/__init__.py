"""The numbers of one tensor, wherever it lies: windows, heat maps, what is not finite."""
