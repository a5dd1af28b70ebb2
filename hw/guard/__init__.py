"""The guard: the process that owns every output that keys or sounds, and makes it safe unless it is fed."""
