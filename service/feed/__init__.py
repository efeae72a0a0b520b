"""The log on its way out: each event encoded once, read once, sent to whoever follows."""
