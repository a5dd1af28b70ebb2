"""The site that a technician put on the card: checked, and put in force whole or not at all."""
