//! From an award to the unsigned OpenBadgeCredential (VCDM 2.0 § 4, Open Badges 3.0 § B.1).
//!
//! The six mandated mentions stand twice: in the fields that every wallet shows (name, description, criteria, alignment,
//! issuer), and in terms that machines read (`timeRequired` and `teaches` of schema.org, by a context object inside the
//! document, so that no verifier needs a context of ours).

use serde_json::{Map, Value, json};

use super::view::{tag_of_kind, tag_of_modality};
use super::{OB_CONTEXT, VC_CONTEXT};
use crate::award::Award;
use crate::catalog::{AwardKind, Issuer, NameDisclosure};
use crate::ids::{CredentialId, PublicUrl, StatusListId};
use crate::text::Lang;
use crate::time::{Duration, Timestamp};

/// What a document is made of. Ids, salt and moments are decided by the caller, so the same draft gives the same bytes.
#[derive(Debug)]
pub struct Draft<'a> {
    /// This service's public URL.
    pub url: &'a PublicUrl,
    /// The award.
    pub award: &'a Award,
    /// The credential's id.
    pub id: CredentialId,
    /// Its place in a status list.
    pub status: StatusPlace,
    /// `validFrom`: when this version is made.
    pub valid_from: Timestamp,
    /// 128 random bits of this credential, in hex: the salt of the e-mail's hash.
    pub email_salt: &'a str,
    /// 128 random bits of the award: the secret of the name's commitment.
    pub name_secret: &'a [u8; 16],
}

/// A credential's place in a status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusPlace {
    /// The list.
    pub list: StatusListId,
    /// The index in it.
    pub index: u32,
}

/// The context object inside our credentials: the terms that Open Badges lacks.
///
/// `recipientNameDigest` has a UUID for its IRI: it needs no registry, and nothing to fetch for decades.
pub fn inline_context() -> Value {
    json!({
        "timeRequired": { "@id": "https://schema.org/timeRequired", "@type": "http://www.w3.org/2001/XMLSchema#duration" },
        "teaches": { "@id": "https://schema.org/teaches", "@container": "@set" },
        "recipientNameDigest": { "@id": "urn:uuid:8e0c7a2e-5a0f-4d0e-9f43-6b7d1c2a9e51" },
    })
}

/// The unsigned credential.
pub fn compose(draft: &Draft<'_>) -> Value {
    let snapshot = &draft.award.snapshot;
    let what = &snapshot.achievement;
    let lang = what.language;
    let list = draft.url.status_list(draft.status.list);
    let mut document = json!({
        "@context": [VC_CONTEXT, OB_CONTEXT, inline_context()],
        "id": draft.url.credential(draft.id),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": format!("{} – {}", what.kind.label(lang), what.title),
        "description": summary(draft.award),
        "issuer": profile(what.issuer.as_str(), &snapshot.issuer),
        "validFrom": draft.valid_from.to_whole_second().to_string(),
        "awardedDate": draft.award.awarded.to_whole_second().to_string(),
        "credentialSubject": subject(draft),
    });
    document["credentialStatus"] = json!({
        "id": format!("{list}#{}", draft.status.index),
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": draft.status.index.to_string(),
        "statusListCredential": list,
    });
    document
}

/// The issuer as an OB `Profile` (OB 3.0 § B.1.20), as it stands in credentials and at its public address.
pub fn profile(did: &str, issuer: &Issuer) -> Value {
    let mut profile = json!({
        "id": did,
        "type": ["Profile"],
        "name": issuer.name,
        "url": issuer.url,
    });
    set(&mut profile, "email", issuer.email.as_ref().map(|email| json!(email)));
    set(&mut profile, "description", issuer.description.as_ref().map(|text| json!(text)));
    set(&mut profile, "image", issuer.logo.as_ref().map(|logo| json!({ "id": logo, "type": "Image" })));
    set(
        &mut profile,
        "parentOrg",
        issuer
            .parent
            .as_ref()
            .map(|parent| json!({ "id": parent.url, "type": ["Profile"], "name": parent.name, "url": parent.url })),
    );
    profile
}

/// The achievement (OB 3.0 § B.1.1), as it stands in credentials and at its public address.
pub fn achievement(url: &PublicUrl, what: &crate::award::AchievementSnapshot) -> Value {
    let id = url.achievement(&what.hash());
    let alignment = what.competencies.iter().map(|competency| {
        let mut alignment = json!({
            "type": ["Alignment"],
            "targetName": competency.name,
            "targetUrl": competency.url,
        });
        set(&mut alignment, "targetFramework", competency.framework.as_ref().map(|text| json!(text)));
        set(&mut alignment, "targetCode", competency.code.as_ref().map(|text| json!(text)));
        alignment
    });
    let alignment: Vec<_> = alignment.collect();
    let kind = match what.kind {
        AwardKind::Participation => "CertificateOfCompletion",
        AwardKind::Certificate => "Certificate",
    };
    let mut achievement = json!({
        "id": id,
        "type": ["Achievement"],
        "achievementType": kind,
        "name": what.title,
        "description": description(what),
        "criteria": { "id": url.session_criteria(&what.session), "narrative": what.narrative },
        "image": { "id": format!("{id}/image.png"), "type": "Image", "caption": image_caption(what) },
        "inLanguage": what.language.tag(),
        "tag": [tag_of_kind(what.kind), tag_of_modality(what.modality)],
        "timeRequired": what.duration.to_string(),
        "teaches": what.objectives,
    });
    set(&mut achievement, "alignment", (!alignment.is_empty()).then(|| Value::Array(alignment)));
    achievement
}

fn subject(draft: &Draft<'_>) -> Value {
    let snapshot = &draft.award.snapshot;
    let recipient = &snapshot.recipient;
    let mut identifiers = Vec::new();
    if let Some(email) = &recipient.email {
        identifiers.push(json!({
            "type": "IdentityObject",
            "hashed": true,
            "identityHash": email.identity_hash(draft.email_salt),
            "identityType": "emailAddress",
            "salt": draft.email_salt,
        }));
    }
    let mut digest = None;
    match (&recipient.name, snapshot.issuer.recipient_name) {
        (Some(name), NameDisclosure::Plain) => identifiers.push(json!({
            "type": "IdentityObject",
            "hashed": false,
            "identityHash": name,
            "identityType": "name",
        })),
        (Some(name), NameDisclosure::Committed) => digest = Some(name.digest(draft.name_secret)),
        (None, _) => {}
    }
    let mut subject = json!({ "id": draft.award.subject.to_urn(), "type": ["AchievementSubject"] });
    set(&mut subject, "identifier", (!identifiers.is_empty()).then(|| Value::Array(identifiers)));
    set(&mut subject, "recipientNameDigest", digest.map(Value::String));
    let moment = |moment: Option<Timestamp>| moment.map(|moment| json!(moment.to_whole_second().to_string()));
    set(&mut subject, "activityStartDate", moment(snapshot.activity_start));
    set(&mut subject, "activityEndDate", moment(snapshot.activity_end));
    subject["achievement"] = achievement(draft.url, &snapshot.achievement);
    subject
}

/// One sentence for lists of badges.
fn summary(award: &Award) -> String {
    let (what, issuer) = (&award.snapshot.achievement, &award.snapshot.issuer);
    let duration = what.duration.spoken();
    match what.language {
        Lang::Fr => format!("{} ({duration}), délivré par {}.", label_of_lists(what.kind, Lang::Fr), issuer.name),
        Lang::En => format!("{} ({duration}), issued by {}.", label_of_lists(what.kind, Lang::En), issuer.name),
    }
}

/// The kind of award as a masculine noun in French, so that the sentence around it agrees.
fn label_of_lists(kind: AwardKind, lang: Lang) -> &'static str {
    match kind {
        AwardKind::Participation => {
            lang.pick("Badge de participation à une formation", "Badge for taking part in a training")
        }
        AwardKind::Certificate => lang.pick("Certificat de formation", "Training certificate"),
    }
}

/// The description that wallets show: the training's own, then the duration and the objectives, which have no field of their
/// own in Open Badges.
fn description(what: &crate::award::AchievementSnapshot) -> String {
    let lang = what.language;
    let mut text = what.description.to_string();
    if let Some(context) = &what.context {
        text.push_str("\n\n");
        text.push_str(context.as_str());
    }
    let objectives: Vec<_> = what.objectives.iter().map(|objective| objective.as_str()).collect();
    text.push_str(&mentions(what.duration, &objectives, lang));
    text
}

/// The mentions that end a description. A page or a PDF shows them in places of their own, and takes them off.
pub(super) fn mentions(duration: Duration, objectives: &[&str], lang: Lang) -> String {
    let mut text = String::from("\n\n");
    text.push_str(lang.pick("Durée estimée\u{a0}: ", "Estimated duration: "));
    text.push_str(&duration.spoken());
    text.push_str("\n\n");
    text.push_str(lang.pick("Objectifs\u{a0}:", "Objectives:"));
    for objective in objectives {
        text.push_str("\n- ");
        text.push_str(objective);
    }
    text
}

fn image_caption(what: &crate::award::AchievementSnapshot) -> String {
    let lang = what.language;
    format!("{} {}", lang.pick("Badge de la formation", "Badge of the training"), lang.quote(what.title.as_str()))
}

fn set(object: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(value), Some(fields)) = (value, object.as_object_mut() as Option<&mut Map<String, Value>>) {
        fields.insert(name.to_owned(), value);
    }
}
