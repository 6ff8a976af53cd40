//! The templates compiled in.

use std::sync::{Arc, OnceLock};

use super::{Template, TemplateFiles};
use crate::catalog::AwardKind;
use crate::text::Lang;

/// The built-in style sheet.
pub(super) const STYLE: &str = include_str!("../../../templates/attestation/style.toml");

/// The built-in template of a kind and language.
pub(super) const fn source(kind: AwardKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (AwardKind::Participation, Lang::Fr) => include_str!("../../../templates/attestation/participation.fr.md"),
        (AwardKind::Participation, Lang::En) => include_str!("../../../templates/attestation/participation.en.md"),
        (AwardKind::Certificate, Lang::Fr) => include_str!("../../../templates/attestation/certificate.fr.md"),
        (AwardKind::Certificate, Lang::En) => include_str!("../../../templates/attestation/certificate.en.md"),
    }
}

/// The file of a template.
pub(super) const fn file(kind: AwardKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (AwardKind::Participation, Lang::Fr) => "participation.fr.md",
        (AwardKind::Participation, Lang::En) => "participation.en.md",
        (AwardKind::Certificate, Lang::Fr) => "certificate.fr.md",
        (AwardKind::Certificate, Lang::En) => "certificate.en.md",
    }
}

/// All kinds in all languages.
pub(super) const ALL: [(AwardKind, Lang); 4] = [
    (AwardKind::Participation, Lang::Fr),
    (AwardKind::Participation, Lang::En),
    (AwardKind::Certificate, Lang::Fr),
    (AwardKind::Certificate, Lang::En),
];

/// Where one of them stands in [`ALL`].
pub(super) fn place(kind: AwardKind, lang: Lang) -> usize {
    ALL.iter().position(|of| *of == (kind, lang)).unwrap_or(0)
}

/// The built-in template, read once.
pub(super) fn template(kind: AwardKind, lang: Lang) -> Arc<Template> {
    static READ: OnceLock<Vec<Arc<Template>>> = OnceLock::new();
    let read = READ.get_or_init(|| {
        let read = |(kind, lang)| Template::new(kind, lang, &TemplateFiles::new());
        ALL.into_iter().map(|of| Arc::new(read(of).expect("our own templates hold: the tests read them"))).collect()
    });
    Arc::clone(&read[place(kind, lang)])
}
