//! What the columns of an attendance sheet mean, by their headers in French and English.

use crate::catalog::{EffectiveSession, Meeting};
use crate::sheet::{Located, Problems, Row, folded};

/// Where each thing stands.
pub(super) struct Columns<'a> {
    pub(super) id: Option<usize>,
    pub(super) email: Option<usize>,
    pub(super) saying: Saying<'a>,
    /// The headers as written.
    headers: Vec<String>,
}

/// How the sheet says who was where.
pub(super) enum Saying<'a> {
    /// One row for each learner and meeting, or for each stay.
    Rows { meeting: Option<usize>, presence: Option<usize>, arrival: Option<usize>, departure: Option<usize> },
    /// One column for each meeting.
    Columns(Vec<(usize, &'a Meeting)>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Id,
    Email,
    /// For people; never read.
    Name,
    Meeting,
    Presence,
    Arrival,
    Departure,
}

const WORDS: [(Role, &[&str]); 7] = [
    (
        Role::Id,
        &[
            "id",
            "identifiant",
            "identifiant apprenant",
            "identifiant lms",
            "id utilisateur",
            "id apprenant",
            "matricule",
            "learner",
            "learner id",
            "user id",
            "userid",
            "identifier",
        ],
    ),
    (
        Role::Email,
        &[
            "email",
            "e mail",
            "mail",
            "mel",
            "courriel",
            "adresse electronique",
            "adresse e mail",
            "adresse mail",
            "adresse de courriel",
            "email address",
            "e mail address",
            "user email",
        ],
    ),
    (
        Role::Name,
        &[
            "nom",
            "nom complet",
            "nom et prenom",
            "prenom et nom",
            "nom de famille",
            "prenom",
            "apprenant",
            "agent",
            "participant",
            "name",
            "full name",
            "first name",
            "last name",
            "surname",
            "firstname",
            "lastname",
        ],
    ),
    (Role::Meeting, &["seance", "code seance", "reunion", "demi journee", "meeting", "meeting code", "live session"]),
    (
        Role::Presence,
        &[
            "presence",
            "present",
            "statut",
            "etat",
            "emargement",
            "attendance",
            "status",
            "attended",
            "presence absence",
        ],
    ),
    (
        Role::Arrival,
        &[
            "arrivee",
            "heure d arrivee",
            "debut",
            "heure de debut",
            "entree",
            "heure d entree",
            "connexion",
            "heure de connexion",
            "arrival",
            "arrival time",
            "start",
            "start time",
            "from",
            "join time",
            "joined",
            "join",
        ],
    ),
    (
        Role::Departure,
        &[
            "depart",
            "heure de depart",
            "fin",
            "heure de fin",
            "sortie",
            "heure de sortie",
            "deconnexion",
            "heure de deconnexion",
            "departure",
            "departure time",
            "end",
            "end time",
            "until",
            "leave time",
            "left",
            "leave",
        ],
    ),
];

impl<'a> Columns<'a> {
    /// Reads the header. None where it can't be made out; the problems say why.
    pub(super) fn of(
        header: &Row,
        session: &'a EffectiveSession,
        problems: &mut Problems,
        notes: &mut Problems,
    ) -> Option<Self> {
        let mut found: Vec<(Role, usize)> = Vec::new();
        let mut meetings: Vec<(usize, &Meeting)> = Vec::new();
        let headers: Vec<String> = header.cells().map(str::to_owned).collect();
        let at = |place: usize, fr: &str, en: &str| Located::row(header.number, fr, en).in_column(&headers[place]);
        for (place, text) in headers.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let word = folded(text);
            let role = WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(role, _)| *role);
            if let Some(role) = role {
                if role != Role::Name && found.iter().any(|(known, _)| *known == role) {
                    problems.add(at(
                        place,
                        "deux colonnes disent la même chose\u{202f}; retirez-en une",
                        "two columns say the same thing; remove one",
                    ));
                }
                found.push((role, place));
            } else if let Some(meeting) = named(text, session) {
                if meetings.iter().any(|(_, known)| known.code == meeting.code) {
                    problems.add(at(place, "cette séance a deux colonnes", "this meeting has two columns"));
                }
                meetings.push((place, meeting));
            } else {
                notes.add(at(place, "colonne non utilisée", "column not used"));
            }
        }
        let place = |role| found.iter().find(|(known, _)| *known == role).map(|(_, place)| *place);
        let (id, email) = (place(Role::Id), place(Role::Email));
        if id.is_none() && email.is_none() {
            problems.add(Located::row(
                header.number,
                "aucune colonne ne dit de qui il s’agit\u{202f}: il faut «\u{202f}identifiant\u{202f}» ou «\u{202f}e-mail\u{202f}»",
                "no column says who it is about: “id” or “e-mail” is needed",
            ));
        }
        let (presence, arrival, departure) = (place(Role::Presence), place(Role::Arrival), place(Role::Departure));
        let by_rows = presence.is_some() || arrival.is_some() || departure.is_some();
        if meetings.is_empty() && !by_rows {
            problems.add(Located::row(
                header.number,
                "aucune colonne ne dit qui était présent\u{202f}: il faut «\u{202f}présence\u{202f}», «\u{202f}arrivée\u{202f}» et «\u{202f}départ\u{202f}», ou une colonne par code de séance",
                "no column says who was present: “presence”, “arrival” and “departure”, or one column for each meeting’s code, is needed",
            ));
        }
        if !meetings.is_empty() && (by_rows || place(Role::Meeting).is_some()) {
            problems.add(Located::row(
                header.number,
                "la feuille a une colonne par séance et aussi des colonnes «\u{202f}séance\u{202f}», «\u{202f}présence\u{202f}», «\u{202f}arrivée\u{202f}» ou «\u{202f}départ\u{202f}»\u{202f}; gardez les unes ou les autres",
                "the sheet has one column for each meeting, and “meeting”, “presence”, “arrival” or “departure” columns as well; keep one or the other",
            ));
        }
        let saying = if meetings.is_empty() {
            Saying::Rows { meeting: place(Role::Meeting), presence, arrival, departure }
        } else {
            Saying::Columns(meetings)
        };
        problems.is_empty().then_some(Self { id, email, saying, headers })
    }

    /// A column's header as written.
    pub(super) fn header(&self, place: usize) -> &str {
        self.headers.get(place).map_or("", String::as_str)
    }
}

/// The meeting that a text names: by its code, alone or before something in brackets, or by its title.
pub(super) fn named<'a>(text: &str, session: &'a EffectiveSession) -> Option<&'a Meeting> {
    let meetings = &session.session.meetings;
    let code = text.split(['(', ' ']).next().unwrap_or("").to_lowercase();
    let by_code = meetings.iter().find(|meeting| meeting.code.as_str() == code);
    let mut by_title = meetings.iter().filter(|meeting| folded(meeting.label(&session.training)) == folded(text));
    // A title that two meetings share names neither.
    by_code.or_else(|| by_title.next().filter(|_| by_title.next().is_none()))
}
