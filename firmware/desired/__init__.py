"""What this gateway shall be: the last desired document, kept, applied and reported."""
