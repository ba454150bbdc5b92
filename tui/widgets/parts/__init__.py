"""Parts of screens: bars, handles, lines of keys and status, a line of input, Info and Source."""
