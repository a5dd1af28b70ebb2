"""What every gateway shall be, and that the centre is there: the documents the centre keeps at the broker."""
