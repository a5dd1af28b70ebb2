"""A shortwave radio behind hamlib's rigctld: everything but its transmitter, which the guard keys alone."""
