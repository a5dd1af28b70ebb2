"""One gateway: lines, paging, uplink and voice at a reservoir. Knows nothing of the centre's code."""
