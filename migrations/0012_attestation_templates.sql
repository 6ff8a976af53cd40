-- The templates that attestations are made with. Rules of this folder: see 0001_init.sql.

-- A template with all that it is made of, by the hash of that text. Never changed.
create table attestation_templates (
    hash text primary key,
    document text not null
) /* strict */;

-- Which one a credential was issued with: its attestation looks the same for ever. Written once.
create table credential_templates (
    credential text primary key references credentials (id),
    template text not null references attestation_templates (hash)
) /* strict */;
