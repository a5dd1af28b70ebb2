"""What a gateway reads and what hangs on it: contacts, instruments, the bypass of a trunk. Evidence; keys nothing."""
