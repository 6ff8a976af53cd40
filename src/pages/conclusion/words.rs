//! The words of each conclusion, in both languages: a headline, an explanation, and what to do next.

use super::Conclusion;
use crate::pages::wording::say;
use crate::text::Lang;

/// The words of a conclusion, before they agree with what they name: `{Document}` and `{document}` are its noun, `{e}` the ending of
/// a French adjective, `{from}` and `{until}` the days between which it holds.
pub(super) struct Words {
    /// The colour and the icon, as a word that the style sheet and the icons know.
    pub tone: &'static str,
    /// In a few words.
    pub headline: (&'static str, &'static str),
    /// What it means, and what to do.
    pub explanation: (&'static str, &'static str),
}

impl Conclusion {
    pub(super) fn words(self) -> Words {
        let said = |tone, headline, explanation| Words { tone, headline, explanation };
        match self {
            Self::InForce => said(
                "valid",
                ("{Document} authentique", "Authentic {document}"),
                (
                    "Le contenu ci-dessous est exactement celui que l’organisme a signé, et il est en vigueur.",
                    "The content below is exactly what its issuer signed, and it is in force.",
                ),
            ),
            Self::AnotherKind => said(
                "valid",
                ("Document authentique", "Authentic document"),
                (
                    "Ce document est tel que son émetteur l’a signé, et il est en vigueur. C’est un justificatif d’un autre type qu’un badge : son contenu n’est pas affiché ici.",
                    "This document is exactly what its issuer signed, and it is in force. It is a credential of another kind than a badge: its content is not shown here.",
                ),
            ),
            Self::Logged => said(
                "valid",
                ("{Document} authentique", "Authentic {document}"),
                (
                    "La clé qui a signé ce document a été compromise depuis : elle ne suffit plus à le garantir. Mais ce service tient un journal de tout ce qu’il a signé, et ce document y figure : le contenu ci-dessous est bien celui que l’organisme a signé, et il est en vigueur. D’autres vérificateurs le refuseront : demandez la version ré-émise.",
                    "The key that signed this document was compromised since, and no longer vouches for it. But this service keeps a log of all that it signed, and this document stands in it: the content below is what its issuer signed, and it is in force. Other verifiers will refuse it: ask for the re-issued version.",
                ),
            ),
            Self::Revoked => said(
                "revoked",
                ("{Document} révoqué{e}", "{Document} revoked"),
                (
                    "L’organisme avait signé ce document, puis l’a retiré : il ne doit plus être accepté.",
                    "Its issuer signed this document, then withdrew it: it must no longer be accepted.",
                ),
            ),
            Self::Suspended => said(
                "revoked",
                ("{Document} suspendu{e}", "{Document} suspended"),
                (
                    "L’organisme a signé ce document, puis l’a suspendu : il ne doit pas être accepté pour l’instant.",
                    "Its issuer signed this document, then suspended it: it must not be accepted for now.",
                ),
            ),
            Self::Expired => said(
                "expired",
                ("{Document} expiré{e}", "{Document} expired"),
                (
                    "Le document est authentique, mais il n’est plus valable{until}.",
                    "The document is authentic, but it is no longer in force{until}.",
                ),
            ),
            Self::NotYetValid => said(
                "early",
                ("{Document} pas encore valable", "{Document} not yet in force"),
                (
                    "Le document est authentique, mais il n’est pas encore valable{from}.",
                    "The document is authentic, but it is not in force yet{from}.",
                ),
            ),
            Self::OtherName => said(
                "doubt",
                ("Nom non confirmé", "Name not confirmed"),
                (
                    "Le contenu est bien celui que l’organisme a signé, mais le nom enregistré n’est pas celui auquel sa signature l’engage. Ne vous fiez pas au nom imprimé et contactez l’organisme.",
                    "The content is what its issuer signed, but the name on record is not the one that its signature commits to. Do not rely on the printed name, and contact the issuer.",
                ),
            ),
            Self::SomebodyElses => said(
                "invalid",
                ("{Document} d’une autre personne", "Somebody else’s {document}"),
                (
                    "Ce document est authentique, mais il n’a pas été délivré à la personne dont vous avez donné l’adresse électronique. Elle a pu le recevoir sous une autre de ses adresses : demandez-lui laquelle.",
                    "This document is authentic, but it was not awarded to the person whose e-mail address you gave. They may have received it under another of their addresses: ask which one.",
                ),
            ),
            Self::NobodyNamed => said(
                "unverifiable",
                ("Bénéficiaire non confirmé", "Recipient not confirmed"),
                (
                    "Le contenu ci-dessous est exactement celui que l’organisme a signé, et il est en vigueur. Mais il ne désigne personne par une adresse électronique : rien n’y dit qu’il a été délivré à la personne en question.",
                    "The content below is exactly what its issuer signed, and it is in force. But it names nobody by an e-mail address: nothing in it says that it was awarded to the person in question.",
                ),
            ),
            Self::Altered => said(
                "invalid",
                ("{Document} non authentique", "{Document} not authentic"),
                (
                    "Ce document n’est pas tel qu’un organisme l’a signé : il a été modifié, fabriqué ou abîmé. Ne vous y fiez pas.",
                    "This document is not as an issuer signed it: it was altered, forged or damaged. Do not rely on it.",
                ),
            ),
            Self::Unsigned => said(
                "invalid",
                ("{Document} non signé{e}", "{Document} not signed"),
                (
                    "Personne n’a signé ce document : n’importe qui a pu l’écrire. Ne vous y fiez pas.",
                    "Nobody signed this document: anyone may have written it. Do not rely on it.",
                ),
            ),
            Self::BadSignature => said(
                "invalid",
                ("Signature non recevable", "Signature not acceptable"),
                (
                    "La signature de ce document ne peut pas être acceptée ; les contrôles techniques disent pourquoi. Rien ne garantit son contenu : ne vous y fiez pas.",
                    "The signature of this document cannot be accepted; the technical checks say why. Nothing vouches for its content: do not rely on it.",
                ),
            ),
            Self::ForeignKey => said(
                "invalid",
                ("{Document} non authentique", "{Document} not authentic"),
                (
                    "Ce document porte le nom d’un organisme, mais il a été signé avec une clé que cet organisme ne reconnaît pas. Ne vous y fiez pas.",
                    "This document bears the name of an issuer, but it was signed with a key that this issuer does not recognise. Do not rely on it.",
                ),
            ),
            Self::KeyRevoked => said(
                "revoked",
                ("Clé de signature révoquée", "Signing key revoked"),
                (
                    "La signature correspond au contenu, mais l’organisme a révoqué la clé qui l’a faite : quelqu’un d’autre a pu s’en servir, et ce document ne fait plus foi. Cela ne veut pas dire qu’il est faux. Demandez à l’organisme le document ré-émis.",
                    "The signature matches the content, but the issuer revoked the key that made it: somebody else may have used that key, and this document can no longer be relied on. It does not mean that it is forged. Ask the issuer for the re-issued document.",
                ),
            ),
            Self::KeyExpired => said(
                "expired",
                ("Clé de signature expirée", "Signing key expired"),
                (
                    "La signature correspond au contenu, mais la clé qui l’a faite a expiré : ce document ne fait plus foi. Demandez à l’organisme un document récent.",
                    "The signature matches the content, but the key that made it has expired: this document can no longer be relied on. Ask the issuer for a recent one.",
                ),
            ),
            Self::OtherOccasion => said(
                "invalid",
                ("Présentation faite pour une autre occasion", "Presentation made for another occasion"),
                (
                    "Cette présentation ne répond pas à la demande qui a été faite : elle a été préparée pour un autre site ou un autre moment. N’acceptez pas une présentation que quelqu’un d’autre a pu recueillir.",
                    "This presentation does not answer the request that was made: it was prepared for another site or another moment. Do not accept a presentation that somebody else may have collected.",
                ),
            ),
            Self::NotWellFormed => said(
                "invalid",
                ("Document non conforme", "Document not conformant"),
                (
                    "Ce document ne respecte pas les standards des badges numériques, ou ne se laisse pas lire avec certitude : aucune signature n’en garantit le sens. Ne vous y fiez pas.",
                    "This document breaks the standards of digital badges, or cannot be read with certainty: no signature vouches for its meaning. Do not rely on it.",
                ),
            ),
            Self::NoBadge => said(
                "unverifiable",
                ("Aucun badge dans ce fichier", "No badge in this file"),
                (
                    "Ce fichier ne contient aucun badge signé : il ne prouve rien, et ne doit pas être tenu pour vérifié.",
                    "This file holds no signed badge: it proves nothing, and must not be taken as verified.",
                ),
            ),
            Self::SeveralBadges => said(
                "doubt",
                ("Plusieurs badges dans ce fichier", "Several badges in this file"),
                (
                    "Ce fichier contient plusieurs badges, et deux lecteurs pourraient ne pas y voir le même. Demandez un fichier par badge.",
                    "This file holds several badges, and two readers might not see the same one. Ask for one file per badge.",
                ),
            ),
            Self::UnsafeFile => said(
                "doubt",
                ("Fichier refusé", "File refused"),
                (
                    "Ce fichier est abîmé, ou contient ce qu’aucun badge ne devrait contenir. Il n’a pas été vérifié : ne vous y fiez pas.",
                    "This file is damaged, or holds what no badge should hold. It was not verified: do not rely on it.",
                ),
            ),
            Self::Unreadable => said(
                "unverifiable",
                ("Document illisible", "Document not readable"),
                (
                    "Aucun badge n’a pu être lu dans ce qui a été envoyé : cela ne prouve rien, et ne doit pas être tenu pour vérifié.",
                    "No badge could be read in what was sent: it proves nothing, and must not be taken as verified.",
                ),
            ),
            Self::Unfetched => said(
                "unverifiable",
                ("Document non obtenu", "Document not obtained"),
                (
                    "Rien n’a pu être lu à cette adresse : l’authenticité n’est ni confirmée, ni démentie.",
                    "Nothing could be read at this address: authenticity is neither confirmed nor refuted.",
                ),
            ),
            Self::SelfAsserted => said(
                "unverifiable",
                ("Émetteur non identifié", "Issuer not identified"),
                (
                    "Le contenu ci-dessous n’a pas été modifié depuis sa signature, mais rien ne dit qui l’a signé : n’importe qui peut fabriquer un badge ainsi, sous le nom de son choix. Ne vous fiez pas au nom de l’émetteur.",
                    "The content below was not altered since it was signed, but nothing says who signed it: anyone can make a badge this way, under any name. Do not rely on the issuer’s name.",
                ),
            ),
            Self::IssuerOutOfReach => said(
                "unverifiable",
                ("Émetteur hors d’atteinte", "Issuer out of reach"),
                (
                    "La clé publique de l’émetteur n’a pas pu être obtenue : l’authenticité n’est ni confirmée, ni démentie. Si l’émetteur est d’un autre service, réessayez plus tard.",
                    "The issuer’s public key could not be obtained: authenticity is neither confirmed nor refuted. If the issuer is of another service, try again later.",
                ),
            ),
            Self::IssuerNotSupported => said(
                "unverifiable",
                ("Émetteur non identifiable ici", "Issuer not identifiable here"),
                (
                    "Ce service ne sait pas résoudre ce type d’identifiant d’émetteur : l’authenticité n’est ni confirmée, ni démentie. Demandez à l’organisme quel vérificateur employer.",
                    "This service cannot resolve this kind of issuer identifier: authenticity is neither confirmed nor refuted. Ask the issuer which verifier to use.",
                ),
            ),
            Self::SuiteNotSupported => said(
                "unverifiable",
                ("Signature non contrôlable ici", "Signature not checkable here"),
                (
                    "Ce service ne sait pas contrôler ce type de signature : l’authenticité n’est ni confirmée, ni démentie. Demandez à l’organisme quel vérificateur employer.",
                    "This service cannot check this kind of signature: authenticity is neither confirmed nor refuted. Ask the issuer which verifier to use.",
                ),
            ),
            Self::StatusUnknown => said(
                "unverifiable",
                ("Révocation non contrôlée", "Revocation not checked"),
                (
                    "Le contenu est exactement celui que l’organisme a signé, mais rien ne dit s’il l’a retiré depuis : sa liste de révocation n’a pas pu être lue, ou n’est pas digne de foi. Réessayez plus tard, ou demandez à l’organisme.",
                    "The content is exactly what its issuer signed, but nothing says whether it was withdrawn since: the issuer’s status list could not be read, or cannot be relied on. Try again later, or ask the issuer.",
                ),
            ),
            Self::PdfNotCompared => said(
                "doubt",
                ("PDF à comparer", "PDF to be compared"),
                (
                    "Le badge joint à ce PDF est authentique et en vigueur. Mais aucune signature ne porte sur les pages du PDF, qui ont pu être modifiées. Scannez son QR code, ou comparez chaque ligne ci-dessous avec ces pages : c’est le contenu ci-dessous qui fait foi.",
                    "The badge attached to this PDF is authentic and in force. But no signature covers the pages of the PDF, which may have been altered. Scan its QR code, or compare each line below with those pages: the content below is what counts.",
                ),
            ),
            Self::PdfNotVerifiable => said(
                "doubt",
                ("Apparence du PDF non vérifiable", "Appearance of the PDF not verifiable"),
                (
                    "Le badge joint à ce PDF est authentique et en vigueur. Mais ses pages ne sont pas telles que ce service les compose : elles ont pu être modifiées. Ne vous y fiez pas : c’est le contenu ci-dessous qui fait foi. Scannez le QR code, ou demandez le fichier d’origine.",
                    "The badge attached to this PDF is authentic and in force. But its pages are not as this service makes them: they may have been altered. Do not rely on them: the content below is what counts. Scan the QR code, or ask for the original file.",
                ),
            ),
            Self::PdfAltered => said(
                "invalid",
                ("PDF modifié", "PDF altered"),
                (
                    "Les pages de ce PDF n’affichent pas ce que dit le badge signé qui y est joint : elles ont été modifiées. Ne vous y fiez pas. Si un contenu signé est affiché ci-dessous, lui seul fait foi.",
                    "The pages of this PDF do not show what the signed badge attached to it says: they were altered. Do not rely on them. If signed content is shown below, it alone counts.",
                ),
            ),
            Self::PdfSealBroken => said(
                "invalid",
                ("Sceau rompu", "Seal broken"),
                (
                    "Ce PDF a été modifié après avoir été scellé : ne vous y fiez pas. Si un contenu signé est affiché ci-dessous, lui seul fait foi.",
                    "This PDF was altered after it was sealed: do not rely on it. If signed content is shown below, it alone counts.",
                ),
            ),
            Self::Presented => said(
                "valid",
                ("Présentation authentique", "Authentic presentation"),
                (
                    "Son porteur l’a signée, et chacun des justificatifs ci-dessous est authentique et en vigueur.",
                    "Its holder signed it, and each of the credentials below is authentic and in force.",
                ),
            ),
            Self::PresentedInvalid => said(
                "invalid",
                ("Présentation non valable", "Presentation not valid"),
                (
                    "Un au moins des justificatifs présentés n’est pas authentique, ou n’est plus en vigueur. Lisez ci-dessous ce qui vaut pour chacun.",
                    "At least one of the credentials presented is not authentic, or not in force. Read below what holds of each.",
                ),
            ),
            Self::PresentedOpen => said(
                "unverifiable",
                ("Présentation à examiner", "Presentation to be examined"),
                (
                    "Les justificatifs présentés ne sont pas tous confirmés. Lisez ci-dessous ce qui vaut pour chacun.",
                    "Not all of the credentials presented are confirmed. Read below what holds of each.",
                ),
            ),
            Self::PresentationUnsigned => said(
                "unverifiable",
                ("Présentation non signée", "Presentation not signed"),
                (
                    "Personne n’a signé cette présentation : rien ne dit que celui qui montre ces justificatifs en est le titulaire. Lisez ci-dessous ce qui vaut pour chacun.",
                    "Nobody signed this presentation: nothing says that whoever shows these credentials is their holder. Read below what holds of each.",
                ),
            ),
            Self::HolderUnknown => said(
                "unverifiable",
                ("Porteur non identifié", "Holder not identified"),
                (
                    "Chacun des justificatifs ci-dessous est authentique et en vigueur, mais leur porteur n’est connu que par sa clé : rien ne dit qui il est.",
                    "Each of the credentials below is authentic and in force, but their holder is known by a key alone: nothing says who it is.",
                ),
            ),
            Self::Incomplete => said(
                "unverifiable",
                ("Vérification incomplète", "Verification incomplete"),
                (
                    "Un contrôle n’a pas pu être fait : l’authenticité n’est ni confirmée, ni démentie. Réessayez plus tard.",
                    "A check could not be made: authenticity is neither confirmed nor refuted. Try again later.",
                ),
            ),
        }
    }

    /// What to do next, where nothing that was signed can be shown.
    pub(in crate::pages) fn steps(self, lang: Lang) -> Vec<String> {
        let original = (
            "Demandez le document d’origine à la personne qui vous l’a présenté.",
            "Ask for the original document from the person who showed it to you.",
        );
        let contact = (
            "En cas de doute, contactez l’organisme de formation par un moyen que vous connaissez déjà, et non par une adresse lue sur le document.",
            "If in doubt, contact the training organisation through a channel you already know, not one read on the document.",
        );
        let steps = match self {
            Self::NoBadge | Self::UnsafeFile | Self::Unreadable => vec![
                (
                    "Demandez le fichier d’origine, tel que la plateforme l’a fourni : une capture d’écran, une photographie, une image retouchée ou un PDF réimprimé n’emporte pas le badge.",
                    "Ask for the original file, as the platform provided it: a screenshot, a photograph, an edited image or a reprinted PDF does not carry the badge.",
                ),
                (
                    "Si le document porte un QR code, scannez-le avec l’appareil photo de votre téléphone.",
                    "If the document has a QR code, scan it with the camera of your phone.",
                ),
                contact,
            ],
            Self::Unfetched => vec![
                (
                    "Vérifiez l’adresse : chaque lettre compte. Elle doit mener au badge lui-même, et non à une page qui en parle.",
                    "Check the address: every letter counts. It must lead to the badge itself, not to a page about it.",
                ),
                (
                    "Sinon, téléchargez le badge et envoyez le fichier.",
                    "Otherwise download the badge and send the file.",
                ),
            ],
            Self::KeyRevoked | Self::KeyExpired => vec![
                (
                    "Demandez à la personne de télécharger de nouveau son document depuis sa plateforme de formation.",
                    "Ask the person to download the document again from their training platform.",
                ),
                contact,
            ],
            Self::AnotherKind
            | Self::Presented
            | Self::PresentedOpen
            | Self::PresentationUnsigned
            | Self::HolderUnknown => Vec::new(),
            Self::Logged | Self::InForce => Vec::new(),
            _ => vec![original, contact],
        };
        steps.into_iter().map(|(fr, en)| say(lang, fr, en)).collect()
    }
}
