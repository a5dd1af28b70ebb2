"""sd_notify for the gateway's processes: link.hosting.notify under the name that hw and firmware use."""

from link.hosting.notify import notify, watchdog_interval

__all__ = ["notify", "watchdog_interval"]
