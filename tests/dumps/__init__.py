"""Dumps to import, and what tests need to make more of them and to look at what became of them."""
