"""People: accounts, roles and areas, sign-in, sessions, tokens."""
