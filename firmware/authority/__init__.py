"""What may sound here: whose word counts, which commands are let through, and that nothing is begun twice."""
