"""One widget a file, its style beside it, in rooms by what they show."""
