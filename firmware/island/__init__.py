"""Island mode: what a gateway does by itself while the centre does not lead."""
