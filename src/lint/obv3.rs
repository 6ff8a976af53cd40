//! What Open Badges 3.0 demands of a badge: contexts, issuer, subject, achievement. Their parts, such as alignments and results, are
//! in `obv3_parts`.

use serde_json::Value;

use super::shape::{across, demand, every, first_context, has_type, is_a, is_date_time_stamp, is_url, says, select};
use super::{Group, Rule, Scope, Severity, Standard};
use crate::credential::{EXTENSIONS_CONTEXT, OB_CONTEXT, VC_CONTEXT};

/// Every released context starts so; older or unversioned ones draw a warning, not a refusal.
const CONTEXT: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context";

/// Where the achievement is.
pub(super) const ACHIEVEMENT: &str = "/credentialSubject/*/achievement/*";
/// Where profiles are.
const PROFILES: &[&str] = &[
    "/issuer/parentOrg/*",
    "/issuer/parentOrg/*/parentOrg/*",
    "/credentialSubject/*/source/*",
    "/credentialSubject/*/achievement/*/creator/*",
];
/// Where images are.
const IMAGES: &[&str] = &[
    "/image/*",
    "/issuer/image/*",
    "/issuer/parentOrg/*/image/*",
    "/credentialSubject/*/image/*",
    "/credentialSubject/*/achievement/*/image/*",
    "/credentialSubject/*/achievement/*/creator/*/image/*",
];

pub(super) const BADGE: Group = Group { document: Standard::OpenBadges, scope: Scope::Badge };

pub(super) const RULES: &[Rule] = &[
    BADGE.must(
        "obv3.first-context",
        "B.1 AchievementCredential",
        "The first context is that of VCDM 2.0.",
        |document| {
            let problem = "the first context must be https://www.w3.org/ns/credentials/v2";
            demand(first_context(document) == Some(VC_CONTEXT), "/@context", problem)
        },
    ),
    BADGE.must(
        "obv3.second-context",
        "B.1 AchievementCredential",
        "The second context is that of Open Badges 3.0.",
        |document| {
            let holds = is_badge_context(document.pointer("/@context/1"));
            demand(holds, "/@context/1", "the second context must be that of Open Badges 3.0")
        },
    ),
    Rule {
        severity: Severity::Warning,
        ..BADGE.must(
            "obv3.context-version",
            "B.1 AchievementCredential",
            "The context of version 3.0.3 is the latest.",
            |document| {
                let second = document.pointer("/@context/1");
                let holds = !is_badge_context(second) || second.is_some_and(|second| second == OB_CONTEXT);
                demand(holds, "/@context/1", "an older or unversioned context; verifiers may read its terms otherwise")
            },
        )
    },
    BADGE.must(
        "obv3.extensions-context",
        "B.1 AchievementCredential",
        "The types of 1EdTech's extensions are defined by a context of their own, which the document names.",
        |document| {
            let named = select(document, "/@context/*").into_iter().any(|(_, context)| context == EXTENSIONS_CONTEXT);
            let paths = ["/credentialStatus/*/type/*", "/credentialSchema/*/type/*", "/refreshService/*/type/*"];
            let found = paths.iter().flat_map(|path| {
                every(
                    document,
                    path,
                    "the document must name the context of extensions, which defines this type",
                    |kind| {
                        let extension =
                            ["1EdTechJsonSchemaValidator2019", "1EdTechRevocationList", "1EdTechCredentialRefresh"];
                        named || kind.as_str().is_none_or(|kind| !extension.contains(&kind))
                    },
                )
            });
            found.collect()
        },
    ),
    Rule {
        scope: Scope::Credential2,
        severity: Severity::Warning,
        ..BADGE.must(
            "obv3.type",
            "B.1 AchievementCredential",
            "A badge says that it is one: OpenBadgeCredential.",
            |document| {
                let others = ["EndorsementCredential", "ClrCredential"];
                let other = others.iter().any(|other| has_type(document.get("type"), other));
                let holds =
                    super::is_open_badge(document) || other || !is_badge_context(document.pointer("/@context/1"));
                demand(holds, "/type", "it names the context of Open Badges, and is none by its type")
            },
        )
    },
    BADGE.must("obv3.id", "B.1 AchievementCredential", "A badge has an id.", |document| {
        demand(document.get("id").is_some(), "/id", "a badge needs an id")
    }),
    BADGE.must("obv3.valid-from", "B.1 AchievementCredential", "A badge says from when it is valid.", |document| {
        demand(document.get("validFrom").is_some(), "/validFrom", "a badge needs validFrom")
    }),
    BADGE.must(
        "obv3.awarded-date",
        "B.1 AchievementCredential",
        "awardedDate is a date and time with a zone.",
        |document| every(document, "/awardedDate", "not a date and time with a zone", is_date_time_stamp),
    ),
    BADGE.must(
        "obv3.issuer-is-profile",
        "B.1 ProfileRef",
        "The issuer is a Profile with a name, never a bare id.",
        |document| {
            let issuer = document.get("issuer");
            let holds = issuer.is_some_and(|issuer| is_a(issuer, "Profile") && says(issuer, "name"));
            demand(holds, "/issuer", "the issuer must be an object of type Profile with a name")
        },
    ),
    BADGE.must(
        "obv3.profile",
        "B.1 Profile",
        "Every other profile has a URL as its id and the type Profile.",
        |document| {
            let problem = "a profile needs a URL as its id, and the type Profile";
            across(document, PROFILES, problem, |profile| {
                is_a(profile, "Profile") && profile.get("id").is_some_and(is_url)
            })
        },
    ),
    BADGE.must(
        "obv3.image",
        "B.1 Image",
        "An image is an object of type Image, with a URL or data URI as its id.",
        |document| {
            let problem = "an image must be an object of type Image, with an https or data URI as its id";
            across(document, IMAGES, problem, |image| {
                let id = image.get("id").and_then(Value::as_str).unwrap_or_default();
                let schemes = ["https://", "http://", "data:"];
                is_a(image, "Image") && schemes.iter().any(|scheme| id.starts_with(scheme))
            })
        },
    ),
    BADGE.must("obv3.subject", "B.1 AchievementSubject", "The subject is one AchievementSubject.", |document| {
        let holds = document.get("credentialSubject").is_some_and(|subject| is_a(subject, "AchievementSubject"));
        demand(holds, "/credentialSubject/type", "the subject must be an AchievementSubject")
    }),
    BADGE.must(
        "obv3.subject-is-someone",
        "B.1 AchievementSubject",
        "The subject has an id or an identifier.",
        |document| {
            every(document, "/credentialSubject/*", "the subject needs an id or an identifier", |subject| {
                subject.get("id").is_some() || !select(subject, "/identifier/*").is_empty()
            })
        },
    ),
    BADGE.must(
        "obv3.activity-dates",
        "B.1 AchievementSubject",
        "The dates of the activity are dates and times with a zone, the end not before the start.",
        |document| {
            let dates = ["/credentialSubject/*/activityStartDate", "/credentialSubject/*/activityEndDate"];
            let mut breaches = across(document, &dates, "not a date and time with a zone", is_date_time_stamp);
            breaches.extend(every(document, "/credentialSubject/*", "the activity ends before it starts", |subject| {
                let moment = |name| super::shape::moment(subject.get(name));
                let dates = moment("activityStartDate").zip(moment("activityEndDate"));
                dates.is_none_or(|(start, end)| start <= end)
            }));
            breaches
        },
    ),
    BADGE.must(
        "obv3.achievement",
        "B.1 Achievement",
        "There is one achievement, with a URL as its id, the type Achievement, a name and a description.",
        |document| {
            let holds = |achievement: &Value| {
                is_a(achievement, "Achievement")
                    && achievement.get("id").is_some_and(is_url)
                    && ["name", "description"].iter().all(|name| says(achievement, name))
            };
            let achievement = document.pointer("/credentialSubject/achievement");
            let problem = "the achievement needs an absolute id, the type Achievement, a name and a description";
            demand(achievement.is_some_and(holds), "/credentialSubject/achievement", problem)
        },
    ),
    BADGE.must("obv3.criteria", "B.1 Criteria", "The criteria have an id (a URL) or a narrative.", |document| {
        every(document, ACHIEVEMENT, "the criteria need an id or a narrative", |achievement| {
            let criteria = achievement.get("criteria");
            criteria.is_some_and(|criteria| match (criteria.get("id"), criteria.get("narrative")) {
                (None, None) => false,
                (id, narrative) => id.is_none_or(is_url) && narrative.is_none_or(Value::is_string),
            })
        })
    }),
];

fn is_badge_context(context: Option<&Value>) -> bool {
    context.and_then(Value::as_str).is_some_and(|url| url.starts_with(CONTEXT) && url.ends_with(".json"))
}
