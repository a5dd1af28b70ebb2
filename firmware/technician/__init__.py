"""What the technician runs by hand: doctor, levels, tone, ptt-test, wiring. Never part of a running gateway."""
