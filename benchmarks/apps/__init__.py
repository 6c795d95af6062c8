"""The servers beside this one that are written in Python."""
