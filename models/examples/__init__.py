"""The documented networks, one file a section."""
