"""SIP statuses, by what they tell a caller."""

FORBIDDEN = 403
NOT_FOUND = 404
UNAVAILABLE = 480
LOOP = 482
BUSY_HERE = 486
CANCELLED = 487
BUSY = (BUSY_HERE, 600)
"""Of a telephone that is busy."""
