-- How much time an award rests on, and how it was counted. Rules of this folder: see 0001_init.sql.

-- A JSON document; none for awards from before.
alter table awards add column time_document text;
