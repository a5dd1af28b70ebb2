"""Telephone calls: who may dial what, where it leads, and what becomes of each call. Pure."""
