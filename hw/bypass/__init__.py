"""The relay that joins a trunk straight to a telephone when power or service fails."""
