"""Voice: legs, sound ports, players and recorders behind one port; the engine door, and a fake of it."""
