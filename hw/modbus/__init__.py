"""Modbus RTU: frames and one bus with several slaves. Pure; the serial port is hw.uart."""
