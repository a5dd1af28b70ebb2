"""The benchmark: what this machine's town takes in time, memory and processor. Never a test."""
