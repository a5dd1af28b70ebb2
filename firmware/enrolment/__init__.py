"""How this gateway comes to its certificate and keeps it: key made here, request, waiting for a person, renewal."""
