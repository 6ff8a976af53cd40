-- The links at which learners read their progress. Rules of this folder: see 0001_init.sql.

-- The token is encrypted by the caller, and found by its hash. A link that is ended is deleted.
create table progress_links (
    session text not null references sessions (code),
    learner text not null references learners (id),
    token text not null,
    lookup text not null unique,
    made_at bigint not null,
    primary key (session, learner)
) /* strict */;
