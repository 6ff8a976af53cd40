//! Both engines behind one type: connections, transactions, values, rows. The other files of this module hold SQL and nothing
//! about engines.
//!
//! The SQL text is one, written as PostgreSQL reads it. The differences are all here: SQLite has one writer at a time, so it
//! leaves out row locks ([`dialect`]), and it begins write transactions with `begin immediate`, since a transaction that reads
//! first and writes later fails under load. Code is correct under PostgreSQL's *read committed*: a check that a later write
//! rests on locks what it read. A failed statement aborts a PostgreSQL transaction but not a SQLite one, so no code goes on
//! after a failed statement: it says `on conflict do nothing` and looks at the row count.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Database, Postgres, SqlSafeStr as _, SqlStr, Sqlite, Transaction};

use super::values::{Arg, Args, Row};
use super::{DatabaseUrl, StoreError, StoreOptions};
use crate::audit::{Actor, Entry};
use crate::entropy::Entropy;

pub(super) type Result<T> = std::result::Result<T, StoreError>;

/// The pools of one database.
#[derive(Debug, Clone)]
pub(super) enum Db {
    /// One connection writes, some read.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// Any connection does anything.
    Postgres(PgPool),
}

/// A transaction; dropped without [`Tx::commit`], it leaves nothing behind.
pub(super) struct Tx {
    connection: Connection,
    /// What is to be added to the audit trail when this commits.
    pub(super) notes: Vec<Entry>,
    /// Who acts, and where salts and keys are drawn from; none for a transaction that notes nothing.
    pub(super) trail: Option<Trail>,
}

/// What a transaction needs to add to the audit trail.
pub(super) struct Trail {
    pub(super) actor: Actor,
    pub(super) entropy: Arc<dyn Entropy>,
}

enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl From<Connection> for Tx {
    fn from(connection: Connection) -> Self {
        Self { connection, notes: Vec::new(), trail: None }
    }
}

/// Runs a query on whichever engine holds `$on`, bound as `$connection`.
macro_rules! on_engine {
    ($on:expr, $sql:expr, $args:expr, $connection:ident => $executor:expr, $method:ident) => {
        match &mut $on.connection {
            Connection::Sqlite($connection) => {
                bind::<Sqlite>(dialect(Engine::Sqlite, $sql), $args).$method($executor).await?.into()
            }
            Connection::Postgres($connection) => {
                bind::<Postgres>(dialect(Engine::Postgres, $sql), $args).$method($executor).await?.into()
            }
        }
    };
}

impl Db {
    pub(super) async fn connect(url: &DatabaseUrl, options: &StoreOptions) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let common = SqliteConnectOptions::new()
                    .filename(path)
                    .foreign_keys(true)
                    .busy_timeout(options.busy_timeout)
                    .synchronous(SqliteSynchronous::Full);
                let writing = common.clone().create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                let writer = SqlitePoolOptions::new().max_connections(1).connect_with(writing).await?;
                let reading = common.pragma("query_only", "on");
                let readers =
                    SqlitePoolOptions::new().max_connections(options.connections.max(1)).connect_lazy_with(reading);
                Ok(Self::Sqlite { writer, readers })
            }
            DatabaseUrl::Postgres(url) => {
                let timeout = options.statement_timeout.as_millis();
                let connect = PgConnectOptions::from_str(url)
                    .map_err(|_| StoreError::Url)?
                    .options([("statement_timeout", timeout.to_string()), ("lock_timeout", timeout.to_string())]);
                let pool = PgPoolOptions::new()
                    .max_connections(options.connections.max(2))
                    .acquire_timeout(Duration::from_secs(30))
                    .connect_with(connect)
                    .await?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Tx> {
        let connection = match self {
            Self::Sqlite { writer, .. } => Connection::Sqlite(writer.begin_with("begin immediate").await?),
            Self::Postgres(pool) => {
                Connection::Postgres(pool.begin_with("begin isolation level read committed").await?)
            }
        };
        Ok(connection.into())
    }

    /// Begins a transaction that only reads, all of it as of one moment.
    pub(super) async fn snapshot(&self) -> Result<Tx> {
        let connection = match self {
            Self::Sqlite { readers, .. } => Connection::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => {
                Connection::Postgres(pool.begin_with("begin isolation level repeatable read, read only").await?)
            }
        };
        Ok(connection.into())
    }

    /// The rows of one reading statement.
    pub(super) async fn rows(&self, sql: impl Into<Sql>, args: Args) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                let rows = bind::<Sqlite>(dialect(Engine::Sqlite, sql), args).fetch_all(readers).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                let rows = bind::<Postgres>(dialect(Engine::Postgres, sql), args).fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The one row of a reading statement, or none.
    pub(super) async fn row(&self, sql: impl Into<Sql>, args: Args) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.pop())
    }
}

impl Tx {
    /// Adds what was noted to the audit trail, and commits. The end of the chain is the last thing that a transaction locks, so
    /// that two which wait for each other there hold nothing that the other needs.
    pub(super) async fn commit(mut self) -> Result<()> {
        super::audit::append_notes(&mut self).await?;
        match self.connection {
            Connection::Sqlite(tx) => tx.commit().await?,
            Connection::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Has this added to the audit trail if the transaction commits.
    pub(super) fn note(&mut self, entry: Entry) {
        self.notes.push(entry);
    }

    /// Runs one statement; the number of rows it touched.
    pub(super) async fn run(&mut self, sql: impl Into<Sql>, args: Args) -> Result<u64> {
        let done: Done = on_engine!(self, sql, args, tx => &mut **tx, execute);
        Ok(done.0)
    }

    /// The rows of one statement.
    pub(super) async fn rows(&mut self, sql: impl Into<Sql>, args: Args) -> Result<Vec<Row>> {
        let rows: Rows = on_engine!(self, sql, args, tx => &mut **tx, fetch_all);
        Ok(rows.0)
    }

    /// The one row of a statement, or none.
    pub(super) async fn row(&mut self, sql: impl Into<Sql>, args: Args) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.pop())
    }

    /// Runs a script of several statements without parameters.
    pub(super) async fn script(&mut self, sql: String) -> Result<()> {
        match &mut self.connection {
            Connection::Sqlite(tx) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.map(drop)?,
            Connection::Postgres(tx) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    pub(super) const fn engine(&self) -> Engine {
        match self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) => Engine::Postgres,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

/// A statement made of literals only: there is no way to put a value into one but as an argument.
pub(super) enum Sql {
    Whole(&'static str),
    Assembled(String),
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Self {
        Self::Whole(sql)
    }
}

/// A `select` whose conditions depend on what was asked for; placeholders are numbered as they come.
pub(super) struct Filtered {
    sql: String,
    args: Args,
}

impl Filtered {
    /// Starts from a statement without `where`.
    pub(super) fn new(select: &'static str) -> Self {
        Self { sql: format!("{select} where 1 = 1"), args: Args::new() }
    }

    /// Adds a condition, such as `state = `, where there is a value for it.
    pub(super) fn and(mut self, condition: &'static str, value: Option<impl Into<Arg>>) -> Self {
        if let Some(value) = value {
            self.args.push(value.into());
            self.sql.push_str(&format!(" and {condition} ${}", self.args.len()));
        }
        self
    }

    /// Adds a condition without a value.
    pub(super) fn when(mut self, asked: bool, condition: &'static str) -> Self {
        if asked {
            self.sql.push_str(&format!(" and {condition}"));
        }
        self
    }

    /// As it stands.
    pub(super) fn whole(self) -> (Sql, Args) {
        (Sql::Assembled(self.sql), self.args)
    }

    /// In this order.
    pub(super) fn ordered(mut self, columns: &'static str) -> (Sql, Args) {
        self.sql.push_str(&format!(" order by {columns}"));
        (Sql::Assembled(self.sql), self.args)
    }

    /// In this order, no more than `limit`.
    pub(super) fn first(mut self, columns: &'static str, limit: u32) -> (Sql, Args) {
        self.args.push(i64::from(limit).into());
        self.sql.push_str(&format!(" order by {columns} limit ${}", self.args.len()));
        (Sql::Assembled(self.sql), self.args)
    }

    /// Newest first by (`moment`, `id`), after a cursor if there is one, and one row more than the page holds.
    pub(super) fn page(mut self, moment: &'static str, id: &'static str, page: &super::Page) -> (Sql, Args) {
        if let Some(cursor) = &page.after {
            self.args.extend([cursor.at.into(), cursor.id.as_str().into()]);
            let (at, then) = (self.args.len() - 1, self.args.len());
            self.sql.push_str(&format!(" and ({moment}, {id}) < (${at}, ${then})"));
        }
        self.args.push((i64::from(page.limit()) + 1).into());
        self.sql.push_str(&format!(" order by {moment} desc, {id} desc limit ${}", self.args.len()));
        (Sql::Assembled(self.sql), self.args)
    }
}

/// The statement as the engine reads it: SQLite knows no row locks and needs none.
fn dialect(engine: Engine, sql: impl Into<Sql>) -> SqlStr {
    let sql = sql.into();
    let text = match &sql {
        Sql::Whole(text) => text,
        Sql::Assembled(text) => text.as_str(),
    };
    const LOCKS: [&str; 4] = [" for update skip locked", " for no key update", " for update", " for share"];
    if engine == Engine::Sqlite && LOCKS.iter().any(|lock| text.contains(lock)) {
        return AssertSqlSafe(LOCKS.iter().fold(text.to_owned(), |text, lock| text.replace(lock, ""))).into_sql_str();
    }
    match sql {
        Sql::Whole(text) => text.into_sql_str(),
        Sql::Assembled(text) => AssertSqlSafe(text).into_sql_str(),
    }
}

fn bind<'q, DB>(sql: SqlStr, args: Args) -> sqlx::query::Query<'q, DB, DB::Arguments>
where
    DB: Database,
    Option<String>: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    Option<i64>: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Text(text) => query.bind(text),
        Arg::Int(number) => query.bind(number),
    })
}

/// Carries the outcome of either engine out of `on_engine!`.
struct Done(u64);
struct Rows(Vec<Row>);

impl From<sqlx::sqlite::SqliteQueryResult> for Done {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}
impl From<sqlx::postgres::PgQueryResult> for Done {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}
impl From<Vec<SqliteRow>> for Rows {
    fn from(rows: Vec<SqliteRow>) -> Self {
        Self(rows.into_iter().map(Row::Sqlite).collect())
    }
}
impl From<Vec<PgRow>> for Rows {
    fn from(rows: Vec<PgRow>) -> Self {
        Self(rows.into_iter().map(Row::Postgres).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_leaves_out_row_locks_and_postgresql_keeps_them() {
        let sql = "select id from jobs limit 1 for update skip locked";
        assert_eq!(dialect(Engine::Sqlite, sql).as_str(), "select id from jobs limit 1");
        assert_eq!(dialect(Engine::Postgres, sql).as_str(), sql);
        for lock in ["for no key update", "for share"] {
            let locking = Sql::Assembled(format!("select 1 {lock}"));
            assert_eq!(dialect(Engine::Sqlite, locking).as_str(), "select 1");
        }
    }

    #[test]
    fn a_filter_numbers_its_placeholders_as_they_come() {
        let page = super::super::Page { limit: 10, after: None };
        let (sql, args) = Filtered::new("select id from deliveries")
            .and("state =", Some("dead"))
            .and("source =", None::<&str>)
            .page("received_at", "id", &page);
        let Sql::Assembled(sql) = sql else { panic!("assembled") };
        assert_eq!(
            sql,
            "select id from deliveries where 1 = 1 and state = $1 order by received_at desc, id desc limit $2"
        );
        assert_eq!(args.len(), 2);
    }
}
