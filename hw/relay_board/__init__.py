"""A relay board on Modbus: amplifiers and zones are switched on by hardware-timed pulses only."""
