//! Why a check came out as it did: a stable word for machines and a sentence in French and English for people.
//!
//! Words are part of the interface: they are added, never renamed, never given another meaning.

use serde::Serialize;

use crate::text::Bilingual;

/// Makes the enum, its list and its sentences from one table.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident: $fr:literal, $en:literal;)+) => {
        /// Why a check came out as it did.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What it means, for people.
            pub fn sentence(self) -> Bilingual {
                match self {
                    $(Self::$name => Bilingual::new($fr, $en),)+
                }
            }
        }
    };
}

reasons! {
    /// An earlier check did not succeed, so this one would mean nothing.
    Pointless: "Non contrôlé : un contrôle précédent n’a pas abouti.",
        "Not checked: an earlier check did not succeed.";

    // ---- form
    /// The document was read.
    Readable: "Le document est lisible.", "The document can be read.";
    /// It is not strict JSON, or larger or deeper than is read.
    Unreadable: "Le document n’est pas lisible.", "The document cannot be read.";
    /// An object has a key twice, so two readers could see two documents.
    DuplicateKey: "Le document porte deux fois la même clé : deux lecteurs n’y liraient pas la même chose.",
        "The document has a key twice: two readers would not read the same.";
    /// Larger or deeper than is read here.
    TooLarge: "Le document est trop volumineux ou trop imbriqué.", "The document is too large or too deeply nested.";
    /// A token without a signature.
    JwtUnsigned: "Le jeton se déclare sans signature (alg : none) : personne ne l’a signé.",
        "The token declares itself unsigned (alg: none): nobody signed it.";
    /// A token that is no compact JWS, or with a header that no token may have.
    JwtMalformed: "Le jeton signé (JWT) n’est pas bien formé.", "The signed token (JWT) is not well-formed.";
    /// An envelope without a token in it.
    EnvelopeMalformed: "L’enveloppe ne contient pas de document signé lisible.",
        "The envelope holds no signed document that can be read.";
    /// An image or PDF without a credential.
    NoCredential: "Ce fichier ne contient pas de badge Open Badges 3.0.", "This file holds no Open Badges 3.0 credential.";
    /// An image or PDF with more than one.
    SeveralCredentials: "Ce fichier contient plusieurs badges : lequel compte ne peut pas être deviné.",
        "This file holds several credentials: which one counts cannot be guessed.";
    /// An image or PDF that is damaged, or holds what none should.
    UnsafeFile: "Ce fichier est abîmé ou contient des éléments refusés.", "This file is damaged or holds refused content.";
    /// A PDF of ours, to the byte: what it shows is what was signed.
    PdfAsIssued: "Ce PDF est, à l’octet près, celui que ce service a délivré.", "This PDF is, to the byte, the one that this service issued.";
    /// A PDF whose pages are what this version makes of the signed content, to the byte.
    PdfAsRendered: "Les pages de ce PDF sont, à l’octet près, celles que Sceau compose à partir du contenu signé.",
        "The pages of this PDF are, to the byte, what Sceau makes of the signed content.";
    /// A PDF under a valid seal of its issuer, from somebody trusted.
    PdfSealed: "Ce PDF est, dans son entier, tel que l’organisme l’a scellé.", "This PDF is, as a whole, as its issuer sealed it.";
    /// A PDF under a valid seal of another organisation than the issuer.
    PdfSealedByAnother: "Apparence non vérifiable : ce PDF a été scellé par un autre organisme que l’émetteur du badge. Ne vous fiez qu’au \
                         contenu ci-dessous, ou scannez le QR code.",
        "Appearance not verifiable: this PDF was sealed by another organisation than the issuer of the badge. Rely only on the content \
         below, or scan the QR code.";
    /// A PDF under a seal of somebody who is not trusted here.
    PdfSealNotTrusted: "Apparence non vérifiable : rien n’atteste ici qui a scellé ce PDF. Ne vous fiez qu’au contenu ci-dessous, ou \
                        scannez le QR code.",
        "Appearance not verifiable: nothing confirms here who sealed this PDF. Rely only on the content below, or scan the QR code.";
    /// A PDF that was changed after it was sealed.
    PdfSealBroken: "Le sceau de ce PDF ne correspond pas au fichier : il a été modifié après avoir été scellé.",
        "The seal of this PDF does not match the file: it was altered after it was sealed.";
    /// A PDF whose pages were not compared with the credential attached to it.
    PdfNotCompared: "Seul le badge joint à ce PDF est contrôlé : ce que ses pages affichent a pu être modifié. Comparez-les au contenu \
                     ci-dessous, ou scannez le QR code.",
        "Only the credential attached to this PDF is checked: what its pages show may have been altered. Compare them with the \
         content below, or scan the QR code.";
    /// A PDF whose text says what was signed; what its pages look like was not shown.
    PdfTextAgrees: "Le texte des pages dit ce qui a été signé, mais rien ne garantit leur apparence : un texte peut se lire autrement \
                    qu’il ne s’affiche. Comparez les pages au contenu ci-dessous, ou scannez le QR code.",
        "The text of the pages says what was signed, but nothing vouches for what they look like: a text may read otherwise than it \
         shows. Compare the pages with the content below, or scan the QR code.";
    /// A PDF that says what was signed, and other things than our template.
    PdfOtherText: "Le texte des pages porte ce qui a été signé, et d’autres mots que ceux de notre modèle : leur apparence n’est pas \
                   vérifiable. Comparez-les au contenu ci-dessous, ou scannez le QR code.",
        "The text of the pages holds what was signed, and other words than our template: what they look like cannot be verified. \
         Compare them with the content below, or scan the QR code.";
    /// A PDF with objects that our renderer does not write.
    PdfNotVerifiable: "Apparence non vérifiable : ce PDF contient ce que Sceau n’y met pas. Ne vous fiez qu’au contenu ci-dessous, ou \
                       scannez le QR code.",
        "Appearance not verifiable: this PDF holds what Sceau does not write. Rely only on the content below, or scan the QR code.";
    /// A PDF that was changed after it was made.
    PdfRevised: "Apparence non vérifiable : ce PDF a été modifié après avoir été composé. Ne vous fiez qu’au contenu ci-dessous, ou \
                 scannez le QR code.",
        "Appearance not verifiable: this PDF was changed after it was made. Rely only on the content below, or scan the QR code.";
    /// A PDF with other files attached.
    PdfOtherFiles: "Apparence non vérifiable : d’autres fichiers que le badge sont joints à ce PDF. Ne vous fiez qu’au contenu \
                    ci-dessous, ou scannez le QR code.",
        "Appearance not verifiable: other files than the badge are attached to this PDF. Rely only on the content below, or scan the \
         QR code.";
    /// A PDF that shows another name than the signed one, or another code to open the commitment to it.
    PdfOtherName: "Ce PDF affiche un autre nom que celui qui a été signé, ou un autre code de contrôle du nom.",
        "This PDF shows another name than was signed, or another name check code.";
    /// A PDF that shows another title.
    PdfOtherTitle: "Ce PDF affiche un autre intitulé de formation que celui qui a été signé.",
        "This PDF shows another training title than was signed.";
    /// A PDF that shows another duration.
    PdfOtherDuration: "Ce PDF affiche une autre durée que celle qui a été signée.", "This PDF shows another duration than was signed.";
    /// A PDF that shows another date.
    PdfOtherDate: "Ce PDF affiche une autre date que celle qui a été signée.", "This PDF shows another date than was signed.";
    /// A PDF that shows another issuer.
    PdfOtherIssuer: "Ce PDF affiche un autre organisme que celui qui a signé.", "This PDF shows another issuer than signed.";
    /// A PDF that shows another kind of document.
    PdfOtherKind: "Ce PDF se présente comme un autre document que celui qui a été signé.",
        "This PDF presents itself as another kind of document than was signed.";
    /// A PDF that shows another mention, objective, competency or criterion.
    PdfOtherContent: "Ce PDF affiche autre chose que ce qui a été signé.", "This PDF shows something else than was signed.";
    /// An encrypted PDF.
    PdfEncrypted: "Ce PDF est chiffré : demandez le fichier d’origine, sans mot de passe.",
        "This PDF is encrypted: ask for the original file, without a password.";
    /// A PDF that is cut short or not written as the standard has it.
    PdfDamaged: "Ce PDF est abîmé ou incomplet.", "This PDF is damaged or incomplete.";
    /// A PDF that runs something.
    PdfActive: "Ce PDF contient un programme ou une action automatique, ce qu’aucune attestation ne contient.",
        "This PDF holds a program or an automatic action, which no attestation does.";
    /// The address could not be fetched.
    Unfetched: "Le document n’a pas pu être obtenu à cette adresse.", "The document could not be obtained at this address.";

    // ---- schema
    /// It is what it says it is.
    WellFormed: "Le document est un badge Open Badges 3.0 bien formé.",
        "The document is a well-formed Open Badges 3.0 credential.";
    /// A presentation that is well-formed.
    WellFormedPresentation: "Le document est une présentation bien formée.", "The document is a well-formed presentation.";
    /// A credential of another kind.
    NotAnOpenBadge: "Le document est un justificatif vérifiable bien formé, mais pas un badge Open Badges 3.0.",
        "The document is a well-formed verifiable credential, but not an Open Badges 3.0 credential.";
    /// A rule of the standards is broken.
    NotWellFormed: "Le document n’est pas un badge Open Badges 3.0 bien formé.",
        "The document is not a well-formed Open Badges 3.0 credential.";
    /// A presentation that breaks a rule.
    PresentationNotWellFormed: "La présentation n’est pas bien formée.", "The presentation is not well-formed.";
    /// A property that no context explains.
    UndefinedTerm: "Un terme du document n’est défini par aucun contexte.", "A term of the document is defined by no context.";
    /// A context that is not bundled here.
    UnknownContext: "Le document emploie un contexte qui n’est pas connu ici.",
        "The document uses a context that is not known here.";
    /// The digest of a related resource does not match the resource.
    RelatedResourceMismatch: "Une ressource liée n’est pas celle dont le document donne l’empreinte.",
        "A related resource is not the one whose digest the document gives.";

    // ---- proof
    /// The signature covers the content.
    SignatureValid: "La signature est authentique : le contenu n’a pas été modifié.",
        "The signature is authentic: the content has not been altered.";
    /// Every proof of several covers the content.
    SignaturesValid: "Toutes les signatures sont authentiques : le contenu n’a pas été modifié.",
        "All signatures are authentic: the content has not been altered.";
    /// The signature does not cover this content.
    SignatureMismatch:
        "La signature ne correspond pas au contenu : le document a été modifié, ou cet émetteur ne l’a pas signé.",
        "The signature does not match the content: the document was altered, or this issuer did not sign it.";
    /// There is none.
    ProofMissing: "Le document ne porte pas de signature.", "The document carries no proof.";
    /// A presentation without one, which is allowed.
    PresentationUnsigned: "La présentation elle-même n’est pas signée.", "The presentation itself is not signed.";
    /// A proof that is not as its suite demands.
    ProofMalformed: "La signature n’est pas bien formée.", "The proof is not well-formed.";
    /// The proof's own end has passed.
    ProofExpired: "La signature elle-même a expiré.", "The proof itself has expired.";
    /// It says that it was made later than now.
    ProofFromTheFuture: "La signature se dit faite dans le futur.", "The proof says that it was made in the future.";
    /// It was made for another use.
    WrongPurpose: "La signature a été faite pour un autre usage.", "The proof was made for another purpose.";
    /// The challenge is not the one asked for.
    ChallengeMismatch: "La présentation ne répond pas au défi posé.", "The presentation does not answer the challenge.";
    /// It is meant for somebody else.
    DomainMismatch: "La présentation est destinée à un autre site.", "The presentation is meant for another domain.";
    /// A suite or algorithm that is not supported here.
    SuiteNotSupported: "Ce type de signature n’est pas pris en charge ici.", "This kind of proof is not supported here.";
    /// Of several proofs, some are of kinds that are not supported or of keys out of reach.
    SomeProofsNotChecked: "La signature de l’émetteur est authentique ; d’autres signatures n’ont pas pu être contrôlées.",
        "The issuer's proof is authentic; other proofs could not be checked.";
    /// A chain without one of its links.
    PreviousProofMissing: "La signature s’appuie sur une autre que le document ne porte pas.",
        "The proof builds on another that the document does not carry.";
    /// The proof's contexts are not those of the document.
    ContextMismatch: "La signature porte sur d’autres contextes que ceux du document.",
        "The proof covers other contexts than the document's.";
    /// More proofs than are looked at.
    TooManyProofs: "Le document porte trop de signatures.", "The document carries too many proofs.";
    /// JSON-LD would drop part of it, or read it differently.
    NotCanonicalisable: "La signature ne peut pas être vérifiée : le document n’est pas sous une forme qui se signe.",
        "The signature cannot be verified: the document is not in a form that can be signed.";
    /// An identifier that is not absolute.
    RelativeIdentifier: "Un identifiant du document n’est pas absolu : aucune signature ne le couvre.",
        "An identifier of the document is not absolute: no signature covers it.";
    /// A term that a standard protects was given another meaning.
    ProtectedTermRedefined: "Le document redéfinit un terme protégé par un standard.",
        "The document redefines a term that a standard protects.";
    /// Something that JSON-LD would drop in silence.
    DroppedContent: "Une partie du document ne serait couverte par aucune signature.",
        "A part of the document would be covered by no signature.";
    /// A poison graph.
    TooComplex: "Le document est construit pour épuiser qui le vérifie.", "The document is made to exhaust whoever verifies it.";
    /// The algorithm is not that of the key.
    KeyKindMismatch: "La clé n’est pas du type que la signature annonce.", "The key is not of the kind that the proof announces.";
    /// A key that the token brings along.
    EmbeddedKey: "Le jeton apporte lui-même sa clé : cela prouve que quelqu’un l’a signé, pas qui.",
        "The token brings its own key: this proves that somebody signed it, not who.";
    /// A registered claim that contradicts the document.
    ClaimMismatch: "Une déclaration du jeton contredit le document qu’il porte.",
        "A claim of the token contradicts the document in it.";
    /// A token made for another use.
    JwtTypeMismatch: "Ce jeton n’est pas d’un type qui porte un justificatif.", "This token is not of a type that carries a credential.";

    // ---- issuer_key
    /// The issuer publishes the key.
    KeyOfIssuer: "La clé de signature est bien celle de l’émetteur annoncé.",
        "The signing key is one that the issuer named publishes.";
    /// The holder publishes the key.
    KeyOfHolder: "La clé de signature est bien celle du porteur annoncé.", "The signing key is that of the holder named.";
    /// A did:key.
    SelfAsserted: "L’émetteur n’est connu que par sa clé\u{a0}: rien n’atteste qu’il est celui qu’il dit être.",
        "The issuer is known by its key alone: nothing confirms that it is who it says it is.";
    /// The key is of somebody else.
    ForeignKey: "La clé utilisée n’appartient pas à l’émetteur annoncé.", "The key that was used does not belong to the issuer named.";
    /// The issuer does not list the key.
    KeyNotListed: "L’émetteur ne reconnaît pas cette clé pour cet usage.", "The issuer does not list this key for this use.";
    /// The key can't be read or is not controlled by the issuer.
    KeyUnusable: "La clé publiée n’est pas utilisable.", "The key as published cannot be used.";
    /// The key was declared compromised.
    KeyRevoked: "La clé de signature a été révoquée par l’émetteur : ce qu’elle a signé ne fait plus foi. \
                 Demandez à l’émetteur le document ré-émis.",
        "The signing key was revoked by its issuer: what it signed can no longer be relied on. Ask the issuer for the \
         re-issued document.";
    /// The same, but our own log says that we signed these bytes.
    KeyRevokedButLogged: "La clé de signature a été compromise depuis, mais ce document figure au journal des signatures de ce \
                          service : il a bien été émis ici.",
        "The signing key was compromised since, but this document stands in the signing log of this service: it was indeed issued here.";
    /// The key's own end has passed.
    KeyExpired: "La clé de signature a expiré.", "The signing key has expired.";
    /// The key or the document that lists it is out of reach.
    KeyUnavailable: "La clé de l’émetteur n’a pas pu être obtenue ; l’émetteur n’est pas connu de ce service.",
        "The issuer's key could not be obtained; the issuer is not known to this service.";
    /// Another document than the issuer's was given.
    WrongDocument: "Le document DID fourni n’est pas celui de l’émetteur.", "The DID document given is not that of the issuer.";
    /// A DID method or address that is not resolved here.
    IdentifierNotSupported: "Ce type d’identifiant d’émetteur n’est pas pris en charge ici.",
        "This kind of issuer identifier is not supported here.";
    /// An identifier that is none.
    IdentifierMalformed: "L’identifiant de l’émetteur n’est pas bien formé.", "The issuer's identifier is not well-formed.";

    // ---- validity
    /// Now lies between both ends.
    InForce: "Le badge est en cours de validité.", "The badge is within its period of validity.";
    /// Past its end.
    Expired: "La durée de validité du badge est dépassée.", "The badge is past its period of validity.";
    /// Before its beginning.
    NotYetValid: "Le badge n’est pas encore en vigueur.", "The badge is not in force yet.";

    /// A beginning or an end that is no date.
    ValidityUnreadable: "La durée de validité du badge n’est pas lisible.", "The period of validity of the badge cannot be read.";

    // ---- status
    /// The list says that it stands.
    NotRevoked: "Le badge n’a pas été révoqué.", "The badge has not been revoked.";
    /// It has none.
    NoStatus: "Le badge ne prévoit pas de révocation.", "The badge provides for no revocation.";
    /// Withdrawn for good.
    Revoked: "Le badge a été révoqué par son émetteur.", "The badge was revoked by its issuer.";
    /// Withdrawn for a time.
    Suspended: "Le badge est suspendu par son émetteur.", "The badge is suspended by its issuer.";
    /// The issuer says something about it.
    StatusMessage: "L’émetteur a attaché un message à ce badge.", "The issuer has attached a message to this badge.";
    /// A list that nobody signed, as its type has it, from the issuer's own site.
    NotRevokedUnsigned: "Le badge n’a pas été révoqué, selon une liste non signée du site de l’émetteur.",
        "The badge has not been revoked, according to an unsigned list on the issuer's site.";
    /// A type or purpose that is not supported here.
    StatusNotSupported: "Ce type de statut n’est pas pris en charge ici.", "This kind of status is not supported here.";
    /// The entry is not as its type demands.
    StatusMalformed: "Le statut du badge n’est pas bien formé.", "The badge's status entry is not well-formed.";
    /// The list has no such entry.
    StatusIndexOutOfRange: "Le statut du badge désigne une place que la liste n’a pas.",
        "The badge's status names a place that the list does not have.";
    /// The list has fewer entries than the standard demands.
    StatusListTooShort: "La liste de révocation est plus courte que le standard ne l’exige.",
        "The status list is shorter than the standard demands.";
    /// The list is out of reach.
    StatusListUnavailable: "La liste de révocation n’a pas pu être obtenue.", "The status list could not be obtained.";
    /// The list carries no proof.
    StatusListUnsigned: "La liste de révocation n’est pas signée.", "The status list is not signed.";
    /// The list's proof or key does not hold.
    StatusListNotAuthentic: "La signature de la liste de révocation n’est pas digne de foi.",
        "The proof of the status list cannot be relied on.";
    /// The list is past its end, or not in force yet.
    StatusListStale: "La liste de révocation n’est plus, ou pas encore, en vigueur.", "The status list is not, or no longer, in force.";
    /// Somebody else's list.
    StatusListOfAnother: "La liste de révocation est celle d’un autre émetteur.", "The status list is by another issuer.";
    /// Another list than the one named, or of another purpose.
    StatusListMismatch: "La liste de révocation n’est pas celle que le badge nomme.", "The status list is not the one that the badge names.";
    /// It can't be decoded, or is too long.
    StatusListMalformed: "La liste de révocation n’est pas lisible.", "The status list cannot be read.";

    // ---- recipient
    /// The address is the one hashed.
    RecipientMatches: "L’adresse électronique donnée est celle du bénéficiaire.", "The e-mail address given is the recipient's.";
    /// It is not.
    RecipientDiffers: "L’adresse électronique donnée n’est pas celle du bénéficiaire.",
        "The e-mail address given is not the recipient's.";
    /// The credential names nobody by e-mail.
    RecipientUnnamed: "Le badge ne désigne personne par une adresse électronique.", "The badge names nobody by an e-mail address.";

    // ---- credentials of a presentation
    /// Each verifies.
    CredentialsVerified: "Chaque justificatif présenté a été vérifié.", "Each credential presented was verified.";
    /// One does not.
    CredentialsNotVerified: "Un justificatif présenté n’est pas authentique ou n’est plus en vigueur.",
        "A credential presented is not authentic, or not in force.";
    /// One could not be judged.
    CredentialsNotChecked: "Un justificatif présenté n’a pas pu être contrôlé.", "A credential presented could not be checked.";
    /// There are none.
    NoCredentials: "La présentation ne contient aucun justificatif.", "The presentation holds no credential.";
}

impl Reason {
    /// Its stable word.
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Reason {
    /// Whether it says that a PDF was altered, and not the credential attached to it: the credential
    /// is read and judged all the same, since what was signed is the answer to a forged page.
    pub fn is_of_altered_pages(self) -> bool {
        matches!(
            self,
            Self::PdfOtherName
                | Self::PdfOtherTitle
                | Self::PdfOtherDuration
                | Self::PdfOtherDate
                | Self::PdfOtherIssuer
                | Self::PdfOtherKind
                | Self::PdfOtherContent
                | Self::PdfSealBroken
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_and_a_sentence_in_both_languages() {
        let mut words: Vec<_> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), Reason::ALL.len());
        let documented = include_str!("../../docs/verification.md");
        for reason in Reason::ALL {
            assert!(
                documented.contains(&format!("| `{}` |", reason.word())),
                "docs/verification.md: {}",
                reason.word()
            );
            let sentence = reason.sentence();
            assert!(
                sentence.fr.ends_with('.') && sentence.en.ends_with('.') && sentence.fr != sentence.en,
                "{reason:?}"
            );
        }
    }
}
