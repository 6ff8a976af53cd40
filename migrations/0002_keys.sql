-- Keys of three kinds, the signing log, credentials as VC-JWT beside their JSON. Rules of this folder: see 0001_init.sql.

-- One active key per kind. `public_jwk` holds the key in the form that all kinds have; rows from before have the other column
-- alone, and an RSA key, which has no Multikey, leaves that one empty. A compromised key is retired, and never trusted again.
alter table issuer_keys add column kind text not null default 'ed25519' check (kind in ('ed25519', 'p256', 'rsa'));
alter table issuer_keys add column public_jwk text;
alter table issuer_keys add column compromised_at bigint;
drop index issuer_keys_active;
create unique index issuer_keys_active on issuer_keys (issuer, kind) where state = 'active';

-- What our keys signed, by the SHA-256 of the exact bytes: written with them, in the same transaction; never changed, never
-- deleted. Under a compromised key this is what tells our own documents from a thief's.
create table signing_log (
    sha256 text primary key,
    key_id text not null references issuer_keys (key_id),
    what text not null check (what in ('credential', 'credential_jwt', 'status_list')),
    subject text not null,
    signed_at bigint not null
) /* strict */;
create index signing_log_key on signing_log (key_id, signed_at);
-- Of what was signed before there was a log, only the moment that the document states is known.
insert into signing_log (sha256, key_id, what, subject, signed_at)
    select signed_sha256, key_id, 'credential', id, valid_from from credentials where signed_sha256 is not null;

-- The same credential as a token, where its issuer wanted one: written once, with the JSON.
alter table credentials add column jwt_document text;
alter table credentials add column jwt_sha256 text;
alter table credentials add column jwt_key_id text references issuer_keys (key_id);
-- As what the versions before are revoked once this one is signed.
alter table credentials add column replaces_as text not null default 'details_corrected';
create index credentials_key on credentials (key_id, id);
create index credentials_jwt_key on credentials (jwt_key_id, id) where jwt_key_id is not null;

-- With which key the published form was signed. Forms from before are signed anew when somebody next asks.
alter table status_lists add column published_key text references issuer_keys (key_id);
