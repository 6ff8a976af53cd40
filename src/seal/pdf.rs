//! The file's part of a seal (ISO 32000-1 § 7.5.6 incremental updates, § 12.7.4.5 signature fields, § 12.8.1 signature dictionaries).
//!
//! Writing: a signature field without a widget, since nothing of a seal is to be seen: a widget would have to be tagged, described
//! and given an appearance, and an empty one still breaks PDF/UA-1 (§ 7.18.1). Reading: files that anybody may have made.

use std::ops::Range;

use lopdf::xref::{XrefEntry, XrefType};
use lopdf::{Dictionary, Document, LoadOptions, Object};

use super::SealError;
use super::algorithm::Hash;
use crate::time::Timestamp;

/// The largest PDF that is sealed or read, in bytes: an attestation has some fifty thousand, its seal seventeen thousand.
pub const MAX_PDF_BYTES: usize = 4 * 1024 * 1024;
/// The most that any one stream of its structure may expand to, in bytes: ours has no compressed structure at all.
const MAX_STRUCTURE_BYTES: usize = 64 * 1024;
/// The space for a signature, in bytes; it is known before the signature is, so it is the same for all.
const RESERVED: usize = 8 * 1024;
/// How deep the search for signatures looks into objects.
const MAX_DEPTH: usize = 32;
/// What the numbers of `/ByteRange` are padded to, so that they can be written once they are known.
const NUMBER_WIDTH: usize = 8;
const SUB_FILTER: &[u8] = b"ETSI.CAdES.detached";
const END: &[u8] = b"%%EOF";

/// A file with the update written, but for the signature.
pub(super) struct Update {
    bytes: Vec<u8>,
    /// The hexadecimal string of `/Contents`, with its angle brackets.
    gap: Range<usize>,
}

impl Update {
    /// Behind a PDF of our renderer.
    pub(super) fn of(pdf: &[u8], at: Timestamp) -> Result<Self, SealError> {
        let document = load(pdf)?;
        if !pdf.ends_with(END)
            || !matches!(document.reference_table.cross_reference_type, XrefType::CrossReferenceTable)
        {
            return Err(SealError::NotSealable("it does not end as our renderer ends files"));
        }
        if signatures(&document).any() {
            return Err(SealError::NotSealable("it has a signature field"));
        }
        let root = document.trailer.get(b"Root").and_then(Object::as_reference);
        let (root, _) = root.map_err(|_| SealError::NotSealable("it has no catalog"))?;
        let catalog = catalog_text(pdf, &document, root)?;
        let field = document.reference_table.size.max(document.max_id + 1);
        let signature = field + 1;

        let mut bytes = Vec::with_capacity(pdf.len() + 2 * RESERVED + 2048);
        bytes.extend_from_slice(pdf);
        bytes.push(b'\n');
        let mut offsets = Vec::new();
        offsets.push((root, bytes.len()));
        let form = format!("/AcroForm<</Fields[{field} 0 R]/SigFlags 3>>");
        bytes.extend_from_slice(format!("{root} 0 obj\n<<{form}").as_bytes());
        bytes.extend_from_slice(catalog);
        bytes.extend_from_slice(b"\nendobj\n");
        offsets.push((field, bytes.len()));
        bytes.extend_from_slice(format!("{field} 0 obj\n<</FT/Sig/T(seal)/V {signature} 0 R>>\nendobj\n").as_bytes());
        offsets.push((signature, bytes.len()));
        let head = format!(
            "{signature} 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M({})",
            date(at)
        );
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(b"/ByteRange[");
        let range = bytes.len();
        bytes.extend(std::iter::repeat_n(b' ', 4 * NUMBER_WIDTH));
        bytes.extend_from_slice(b"]/Contents");
        let start = bytes.len();
        bytes.push(b'<');
        bytes.extend(std::iter::repeat_n(b'0', 2 * RESERVED));
        bytes.push(b'>');
        let gap = start..bytes.len();
        bytes.extend_from_slice(b">>\nendobj\n");
        let table = bytes.len();
        bytes.extend_from_slice(b"xref\n");
        for (id, offset) in offsets {
            bytes.extend_from_slice(format!("{id} 1\n{offset:010} 00000 n\r\n").as_bytes());
        }
        let trailer = trailer(&document, pdf, at, signature + 1)?;
        bytes.extend_from_slice(format!("trailer\n{trailer}\nstartxref\n{table}\n").as_bytes());
        bytes.extend_from_slice(END);
        if bytes.len() > MAX_PDF_BYTES {
            return Err(SealError::TooLarge { bytes: bytes.len() });
        }
        let numbers = [0, gap.start, gap.end, bytes.len() - gap.end];
        let numbers: String = numbers.iter().map(|number| format!("{number:<NUMBER_WIDTH$}")).collect();
        bytes[range..range + numbers.len()].copy_from_slice(numbers.as_bytes());
        Ok(Self { bytes, gap })
    }

    /// What the seal covers: everything but the gap.
    pub(super) fn covered(&self) -> [&[u8]; 2] {
        [&self.bytes[..self.gap.start], &self.bytes[self.gap.end..]]
    }

    /// Puts the signature into its place; zeros stay behind it.
    pub(super) fn fill(&mut self, contents: &[u8]) -> Result<(), SealError> {
        if contents.len() > RESERVED {
            return Err(SealError::NoRoom);
        }
        let digits = crate::ids::hex(contents);
        let start = self.gap.start + 1;
        self.bytes[start..start + digits.len()].copy_from_slice(digits.as_bytes());
        Ok(())
    }

    /// Whether a file is this one, but for the signature and the second identifier, which is of a moment that the file does not tell
    /// whole.
    pub(super) fn is_of(&self, pdf: &[u8]) -> bool {
        const MARK: &[u8] = b">]/Prev ";
        let Some(end) = self.bytes.windows(MARK.len()).rposition(|found| found == MARK) else { return false };
        let identifier = end.saturating_sub(32)..end;
        let written =
            |range: Range<usize>| self.bytes.get(range.clone()).zip(pdf.get(range)).is_some_and(|(a, b)| a == b);
        let hex = |range: Range<usize>| pdf.get(range).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        pdf.len() == self.bytes.len()
            && written(0..self.gap.start + 1)
            && hex(self.gap.start + 1..self.gap.end - 1)
            && written(self.gap.end - 1..identifier.start)
            && hex(identifier.clone())
            && written(identifier.end..self.bytes.len())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// What stands in the catalog's dictionary behind its opening, as it is written in the file: it is kept, byte for byte.
fn catalog_text<'a>(pdf: &'a [u8], document: &Document, root: u32) -> Result<&'a [u8], SealError> {
    let unusual = SealError::NotSealable("its catalog is not written as our renderer writes it");
    let Some(XrefEntry::Normal { offset, generation: 0 }) = document.reference_table.get(root) else {
        return Err(unusual);
    };
    let catalog = document.get_dictionary((root, 0)).map_err(|_| unusual.clone())?;
    if catalog.has(b"AcroForm") || catalog.has(b"Perms") {
        return Err(SealError::NotSealable("it has a form"));
    }
    let object = usize::try_from(*offset).ok().and_then(|offset| pdf.get(offset..)).ok_or_else(|| unusual.clone())?;
    let body = object.strip_prefix(format!("{root} 0 obj").as_bytes()).ok_or_else(|| unusual.clone())?;
    let body = body.trim_ascii_start().strip_prefix(b"<<").ok_or_else(|| unusual.clone())?;
    let end = body.windows(6).position(|window| window == b"endobj").ok_or_else(|| unusual.clone())?;
    let body = body[..end].trim_ascii_end();
    if body.ends_with(b">>") { Ok(body) } else { Err(unusual) }
}

/// The trailer of the update: what the one before it says (§ 7.5.5), and a second identifier of its own (§ 14.4).
fn trailer(document: &Document, pdf: &[u8], at: Timestamp, size: u32) -> Result<String, SealError> {
    let unusual = SealError::NotSealable("its trailer is not written as our renderer writes it");
    let reference = |name: &[u8]| document.trailer.get(name).and_then(Object::as_reference).ok();
    let root = reference(b"Root").ok_or_else(|| unusual.clone())?;
    let info = reference(b"Info").map_or_else(String::new, |(id, generation)| format!("/Info {id} {generation} R"));
    let ids = document.trailer.get(b"ID").and_then(Object::as_array).map_err(|_| unusual.clone())?;
    let first = ids.first().and_then(|id| id.as_str().ok()).ok_or(unusual)?;
    let second = Hash::Sha256.of_parts(&[pdf, &at.as_micros().to_be_bytes()]);
    Ok(format!(
        "<</Size {size}/Root {} {} R{info}/ID[<{}><{}>]/Prev {}>>",
        root.0,
        root.1,
        crate::ids::hex(first),
        crate::ids::hex(&second[..16]),
        document.xref_start
    ))
}

/// A signature that was found in a file.
pub(super) struct Located<'a> {
    /// The bytes of `/Contents`, with what pads them.
    pub(super) contents: Vec<u8>,
    /// The bytes that `/ByteRange` names, where these are bytes of the file.
    pub(super) covered: Option<[&'a [u8]; 2]>,
    /// Whether that is all but the hexadecimal string of `/Contents`.
    pub(super) covers_whole_file: bool,
    /// The entry `M`.
    pub(super) at: Option<Timestamp>,
    /// How long the file was before the update that holds the signature.
    pub(super) original_len: usize,
}

/// Finds the one signature of a file; none where there is neither a signature nor a field for one.
pub(super) fn locate(pdf: &[u8]) -> Result<Option<Located<'_>>, SealError> {
    let document = load(pdf)?;
    let found = signatures(&document);
    if !found.any() {
        return Ok(None);
    }
    let count = found.fields.max(found.dictionaries.len());
    if count > 1 {
        return Err(SealError::Several { count });
    }
    let [signature] = found.dictionaries[..] else { return Err(SealError::Form("its field holds no signature")) };
    if found.fields == 0 {
        return Err(SealError::Form("no field holds it"));
    }
    let sub_filter = signature.get(b"SubFilter").and_then(Object::as_name);
    if sub_filter.ok() != Some(SUB_FILTER) {
        return Err(SealError::Form("its SubFilter is not ETSI.CAdES.detached"));
    }
    let contents = signature.get(b"Contents").and_then(Object::as_str);
    let contents = contents.map_err(|_| SealError::Form("it has no Contents"))?.to_vec();
    let range = byte_range(signature).ok_or(SealError::Form("its ByteRange is not four numbers"))?;
    let [start, a, b, length] = range;
    let covered = covered(pdf, range);
    let gap = pdf.get(a..b).unwrap_or_default();
    let at_ends = start == 0 && b.checked_add(length) == Some(pdf.len());
    Ok(Some(Located {
        covers_whole_file: at_ends && covered.is_some() && is_hex_of(gap, &contents),
        covered,
        at: signature.get(b"M").and_then(Object::as_str).ok().and_then(read_date),
        original_len: original_len(pdf.get(..a).unwrap_or_default()),
        contents,
    }))
}

fn load(pdf: &[u8]) -> Result<Document, SealError> {
    if pdf.len() > MAX_PDF_BYTES {
        return Err(SealError::TooLarge { bytes: pdf.len() });
    }
    let options =
        LoadOptions { strict: true, max_decompressed_size: Some(MAX_STRUCTURE_BYTES), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(pdf, options);
    let document = document.map_err(|error| SealError::Unreadable(error.to_string()))?;
    if document.is_encrypted() {
        return Err(SealError::Unreadable("it is encrypted".into()));
    }
    Ok(document)
}

/// Whatever in a file is a signature, or a place for one.
#[derive(Default)]
struct Signatures<'a> {
    fields: usize,
    dictionaries: Vec<&'a Dictionary>,
}

impl Signatures<'_> {
    fn any(&self) -> bool {
        self.fields > 0 || !self.dictionaries.is_empty()
    }
}

/// In whatever object it lies, whether or not the catalog leads there: another reader may find what ours would pass over.
fn signatures(document: &Document) -> Signatures<'_> {
    let mut found = Signatures::default();
    for object in document.objects.values() {
        look_into(object, 0, &mut found);
    }
    found
}

fn look_into<'a>(object: &'a Object, depth: usize, found: &mut Signatures<'a>) {
    if depth > MAX_DEPTH {
        return;
    }
    let dictionary = match object {
        Object::Array(items) => return items.iter().for_each(|item| look_into(item, depth + 1, found)),
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        _ => return,
    };
    let is = |key: &[u8], words: &[&[u8]]| {
        dictionary.get(key).and_then(Object::as_name).is_ok_and(|name| words.contains(&name))
    };
    found.fields += usize::from(is(b"FT", &[b"Sig"]));
    if dictionary.has(b"ByteRange") || is(b"Type", &[b"Sig", b"DocTimeStamp"]) {
        found.dictionaries.push(dictionary);
    }
    dictionary.iter().for_each(|(_, value)| look_into(value, depth + 1, found));
}

fn byte_range(signature: &Dictionary) -> Option<[usize; 4]> {
    let numbers = signature.get(b"ByteRange").and_then(Object::as_array).ok()?;
    let numbers: Option<Vec<_>> = numbers.iter().map(|one| usize::try_from(one.as_i64().ok()?).ok()).collect();
    numbers?.try_into().ok()
}

/// The two parts that a range names, where they lie in the file, the second behind the first.
fn covered(pdf: &[u8], [start, a, b, length]: [usize; 4]) -> Option<[&[u8]; 2]> {
    let end = start.checked_add(a)?;
    if b < end {
        return None;
    }
    Some([pdf.get(start..end)?, pdf.get(b..b.checked_add(length)?)?])
}

/// Whether the gap is the hexadecimal string of these bytes and nothing else: no blank, no comment, nothing that a reader could
/// take for something else.
fn is_hex_of(gap: &[u8], contents: &[u8]) -> bool {
    let Some(digits) = gap.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) else { return false };
    digits.len() == 2 * contents.len()
        && digits.iter().all(u8::is_ascii_hexdigit)
        && digits.eq_ignore_ascii_case(crate::ids::hex(contents).as_bytes())
}

/// Up to the end of the revision before the one that ends here.
fn original_len(before: &[u8]) -> usize {
    before.windows(END.len()).rposition(|window| window == END).map_or(0, |at| at + END.len())
}

/// A moment as PDF writes it (§ 7.9.4), in UTC.
fn date(at: Timestamp) -> String {
    let utc = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    utc.strftime("D:%Y%m%d%H%M%SZ").to_string()
}

/// A moment as others write it: to the second, with its zone; anything less is no moment.
fn read_date(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("D:")?;
    let (digits, zone) = text.split_at_checked(14)?;
    let number = |range: Range<usize>| {
        let part = digits.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i16>().ok())?
    };
    let small = |range: Range<usize>| number(range).and_then(|number| i8::try_from(number).ok());
    let date = jiff::civil::Date::new(number(0..4)?, small(4..6)?, small(6..8)?).ok()?;
    let time = jiff::civil::Time::new(small(8..10)?, small(10..12)?, small(12..14)?, 0).ok()?;
    let minutes = match zone.replace('\'', "").as_str() {
        "Z" | "Z00" | "Z0000" => 0,
        offset => {
            let (sign, digits) = offset.split_at_checked(1)?;
            let (hours, minutes) = digits.split_at_checked(2)?;
            let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<u8>().ok()? };
            let offset = i64::from(hours.parse::<u8>().ok()?) * 60 + i64::from(minutes);
            match sign {
                "+" => offset,
                "-" => -offset,
                _ => return None,
            }
        }
    };
    let utc = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Timestamp::from_unix_seconds(utc.timestamp().as_second() - minutes * 60)
}
