"""What is on the board and how we touch it: board files, pins, sound, guard, bench. Gateway only."""
