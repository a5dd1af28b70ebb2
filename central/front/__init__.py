"""The front: nginx before the API. Writes its configuration, checks it and has it read again."""
