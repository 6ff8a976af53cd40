//! Templates as documents: Markdown with placeholders and a style sheet, never code.
//!
//! What: reading a template and refusing one that does not work, with its file and line (`Template::new`); what it says of one award
//! (`Template::read`). `fill` puts values in, `read` makes blocks of the Markdown, `style` is the style sheet, `values` is what a
//! template can name and must show. How to write one: `templates/README.md`.
//!
//! A template is known by the hash of all that it is made of, and can be kept (`stored`) and read again (`from_stored`): an award keeps
//! the look that it was issued with.

mod builtin;
mod fill;
pub(super) mod read;
pub(super) mod sample;
mod set;
pub(super) mod style;
#[cfg(test)]
pub(super) mod tests;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Environment;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::read::{Figures, Misread, Reading};
use self::sample::Sample;
pub use self::sample::{SampleOf, preview};
pub use self::set::Templates;
use self::style::{PictureRules, Sheet, StyleSheet};
use super::document::{Block, Drawing, Item, Span};
use super::picture::Picture;
use super::typeset::{Fonts, MAX_FONT_BYTES};
use super::{AttestationError, AttestationInput, undrawable};
use crate::catalog::AwardKind;
use crate::ids::hex;
use crate::qr::QrMatrix;
use crate::text::Lang;

/// The files of a template's folder: name to content.
pub type TemplateFiles = BTreeMap<String, Vec<u8>>;

/// The largest template or style sheet, in bytes.
const MAX_SOURCE_BYTES: usize = 64 * 1024;

/// Why a template is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}")]
pub struct TemplateError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// A template of one kind and language, read and tried.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    file: String,
    source: String,
    sheet: StyleSheet,
    logo: Option<Arc<Picture>>,
    signature: Option<Arc<Picture>>,
    fonts: Fonts,
    stored: String,
    hash: String,
}

/// All that a template is made of, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    file: String,
    lang: Lang,
    markdown: String,
    style: Sheet,
    /// Pictures and fonts that it uses, in base64.
    files: BTreeMap<String, String>,
}

impl Template {
    /// The built-in template.
    pub fn builtin(kind: AwardKind, lang: Lang) -> Arc<Self> {
        builtin::template(kind, lang)
    }

    /// Reads the template of a kind and language: the built-in one, with the files of a folder instead of ours where there are some.
    /// It is filled with sample data, so that what does not work is refused here.
    ///
    /// # Errors
    /// [`TemplateError`], with the file and the line.
    pub fn new(kind: AwardKind, lang: Lang, files: &TemplateFiles) -> Result<Self, TemplateError> {
        let file = builtin::file(kind, lang);
        let markdown = text_of(files, file)?.unwrap_or_else(|| builtin::source(kind, lang).to_owned());
        let own = text_of(files, style::FILE)?.unwrap_or_default();
        let sheet = Sheet::read(builtin::STYLE)?.under(Sheet::read(&own)?);
        let template = Self::of((file, lang), markdown, (sheet, &own), &|name| files.get(name).cloned())?;
        template.try_out(kind, lang)?;
        Ok(template)
    }

    /// Reads a template as it was kept.
    ///
    /// # Errors
    /// [`TemplateError`]: it was kept by another version, or altered.
    pub fn from_stored(stored: &str) -> Result<Self, TemplateError> {
        let refuse = |problem: String| TemplateError { file: "a stored template".to_owned(), line: 1, problem };
        let kept: Kept = serde_json::from_str(stored).map_err(|error| refuse(error.to_string()))?;
        let file = |name: &str| kept.files.get(name).and_then(|text| STANDARD.decode(text).ok());
        let of = (kept.file.as_str(), kept.lang);
        let mut template = Self::of(of, kept.markdown.clone(), (kept.style.clone(), ""), &file)?;
        // Kept bytes never change, even where this version would write them otherwise.
        (template.stored, template.hash) = (stored.to_owned(), hex(&Sha256::digest(stored)));
        Ok(template)
    }

    /// All that it is made of, as one text.
    pub fn stored(&self) -> &str {
        &self.stored
    }

    /// The SHA-256 of [`Self::stored`], in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// From its parts. `written` is the style sheet's own text, to find lines in.
    fn of(
        (file, lang): (&str, Lang),
        markdown: String,
        (rules, written): (Sheet, &str),
        find: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, TemplateError> {
        let sheet = rules.check(written)?;
        let mut files = BTreeMap::new();
        let mut found = |name: &str| {
            let bytes = find(name).ok_or_else(|| style_problem(format!("{name} is not in the folder")))?;
            files.insert(name.to_owned(), STANDARD.encode(&bytes));
            Ok(bytes)
        };
        let mut picture = |name: &str| {
            let read = Picture::read(&found(name)?).map_err(|problem| style_problem(format!("{name}: {problem}")))?;
            Ok(Arc::new(read))
        };
        let logo = sheet.logo.as_ref().map(|PictureRules { file, .. }| picture(file)).transpose()?;
        let signature = sheet.signature.as_ref().and_then(|signature| signature.file.as_deref());
        let signature = signature.map(picture).transpose()?;
        let fonts = match &sheet.fonts {
            None => Fonts::default(),
            Some((regular, bold)) => {
                let (regular_file, bold_file) = (found(regular)?, found(bold)?);
                Fonts::new(regular_file, bold_file).map_err(|problem| {
                    style_problem(format!("{regular}, {bold}: {problem} (at most {MAX_FONT_BYTES} bytes)"))
                })?
            }
        };
        let environment = fill::environment(&markdown, file, lang)?;
        let kept = Kept { file: file.to_owned(), lang, markdown, style: rules, files };
        let stored = serde_json::to_string(&kept).map_err(|error| style_problem(error.to_string()))?;
        let hash = hex(&Sha256::digest(&stored));
        Ok(Self {
            environment,
            file: file.to_owned(),
            source: kept.markdown,
            sheet,
            logo,
            signature,
            fonts,
            stored,
            hash,
        })
    }

    /// The style sheet.
    pub(super) fn sheet(&self) -> &StyleSheet {
        &self.sheet
    }

    /// The fonts.
    pub(super) fn fonts(&self) -> &Fonts {
        &self.fonts
    }

    /// What the template says of an award.
    ///
    /// # Errors
    /// [`AttestationError::Template`] where it does not work on this award, or hides what every attestation must say.
    pub(super) fn read(&self, input: &AttestationInput<'_>, qr_code: QrMatrix) -> Result<Reading, AttestationError> {
        let values = values::values(input, self.logo.is_some(), self.sheet.signature.as_ref());
        let markdown = fill::fill(&self.environment, &self.file, values)?;
        let scaled = |picture: &Arc<Picture>, height: f32| {
            (Drawing::Picture(Arc::clone(picture)), picture.width_at(height), height)
        };
        let figures = Figures {
            qr_code: Drawing::QrCode(qr_code),
            logo: self.logo.as_ref().zip(self.sheet.logo.as_ref()).map(|(it, rules)| scaled(it, rules.height)),
            signature: self
                .signature
                .as_ref()
                .zip(self.sheet.signature.as_ref())
                .map(|(it, rules)| scaled(it, rules.height)),
        };
        let reading = read::read(&markdown, input.content.language, &self.sheet, &figures)
            .map_err(|misread| self.placed(misread))?;
        self.check_mentions(input, &reading)?;
        Ok(reading)
    }

    /// Refuses what hides a mandated mention: to the eye, or behind the alternative text of a figure.
    fn check_mentions(&self, input: &AttestationInput<'_>, reading: &Reading) -> Result<(), TemplateError> {
        let mut shown = Shown::default();
        shown.blocks(&reading.blocks);
        let said = values::comparable(&shown.text);
        let mandated = values::mandated(input);
        let quietly = said.to_lowercase();
        let is_said = |name: &str, text: &str| {
            let text = values::comparable(text);
            if values::is_prose(name) { quietly.contains(&text.to_lowercase()) } else { said.contains(&text) }
        };
        let lacking = mandated.iter().find(|(name, text)| !is_said(name, text));
        let lacking =
            lacking.map(|(name, _)| format!("every attestation must show {{{{ {name} }}}}, this one does not"));
        let problem = match lacking {
            Some(problem) => problem,
            None if shown.qr_codes == 0 => "every attestation must show the QR code: ![…](qr)".to_owned(),
            None => match nesting(&shown.levels) {
                Some(problem) => problem.to_owned(),
                None => return Ok(()),
            },
        };
        let line = self.source.lines().count().max(1);
        Err(TemplateError { file: self.file.clone(), line, problem })
    }

    /// Draws it with sample data; what it says itself must be drawable, too.
    fn try_out(&self, kind: AwardKind, lang: Lang) -> Result<(), TemplateError> {
        let defect = |error: AttestationError| match error {
            AttestationError::Template(error) => error,
            error => self.placed(Misread { at: String::new(), problem: error.to_string() }),
        };
        for sample in SampleOf::ALL.map(|sample| Sample::of(sample, kind, lang)) {
            let input = sample.input(self);
            let qr_code = QrMatrix::encode(input.verification_url).map_err(|error| defect(error.into()))?;
            let reading = self.read(&input, qr_code).map_err(defect)?;
            let mut shown = Shown::default();
            shown.blocks(&reading.blocks);
            let unknown = undrawable(&format!("{}{}", shown.text, reading.footer));
            if let Some(first) = unknown.first() {
                let problem = format!("no embedded font draws {}", super::codes(&unknown));
                return Err(self.placed(Misread { at: first.to_string(), problem }));
            }
            super::render(&input).map_err(defect)?;
        }
        Ok(())
    }

    fn placed(&self, misread: Misread) -> TemplateError {
        let source = &self.source;
        let first = misread.at.lines().next().unwrap_or("");
        let line = source.find(first).filter(|_| !first.is_empty()).map_or(1, |place| style::line_at(source, place));
        TemplateError { file: self.file.clone(), line, problem: misread.problem }
    }
}

/// What of a document can be seen.
#[derive(Default)]
struct Shown {
    text: String,
    qr_codes: usize,
    /// Levels of the headings, in order.
    levels: Vec<u8>,
}

impl Shown {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading { level, text, .. } => {
                    self.levels.push(*level);
                    self.say(text);
                }
                Block::Paragraph { spans, .. } => self.spans(spans),
                Block::List { items, .. } => self.items(items),
                Block::Facts { rows, .. } => rows.iter().for_each(|row| {
                    self.spans(&row.label);
                    self.spans(&row.value);
                }),
                Block::Table { head, rows, .. } => {
                    head.iter().chain(rows.iter().flatten()).for_each(|cell| self.spans(cell));
                }
                Block::Figure(figure, _) => self.figure(&figure.drawing),
                Block::Beside { figure, blocks, .. } => {
                    figure.iter().for_each(|figure| self.figure(&figure.drawing));
                    self.blocks(blocks);
                }
                Block::Rule => {}
            }
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.spans(&item.spans);
            self.items(&item.children);
        }
    }

    fn spans(&mut self, spans: &[Span]) {
        spans.iter().for_each(|span| self.text.push_str(&span.text));
        self.text.push(' ');
    }

    fn say(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push(' ');
    }

    fn figure(&mut self, drawing: &Drawing) {
        self.qr_codes += usize::from(matches!(drawing, Drawing::QrCode(_)));
    }
}

/// What is wrong with headings of these levels: one of level 1 comes first, and none is skipped (ISO 14289-1 § 7.4.2).
fn nesting(levels: &[u8]) -> Option<&'static str> {
    let skips = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
    match levels {
        [1, others @ ..] if others.contains(&1) => Some("there must be one heading of level 1 (#), there are several"),
        [1, ..] if skips => Some("a heading skips a level: ### stands below ##"),
        [1, ..] => None,
        _ => Some("the first heading must be of level 1 (#)"),
    }
}

fn text_of(files: &TemplateFiles, name: &str) -> Result<Option<String>, TemplateError> {
    let Some(bytes) = files.get(name) else { return Ok(None) };
    let refuse = |line: usize, problem: String| TemplateError { file: name.to_owned(), line, problem };
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(refuse(1, format!("it has {} bytes, {MAX_SOURCE_BYTES} are read at most", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(line, "it is not UTF-8".to_owned())
    })?;
    Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
}

fn style_problem(problem: String) -> TemplateError {
    TemplateError { file: style::FILE.to_owned(), line: 1, problem }
}
