"""The gateway's side of the link to the centre: presence, realtime lanes, evidence, commands."""
