"""Sealing: what only the holder of a private key can read, written and read as a stream."""
