"""The virtual list that all lists are made of: its lines, pages of rows, columns, flags and styles over text."""
