"""What a page costs here, beside the same page written by hand: `make bench` runs all of it in one go."""
