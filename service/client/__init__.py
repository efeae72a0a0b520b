"""A client of the HTTP and WebSocket API that resumes by itself."""
