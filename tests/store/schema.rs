//! Opening a database: its schema, its public URL, several at once.

use std::sync::Arc;

use sceau::ids::PublicUrl;
use sceau::store::{Store, StoreError, StoreOptions};

use sqlx::Connection as _;

use crate::support::{System, on_both_engines};

on_both_engines! {
    async fn the_public_url_is_recorded_once_and_another_is_refused(db: &TestDb) {
        let url = |text: &str| text.parse::<PublicUrl>().unwrap();
        let store = db.open().await;
        store.ping().await.unwrap();
        store.record_public_url(&url("https://sceau.example")).await.unwrap();
        store.close().await;
        let store = db.open().await;
        store.record_public_url(&url("https://sceau.example")).await.unwrap();
        let error = store.record_public_url(&url("https://other.example")).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::PublicUrlMismatch { recorded, given }
                if recorded == "https://sceau.example" && given == "https://other.example"),
            "{error}"
        );
    }

    async fn a_schema_that_was_altered_is_refused(db: &TestDb) {
        db.open().await.close().await;
        db.tamper("update schema_migrations set sha256 = 'other' where version = 1").await;
        let error = Store::open(&db.url, StoreOptions::new(Arc::new(System))).await.err().unwrap();
        assert!(matches!(error, StoreError::SchemaAltered { version: 1 }), "{error}");
    }

    async fn a_schema_from_a_newer_binary_is_refused(db: &TestDb) {
        db.open().await.close().await;
        db.tamper("insert into schema_migrations (version, sha256) values (99, 'x')").await;
        let error = Store::open(&db.url, StoreOptions::new(Arc::new(System))).await.err().unwrap();
        assert!(matches!(error, StoreError::SchemaNewer { found: 99, .. }), "{error}");
    }

    async fn instances_that_start_at_once_make_one_schema(db: &TestDb) {
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let url = db.url.clone();
            starts.spawn(async move { Store::open(&url, StoreOptions::new(Arc::new(System))).await.map(drop) });
        }
        while let Some(start) = starts.join_next().await {
            start.unwrap().unwrap();
        }
        db.open().await.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_sqlite_database_is_durable_and_its_readers_cannot_write() {
    crate::support::on_sqlite(|db| async move {
        let store = db.open().await;
        let mut connection = sqlx::SqliteConnection::connect(&db.raw_url).await.unwrap();
        let mode: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut connection).await.unwrap();
        assert_eq!(mode, "wal");
        let strict = "select count(*) from pragma_table_list where schema = 'main' and type = 'table' \
                      and name not like 'sqlite_%' and strict = 0";
        let loose: i64 = sqlx::query_scalar(strict).fetch_one(&mut connection).await.unwrap();
        assert_eq!(loose, 0);
        store.close().await;
    })
    .await;
}
