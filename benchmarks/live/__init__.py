"""Live votes: one post, thousands of listeners, and what a change costs until the last of them knows it."""
