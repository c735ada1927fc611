"""Who trades best."""
