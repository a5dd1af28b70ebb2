"""Firmware updates of this gateway: signed bundles for the slot that is not running, tried before they count."""
