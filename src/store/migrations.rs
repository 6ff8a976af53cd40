//! Brings a database to the schema this binary knows: each migration once, in order, recorded with its SHA-256.
//!
//! A database with an altered or a newer migration is refused: guessing would cost more than stopping. Two instances that
//! start at once take turns.

use sha2::{Digest as _, Sha256};

use super::StoreError;
use super::db::{Db, Engine, Result, Tx};
use super::values::args;
use crate::ids::hex;

/// A step of the schema, written for PostgreSQL.
struct Migration {
    version: i64,
    script: &'static str,
}

/// Every step, in order, numbered from 1.
const MIGRATIONS: [Migration; 13] = [
    Migration { version: 1, script: include_str!("../../migrations/0001_init.sql") },
    Migration { version: 2, script: include_str!("../../migrations/0002_keys.sql") },
    Migration { version: 3, script: include_str!("../../migrations/0003_audit.sql") },
    Migration { version: 4, script: include_str!("../../migrations/0004_learners.sql") },
    Migration { version: 5, script: include_str!("../../migrations/0005_statements.sql") },
    Migration { version: 6, script: include_str!("../../migrations/0006_attendance.sql") },
    Migration { version: 7, script: include_str!("../../migrations/0007_proposals.sql") },
    Migration { version: 8, script: include_str!("../../migrations/0008_messages.sql") },
    Migration { version: 9, script: include_str!("../../migrations/0009_officers.sql") },
    Migration { version: 10, script: include_str!("../../migrations/0010_progress_links.sql") },
    Migration { version: 11, script: include_str!("../../migrations/0011_seals.sql") },
    Migration { version: 12, script: include_str!("../../migrations/0012_attestation_templates.sql") },
    Migration { version: 13, script: include_str!("../../migrations/0013_award_results.sql") },
];

/// Applies what is missing, all in one transaction.
pub(super) async fn migrate(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    take_turn(&mut tx).await?;
    let record =
        "create table if not exists schema_migrations (version bigint primary key, sha256 text not null) /* strict */;";
    let record = for_engine(tx.engine(), record);
    tx.script(record).await?;
    let applied = tx.rows("select version, sha256 from schema_migrations order by version", args![]).await?;
    let known = MIGRATIONS.len() as i64;
    for row in &applied {
        let version = row.int("version")?;
        let migration = MIGRATIONS.iter().find(|migration| migration.version == version);
        let migration = migration.ok_or(StoreError::SchemaNewer { found: version, known })?;
        if row.text("sha256")? != migration.sha256() {
            return Err(StoreError::SchemaAltered { version });
        }
    }
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        let script = for_engine(tx.engine(), migration.script);
        tx.script(script).await?;
        let record = "insert into schema_migrations (version, sha256) values ($1, $2)";
        tx.run(record, args![migration.version, migration.sha256()]).await?;
    }
    tx.commit().await
}

impl Migration {
    fn sha256(&self) -> String {
        hex(&Sha256::digest(self.script))
    }
}

/// Waits until no other instance migrates. SQLite's write transaction is such a turn already.
async fn take_turn(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        tx.run("select pg_advisory_xact_lock($1)", args![0x05ce_a0b0_i64]).await?;
    }
    Ok(())
}

/// The script as the engine reads it. SQLite's strict tables, which check types as PostgreSQL does, call a 64-bit number
/// `integer`.
fn for_engine(engine: Engine, script: &str) -> String {
    match engine {
        Engine::Postgres => script.to_owned(),
        Engine::Sqlite => script.replace("bigint", "integer").replace("/* strict */", "strict"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_gaps_and_every_table_is_strict() {
        for (place, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, place as i64 + 1);
            let tables = migration.script.matches("create table").count();
            assert_eq!(migration.script.matches(") /* strict */;").count(), tables);
        }
    }
}
