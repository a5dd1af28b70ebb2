"""Inputs of every kind as one: a level now, then each change with its time."""
