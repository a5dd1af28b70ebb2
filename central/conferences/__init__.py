"""First-time conference (叫应): persons on a list are called at once; who answered, confirmed and joined is known."""
