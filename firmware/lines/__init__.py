"""Radio lines: who has the air on one radio, and when its transmitter is keyed."""
