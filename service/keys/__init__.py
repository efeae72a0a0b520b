"""API keys that have a name, a scope and an end: made, kept and revoked in the data folder."""
