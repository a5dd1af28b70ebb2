"""What gateway and centre agree on: the contract, the hosting of machines, the bus and the voice.

Imports neither an application (firmware, central) nor the hardware (hw).
"""
