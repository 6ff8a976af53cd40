//! What Open Badges 3.0 demands of the parts of a badge: enumerations, identities, alignments, results, evidence, endorsements.

use std::collections::HashSet;

use serde_json::Value;

use super::obv3::{ACHIEVEMENT, BADGE};
use super::shape::{across, every, is_a, is_text, is_url, says, select};
use super::{Breach, Rule};

const ALIGNMENTS: &[&str] = &[
    "/credentialSubject/*/achievement/*/alignment/*",
    "/credentialSubject/*/achievement/*/resultDescription/*/alignment/*",
    "/credentialSubject/*/achievement/*/resultDescription/*/rubricCriterionLevel/*/alignment/*",
    "/credentialSubject/*/result/*/alignment/*",
];
const ENDORSEMENTS: &[&str] = &[
    "/endorsement/*",
    "/issuer/endorsement/*",
    "/credentialSubject/*/achievement/*/endorsement/*",
    "/credentialSubject/*/achievement/*/creator/*/endorsement/*",
];
const OTHER_IDENTIFIERS: &[&str] =
    &["/issuer/otherIdentifier/*", "/credentialSubject/*/achievement/*/otherIdentifier/*"];
const DESCRIPTIONS: &str = "/credentialSubject/*/achievement/*/resultDescription/*";

// The enumerations of OB 3.0 § B.4 that a term may extend by `ext:`.
const ACHIEVEMENT_TYPES: &str = "Achievement ApprenticeshipCertificate Assessment Assignment AssociateDegree Award Badge \
    BachelorDegree Certificate CertificateOfCompletion Certification CommunityService Competency Course CoCurricular Degree Diploma \
    DoctoralDegree Fieldwork GeneralEducationDevelopment JourneymanCertificate LearningProgram License Membership \
    ProfessionalDoctorate QualityAssuranceCredential MasterCertificate MasterDegree MicroCredential ResearchDoctorate \
    SecondarySchoolDiploma";
const TARGET_TYPES: &str =
    "ceasn:Competency ceterms:Credential CFItem CFRubric CFRubricCriterion CFRubricCriterionLevel CTDL";
const IDENTITY_TYPES: &str = "name sourcedId systemId productId userName accountId emailAddress nationalIdentityNumber isbn issn \
    lisSourcedId oneRosterSourcedId sisSourcedId ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId identifier";
const RESULT_TYPES: &str = "GradePointAverage LetterGrade Percent PerformanceLevel PredictedScore RawScore Result RubricCriterion \
    RubricCriterionLevel RubricScore ScaledScore Status";
const STATUSES: &str = "Completed Enrolled Failed InProgress OnHold Provisional Withdrew";

pub(super) const RULES: &[Rule] = &[
    BADGE.must(
        "obv3.achievement-type",
        "B.4 AchievementType",
        "achievementType is of the list, or starts with ext:.",
        |document| {
            let path = "/credentialSubject/*/achievement/*/achievementType";
            every(document, path, "not of the list, and not an ext: term", |kind| is_term_of(kind, ACHIEVEMENT_TYPES))
        },
    ),
    BADGE.must(
        "obv3.identity",
        "B.1 IdentityObject",
        "An identity says whether it is hashed, and has a hash of its form.",
        |document| {
            let problem = "an IdentityObject needs hashed and an identityHash of its form";
            every(document, "/credentialSubject/*/identifier/*", problem, is_identity)
        },
    ),
    BADGE.must(
        "obv3.identity-type",
        "B.4 IdentifierTypeEnum",
        "identityType is of the list, or starts with ext:.",
        |document| {
            every(document, "/credentialSubject/*/identifier/*", "not of the list, and not an ext: term", |identity| {
                identity.get("identityType").is_some_and(|kind| is_term_of(kind, IDENTITY_TYPES))
            })
        },
    ),
    BADGE.must(
        "obv3.other-identifier",
        "B.1 IdentifierEntry",
        "Another identifier is an IdentifierEntry with its type.",
        |document| {
            let problem = "an IdentifierEntry needs an identifier and an identifierType of the list, or an ext: term";
            across(document, OTHER_IDENTIFIERS, problem, |entry| {
                is_a(entry, "IdentifierEntry")
                    && entry.get("identifier").is_some_and(is_text)
                    && entry.get("identifierType").is_some_and(|kind| is_term_of(kind, IDENTITY_TYPES))
            })
        },
    ),
    BADGE.must(
        "obv3.alignment",
        "B.1 Alignment",
        "An alignment has the type Alignment, a targetName and a targetUrl.",
        |document| {
            let problem = "an alignment needs the type Alignment, targetName and a URL as targetUrl";
            across(document, ALIGNMENTS, problem, |alignment| {
                is_a(alignment, "Alignment")
                    && says(alignment, "targetName")
                    && alignment.get("targetUrl").is_some_and(is_url)
            })
        },
    ),
    BADGE.must(
        "obv3.target-type",
        "B.4 AlignmentTargetType",
        "targetType is of the list, or starts with ext:.",
        |document| {
            across(document, ALIGNMENTS, "the targetType is not of the list, and not an ext: term", |alignment| {
                alignment.get("targetType").is_none_or(|kind| is_term_of(kind, TARGET_TYPES))
            })
        },
    ),
    BADGE.must(
        "obv3.result-description",
        "B.1 ResultDescription",
        "It has a URL as its id, its type and a name.",
        |document| {
            let problem = "a ResultDescription needs a URL as its id, its type and a name";
            every(document, DESCRIPTIONS, problem, |described| {
                described.get("id").is_some_and(is_url)
                    && is_a(described, "ResultDescription")
                    && says(described, "name")
            })
        },
    ),
    BADGE.must("obv3.result-type", "B.4 ResultType", "resultType is of the list, or starts with ext:.", |document| {
        every(document, DESCRIPTIONS, "the resultType is not of the list, and not an ext: term", |described| {
            described.get("resultType").is_some_and(|kind| is_term_of(kind, RESULT_TYPES))
        })
    }),
    BADGE.must(
        "obv3.rubric-level",
        "B.1 RubricCriterionLevel",
        "A level has a URL as its id, its type and a name.",
        |document| {
            let path = "/credentialSubject/*/achievement/*/resultDescription/*/rubricCriterionLevel/*";
            every(document, path, "a level needs a URL as its id, the type RubricCriterionLevel and a name", |level| {
                level.get("id").is_some_and(is_url) && is_a(level, "RubricCriterionLevel") && says(level, "name")
            })
        },
    ),
    BADGE.must(
        "obv3.result",
        "B.1 Result",
        "A result has its type; value is a text, status is of the list.",
        |document| {
            let problem = "a result needs the type Result; its value is a text, its status of the list";
            every(document, "/credentialSubject/*/result/*", problem, |result| {
                is_a(result, "Result")
                    && result.get("value").is_none_or(Value::is_string)
                    && result.get("status").is_none_or(|status| is_of(status, STATUSES))
            })
        },
    ),
    BADGE.must(
        "obv3.result-is-described",
        "B.1 Result",
        "What a result points to is in the achievement: its description, and the level that was reached.",
        |document| {
            let mut breaches = unlinked(document, "resultDescription", &format!("{DESCRIPTIONS}/id"));
            let levels = format!("{DESCRIPTIONS}/rubricCriterionLevel/*/id");
            breaches.extend(unlinked(document, "achievedLevel", &levels));
            breaches
        },
    ),
    BADGE.must(
        "obv3.result-status",
        "B.1 Result",
        "A result whose description is of the type Status has a status.",
        |document| {
            let described = select(document, DESCRIPTIONS).into_iter();
            let statuses: HashSet<_> = described
                .filter(|(_, described)| described.get("resultType").is_some_and(|kind| kind == "Status"))
                .filter_map(|(_, described)| described.get("id")?.as_str())
                .collect();
            every(document, "/credentialSubject/*/result/*", "it must have a status", |result| {
                let id = result.get("resultDescription").and_then(Value::as_str);
                !id.is_some_and(|id| statuses.contains(id)) || result.get("status").is_some()
            })
        },
    ),
    BADGE.must(
        "obv3.evidence",
        "B.1 Evidence",
        "Evidence has the type Evidence, and a URL as its id where it has one.",
        |document| {
            every(document, "/evidence/*", "evidence needs the type Evidence", |evidence| is_a(evidence, "Evidence"))
        },
    ),
    BADGE.must(
        "obv3.related",
        "B.1 Related",
        "A related achievement has a URL as its id, and the type Related.",
        |document| {
            let path = format!("{ACHIEVEMENT}/related/*");
            every(document, &path, "it needs a URL as its id, and the type Related", |related| {
                is_a(related, "Related") && related.get("id").is_some_and(is_url)
            })
        },
    ),
    BADGE.must(
        "obv3.endorsement",
        "B.1 EndorsementCredential",
        "An endorsement is an EndorsementCredential with an id, a name, and an EndorsementSubject with an id.",
        |document| {
            let problem =
                "an endorsement must be an EndorsementCredential with an id, a name, and an EndorsementSubject";
            across(document, ENDORSEMENTS, problem, |endorsement| {
                is_a(endorsement, "VerifiableCredential")
                    && is_a(endorsement, "EndorsementCredential")
                    && endorsement.get("id").is_some_and(is_url)
                    && says(endorsement, "name")
                    && endorsement.get("credentialSubject").is_some_and(|subject| {
                        is_a(subject, "EndorsementSubject") && subject.get("id").is_some_and(is_url)
                    })
            })
        },
    ),
];

/// Whether a value is a term of an enumeration, or an extension of it.
fn is_term_of(value: &Value, terms: &str) -> bool {
    let extends = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'|'))
    };
    is_of(value, terms) || value.as_str().and_then(|term| term.strip_prefix("ext:")).is_some_and(extends)
}

fn is_of(value: &Value, terms: &str) -> bool {
    value.as_str().is_some_and(|term| terms.split_ascii_whitespace().any(|known| known == term))
}

fn is_identity(identity: &Value) -> bool {
    let hash = identity.get("identityHash").and_then(Value::as_str).unwrap_or_default();
    let hex = |digits: &str, length| digits.len() == length && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let hashed = match identity.get("hashed").and_then(Value::as_bool) {
        Some(true) => {
            hash.strip_prefix("sha256$").is_some_and(|digits| hex(digits, 64))
                || hash.strip_prefix("md5$").is_some_and(|digits| hex(digits, 32))
        }
        Some(false) => !hash.is_empty(),
        None => false,
    };
    hashed && is_a(identity, "IdentityObject") && identity.get("salt").is_none_or(Value::is_string)
}

/// Results whose member points to nothing at a path.
fn unlinked(document: &Value, member: &str, targets: &str) -> Vec<Breach> {
    let targets: HashSet<_> = select(document, targets).into_iter().filter_map(|(_, id)| id.as_str()).collect();
    let path = format!("/credentialSubject/*/result/*/{member}");
    every(document, &path, "nothing in the achievement has this id", |id| {
        id.as_str().is_some_and(|id| targets.contains(id))
    })
}
