"""Dry contacts: what a pair of wires says, and whether the wires can be believed."""
