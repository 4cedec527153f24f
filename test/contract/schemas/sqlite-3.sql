-- A store of schema 3, as cvdnet 0.1 left it in SQLite. Never changed: newer programs must read it.
CREATE TABLE schema (version INTEGER NOT NULL);

PRAGMA application_id = 1668703342;

CREATE TABLE changes (
  part TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

INSERT INTO schema (version)
VALUES (3);
INSERT INTO changes (part, number)
VALUES ('health', 1);
INSERT INTO changes (part, number)
VALUES ('jobs', 2);
INSERT INTO changes (part, number)
VALUES ('journal', 2);
INSERT INTO changes (part, number)
VALUES ('registry', 3);
INSERT INTO changes (part, number)
VALUES ('releases', 2);
INSERT INTO changes (part, number)
VALUES ('notices', 0);
INSERT INTO changes (part, number)
VALUES ('serials', 0);
INSERT INTO counters (name, value)
VALUES ('generation', 5);
INSERT INTO counters (name, value)
VALUES ('revision', 4);
INSERT INTO counters (name, value)
VALUES ('serial', 3);
INSERT INTO records (kind, name, value, revision)
VALUES ('health', 'mirror1', '{"addresses":[{"isUp":true,"upSince":1700000000000,"triedAt":1700000000000,"goodInARow":7,"badInARow":0,"lastGood":{"kind":"good","serial":3,"generation":3,"stampedAt":1700000000,"tookMs":12,"at":1700000000000},"address":"127.0.1.1","last":{"kind":"good","serial":3,"generation":3,"stampedAt":1700000000,"tookMs":12}},{"isUp":false,"upSince":1700000000000,"triedAt":1700000000000,"goodInARow":0,"badInARow":3,"address":"2001:db8::1","last":{"kind":"bad","fault":"redirect","reason":"GET /timestamp: 302 to http://portal/"}}],"freshAt":1700000000000,"days":[{"day":19700,"good":144,"bad":0,"worst":"good"},{"day":19701,"good":144,"bad":0,"worst":"good"},{"day":19702,"good":144,"bad":0,"worst":"good"},{"day":19703,"good":144,"bad":0,"worst":"good"},{"day":19704,"good":144,"bad":0,"worst":"good"},{"day":19705,"good":144,"bad":0,"worst":"good"},{"day":19706,"good":144,"bad":0,"worst":"good"},{"day":19707,"good":144,"bad":0,"worst":"good"},{"day":19708,"good":144,"bad":0,"worst":"good"},{"day":19709,"good":144,"bad":0,"worst":"good"},{"day":19710,"good":144,"bad":0,"worst":"good"},{"day":19711,"good":144,"bad":0,"worst":"good"},{"day":19712,"good":144,"bad":0,"worst":"good"},{"day":19713,"good":144,"bad":0,"worst":"good"}]}', 4);
INSERT INTO records (kind, name, value, revision)
VALUES ('master', 'rsync1', '{"name":"rsync1","host":"rsync1.example","sshPort":2222,"rsyncPort":873,"module":"clamavdb","hostKey":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V","triggerKey":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAswVXqfxOkOM1h9osfsETZbgKXK7xQ5XoOozfIXPGGG","rsyncLogin":{"user":"rsync1","password":"secret of rsync1"},"isOut":false}', 3);
INSERT INTO records (kind, name, value, revision)
VALUES ('mirror', 'mirror1', '{"name":"mirror1","stage":"listed","stageSince":1700000000000,"stageReason":"seen good ten times","host":"mirror1.example","addresses":["127.0.1.1","2001:db8::1"],"httpPort":80,"sshPort":22,"account":"clamavdb","hostKey":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V","aliases":[],"country":"DE","region":"europe","bandwidthMbit":100,"rsyncLogin":{"user":"mirror1","password":"secret of mirror1"},"downtimes":[],"push":{}}', 1);
INSERT INTO records (kind, name, value, revision)
VALUES ('sigmaker', 'acme', '{"name":"acme","keys":["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V"],"databases":["acme"]}', 2);
INSERT INTO heads (serial, generation, release, master, committed_at)
VALUES (3, 5, '{
 "serial": 3,
 "publishedAt": 1700000000,
 "files": [
  {
   "kind": "database",
   "path": "daily.cvd",
   "bytes": 1000,
   "sha256": "abababababababababababababababababababababababababababababababab",
   "datedAt": 1700000000,
   "name": "daily",
   "version": 3,
   "builtAt": 1700000000
  }
 ]
}
', 'rsync1', 1700000000005);
INSERT INTO announced (serial, at)
VALUES (3, 1700000000000);
INSERT INTO journal (at, who, what, subject, why)
VALUES (1700000000000, 'rsync1', 'added', 'mirror1', '["a reason","another \"reason\""]');
INSERT INTO journal (at, who, what, subject, why)
VALUES (1700000000000, 'rsync1', 'published', 'release 3', '["a reason","another \"reason\""]');
INSERT INTO leases (name, holder, until)
VALUES ('release', 'rsync1', 1700000060000);
INSERT INTO jobs (queue, key, due_at, body, taken, holder, held_until, last_reason)
VALUES ('mail', 'k', 1700000000000, '{}', 0, NULL, NULL, NULL);
