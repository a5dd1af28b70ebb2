"""What the centre keeps: the journal, recordings, clips and the read models that screens are drawn from."""
