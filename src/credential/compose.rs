//! From an award to the unsigned OpenBadgeCredential (VCDM 2.0 § 4, Open Badges 3.0 § B.1).
//!
//! Documents are of format 3: published contexts only, since serious verifiers refuse any other (ADR 10), and what is known of the
//! learner's own results (ADR 21). The six mandated mentions stand twice: in the fields that every wallet shows (name, description,
//! criteria, alignment, issuer), and where machines find them: the duration as a result of the learner, the objectives as
//! alignments of a type of their own, the learner's name as an identifier that is a commitment. Formats 1, with terms of its own
//! in a context object, and 2, without the learner's own results, are still read (`view`) and linted.

use serde_json::{Map, Value, json};

use super::results::{described, results};
use super::view::{tag_of_kind, tag_of_modality};
use super::{COMMITTED_NAME, EXTENSIONS_CONTEXT, LEARNING_OBJECTIVE, OB_CONTEXT, VC_CONTEXT};
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

/// The unsigned credential.
pub fn compose(draft: &Draft<'_>) -> Value {
    let snapshot = &draft.award.snapshot;
    let what = &snapshot.achievement;
    let lang = what.language;
    let list = draft.url.status_list(draft.status.list);
    let mut document = json!({
        "@context": [VC_CONTEXT, OB_CONTEXT, EXTENSIONS_CONTEXT],
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
    // A wallet that holds a version which was replaced finds the newest here (VCDM 2.0 § 5.4).
    document["refreshService"] =
        json!({ "id": draft.url.current_credential(draft.id), "type": "1EdTechCredentialRefresh" });
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

/// The achievement (OB 3.0 § B.1.1) as it stands at its public address, with every result that a learner may have. In a
/// credential it describes those that the learner has.
pub fn achievement(url: &PublicUrl, what: &crate::award::AchievementSnapshot) -> Value {
    let id = url.achievement(&what.hash());
    let objectives = what.objectives.iter().zip(1..).map(|(objective, number)| {
        json!({
            "type": ["Alignment"],
            "targetName": objective,
            "targetUrl": format!("{id}#objective-{number}"),
            "targetType": LEARNING_OBJECTIVE,
        })
    });
    let competencies = what.competencies.iter().map(|competency| {
        let mut alignment = json!({
            "type": ["Alignment"],
            "targetName": competency.name,
            "targetUrl": competency.url,
        });
        set(&mut alignment, "targetFramework", competency.framework.as_ref().map(|text| json!(text)));
        set(&mut alignment, "targetCode", competency.code.as_ref().map(|text| json!(text)));
        alignment
    });
    let alignment: Vec<_> = objectives.chain(competencies).collect();
    let kind = match what.kind {
        AwardKind::Participation => "CertificateOfCompletion",
        AwardKind::Certificate => "Certificate",
    };
    json!({
        "id": id,
        "type": ["Achievement"],
        "achievementType": kind,
        "name": what.title,
        "description": description(what),
        "criteria": { "id": url.session_criteria(&what.session), "narrative": what.narrative },
        "image": { "id": format!("{id}/image.png"), "type": "Image", "caption": image_caption(what) },
        "inLanguage": what.language.tag(),
        "tag": [tag_of_kind(what.kind), tag_of_modality(what.modality)],
        "alignment": alignment,
        "resultDescription": described(what, &id),
    })
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
    match (&recipient.name, snapshot.issuer.recipient_name) {
        (Some(name), NameDisclosure::Plain) => identifiers.push(json!({
            "type": "IdentityObject",
            "hashed": false,
            "identityHash": name,
            "identityType": "name",
        })),
        // Without a salt: what was hashed before the name is the award's secret, which is not for readers (ADR 7).
        (Some(name), NameDisclosure::Committed) => identifiers.push(json!({
            "type": "IdentityObject",
            "hashed": true,
            "identityHash": format!("sha256${}", name.digest(draft.name_secret)),
            "identityType": COMMITTED_NAME,
        })),
        (None, _) => {}
    }
    let mut subject = json!({ "id": draft.award.subject.to_urn(), "type": ["AchievementSubject"] });
    set(&mut subject, "identifier", (!identifiers.is_empty()).then(|| Value::Array(identifiers)));
    let moment = |moment: Option<Timestamp>| moment.map(|moment| json!(moment.to_whole_second().to_string()));
    set(&mut subject, "activityStartDate", moment(snapshot.activity_start));
    set(&mut subject, "activityEndDate", moment(snapshot.activity_end));
    let mut achievement = achievement(draft.url, &snapshot.achievement);
    let (described, results) = results(snapshot, &draft.url.achievement(&snapshot.achievement.hash()));
    achievement["resultDescription"] = described;
    subject["result"] = results;
    subject["achievement"] = achievement;
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

/// The description that wallets show: the training's own, then the duration and the objectives, which wallets show
/// nowhere else.
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
