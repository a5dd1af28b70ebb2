"""Sound cards: a child process per direction with raw PCM on a pipe, and queues to the media clock."""
