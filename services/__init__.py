"""What the system does: deeds (accounts, posting, voting), their bookkeeping, and the wires they use."""
