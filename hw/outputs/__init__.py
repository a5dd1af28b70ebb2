"""Doors to everything that keys or sounds. The guard's alone."""
