"""Text to speech behind a door, so that another engine can take its place."""
