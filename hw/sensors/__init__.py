"""Water level, rain and other measuring instruments on Modbus, described by profile files."""
