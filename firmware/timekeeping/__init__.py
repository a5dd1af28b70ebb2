"""The gateway's wall clock: how good it is, and a floor below which it never goes."""
