//! What several integration tests share: where the shared vectors lie, and a realistic award.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::PathBuf;

use sceau::award::{AchievementSnapshot, Award, AwardState, Recipient, Snapshot};
use sceau::catalog::{AwardKind, EffectiveSession, Issuer, Session, Training};
use sceau::criteria::{CountedBy, TimeCounted, TimeRecord};
use sceau::entropy::Entropy;
use sceau::ids::PublicUrl;
use sceau::text::{Email, PersonName};
use serde_json::json;

/// The folder of shared material, or none with a line that says so.
pub fn shared(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SCEAU_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")));
    let path = root.join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {file} is not there; set SCEAU_SHARED to the folder that holds the vectors");
    None
}

/// Randomness that repeats itself: a counter from a seed.
pub struct Counter(std::sync::atomic::AtomicU64);

impl Counter {
    pub fn new(seed: u64) -> Self {
        Self(seed.into())
    }
}

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        use sha2::Digest as _;
        for chunk in buffer.chunks_mut(32) {
            let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            chunk.copy_from_slice(&sha2::Sha256::digest(next.to_le_bytes())[..chunk.len()]);
        }
    }
}

pub fn url() -> PublicUrl {
    "https://sceau.example".parse().unwrap()
}

pub fn issuer() -> Issuer {
    serde_json::from_value(json!({
        "code": "dgafp",
        "name": "Direction générale de l’administration et de la fonction publique",
        "url": "https://www.fonction-publique.example",
        "email": "formation@fonction-publique.example",
        "colour": "#1b4f8f",
        "parent": { "name": "Ministère de l’action publique", "url": "https://ministere.example" },
    }))
    .unwrap()
}

pub fn training() -> Training {
    serde_json::from_value(json!({
        "code": "laicite",
        "issuer": "dgafp",
        "title": "Les fondamentaux de la laïcité",
        "description": "Comprendre le principe de laïcité et l’appliquer dans le service public.",
        "objectives": ["Situer la laïcité dans son histoire et son droit", "Réagir à une situation concrète au guichet"],
        "competencies": [{
            "name": "Appliquer les valeurs de la République",
            "framework": "Répertoire des compétences",
            "code": "VAL-01",
            "url": "https://competences.example/VAL-01",
        }],
        "modality": "self_paced_online",
        "duration": "PT3H30M",
        "units": [{
            "code": "u1",
            "title": "Histoire et droit",
            "activities": [
                { "code": "video", "title": "Une histoire de la laïcité", "duration": "PT1H" },
                { "code": "cas", "title": "Cas pratiques", "duration": "PT2H" },
                { "code": "bilan", "title": "Questionnaire d’évaluation", "kind": "questionnaire", "duration": "PT30M" },
            ],
        }],
        "criteria": { "participation": { "rule": { "all": [
            { "expected_activities": {} },
            { "time_spent": { "at_least": "PT3H", "basis": "credited" } },
        ] } } },
    }))
    .unwrap()
}

pub fn session() -> EffectiveSession {
    let session: Session = serde_json::from_value(json!({
        "code": "laicite-2026-03",
        "training": "laicite",
        "starts": "2026-03-02T09:00:00+01:00",
        "ends": "2026-03-27T18:00:00+01:00",
    }))
    .unwrap();
    let training = training();
    training.check().unwrap();
    EffectiveSession::new(session, training).unwrap()
}

/// A realistic award, the same at each call.
pub fn award() -> Award {
    let (session, issuer, entropy) = (session(), issuer(), Counter::new(1));
    let did = url().issuer_did(&issuer.code);
    let narrative = "Avoir réalisé les activités attendues.".to_owned();
    let achievement = AchievementSnapshot::of(&session, AwardKind::Participation, (did, &issuer), narrative).unwrap();
    let counted = TimeCounted { basis: CountedBy::Credited, seconds: 11_430, asked_seconds: 10_800 };
    Award {
        id: sceau::ids::AwardId::random(&entropy),
        session: session.session.code.clone(),
        learner: sceau::ids::LearnerId::random(&entropy),
        kind: AwardKind::Participation,
        subject: sceau::ids::SubjectId::random(&entropy),
        awarded: "2026-03-27T17:12:09Z".parse().unwrap(),
        state: AwardState::Issuing,
        snapshot: Snapshot {
            activity_start: achievement.starts,
            activity_end: achievement.ends,
            time: TimeRecord { counted: vec![counted], ..TimeRecord::default() },
            passed: false,
            achievement,
            issuer,
            recipient: Recipient {
                name: Some(PersonName::new("Zoé Lefèvre-Nguyễn").unwrap()),
                email: Some(Email::new("zoe.lefevre@agents.example").unwrap()),
            },
        },
    }
}
