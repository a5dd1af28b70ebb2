"""A simulated fleet against a real centre: see scripts/fleet."""
