//! The signed content rendered again, with what the credential must not hold in clear taken from the pages: then bytes decide.
//!
//! What may be taken without letting a forger choose what the pages show: the name, since it opens the credential's commitment; the
//! code that opens it; the verification link, since it must lie where the credential itself does; the accent, which says nothing. Days are
//! counted in our default zone: any other would let a forger move a date.

use super::compare::comparable;
use super::file::Opened;
use crate::attestation::colour::{Ink, Palette, Rgb};
use crate::attestation::{AttestationInput, Template, render as draw};
use crate::credential::CredentialView;
use crate::ids::CapabilityToken;
use crate::text::PersonName;
use crate::time::Zone;

/// The most renderings of one PDF.
const MOST: usize = 3;
/// The most colours of a PDF that are looked at: ours have six.
const MOST_COLOURS: usize = 16;
/// The largest credential that is rendered again, in bytes: ours have some five thousand.
const MAX_CONTENT_BYTES: usize = 128 * 1024;

/// What was found on the pages.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) name: &'a PersonName,
    pub(super) secret: &'a [u8; 16],
    pub(super) links: &'a [String],
    pub(super) colours: &'a [Rgb],
}

/// What we make of the signed content, in each accent that the pages may have; empty where that cannot be said.
pub(super) fn render(opened: &Opened, content: &CredentialView, found: &Found<'_>) -> Vec<Vec<u8>> {
    // The name is checked once more where nothing depends on how it was found.
    if opened.credential.len() > MAX_CONTENT_BYTES || content.names(found.name, found.secret) != Some(true) {
        return Vec::new();
    }
    let Some(link) = found.links.iter().find(|link| is_verification(link, content)) else { return Vec::new() };
    let Some(kind) = content.kind else { return Vec::new() };
    let zone = Zone::default();
    let template = Template::builtin(kind, content.language);
    let render = |accent| {
        draw(&AttestationInput {
            content,
            credential_json: &opened.credential,
            credential_jwt: opened.token.as_deref(),
            recipient: found.name,
            name_secret: found.secret,
            verification_url: link,
            zone: &zone,
            accent,
            template: &template,
        })
    };
    accents(found.colours, template.sheet().inks)
        .into_iter()
        .take(MOST)
        .filter_map(|accent| render(accent).ok())
        .collect()
}

/// Whether a link opens a verification page of the site that the credential is of: `{site}/v/{token}` beside `{site}/credentials/{id}`.
pub(super) fn is_verification(link: &str, content: &CredentialView) -> bool {
    let Some((site, _)) = content.id.rsplit_once("/credentials/") else { return false };
    let token = link.strip_prefix(site).and_then(|rest| rest.strip_prefix("/v/"));
    token.is_some_and(|token| token.parse::<CapabilityToken>().is_ok())
}

/// Whether a link leads to something that the credential names.
pub(super) fn is_known(link: &str, content: &CredentialView) -> bool {
    let named = [content.criteria_url.as_deref(), content.issuer.url.as_deref(), Some(content.id.as_str())];
    let competencies = content.competencies.iter().map(|competency| competency.url.as_str());
    is_verification(link, content)
        || named.into_iter().flatten().chain(competencies).any(|known| comparable(known) == comparable(link))
}

/// The accents whose palette has these colours, those with both of its own first.
fn accents(colours: &[Rgb], inks: [Rgb; 3]) -> Vec<Rgb> {
    let mut found = Vec::new();
    let mut without_tint = Vec::new();
    let colours = &colours[..colours.len().min(MOST_COLOURS)];
    for ink in colours {
        for tint in colours.iter().filter(|tint| tint.iter().all(|channel| *channel >= 0xe0)) {
            found.extend(accent_of(*ink, Some(*tint), inks));
        }
        without_tint.extend(accent_of(*ink, None, inks));
    }
    found.extend(without_tint);
    let mut seen = Vec::new();
    found.retain(|accent| {
        let fresh = !seen.contains(accent);
        seen.push(*accent);
        fresh
    });
    found
}

/// An accent that is darkened to `ink`, on `tint`. Any will do: what is painted is the same.
fn accent_of(ink: Rgb, tint: Option<Rgb>, inks: [Rgb; 3]) -> Option<Rgb> {
    let fits = |accent: Rgb| {
        let palette = Palette::new(accent, inks);
        palette.colour(Ink::Accent) == ink && tint.is_none_or(|tint| palette.colour(Ink::Tint) == tint)
    };
    if fits(ink) {
        return Some(ink);
    }
    // A light accent was darkened step by step: by how many, is tried; the tint leaves a few candidates for each channel.
    let tint = tint?;
    let mixed = |channel: u8, other: f32, share: f32| (f32::from(channel) * share + other * (1.0 - share)) as u8;
    let mut darkened: [u8; 256] = std::array::from_fn(|channel| channel as u8);
    for _ in 0..48 {
        darkened = darkened.map(|channel| mixed(channel, 0.0, 0.94));
        let of = |at: usize| {
            let fits =
                move |from: &u8| darkened[usize::from(*from)] == ink[at] && mixed(*from, 255.0, 0.06) == tint[at];
            (0..=255u8).filter(fits)
        };
        let mut candidates =
            of(0).flat_map(|red| of(1).flat_map(move |green| of(2).map(move |blue| [red, green, blue])));
        if let Some(accent) = candidates.find(|accent| fits(*accent)) {
            return Some(accent);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const INKS: [Rgb; 3] = [[0x1d, 0x1d, 0x24], [0x56, 0x56, 0x62], [0xd9, 0xd9, 0xe0]];

    #[test]
    fn an_accent_is_found_from_what_it_paints() {
        for accent in [[0, 0, 0x91], [0x1b, 0x4f, 0x8f], [255, 255, 0], [0xff, 0x99, 0x00], [200, 200, 200], [255; 3]] {
            let palette = Palette::new(accent, INKS);
            let (ink, tint) = (palette.colour(Ink::Accent), palette.colour(Ink::Tint));
            let found = accent_of(ink, Some(tint), INKS).unwrap_or_else(|| panic!("{accent:?}"));
            assert_eq!(Palette::new(found, INKS), palette, "{accent:?}");
        }
        assert_eq!(accent_of([255, 255, 255], None, INKS), None, "no accent is white");
    }
}
