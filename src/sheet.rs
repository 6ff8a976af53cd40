//! Sheets: CSV as spreadsheets and learning platforms write it, read within bounds, and written so that nothing in it runs.
//!
//! Reading finds out the encoding (UTF-8, UTF-16 with its mark, else Windows-1252) and the separator (semicolon, comma or tab).
//! Every row keeps the number that a spreadsheet shows. A cell is text whatever it starts with: nothing here computes formulas, and
//! what is written with `=`, `+`, `-`, `@` in front gets an apostrophe, so that a spreadsheet computes none either; reading takes
//! that apostrophe off again.
//!
//! Not here: what the columns mean.

use unicode_normalization::UnicodeNormalization as _;

use crate::text::Bilingual;
use crate::time::{Timestamp, Zone};

/// The largest sheet, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most rows, the header's included.
pub const MAX_ROWS: usize = 10_000;
/// The most columns.
pub const MAX_COLUMNS: usize = 250;
/// The longest cell, in characters.
pub const MAX_CELL_CHARS: usize = 1000;

/// Something about one place of a sheet: what is wrong, or what should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The row as a spreadsheet numbers it, from 1; none for the sheet as a whole.
    pub row: Option<u32>,
    /// The column, by its header.
    pub column: Option<String>,
    /// What.
    pub detail: Bilingual,
}

impl Located {
    /// About the whole sheet.
    pub fn whole(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { row: None, column: None, detail: Bilingual::new(fr, en) }
    }

    /// About a row.
    pub fn row(row: u32, fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { row: Some(row), ..Self::whole(fr, en) }
    }

    /// The same, about one of its cells.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

/// What is wrong with a sheet, or what should be known of it: the first hundred things, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// The first of them, by row.
    pub first: Vec<Located>,
    /// How many there are in all.
    pub count: usize,
}

/// The most that are told of one sheet.
const MAX_TOLD: usize = 100;

impl Problems {
    /// Adds one.
    pub fn add(&mut self, problem: Located) {
        self.count += 1;
        if self.first.len() < MAX_TOLD {
            self.first.push(problem);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl From<Located> for Problems {
    fn from(only: Located) -> Self {
        Self { first: vec![only], count: 1 }
    }
}

/// A row with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet shows it, from 1.
    pub number: u32,
    cells: Vec<String>,
}

impl Row {
    /// The cell in a column, trimmed; empty where the row is too short.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// All cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(String::as_str)
    }
}

/// Reads the rows of a sheet, empty ones left out.
///
/// # Errors
/// What is wrong with the sheet as such: its size, its encoding, its shape.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Located> {
    if bytes.len() > MAX_BYTES {
        return Err(Located::whole(
            format!("la feuille dépasse {} Kio", MAX_BYTES / 1024),
            format!("the sheet is larger than {} KiB", MAX_BYTES / 1024),
        ));
    }
    let mut text = decode(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
    text.push('\n');
    // Excel's own way to name the separator.
    let (named, body) = match text.split_once('\n') {
        Some((first, rest)) if first.len() == 5 && first.to_ascii_lowercase().starts_with("sep=") => {
            (first.as_bytes().get(4).copied(), format!("\n{rest}"))
        }
        _ => (None, text),
    };
    let separator = named.unwrap_or_else(|| separator(&body));
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(body.as_bytes());
    let (mut rows, mut record, mut inner_lines) = (Vec::new(), csv::StringRecord::new(), 0_u64);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(rows),
            Err(_) => return Err(Located::whole("la feuille n’est pas lisible", "the sheet can't be read")),
        }
        // The reader leaves empty lines out, and counts those inside quoted cells; a spreadsheet does neither.
        inner_lines += record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        let number = u32::try_from(reader.position().line().saturating_sub(1 + inner_lines)).unwrap_or(u32::MAX);
        if record.len() > MAX_COLUMNS {
            let (fr, en) = (format!("plus de {MAX_COLUMNS} colonnes"), format!("more than {MAX_COLUMNS} columns"));
            return Err(Located::row(number, fr, en));
        }
        if record.iter().any(|cell| cell.chars().nth(MAX_CELL_CHARS).is_some()) {
            let fr = format!(
                "une cellule de plus de {MAX_CELL_CHARS} caractères\u{202f}; un guillemet n’est peut-être pas fermé"
            );
            let en = format!("a cell of more than {MAX_CELL_CHARS} characters; a quotation mark may not be closed");
            return Err(Located::row(number, fr, en));
        }
        let cells: Vec<String> = record.iter().map(|cell| unguarded(cell.trim()).to_owned()).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if rows.len() == MAX_ROWS {
            let (fr, en) = (format!("plus de {MAX_ROWS} lignes"), format!("more than {MAX_ROWS} rows"));
            return Err(Located::row(number, fr, en));
        }
        rows.push(Row { number, cells });
    }
}

fn decode(bytes: &[u8]) -> Result<String, Located> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(Located::whole(
            "ceci est un classeur et non une feuille CSV\u{202f}; enregistrez-le au format CSV",
            "this is a workbook, not a CSV sheet; save it as CSV",
        ));
    }
    let text = match (encoding_rs::Encoding::for_bom(bytes), std::str::from_utf8(bytes)) {
        (Some((encoding, _)), _) => encoding.decode(bytes).0.into_owned(),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    };
    if text.contains('\0') {
        return Err(Located::whole("ceci n’est pas du texte", "this is not text"));
    }
    Ok(text)
}

/// The separator that stands most often in the first line with anything in it, outside quotation marks.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let mut quoted = false;
    let mut counts = [(b';', 0), (b',', 0), (b'\t', 0)];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| !quoted && *known == byte) {
            *count += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b';', |(separator, _)| separator)
}

/// The first characters that make spreadsheets compute a cell.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

/// Writes rows as spreadsheets in France open them: UTF-8 with its mark, semicolons, every cell harmless.
pub fn write<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut out = b"\xef\xbb\xbf".to_vec();
    let terminator = csv::Terminator::CRLF;
    let mut writer =
        csv::WriterBuilder::new().delimiter(b';').flexible(true).terminator(terminator).from_writer(&mut out);
    for row in rows {
        let guarded = row.into_iter().map(|cell| {
            let line = cell.replace(['\n', '\r', '\t'], " ");
            let line = line.trim();
            if line.starts_with(FORMULA) { format!("'{line}") } else { line.to_owned() }
        });
        writer.write_record(guarded.collect::<Vec<_>>()).expect("writing to memory succeeds");
    }
    writer.flush().expect("writing to memory succeeds");
    drop(writer);
    out
}

/// A word as people mean it: without case, accents, punctuation and doubled spaces.
pub fn folded(text: &str) -> String {
    let plain = text.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).flat_map(char::to_lowercase);
    let spaced: String = plain.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A moment as people write it (`2026-03-10 09:05`, `10/03/2026 9h05`, RFC 3339 with its zone), in a zone where it names none; none
/// for anything else.
pub fn local_moment(cell: &str, zone: &Zone) -> Option<Timestamp> {
    if let Ok(moment) = cell.parse() {
        return Some(moment);
    }
    match local(cell)? {
        (Some(date), time) => Timestamp::from_local(date, time, zone),
        (None, _) => None,
    }
}

/// A date: year, month, day.
type Date = (i16, i8, i8);
/// A time of day: hours, minutes, seconds.
type Time = (i8, i8, i8);

/// A time of day (`9:05`, `9h05`, `9 h`, `9:05 AM`), perhaps after a date (`2026-03-10`, `10/03/2026`).
pub(crate) fn local(cell: &str) -> Option<(Option<Date>, Time)> {
    let (date, time) = match cell.split_once([' ', 'T', '\u{a0}']).filter(|(date, _)| date.len() >= 8) {
        Some((date, time)) if date.contains(['-', '/']) => (Some(day(date)?), time),
        _ => (None, cell),
    };
    Some((date, time_of_day(time.trim_start_matches([',', ' ']))?))
}

/// `2026-03-10`, or `10/03/2026` as in French.
fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.trim_end_matches(',').split(['-', '/']).collect();
    let [one, two, three] = parts.as_slice() else { return None };
    let (year, month, day) = if one.len() == 4 { (one, two, three) } else { (three, two, one) };
    Some((year.parse().ok().filter(|_| year.len() == 4)?, month.parse().ok()?, day.parse().ok()?))
}

fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim().to_ascii_lowercase();
    let (clock, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (text.as_str(), None),
    };
    let clock: String = clock.chars().filter(|c| !c.is_whitespace()).collect();
    // `9h` is whole; `9:` and a bare `9` are not.
    let clock = clock.strip_suffix('h').map_or_else(|| clock.clone(), |hour| format!("{hour}:00"));
    let mut parts = clock.split([':', 'h']);
    let mut number = |most: i8| {
        let part = parts.next()?;
        let plain = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|number| plain && (0..=most).contains(number))
    };
    let (mut hour, minute): (i8, i8) = (number(23)?, number(59)?);
    let second = match clock.split([':', 'h']).count() {
        2 => 0,
        3 => number(59)?,
        _ => return None,
    };
    if let Some(half) = half {
        hour = (1..=12).contains(&hour).then_some(hour % 12 + half)?;
    }
    Some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
        read(bytes).unwrap().into_iter().map(|row| (row.number, row.cells)).collect()
    }

    fn row(number: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn a_sheet_reads_the_same_in_every_dialect() {
        let expected = vec![row(1, &["identifiant", "présence"]), row(2, &["892", "présent"])];
        let utf8 = "identifiant;présence\n892;présent\n";
        let latin = encoding_rs::WINDOWS_1252.encode(utf8).0.into_owned();
        let utf16: Vec<u8> =
            "\u{feff}identifiant\tprésence\r\n892\tprésent".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            utf8.as_bytes(),
            format!("\u{feff}{utf8}").as_bytes(),
            utf8.replace(';', ",").as_bytes(),
            utf8.replace(';', "\t").as_bytes(),
            utf8.replace('\n', "\r\n").as_bytes(),
            utf8.replace('\n', "\r").as_bytes(),
            "identifiant; \"présence\"\n\u{a0}892 ;présent".replace("; \"", ";\"").as_bytes(),
            &latin,
            &utf16,
        ] {
            assert_eq!(cells(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn rows_have_the_numbers_that_a_spreadsheet_shows() {
        let text = "\n\na;b\n\n\"one\ntwo\";c\n;;\n\nd;e\n";
        let expected = vec![row(3, &["a", "b"]), row(5, &["one\ntwo", "c"]), row(8, &["d", "e"])];
        assert_eq!(cells(text.as_bytes()), expected);
        assert_eq!(cells(b"sep=,\na;b,c\n")[0], row(2, &["a;b", "c"]));
    }

    #[test]
    fn formulas_are_text_both_ways() {
        let cells_in = ["=1+1", "+33 1", "@x", "-3", "'=1", "it’s", "O'Brien"];
        let written = write([cells_in.to_vec()]);
        let text = String::from_utf8(written.clone()).unwrap();
        assert!(text.starts_with("\u{feff}'=1+1;'+33 1;'@x;'-3;'=1;"), "{text}");
        // What stood there with an apostrophe already is what that apostrophe was for.
        assert_eq!(cells(&written)[0].1, ["=1+1", "+33 1", "@x", "-3", "=1", "it’s", "O'Brien"]);
        assert_eq!(write([vec!["a\nb", "c;d"]]), "\u{feff}a b;\"c;d\"\r\n".as_bytes());
    }

    #[test]
    fn what_is_no_sheet_or_too_large_is_told() {
        let says = |bytes: &[u8], words: &str| {
            let found = read(bytes).unwrap_err();
            assert!(found.detail.en.contains(words), "{found:?}");
        };
        says(b"PK\x03\x04rest", "workbook");
        says(b"a;b\0", "not text");
        says(&vec![b'a'; MAX_BYTES + 1], "larger");
        says(";".repeat(300).as_bytes(), "columns");
        says(format!("a;\"b\n{}", "x".repeat(2000)).as_bytes(), "may not be closed");
        says("a\n".repeat(MAX_ROWS + 1).as_bytes(), "rows");
        assert_eq!(read(b"").unwrap(), []);
    }

    #[test]
    fn words_are_compared_as_people_mean_them() {
        assert_eq!(folded(" Heure d’ARRIVÉE "), "heure d arrivee");
        assert_eq!(folded("E-mail"), folded("e mail"));
    }
}
