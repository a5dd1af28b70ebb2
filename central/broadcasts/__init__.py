"""Broadcasts: who may let what sound where, and what became of it on every loudspeaker."""
