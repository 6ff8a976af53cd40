-- What a certificate says of its learner's result. Rules of this folder: see 0001_init.sql.

-- 'passed' where the criteria asked for a pass and it was there; none for all other awards, and those from before.
alter table awards add column result text;
