"""What makes trouble for a town on purpose: a link that is thin, slow and cut. For scripts/chaos and tests."""
