"""What a page and a vote cost here, beside the same written by hand and in other servers: `make bench`."""
