-- Problems and news are records; whoever watches them is woken by a part of their own.
INSERT INTO changes (part, number) VALUES ('notices', 0);
