"""The town: all of Spillway on one machine with bench hardware, for scripts/run and the system tests."""
