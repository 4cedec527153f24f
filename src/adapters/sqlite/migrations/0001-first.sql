-- "cvdn": tells our files from other databases.
PRAGMA application_id = 1668703342;

CREATE TABLE changes (
  part TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO changes (part, number)
VALUES ('registry', 0), ('health', 0), ('releases', 0), ('journal', 0), ('jobs', 0);

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('revision', 0), ('serial', 0), ('generation', 0);

CREATE TABLE records (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE heads (
  serial INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL,
  release TEXT NOT NULL,
  master TEXT NOT NULL,
  committed_at INTEGER NOT NULL
) STRICT;

-- One row at most.
CREATE TABLE announced (
  serial INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  subject TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;
CREATE INDEX journal_subject ON journal (subject, id);

CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  key TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  holder TEXT,
  held_until INTEGER,
  last_reason TEXT
) STRICT;
CREATE INDEX jobs_due ON jobs (queue, due_at, id);
CREATE INDEX jobs_key ON jobs (queue, key, id);
