"""The gateways as the centre sees them: presence, realtime facts, voice legs."""
