"""Loudspeakers: clips that were ordered, held by hash, and played one at a time by priority."""
