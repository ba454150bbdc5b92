"""The kinds of findings about a network, one a file: `find(evidence)` yields what it finds.

A new kind is a file here and its line in `models/findings/registry.py`.
"""
