"""Users' strategies: found, loaded apart from the service, described."""
