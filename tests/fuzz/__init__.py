"""A fuzzer of the whole program in a real pseudo-terminal: `python -m tests.fuzz --help`.

A session is a source, a seed and a list of steps (keys, pastes, mouse, resizes, signals, statements).  It is played
against the program, which must live, answer, and give the terminal back; what goes wrong is shrunk to a short script.
"""
