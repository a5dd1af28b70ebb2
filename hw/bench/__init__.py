"""The hardware of a whole town of gateways, simulated in one process.

A gateway meets it only where hardware would be: a pin factory over a socket and the pipes of the sound
processes. firmware and central never import this package.
"""
