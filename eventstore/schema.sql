-- Schema 1. Applied once, in one transaction; a later change is a new migration, never an edit here.

CREATE TABLE events (
    position    INTEGER PRIMARY KEY CHECK (position > 0),
    stream      TEXT    NOT NULL CHECK (stream <> ''),
    event_id    INTEGER NOT NULL CHECK (event_id > 0),
    type        TEXT    NOT NULL CHECK (type <> ''),
    recorded_at INTEGER NOT NULL,
    payload     BLOB    NOT NULL,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    attachment  BLOB, -- last: reading the other columns does not walk its overflow pages
    UNIQUE (stream, event_id)
) STRICT;

-- The next event is the only row that can ever be inserted. This also stops INSERT OR REPLACE on
-- connections that leave recursive_triggers off, where the delete trigger would not fire.
CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR NEW.event_id IS NOT (
      SELECT coalesce(max(event_id), 0) + 1 FROM events WHERE stream = NEW.stream
  )
BEGIN
    SELECT RAISE(ABORT, 'events is append-only: positions and event ids are 1, 2, 3, ...');
END;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only: UPDATE is refused');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only: DELETE is refused');
END;

-- One row per stored projection: which version of it, folded up to and including which position.
CREATE TABLE projections (
    name     TEXT    PRIMARY KEY CHECK (name <> ''),
    version  INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0)
) STRICT, WITHOUT ROWID;
