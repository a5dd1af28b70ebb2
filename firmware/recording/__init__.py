"""Recordings of a gateway: which line is recorded when."""
