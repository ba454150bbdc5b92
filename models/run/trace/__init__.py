"""What a trace is made of: the hooks that record, calls and how they fold, shapes, places, lines of the user's code."""
