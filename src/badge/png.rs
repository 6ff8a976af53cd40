//! A credential in a PNG and out of it: Open Badges 3.0 § 5.3.1.
//!
//! What: exactly one uncompressed `iTXt` chunk with the keyword `openbadgecredential`, whose text is the credential, byte
//! for byte. Every chunk is walked within its bounds and its CRC checked; pixels are never decoded.
//! Not here: drawing (`render`), whether the credential is genuine (`verify`).

use std::io::Read as _;

use super::form::{CredentialForm, FormError, MAX_CREDENTIAL_BYTES};

/// Largest PNG read, in bytes.
pub const MAX_PNG_BYTES: usize = 4 << 20;

/// PNG (third edition) § 5.2.
const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const KEYWORD: &[u8] = b"openbadgecredential";
/// Keyword of Open Badges 1 and 2, only to say that we do not read them.
const KEYWORD_2: &[u8] = b"openbadges";

/// Why a credential cannot be put into, or read from, a PNG.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PngError {
    /// Longer than [`MAX_PNG_BYTES`].
    #[error("the PNG has {bytes} bytes, the limit is {MAX_PNG_BYTES}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It does not begin as PNG does.
    #[error("the file is not a PNG: it does not begin with the PNG signature and an IHDR chunk")]
    NotPng,
    /// It ends before its IEND chunk; or a chunk says that it is longer than the file.
    #[error("the PNG is truncated: the chunk at byte {offset} goes beyond its end")]
    Truncated {
        /// Where the chunk begins.
        offset: usize,
    },
    /// The bytes were damaged or edited.
    #[error("the PNG is damaged: the chunk at byte {offset} has a wrong CRC")]
    WrongCrc {
        /// Where the chunk begins.
        offset: usize,
    },
    /// Which one counts would be a guess.
    #[error("the PNG carries {count} credentials, there must be exactly one")]
    SeveralCredentials {
        /// How many.
        count: usize,
    },
    /// PNG § 11.3.3.4 is not respected in the credential's chunk, or its text is not UTF-8, or does not inflate.
    #[error("the PNG's credential chunk is malformed: {0}")]
    MalformedCredential(&'static str),
    /// The credential is longer than [`MAX_CREDENTIAL_BYTES`], perhaps only once inflated.
    #[error("the PNG's credential has more than {MAX_CREDENTIAL_BYTES} bytes")]
    CredentialTooLarge,
    /// An assertion of an older version, and no credential.
    #[error("the PNG carries an Open Badges 2 assertion, not an Open Badges 3.0 credential")]
    OpenBadges2,
    /// The text to bake is no credential.
    #[error(transparent)]
    Form(#[from] FormError),
}

/// Puts a credential into a PNG, directly after its header, instead of those it holds if any. The other chunks stay byte
/// for byte; bytes after the end of the image are dropped.
pub fn bake(png: &[u8], credential: &str) -> Result<Vec<u8>, PngError> {
    CredentialForm::of(credential)?;
    let chunks = chunks(png)?;
    let mut out = Vec::with_capacity(png.len() + credential.len() + 64);
    out.extend_from_slice(&SIGNATURE);
    for (index, chunk) in chunks.iter().enumerate() {
        if chunk.text_of(KEYWORD).is_none() {
            out.extend_from_slice(chunk.bytes);
        }
        if index == 0 {
            push_credential(&mut out, credential);
        }
    }
    // Never make a file that we would refuse to read.
    if out.len() > MAX_PNG_BYTES {
        return Err(PngError::TooLarge { bytes: out.len() });
    }
    Ok(out)
}

/// The credential that a PNG carries: JSON, or a compact JWS. `None` where the PNG carries none.
///
/// A compressed text is accepted, since other tools write it so.
pub fn extract(png: &[u8]) -> Result<Option<String>, PngError> {
    let chunks = chunks(png)?;
    let found: Vec<&[u8]> = chunks.iter().filter_map(|chunk| chunk.text_of(KEYWORD)).collect();
    match found[..] {
        [] => {
            let older = |chunk: &Chunk| {
                chunk.text_of(KEYWORD_2).is_some()
                    || (chunk.kind() == b"tEXt" && after_keyword(chunk.data(), KEYWORD_2).is_some())
            };
            if chunks.iter().any(older) { Err(PngError::OpenBadges2) } else { Ok(None) }
        }
        [fields] => read_text(fields).map(Some),
        _ => Err(PngError::SeveralCredentials { count: found.len() }),
    }
}

/// The width and height that the header announces (PNG § 11.2.1), of a file whose chunks are whole. Nothing is unpacked.
pub fn size(png: &[u8]) -> Result<(u32, u32), PngError> {
    let chunks = chunks(png)?;
    let header = chunks.first().map(Chunk::data).ok_or(PngError::NotPng)?;
    let (width, rest) = header.split_first_chunk::<4>().ok_or(PngError::NotPng)?;
    let (height, _) = rest.split_first_chunk::<4>().ok_or(PngError::NotPng)?;
    Ok((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

/// One chunk, from its length to its CRC, both already checked.
struct Chunk<'a> {
    bytes: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn kind(&self) -> &'a [u8] {
        &self.bytes[4..8]
    }

    fn data(&self) -> &'a [u8] {
        &self.bytes[8..self.bytes.len() - 4]
    }

    /// What follows the keyword, if this is an `iTXt` chunk with this keyword.
    fn text_of(&self, keyword: &[u8]) -> Option<&'a [u8]> {
        (self.kind() == b"iTXt").then(|| after_keyword(self.data(), keyword)).flatten()
    }
}

fn after_keyword<'a>(data: &'a [u8], keyword: &[u8]) -> Option<&'a [u8]> {
    data.strip_prefix(keyword)?.strip_prefix(b"\0")
}

/// The chunks from IHDR to IEND (PNG § 5.3), lengths and CRCs checked.
fn chunks(png: &[u8]) -> Result<Vec<Chunk<'_>>, PngError> {
    if png.len() > MAX_PNG_BYTES {
        return Err(PngError::TooLarge { bytes: png.len() });
    }
    let mut rest = png.strip_prefix(&SIGNATURE).ok_or(PngError::NotPng)?;
    let mut chunks = Vec::new();
    loop {
        let offset = png.len() - rest.len();
        let truncated = || PngError::Truncated { offset };
        let (length, _) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
        let total = (u32::from_be_bytes(*length) as usize).checked_add(12).ok_or_else(truncated)?;
        let (bytes, after) = rest.split_at_checked(total).ok_or_else(truncated)?;
        let (checked, crc) = bytes[4..].split_last_chunk::<4>().ok_or_else(truncated)?;
        if crc32fast::hash(checked) != u32::from_be_bytes(*crc) {
            return Err(PngError::WrongCrc { offset });
        }
        let chunk = Chunk { bytes };
        if chunks.is_empty() && (chunk.kind() != b"IHDR" || chunk.data().len() != 13) {
            return Err(PngError::NotPng);
        }
        let last = chunk.kind() == b"IEND";
        chunks.push(chunk);
        if last {
            return Ok(chunks);
        }
        rest = after;
    }
}

/// Appends the credential's chunk: keyword, NUL, no compression, no language, no translated keyword (PNG § 11.3.3.4).
fn push_credential(out: &mut Vec<u8>, credential: &str) {
    let data_len = KEYWORD.len() + 5 + credential.len();
    let length = u32::try_from(data_len).expect("a credential is at most MAX_CREDENTIAL_BYTES long");
    out.extend_from_slice(&length.to_be_bytes());
    let start = out.len();
    out.extend_from_slice(b"iTXt");
    out.extend_from_slice(KEYWORD);
    out.extend_from_slice(&[0; 5]);
    out.extend_from_slice(credential.as_bytes());
    let crc = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&crc.to_be_bytes());
}

/// Reads the fields that follow the keyword of an `iTXt` chunk.
fn read_text(fields: &[u8]) -> Result<String, PngError> {
    let malformed = PngError::MalformedCredential;
    let (&[compressed, method], rest) =
        fields.split_first_chunk::<2>().ok_or(malformed("it ends before its compression flag"))?;
    let mut parts = rest.splitn(3, |byte| *byte == 0);
    let text = parts.nth(2).ok_or(malformed("it ends before its text"))?;
    let bytes = match (compressed, method) {
        (0, _) => text.to_vec(),
        (1, 0) => {
            let mut inflated = Vec::new();
            flate2::read::ZlibDecoder::new(text)
                .take(MAX_CREDENTIAL_BYTES as u64 + 1)
                .read_to_end(&mut inflated)
                .map_err(|_| malformed("its text does not inflate"))?;
            inflated
        }
        _ => return Err(malformed("its compression is unknown")),
    };
    if bytes.len() > MAX_CREDENTIAL_BYTES {
        return Err(PngError::CredentialTooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed("its text is not UTF-8"))?;
    if text.trim().is_empty() { Err(malformed("its text is empty")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(data.len()).expect("short").to_be_bytes().to_vec();
        out.extend_from_slice(kind);
        out.extend_from_slice(data);
        let crc = crc32fast::hash(&out[4..]);
        out.extend_from_slice(&crc.to_be_bytes());
        out
    }

    /// One transparent pixel; the extra chunks stand before IEND, where other tools bake.
    fn image(extra: &[Vec<u8>]) -> Vec<u8> {
        let mut idat = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        idat.write_all(&[0; 5]).expect("memory");
        let mut png = SIGNATURE.to_vec();
        png.extend(chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]));
        png.extend(chunk(b"IDAT", &idat.finish().expect("memory")));
        png.extend(extra.concat());
        png.extend(chunk(b"IEND", &[]));
        png
    }

    fn itxt(keyword: &str, flag_and_method: [u8; 2], text: &[u8]) -> Vec<u8> {
        let fields = [keyword.as_bytes(), &[0], &flag_and_method, b"fr\0titre\0", text].concat();
        chunk(b"iTXt", &fields)
    }

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(text).expect("memory");
        zlib.finish().expect("memory")
    }

    #[test]
    fn the_chunk_follows_the_header_and_is_the_only_one() {
        let foreign = itxt("openbadgecredential", [0, 0], b"{\"old\":1}");
        let comment = itxt("Comment", [0, 0], b"kept");
        let baked = bake(&image(&[foreign.clone(), foreign, comment.clone()]), "{\"new\":1}").expect("bakes");
        assert_eq!(&baked[33..49], b"\0\0\0\x21iTXtopenbadg");
        assert_eq!(extract(&baked), Ok(Some("{\"new\":1}".to_owned())));
        assert!(baked.windows(comment.len()).any(|window| window == comment), "other chunks stay");
        assert_eq!(bake(&baked, "{}"), bake(&image(&[comment]), "{}"), "baking again only replaces");
    }

    #[test]
    fn compressed_credentials_of_other_tools_are_read_within_bounds() {
        let honest = image(&[itxt("openbadgecredential", [1, 0], &deflated(b"{\"a\":1}"))]);
        assert_eq!(extract(&honest), Ok(Some("{\"a\":1}".to_owned())));
        let bomb = image(&[itxt("openbadgecredential", [1, 0], &deflated(&vec![b' '; 64 << 20]))]);
        assert_eq!(extract(&bomb), Err(PngError::CredentialTooLarge));
        let broken = image(&[itxt("openbadgecredential", [1, 0], b"not zlib")]);
        assert!(matches!(extract(&broken), Err(PngError::MalformedCredential(_))));
    }

    #[test]
    fn images_without_one_clear_credential_say_why() {
        assert_eq!(extract(&image(&[])), Ok(None));
        let one = itxt("openbadgecredential", [0, 0], b"{}");
        assert_eq!(extract(&image(&[one.clone(), one])), Err(PngError::SeveralCredentials { count: 2 }));
        assert_eq!(extract(&image(&[chunk(b"tEXt", b"openbadges\0https://a")])), Err(PngError::OpenBadges2));
        assert_eq!(extract(&image(&[itxt("openbadges", [0, 0], b"{}")])), Err(PngError::OpenBadges2));
        for fields in [&b"openbadgecredential\0"[..], b"openbadgecredential\0\0\0", b"openbadgecredential\0\0\0\0\0"] {
            let png = image(&[chunk(b"iTXt", fields)]);
            assert!(matches!(extract(&png), Err(PngError::MalformedCredential(_))), "{fields:?}");
        }
        for (flags, text) in [([2, 0], &b"{}"[..]), ([1, 1], b"{}"), ([0, 0], b"\xff")] {
            let png = image(&[itxt("openbadgecredential", flags, text)]);
            assert!(matches!(extract(&png), Err(PngError::MalformedCredential(_))), "{flags:?}");
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = bake(&image(&[]), "{\"a\":1}").expect("bakes");
        for end in 0..good.len() {
            assert!(extract(&good[..end]).is_err(), "cut at {end}");
        }
        let mut edited = good.clone();
        let at = good.windows(7).position(|window| window == b"{\"a\":1}").expect("is there") + 5;
        edited[at] = b'2';
        assert_eq!(extract(&edited), Err(PngError::WrongCrc { offset: 33 }));
        let mut huge = good.clone();
        huge[33..37].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(extract(&huge), Err(PngError::Truncated { offset: 33 }));
        assert_eq!(extract(b"GIF89a"), Err(PngError::NotPng));
        assert_eq!(extract(&[&SIGNATURE[..], &chunk(b"IEND", &[])].concat()), Err(PngError::NotPng));
        let large = vec![0; MAX_PNG_BYTES + 1];
        assert_eq!(extract(&large), Err(PngError::TooLarge { bytes: large.len() }));
    }

    #[test]
    fn only_credentials_are_baked() {
        for text in ["", "hello", "{\0}"] {
            assert_eq!(bake(&image(&[]), text), Err(PngError::Form(FormError::NotACredential)));
        }
    }

    proptest! {
        #[test]
        fn the_text_survives_byte_for_byte(name in any::<String>(), space in "[\r\n\t ]{0,4}") {
            let json = format!("{space}{{\"name\":{space}{}}}{space}", serde_json::json!(name));
            let baked = bake(&image(&[]), &json).expect("bakes");
            prop_assert_eq!(extract(&baked), Ok(Some(json)));
        }

        #[test]
        fn no_input_makes_the_reader_panic(tail in any::<Vec<u8>>(), fields in any::<Vec<u8>>()) {
            let _ = extract(&[&image(&[])[..33], &tail].concat());
            let text = [b"openbadgecredential\0", &fields[..]].concat();
            let _ = extract(&image(&[chunk(b"iTXt", &text)]));
        }
    }
}
