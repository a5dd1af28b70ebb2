"""Firmware bundles: what both ends ask RAUC about one."""
