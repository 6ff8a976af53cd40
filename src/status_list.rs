//! Status lists: the bits that say which credentials are revoked, as a signed credential of their own
//! (W3C Bitstring Status List 1.0).
//!
//! A list covers 131 072 credentials whose places were drawn at random, so that fetching it tells nobody which badge is being
//! checked. Which indices are revoked comes from storage; nothing here knows it.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

use crate::time::Timestamp;

/// Entries in each list that we publish: the least that the standard allows (§ 2.2, herd privacy).
pub const ENTRIES: u32 = 131_072;
/// The longest bitstring that we read, in bytes: 2^27 entries (§ 6.1 wants a bound on decompression).
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long others may keep a list, in seconds.
pub const TTL_SECONDS: i64 = 300;
/// How long a signed list stays valid, in seconds. It is signed anew well before.
pub const VALIDITY_SECONDS: i64 = 24 * 3600;

/// Why an encoded list can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// Not `u` + base64url of a gzip stream.
    #[error("the encoded list is not base64url of a gzip stream")]
    Encoding,
    /// It expands beyond our bound.
    #[error("the encoded list expands to more than {MAX_BYTES} bytes")]
    TooLong,
    /// It has fewer entries than the standard demands.
    #[error("the list has fewer than {ENTRIES} entries")]
    TooShort,
    /// The index lies beyond its end.
    #[error("the list has no entry {0}")]
    OutOfRange(u64),
}

/// The bits of a list, the first index being the left-most bit (§ 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitstring(Vec<u8>);

impl Bitstring {
    /// A list of [`ENTRIES`] bits, those of `revoked` set.
    pub fn new(revoked: &[u32]) -> Self {
        let mut bytes = vec![0; (ENTRIES / 8) as usize];
        for index in revoked {
            if let Some(byte) = bytes.get_mut((index / 8) as usize) {
                *byte |= 0x80 >> (index % 8);
            }
        }
        Self(bytes)
    }

    /// Whether the bit of an index is set.
    pub fn get(&self, index: u64) -> Result<bool, StatusListError> {
        let byte = usize::try_from(index / 8).ok().and_then(|at| self.0.get(at));
        byte.map(|byte| byte & (0x80 >> (index % 8)) != 0).ok_or(StatusListError::OutOfRange(index))
    }

    /// The value of an entry of `size` bits (`statusSize`), its first bit the most significant (§ 3.2, step 9 and following). A list
    /// of wider entries has fewer of them, and still the least number that the standard demands.
    pub fn value(&self, index: u64, size: u64) -> Result<u64, StatusListError> {
        let bits = self.0.len() as u64 * 8;
        if size == 0 || size > 64 || bits / size < u64::from(ENTRIES) {
            return Err(StatusListError::TooShort);
        }
        let first = index.checked_mul(size).ok_or(StatusListError::OutOfRange(index))?;
        (0..size).try_fold(0, |value, bit| {
            let set = self.get(first + bit).map_err(|_| StatusListError::OutOfRange(index))?;
            Ok(value << 1 | u64::from(set))
        })
    }

    /// `encodedList`: multibase `u` + base64url(gzip(bits)) (§ 3.3). The same bits give the same text.
    pub fn encode(&self) -> String {
        let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
        let written = gzip.write_all(&self.0).and_then(|()| gzip.finish());
        format!("u{}", URL_SAFE_NO_PAD.encode(written.expect("writing to memory cannot fail")))
    }

    /// Reads an `encodedList` (§ 3.4), never expanding more than 16 MiB of it.
    pub fn decode(encoded: &str) -> Result<Self, StatusListError> {
        let data = encoded.strip_prefix('u').ok_or(StatusListError::Encoding)?;
        let compressed = URL_SAFE_NO_PAD.decode(data).map_err(|_| StatusListError::Encoding)?;
        let mut bits = Vec::new();
        let mut bounded = GzDecoder::new(compressed.as_slice()).take(MAX_BYTES as u64 + 1);
        bounded.read_to_end(&mut bits).map_err(|_| StatusListError::Encoding)?;
        if bits.len() > MAX_BYTES {
            return Err(StatusListError::TooLong);
        }
        if bits.len() < (ENTRIES / 8) as usize {
            return Err(StatusListError::TooShort);
        }
        Ok(Self(bits))
    }
}

/// The unsigned `BitstringStatusListCredential` (§ 2.2) of a revocation list.
pub fn compose(id: &str, issuer: &str, bits: &Bitstring, now: Timestamp) -> Value {
    let from = now.to_whole_second();
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": id,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": from.to_string(),
        "validUntil": from.plus_seconds(VALIDITY_SECONDS).to_string(),
        "credentialSubject": {
            "id": format!("{id}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": bits.encode(),
            "ttl": TTL_SECONDS * 1000,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_index_is_the_left_most_bit() {
        let bits = Bitstring::new(&[0, 9, ENTRIES - 1]);
        assert_eq!(&bits.0[..2], &[0b1000_0000, 0b0100_0000]);
        assert_eq!(bits.0.last(), Some(&1));
        assert_eq!((bits.get(9), bits.get(10)), (Ok(true), Ok(false)));
        assert_eq!(bits.get(u64::from(ENTRIES)), Err(StatusListError::OutOfRange(u64::from(ENTRIES))));
    }

    #[test]
    fn a_list_survives_its_encoding() {
        let bits = Bitstring::new(&[1, 2, 3, 99_999]);
        assert_eq!(Bitstring::decode(&bits.encode()).unwrap(), bits);
        assert_eq!(bits.encode(), bits.encode());
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let gzip = |bytes: &[u8]| {
            let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
            gzip.write_all(bytes).unwrap();
            format!("u{}", URL_SAFE_NO_PAD.encode(gzip.finish().unwrap()))
        };
        assert_eq!(Bitstring::decode(&gzip(&vec![0; MAX_BYTES + 1])), Err(StatusListError::TooLong));
        assert_eq!(Bitstring::decode(&gzip(&[0; 16])), Err(StatusListError::TooShort));
        for bad in ["", "u", "z123", "u!!!", "uAAAA"] {
            assert!(Bitstring::decode(bad).is_err(), "{bad}");
        }
    }
}
