"""What one engine has open: the model, the console, statements and passes, and the undo history."""
