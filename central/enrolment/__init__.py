"""How a gateway gets its certificate: a token once, a request, a person who compares fingerprints."""
