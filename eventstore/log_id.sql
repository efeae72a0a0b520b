-- Schema 2: which log this is. Made at random with the log, anew by a restore.

CREATE TABLE log_identity (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    log_id TEXT NOT NULL CHECK (length(log_id) = 32)
) STRICT;

INSERT INTO log_identity VALUES (1, lower(hex(randomblob(16))));
