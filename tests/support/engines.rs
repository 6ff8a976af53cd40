//! A database of its own for each test, on either engine.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::Connection as _;

/// Runs a test on a SQLite file that lives as long as it.
pub async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(String) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    test(format!("sqlite:{}", folder.path().join("test.db").display())).await;
}

/// Runs a test on a PostgreSQL database that lives as long as it, or says that there is no server to make one on.
pub async fn on_postgres<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(String) -> F) {
    let Ok(server) = std::env::var("SCEAU_TEST_POSTGRES") else {
        eprintln!("SKIPPED on PostgreSQL: SCEAU_TEST_POSTGRES names no server");
        return;
    };
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("sceau_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut connection = sqlx::PgConnection::connect(&server).await.expect("the test server answers");
    let create = sqlx::AssertSqlSafe(format!("create database {name}"));
    sqlx::query(create).execute(&mut connection).await.expect("a database");
    let outcome = tokio::spawn(test(with_database(&server, &name))).await;
    let drop = sqlx::AssertSqlSafe(format!("drop database {name} with (force)"));
    sqlx::query(drop).execute(&mut connection).await.expect("dropped");
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// Runs a statement that the store would never run.
#[allow(dead_code, reason = "each test binary uses its own part")]
pub async fn tamper(url: &str, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(url).await.expect("connects");
        sqlx::query(sql).execute(&mut connection).await.expect("runs");
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.expect("connects");
        sqlx::query(sql).execute(&mut connection).await.expect("runs");
    }
}

/// Runs several statements.
#[allow(dead_code, reason = "each test binary uses its own part")]
pub async fn run_script(url: &str, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let options: sqlx::sqlite::SqliteConnectOptions = url.parse().expect("a URL");
        let mut connection =
            sqlx::SqliteConnection::connect_with(&options.create_if_missing(true)).await.expect("connects");
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("runs");
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.expect("connects");
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("runs");
    }
}

/// The number that a query gives.
#[allow(dead_code, reason = "each test binary uses its own part")]
pub async fn count(url: &str, sql: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(url).await.expect("connects");
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.expect("connects");
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
    }
}

/// The same server, another database. The query may hold slashes of its own, as in `?host=/run/postgresql`.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, None), |(address, query)| (address, Some(query)));
    let (base, _) = address.rsplit_once('/').expect("a URL that ends with a database");
    query.map_or_else(|| format!("{base}/{name}"), |query| format!("{base}/{name}?{query}"))
}
