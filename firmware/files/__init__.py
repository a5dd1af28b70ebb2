"""Files of a gateway: those it holds for the centre's orders, and the recordings it sends up."""
