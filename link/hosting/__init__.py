"""How pure machines are hosted: one inbox, one task and one clock each."""
