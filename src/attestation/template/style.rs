//! The style sheet of a template: TOML, laid over the built-in one, so that an issuer writes down only what differs.
//!
//! What: reading with the line of what is wrong, bounds on every number, contrast of every colour that text has (WCAG 2.2
//! § 1.4.3). Lengths are points (1/72 inch).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TemplateError;
use crate::attestation::colour::{self, Ink, Rgb, TEXT_CONTRAST};
use crate::attestation::document::Bond;
use crate::attestation::typeset::{Look, Weight};

/// The file of a style sheet.
pub(in crate::attestation) const FILE: &str = "style.toml";

/// A style sheet as it is written: everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::attestation) struct Sheet {
    page: PageRules,
    fonts: FontRules,
    colours: Colours,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<PictureRules>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureRules>,
    styles: BTreeMap<String, StyleRules>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PageRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_top: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_side: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_bottom: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    band: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_share: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code: Option<f32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FontRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    regular: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bold: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Colours {
    #[serde(skip_serializing_if = "Option::is_none")]
    accent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hairline: Option<String>,
}

/// A picture of the folder, and how high it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::attestation) struct PictureRules {
    /// A file of the folder: PNG or SVG.
    pub(in crate::attestation) file: String,
    /// Points from top to bottom.
    #[serde(default = "default_height")]
    pub(in crate::attestation) height: f32,
}

fn default_height() -> f32 {
    48.0
}

/// Who signs on paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::attestation) struct SignatureRules {
    /// Their name.
    pub(in crate::attestation) name: String,
    /// Their function.
    pub(in crate::attestation) role: String,
    /// Where they sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::attestation) place: Option<String>,
    /// A picture of their signature: a file of the folder, PNG or SVG.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::attestation) file: Option<String>,
    /// Points from top to bottom of that picture.
    #[serde(default = "default_height")]
    pub(in crate::attestation) height: f32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StyleRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leading: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<Weight>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<TextInk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    indent: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_with_next: Option<bool>,
}

/// The colours that text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TextInk {
    Text,
    Muted,
    Accent,
}

/// How a kind of paragraph looks and stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::attestation) struct Style {
    /// Its letters.
    pub(in crate::attestation) look: Look,
    /// Points above it, unless it starts a page.
    pub(in crate::attestation) before: f32,
    /// The share of the column's width that stays free on its left, 0 to 0.8.
    pub(in crate::attestation) indent: f32,
    /// Whether a page may end after it.
    pub(in crate::attestation) bond: Bond,
}

/// A style sheet that holds.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::attestation) struct StyleSheet {
    /// Points above the text of the first page.
    pub(in crate::attestation) margin_top: f32,
    /// Points left and right of the text.
    pub(in crate::attestation) margin_side: f32,
    /// Points below the text.
    pub(in crate::attestation) margin_bottom: f32,
    /// Points of the band of colour at the top of the first page; 0 for none.
    pub(in crate::attestation) band: f32,
    /// The share of a key/value table that its left column takes.
    pub(in crate::attestation) label_share: f32,
    /// Points per side of the QR code, light margin included.
    pub(in crate::attestation) qr_code: f32,
    /// The files of the font, regular and bold; none for the built-in one.
    pub(in crate::attestation) fonts: Option<(String, String)>,
    /// The accent; none for the issuer's own.
    pub(in crate::attestation) accent: Option<Rgb>,
    /// Running text, labels and small print, lines between rows.
    pub(in crate::attestation) inks: [Rgb; 3],
    /// The logo.
    pub(in crate::attestation) logo: Option<PictureRules>,
    /// Who signs on paper.
    pub(in crate::attestation) signature: Option<SignatureRules>,
    styles: BTreeMap<String, Style>,
}

/// The styles that the layout itself needs, and so a sheet must have.
const NEEDED: [&str; 8] = ["body", "title", "section", "subsection", "label", "value", "head", "footer"];

impl Sheet {
    /// Reads a style sheet.
    pub(in crate::attestation) fn read(toml: &str) -> Result<Self, TemplateError> {
        toml::from_str(toml).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(toml, span.start));
            TemplateError { file: FILE.to_owned(), line, problem: error.message().to_owned() }
        })
    }

    /// This one, with `over` where that says something.
    pub(in crate::attestation) fn under(mut self, over: Self) -> Self {
        let Sheet { page, fonts, colours, logo, signature, styles } = over;
        lay(&mut self.page.margin_top, page.margin_top);
        lay(&mut self.page.margin_side, page.margin_side);
        lay(&mut self.page.margin_bottom, page.margin_bottom);
        lay(&mut self.page.band, page.band);
        lay(&mut self.page.label_share, page.label_share);
        lay(&mut self.page.qr_code, page.qr_code);
        lay(&mut self.fonts.regular, fonts.regular);
        lay(&mut self.fonts.bold, fonts.bold);
        lay(&mut self.colours.accent, colours.accent);
        lay(&mut self.colours.text, colours.text);
        lay(&mut self.colours.muted, colours.muted);
        lay(&mut self.colours.hairline, colours.hairline);
        lay(&mut self.logo, logo);
        lay(&mut self.signature, signature);
        for (name, over) in styles {
            let style = self.styles.entry(name).or_default();
            lay(&mut style.size, over.size);
            lay(&mut style.leading, over.leading);
            lay(&mut style.weight, over.weight);
            lay(&mut style.colour, over.colour);
            lay(&mut style.before, over.before);
            lay(&mut style.indent, over.indent);
            lay(&mut style.keep_with_next, over.keep_with_next);
        }
        self
    }

    /// The sheet, if everything in it is within bounds. `source` is the text to find lines in.
    pub(in crate::attestation) fn check(&self, source: &str) -> Result<StyleSheet, TemplateError> {
        let refuse = |key: &str, problem: String| TemplateError {
            file: FILE.to_owned(),
            line: line_of(source, key),
            problem: format!("{key}: {problem}"),
        };
        let within = |key: &str, value: Option<f32>, otherwise: f32, least: f32, most: f32| {
            let value = value.unwrap_or(otherwise);
            let fits = value.is_finite() && (least..=most).contains(&value);
            fits.then_some(value).ok_or_else(|| refuse(key, format!("it must be {least} to {most}")))
        };
        let colour = |key: &str, text: &Option<String>, otherwise: Rgb| match text {
            Some(text) => colour::parse(text).ok_or_else(|| refuse(key, "write a colour as \"#1d1d24\"".to_owned())),
            None => Ok(otherwise),
        };
        let text = colour("text", &self.colours.text, [0x1d, 0x1d, 0x24])?;
        let muted = colour("muted", &self.colours.muted, [0x56, 0x56, 0x62])?;
        let hairline = colour("hairline", &self.colours.hairline, [0xd9, 0xd9, 0xe0])?;
        for (key, ink) in [("text", text), ("muted", muted)] {
            let ratio = colour::contrast(ink, colour::LIGHTEST_GROUND);
            if ratio < TEXT_CONTRAST {
                return Err(refuse(key, format!("contrast {ratio:.1} on paper, letters need {TEXT_CONTRAST}")));
            }
        }
        let accent = match self.colours.accent.as_deref() {
            None | Some("issuer") => None,
            Some(_) => Some(colour("accent", &self.colours.accent, [0; 3])?),
        };
        let mut styles = BTreeMap::new();
        for (name, rules) in &self.styles {
            let of = |key: &str| format!("styles.{name}.{key}");
            let look = Look {
                size: within(&of("size"), rules.size, 9.5, 6.0, 60.0)?,
                leading: within(&of("leading"), rules.leading, 1.45, 1.0, 3.0)?,
                weight: rules.weight.unwrap_or_default(),
                ink: match rules.colour {
                    Some(TextInk::Muted) => Ink::Muted,
                    Some(TextInk::Accent) => Ink::Accent,
                    Some(TextInk::Text) | None => Ink::Text,
                },
            };
            let bond = if rules.keep_with_next == Some(true) { Bond::WithNext } else { Bond::Free };
            let style = Style {
                look,
                before: within(&of("before"), rules.before, 0.0, 0.0, 200.0)?,
                indent: within(&of("indent"), rules.indent, 0.0, 0.0, 0.8)?,
                bond,
            };
            styles.insert(name.clone(), style);
        }
        if let Some(name) = NEEDED.iter().find(|name| !styles.contains_key(**name)) {
            return Err(refuse(&format!("styles.{name}"), "this style is needed".to_owned()));
        }
        for (key, height) in [
            ("logo.height", self.logo.as_ref().map(|logo| logo.height)),
            ("signature.height", self.signature.as_ref().map(|signature| signature.height)),
        ] {
            within(key, height, 48.0, 8.0, 160.0)?;
        }
        let margin_top = within("margin_top", self.page.margin_top, 50.0, 20.0, 200.0)?;
        let band = within("band", self.page.band, 9.0, 0.0, 60.0)?;
        if band + 10.0 > margin_top {
            return Err(refuse("band", "it must end 10 points above the text (margin_top)".to_owned()));
        }
        if styles["footer"].look.size > 12.0 {
            return Err(refuse("styles.footer.size", "it must be 12 at most".to_owned()));
        }
        let fonts = match (&self.fonts.regular, &self.fonts.bold) {
            (None, None) => None,
            (Some(regular), Some(bold)) => Some((regular.clone(), bold.clone())),
            _ => return Err(refuse("fonts", "name both files, regular and bold".to_owned())),
        };
        Ok(StyleSheet {
            margin_top,
            margin_side: within("margin_side", self.page.margin_side, 60.0, 20.0, 150.0)?,
            margin_bottom: within("margin_bottom", self.page.margin_bottom, 58.0, 40.0, 200.0)?,
            band,
            label_share: within("label_share", self.page.label_share, 0.31, 0.15, 0.6)?,
            qr_code: within("qr_code", self.page.qr_code, 88.0, 70.0, 160.0)?,
            fonts,
            accent,
            inks: [text, muted, hairline],
            logo: self.logo.clone(),
            signature: self.signature.clone(),
            styles,
        })
    }
}

impl StyleSheet {
    /// A style by its name.
    pub(in crate::attestation) fn style(&self, name: &str) -> Option<&Style> {
        self.styles.get(name)
    }

    /// A style that every sheet has, see [`NEEDED`].
    pub(in crate::attestation) fn needed(&self, name: &'static str) -> Style {
        debug_assert!(NEEDED.contains(&name));
        self.styles[name]
    }
}

fn lay<T>(under: &mut Option<T>, over: Option<T>) {
    if over.is_some() {
        *under = over;
    }
}

/// The line, from 1, of a place in a text.
pub(super) fn line_at(text: &str, place: usize) -> usize {
    text.get(..place).map_or(1, |before| before.matches('\n').count() + 1)
}

/// The line of a dotted key, as far as it can be told: where its last part is assigned, after its table if that is written.
fn line_of(toml: &str, key: &str) -> usize {
    let (table, last) = key.rsplit_once('.').unwrap_or(("", key));
    let start = if table.is_empty() { 0 } else { toml.find(&format!("[{table}]")).unwrap_or(0) };
    let place = toml[start..].lines().scan(start, |at, line| {
        let here = *at;
        *at += line.len() + 1;
        Some((here, line))
    });
    let found = place
        .into_iter()
        .find(|(_, line)| line.trim_start().strip_prefix(last).is_some_and(|rest| rest.trim_start().starts_with('=')));
    line_at(toml, found.map_or(start, |(here, _)| here))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(toml: &str) -> (usize, String) {
        let base = Sheet::read(super::super::builtin::STYLE).unwrap();
        let error = Sheet::read(toml).and_then(|sheet| base.under(sheet).check(toml)).unwrap_err();
        (error.line, error.problem)
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(problem("[page]\nmargin_side = 400\n"), (2, "margin_side: it must be 20 to 150".to_owned()));
        assert_eq!(problem("[styles.lead]\nbefore = 1\n\nsize = nan\n").0, 4);
        assert_eq!(problem("[colours]\n\nmuted = \"#bbbbbb\"\n").0, 3);
        assert!(problem("[colours]\nmuted = \"#bbbbbb\"\n").1.contains("letters need 4.5"));
        assert_eq!(problem("[fonts]\nregular = \"a.ttf\"\n").1, "fonts: name both files, regular and bold");
        assert_eq!(problem("[page]\n\n[page]\n").0, 3);
        assert!(problem("[page]\nmargins = 3\n").1.contains("unknown field"));
        assert_eq!(problem("[page\n").0, 1);
    }

    #[test]
    fn what_is_not_said_stays_as_it_is() {
        let base = Sheet::read(super::super::builtin::STYLE).unwrap();
        let over = Sheet::read("[styles.title]\nsize = 30\n").unwrap();
        let (before, after) = (base.clone().check("").unwrap(), base.under(over).check("").unwrap());
        assert_eq!(after.needed("title").look.size, 30.0);
        assert_eq!(after.needed("title").look.weight, before.needed("title").look.weight);
        assert_eq!(after.needed("body"), before.needed("body"));
    }
}
