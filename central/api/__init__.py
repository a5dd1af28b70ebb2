"""The REST and WebSocket API: what persons and programs may see and ask of the centre."""
