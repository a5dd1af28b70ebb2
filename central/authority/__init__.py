"""Whose signature counts, what the centre itself signs, and what a person is asked to sign."""
