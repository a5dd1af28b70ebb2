"""Boots the image in a virtual machine and tries what a site will do to it."""
