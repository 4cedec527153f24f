CREATE TABLE changes (
  part TEXT PRIMARY KEY,
  number BIGINT NOT NULL
);
INSERT INTO changes (part, number)
VALUES ('registry', 0), ('health', 0), ('releases', 0), ('journal', 0), ('jobs', 0);

CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('cvdnet', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER tell_change AFTER UPDATE ON changes
FOR EACH STATEMENT EXECUTE FUNCTION tell_change();

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('revision', 0), ('serial', 0), ('generation', 0);

CREATE TABLE records (
  kind TEXT NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  value TEXT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
);

CREATE TABLE heads (
  serial BIGINT PRIMARY KEY,
  generation BIGINT NOT NULL,
  release TEXT NOT NULL,
  master TEXT NOT NULL,
  committed_at BIGINT NOT NULL
);

-- One row at most.
CREATE TABLE announced (
  serial BIGINT NOT NULL,
  at BIGINT NOT NULL
);

CREATE TABLE journal (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  subject TEXT NOT NULL,
  why TEXT NOT NULL
);
CREATE INDEX journal_subject ON journal (subject, id);

CREATE TABLE leases (
  name TEXT COLLATE "C" PRIMARY KEY,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);

CREATE TABLE jobs (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue TEXT NOT NULL,
  key TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  body TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  holder TEXT,
  held_until BIGINT,
  last_reason TEXT
);
CREATE INDEX jobs_due ON jobs (queue, due_at, id);
CREATE INDEX jobs_key ON jobs (queue, key, id);
