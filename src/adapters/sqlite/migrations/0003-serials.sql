-- Which serial is whose content of the zone is a record too.
INSERT INTO changes (part, number) VALUES ('serials', 0);
