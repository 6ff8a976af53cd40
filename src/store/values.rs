//! What statements take and give: two types, text and 64-bit numbers, out of which everything else is made.

use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::StoreError;
use super::db::Result;
use crate::time::Timestamp;

/// A value given to a statement.
#[derive(Clone)]
pub(super) enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
}

pub(super) type Args = Vec<Arg>;

/// The arguments of a statement, in the order of its placeholders.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::values::Arg::from($value)),*] };
}
pub(super) use args;

macro_rules! arg_as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl From<$type> for Arg {
            fn from(value: $type) -> Self {
                Self::Text(Some(value.to_string()))
            }
        }
        impl From<&$type> for Arg {
            fn from(value: &$type) -> Self {
                Self::Text(Some(value.to_string()))
            }
        }
        impl From<Option<$type>> for Arg {
            fn from(value: Option<$type>) -> Self {
                Self::Text(value.map(|value| value.to_string()))
            }
        }
    )+};
}

arg_as_text!(
    crate::ids::Code,
    crate::ids::LearnerId,
    crate::ids::AwardId,
    crate::ids::CredentialId,
    crate::ids::StatusListId,
    crate::ids::SubjectId,
    crate::ids::DeliveryId,
    crate::ids::ProposalId,
    crate::ids::JobId,
    crate::ids::StatementId,
    crate::ids::TokenId,
    crate::ids::OperationId,
    crate::ids::MessageId,
    crate::ids::ExternalId,
    crate::ids::AchievementHash,
);

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}
impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}
impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}
impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.as_micros()))
    }
}
impl From<Option<Timestamp>> for Arg {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(Timestamp::as_micros))
    }
}

/// A row that was read.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $column:expr, $type:ty) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<$type, _>($column),
            Row::Postgres(row) => row.try_get::<$type, _>($column),
        }
    };
}

impl Row {
    pub(super) fn text(&self, column: &str) -> Result<String> {
        Ok(column!(self, column, String)?)
    }

    pub(super) fn text_or_null(&self, column: &str) -> Result<Option<String>> {
        Ok(column!(self, column, Option<String>)?)
    }

    pub(super) fn int(&self, column: &str) -> Result<i64> {
        Ok(column!(self, column, i64)?)
    }

    pub(super) fn int_or_null(&self, column: &str) -> Result<Option<i64>> {
        Ok(column!(self, column, Option<i64>)?)
    }

    /// A count or an index, which is never negative.
    pub(super) fn count(&self, column: &str) -> Result<u32> {
        u32::try_from(self.int(column)?).map_err(|_| StoreError::Corrupt("a count"))
    }

    pub(super) fn moment(&self, column: &str) -> Result<Timestamp> {
        Ok(Timestamp::from_micros(self.int(column)?))
    }

    pub(super) fn moment_or_null(&self, column: &str) -> Result<Option<Timestamp>> {
        Ok(self.int_or_null(column)?.map(Timestamp::from_micros))
    }

    /// An identifier or another value with one spelling.
    pub(super) fn parse<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| StoreError::Corrupt("an identifier"))
    }

    pub(super) fn parse_or_null<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>> {
        let text = self.text_or_null(column)?;
        text.map(|text| text.parse().map_err(|_| StoreError::Corrupt("an identifier"))).transpose()
    }

    /// A word that names a variant of an enum.
    pub(super) fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text = self.text(column)?;
        let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = text.as_str().into_deserializer();
        T::deserialize(word).map_err(|_| StoreError::Corrupt("a word"))
    }

    /// A JSON document.
    pub(super) fn document<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        from_document(&self.text(column)?)
    }
}

/// A value as the JSON document that is stored.
pub(super) fn to_document<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain values with text keys serialise")
}

/// A stored JSON document as the value it was made from.
pub(super) fn from_document<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("a document"))
}
