"""A voice node: the conference bridge of the centre. Carries out what core orders; decides nothing."""
