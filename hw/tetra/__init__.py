"""TETRA terminals behind the peripheral equipment interface (PEI, EN 300 392-5): AT commands on a serial port."""
