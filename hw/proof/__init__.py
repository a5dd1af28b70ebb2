"""Proof of sound: whether what was played was heard."""
