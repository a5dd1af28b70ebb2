"""The wiring sheet of a board file: what the technician solders, plugs, sets and checks."""
