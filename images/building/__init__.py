"""Builds the image of a gateway, stage by stage, each kept under a key over everything that it is made of."""
