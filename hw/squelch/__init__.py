"""What listens to captured sound: syllabic squelch, VOX, DTMF; and the tones that a line gives back."""
