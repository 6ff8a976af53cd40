//! The report of a long operation as a sheet, for officers: one line for each learner, nobody's name.

use crate::ids::{Code, ExternalId};
use crate::operation::Row;
use crate::sheet;
use crate::text::{Lang, capitalised};

/// A line: its number, the learner's source and id there, and what came of it.
pub type Line<'a> = (u32, &'a Code, &'a ExternalId, &'a Row);

/// The head of a report.
pub fn head(lang: Lang) -> Vec<u8> {
    sheet::write([match lang {
        Lang::Fr => vec!["ligne", "source", "identifiant", "attribution", "résultat", "code", "ce qui manque"],
        Lang::En => vec!["line", "source", "id", "award", "outcome", "code", "what is missing"],
    }])
}

/// Lines of a report, to follow its head.
pub fn lines<'a>(lines: impl IntoIterator<Item = Line<'a>>, lang: Lang) -> Vec<u8> {
    let cells = lines.into_iter().map(|(number, source, learner, row)| {
        let (fr, en) = row.outcome.label();
        let kind = row.detail.kind.map_or("", |kind| kind.label(lang));
        let missing = row.detail.missing.as_ref().map(|missing| match lang {
            Lang::Fr => missing.fr.join("\u{202f}; "),
            Lang::En => missing.en.join("; "),
        });
        [
            number.to_string(),
            source.to_string(),
            learner.to_string(),
            kind.to_owned(),
            capitalised(lang.pick(fr, en)),
            row.outcome.as_str().to_owned(),
            missing.unwrap_or_default(),
        ]
    });
    let cells: Vec<_> = cells.collect();
    let written = sheet::write(cells.iter().map(|cells| cells.iter().map(String::as_str).collect()));
    // The mark of the encoding stands once, before the head.
    written.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::AwardKind;
    use crate::operation::{Missing, RowDetail, RowOutcome};

    #[test]
    fn a_report_reads_back_as_a_sheet_and_runs_nothing() {
        let detail = RowDetail {
            kind: Some(AwardKind::Participation),
            award: None,
            missing: Some(Missing {
                fr: vec!["terminer « A »".into(), "remplir « B »".into()], en: vec!["x".into()]
            }),
        };
        let learner = "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".parse().unwrap();
        let row = Row { learner, outcome: RowOutcome::Misses, detail };
        let (source, id): (Code, ExternalId) = ("mentor".parse().unwrap(), "=cmd|' /C calc'!A0".parse().unwrap());
        let mut text = head(Lang::Fr);
        text.extend(lines([(1, &source, &id, &row)], Lang::Fr));
        let shown = String::from_utf8(text.clone()).unwrap();
        assert!(shown.starts_with('\u{feff}') && shown.contains("'=cmd"), "{shown}");
        let rows = sheet::read(&text).unwrap();
        let cells: Vec<_> = rows[1].cells().collect();
        assert_eq!(cells[2], id.as_str());
        assert_eq!(cells[6], "terminer « A »\u{202f}; remplir « B »");
    }
}
