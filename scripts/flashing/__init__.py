"""Writes gateway images to SD cards and puts a site's provisioning beside them: `scripts/flash`."""
