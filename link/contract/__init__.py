"""The contract between gateway and centre: ids, facts, orders, topics and their bytes. Pure; no I/O."""
