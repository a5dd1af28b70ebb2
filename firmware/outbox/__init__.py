"""The gateway's outbox: evidence is on the disk before it is sent, and stays until the centre has it."""
