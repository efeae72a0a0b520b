"""The SQL of the log; pages are keyed by whether attachments are read."""

COLUMNS = "position, stream, event_id, type, recorded_at, payload, hash"

INSERT = f"INSERT INTO events ({COLUMNS}, attachment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
HEAD = "SELECT event_id, hash FROM events WHERE stream = ? ORDER BY event_id DESC LIMIT 1"
LAST_EVENT_ID = "SELECT coalesce(max(event_id), 0) FROM events WHERE stream = ?"
LAST_EVENT_IDS = (
    "SELECT value, (SELECT coalesce(max(event_id), 0) FROM events WHERE stream = value) "
    "FROM json_each(?)"
)
LAST_POSITION = "SELECT coalesce(max(position), 0) FROM events"
HASHES = "SELECT hash FROM events WHERE position > ? AND position <= ? ORDER BY position"

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

# The first row tells the head, the others are what was found: one statement, so one moment of the
# log. Ids have no gaps, so that ``after + examined`` bounds the rows that are looked at.
_SEARCH = """SELECT coalesce(max({key}), 0){blanks} FROM events {where}
UNION ALL SELECT * FROM (
    SELECT {columns} FROM events {where} AND {key} > :after AND {key} <= :after + :examined
    AND (:types IS NULL OR type IN (SELECT value FROM json_each(:types)))
    ORDER BY {key} LIMIT :limit
)"""


def _search(key: str, where: str, columns: str) -> str:
    blanks = ", NULL" * columns.count(",")
    return _SEARCH.format(key=key, where=where, columns=columns, blanks=blanks)


STREAM_SEARCH = {
    True: _search("event_id", "WHERE stream = :stream", f"{COLUMNS}, attachment"),
    False: _search("event_id", "WHERE stream = :stream", COLUMNS),
}
LOG_SEARCH = {
    True: _search("position", "WHERE TRUE", f"{COLUMNS}, attachment"),
    False: _search("position", "WHERE TRUE", COLUMNS),
}
