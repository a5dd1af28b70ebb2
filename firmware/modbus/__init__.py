"""What hangs on the Modbus buses of a gateway: one bus machine per port, the drivers of its devices beside it."""
