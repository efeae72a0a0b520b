"""The SQL of the log; the pages are keyed by whether attachments are read."""

COLUMNS = "position, stream, event_id, type, recorded_at, payload, hash"

INSERT = f"INSERT INTO events ({COLUMNS}, attachment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
HEAD = "SELECT event_id, hash FROM events WHERE stream = ? ORDER BY event_id DESC LIMIT 1"
LAST_EVENT_ID = "SELECT coalesce(max(event_id), 0) FROM events WHERE stream = ?"
LAST_POSITION = "SELECT coalesce(max(position), 0) FROM events"

_STREAM_PAGE = "FROM events WHERE stream = ? AND event_id > ? ORDER BY event_id LIMIT ?"
_LOG_PAGE = "FROM events WHERE position > ? ORDER BY position LIMIT ?"

STREAM_PAGE = {
    True: f"SELECT {COLUMNS}, attachment {_STREAM_PAGE}",
    False: f"SELECT {COLUMNS} {_STREAM_PAGE}",
}
LOG_PAGE = {
    True: f"SELECT {COLUMNS}, attachment {_LOG_PAGE}",
    False: f"SELECT {COLUMNS} {_LOG_PAGE}",
}
