"""Two doors for facts and orders, with fakes: the broker (fleet) and the Unix-socket stream (neighbours)."""
