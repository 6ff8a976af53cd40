-- xAPI statements, each once under its id within its source. Rules of this folder: see 0001_init.sql.

-- `digest` is what two statements of one id are compared by, `at` the moment that it states itself, `voids` the statement that it
-- voids. Its text is in its delivery, and its row is deleted with that one.
create table statements (
    source text not null,
    id text not null,
    digest text not null,
    at bigint,
    voids text,
    delivery text not null,
    stored_at bigint not null,
    primary key (source, id)
) /* strict */;
create index statements_voiding on statements (source, voids) where voids is not null;
create index statements_delivery on statements (delivery);
