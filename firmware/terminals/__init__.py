"""Terminals: radios and phones on serial ports, joined to the lines they belong to."""
