"""The edge: kamailio before telephones and trunks. Writes its files, checks them, tells it who is gone."""
