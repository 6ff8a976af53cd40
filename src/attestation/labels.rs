//! The texts that only an attestation has, in both languages; what it shares with the verification page is in
//! [`mentions`](crate::mentions).

use crate::text::Lang;

/// The texts of one language.
#[derive(Debug)]
pub(super) struct Labels {
    /// Before the training's title.
    pub(super) for_training: &'static str,
    /// Over what tells how to verify.
    pub(super) verification: &'static str,
    /// What the code and the link do.
    pub(super) how_to_verify: &'static str,
    /// What a screen reader says of the verification link.
    pub(super) verify_link: &'static str,
    /// What a screen reader says of the QR code, before its address.
    pub(super) qr_code: &'static str,
    /// Before the name's secret.
    pub(super) name_secret: &'static str,
    /// What is attached to the file.
    pub(super) attached: &'static str,
    /// The attachment in one line.
    pub(super) attachment: &'static str,
    /// Before the number of a page.
    pub(super) page: &'static str,
}

/// The texts of a language.
pub(super) const fn labels(lang: Lang) -> &'static Labels {
    match lang {
        Lang::Fr => &FRENCH,
        Lang::En => &ENGLISH,
    }
}

const FRENCH: Labels = Labels {
    for_training: "pour la formation",
    verification: "Vérifier ce document",
    how_to_verify: "Scannez le code ou ouvrez le lien\u{a0}: la page affiche ce que l’organisme a signé et dit si ce document est \
                    authentique et toujours valable.",
    verify_link: "Page de vérification de ce document",
    qr_code: "Code QR qui ouvre la page de vérification\u{a0}: ",
    name_secret: "Code de contrôle du nom (vérification hors ligne)\u{a0}: ",
    attached: "Le badge signé (Open Badges 3.0) est joint à ce fichier\u{a0}: credential.json.",
    attachment: "Badge signé (Open Badges 3.0)",
    page: "Page",
};

const ENGLISH: Labels = Labels {
    for_training: "for the training",
    verification: "Verify this document",
    how_to_verify: "Scan the code or open the link: the page shows what the organisation signed and says whether this document \
                    is authentic and still valid.",
    verify_link: "Verification page of this document",
    qr_code: "QR code that opens the verification page: ",
    name_secret: "Name check code (offline verification): ",
    attached: "The signed badge (Open Badges 3.0) is attached to this file: credential.json.",
    attachment: "Signed badge (Open Badges 3.0)",
    page: "Page",
};
