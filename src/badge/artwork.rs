//! The default artwork of a badge, for trainings without an image of their own.
//!
//! What: an SVG of 512 × 512 in the issuer's accent. A certificate is a scalloped seal with ribbons and a check mark in a
//! laurel; a participation is a hexagon with an open book: two silhouettes, so that nobody needs the colour or the words to
//! tell them apart at 96 px. The ring is a guilloche whose line count and width come from the title and the issuer, so that
//! each training has its own. Everything is made of flat shapes and rotations: no font, script, identifier, reference or
//! trigonometry, hence the same bytes everywhere, and safe to inline twice in a page.
//! Not here: marks reserved to the State (Marianne, flag, letters RF): an issuer that may use them uploads its own image.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::color::Color;
use crate::catalog::AwardKind;
use crate::qr::escape_xml;

/// All that the default artwork depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtworkInput {
    /// Full title of the training, in its language.
    pub title: String,
    /// Name of the issuing organisation.
    pub issuer_name: String,
    /// Which silhouette.
    pub kind: AwardKind,
    /// The issuer's accent; darkened if it would be too pale on white.
    pub accent: Color,
}

/// Draws the default artwork. A pure function of its input; the title and the issuer's name stand in `<title>` and `<desc>`.
pub fn artwork(input: &ArtworkInput) -> String {
    let tones = Tones::from(input.accent);
    let guilloche = Guilloche::for_training(&input.title, &input.issuer_name);
    let (drawing, kind) = match input.kind {
        AwardKind::Certificate => (certificate(tones, guilloche), "Certificat / Certificate"),
        AwardKind::Participation => (participation(tones, guilloche), "Participation"),
    };
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512" viewBox="0 0 512 512" role="img"><title>{title}</title><desc>{kind} – {issuer}</desc>{drawing}</svg>"#,
        title = escape_xml(&input.title),
        issuer = escape_xml(&input.issuer_name),
    )
}

/// The accent and the tones mixed from it.
#[derive(Clone, Copy)]
struct Tones {
    accent: Color,
    deep: Color,
    deepest: Color,
    mid: Color,
    tint: Color,
}

impl From<Color> for Tones {
    fn from(accent: Color) -> Self {
        let accent = accent.readable_on_white();
        Self {
            accent,
            deep: accent.deepened(35),
            deepest: accent.deepened(60),
            mid: accent.lightened(55),
            tint: accent.lightened(88),
        }
    }
}

/// A ring of ellipses turned around one centre, as on bank notes.
#[derive(Clone, Copy)]
struct Guilloche {
    /// Number of ellipses.
    lines: u32,
    /// Half of their short axis; the nearer to the long one, the narrower the ring.
    short_radius: u32,
}

impl Guilloche {
    fn for_training(title: &str, issuer_name: &str) -> Self {
        let digest = Sha256::new().chain_update(title).chain_update([0]).chain_update(issuer_name).finalize();
        Self { lines: 16 + u32::from(digest[0]) % 13, short_radius: 100 + u32::from(digest[1]) % 33 }
    }

    fn draw(self, svg: &mut String, center_y: u32, long_radius: u32, color: Color) {
        put(svg, format_args!(r#"<g fill="none" stroke="{color}" stroke-width="1.6">"#));
        for line in 0..self.lines {
            put(
                svg,
                format_args!(
                    r#"<ellipse cx="256" cy="{center_y}" rx="{long_radius}" ry="{}" transform="rotate({} 256 {center_y})"/>"#,
                    self.short_radius,
                    // Hundredths of a degree, in integers.
                    Hundredths(18_000 * line / self.lines),
                ),
            );
        }
        svg.push_str("</g>");
    }
}

/// An integer written as a decimal number with two digits after the point.
struct Hundredths(u32);

impl std::fmt::Display for Hundredths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A seal with ribbons, centred on (256, 208).
fn certificate(tones: Tones, guilloche: Guilloche) -> String {
    let Tones { accent, deep, deepest, mid, tint } = tones;
    let mut svg = String::new();
    put(&mut svg, format_args!(r#"<path fill="{deep}" d="M158 318 106 478 164 462 204 506 254 352Z"/>"#));
    put(&mut svg, format_args!(r#"<path fill="{deep}" d="M354 318 406 478 348 462 308 506 258 352Z"/>"#));
    // The shadow of the seal on its ribbons.
    put(
        &mut svg,
        format_args!(
            r#"<path fill="{deepest}" d="M150 342 143 364Q190 410 237 405L242 389ZM362 342 369 364Q322 410 275 405L270 389Z"/>"#
        ),
    );
    put(&mut svg, format_args!(r#"<g fill="{accent}"><circle cx="256" cy="208" r="184"/>"#));
    for lobe in 0..32 {
        let angle = Hundredths(36_000 * lobe / 32);
        put(&mut svg, format_args!(r#"<circle cx="256" cy="28" r="19" transform="rotate({angle} 256 208)"/>"#));
    }
    svg.push_str("</g>");
    put(
        &mut svg,
        format_args!(r#"<circle cx="256" cy="208" r="170" fill="{deep}" stroke="{tint}" stroke-width="5"/>"#),
    );
    guilloche.draw(&mut svg, 208, 160, mid);
    put(
        &mut svg,
        format_args!(r##"<circle cx="256" cy="208" r="118" fill="#ffffff" stroke="{accent}" stroke-width="6"/>"##),
    );
    put(&mut svg, format_args!(r#"<circle cx="256" cy="208" r="118" fill="none" stroke="{tint}" stroke-width="2"/>"#));
    put(&mut svg, format_args!(r#"<g fill="{mid}">"#));
    for side in ["1", "-1"] {
        for angle in [16, 38, 60, 82, 104, 126] {
            put(
                &mut svg,
                format_args!(
                    r#"<path d="M0 0C14 -4 18 -18 13 -33C-2 -27 -9 -12 0 0Z" transform="translate(256 208) scale({side} 1) rotate({angle}) translate(0 85) rotate(-104)"/>"#
                ),
            );
        }
    }
    svg.push_str("</g>");
    put(
        &mut svg,
        format_args!(
            r#"<path d="M214 212 245 243 301 177" fill="none" stroke="{accent}" stroke-width="24" stroke-linecap="round" stroke-linejoin="round"/>"#
        ),
    );
    svg
}

/// A hexagon around an open book, centred on (256, 256).
fn participation(tones: Tones, guilloche: Guilloche) -> String {
    let Tones { accent, mid, tint, .. } = tones;
    let mut svg = String::new();
    // The thick joined strokes round the corners.
    put(
        &mut svg,
        format_args!(
            r#"<path d="M256 42 441.3 149V363L256 470 70.7 363V149Z" fill="{accent}" stroke="{accent}" stroke-width="52" stroke-linejoin="round"/>"#
        ),
    );
    put(
        &mut svg,
        format_args!(
            r#"<path d="M256 50 434.4 153V359L256 462 77.6 359V153Z" fill="{tint}" stroke="{tint}" stroke-width="36" stroke-linejoin="round"/>"#
        ),
    );
    put(
        &mut svg,
        format_args!(
            r#"<path d="M256 50 434.4 153V359L256 462 77.6 359V153Z" fill="none" stroke="{mid}" stroke-width="3" stroke-linejoin="round"/>"#
        ),
    );
    guilloche.draw(&mut svg, 256, 164, mid);
    put(
        &mut svg,
        format_args!(r#"<circle cx="256" cy="256" r="122" fill="{accent}" stroke="{tint}" stroke-width="8"/>"#),
    );
    for corner in 0..6 {
        let angle = corner * 60;
        put(
            &mut svg,
            format_args!(r#"<circle cx="256" cy="68" r="7" fill="{accent}" transform="rotate({angle} 256 256)"/>"#),
        );
    }
    svg.push_str(
        r##"<path d="M250 220C228 202 202 198 176 202V296C202 292 228 296 250 314ZM262 220C284 202 310 198 336 202V296C310 292 284 296 262 314Z" fill="#ffffff"/>"##,
    );
    put(
        &mut svg,
        format_args!(
            r#"<path d="M192 226Q214 224 234 236M192 252Q214 250 234 262M320 226Q298 224 278 236M320 252Q298 250 278 262" fill="none" stroke="{mid}" stroke-width="7" stroke-linecap="round"/>"#
        ),
    );
    svg
}

fn put(svg: &mut String, piece: std::fmt::Arguments<'_>) {
    svg.write_fmt(piece).expect("a String accepts every write");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::safety::is_safe_svg;
    use super::*;

    fn input(kind: AwardKind) -> ArtworkInput {
        ArtworkInput {
            title: "Accueillir <tous> les publics & \"bien\"".to_owned(),
            issuer_name: "Direction de l’accueil".to_owned(),
            kind,
            accent: Color::for_code("accueil"),
        }
    }

    #[test]
    fn the_image_says_what_it_is_to_those_who_do_not_see_it() {
        let svg = artwork(&input(AwardKind::Certificate));
        let doc = roxmltree::Document::parse(&svg).expect("well-formed");
        let text = |name| doc.descendants().find(|n| n.tag_name().name() == name).and_then(|n| n.text());
        assert_eq!(text("title"), Some("Accueillir <tous> les publics & \"bien\""));
        assert_eq!(text("desc"), Some("Certificat / Certificate – Direction de l’accueil"));
        assert_eq!(text("text"), None, "no font is needed");
    }

    #[test]
    fn trainings_and_kinds_look_different() {
        let drawing =
            |input: &ArtworkInput| artwork(input).split_once("</desc>").map(|(_, drawing)| drawing.to_owned());
        let certificate = input(AwardKind::Certificate);
        assert_ne!(drawing(&certificate), drawing(&input(AwardKind::Participation)));
        let other = ArtworkInput { title: "Autre".to_owned(), ..certificate.clone() };
        assert_ne!(drawing(&certificate), drawing(&other));
    }

    proptest! {
        #[test]
        fn no_title_makes_the_image_unsafe_or_unreadable(title in any::<String>(), issuer_name in any::<String>(), red: u8) {
            for kind in [AwardKind::Certificate, AwardKind::Participation] {
                let accent = Color::new(red, 0xff, 0x80);
                let svg = artwork(&ArtworkInput { title: title.clone(), issuer_name: issuer_name.clone(), kind, accent });
                prop_assert_eq!(is_safe_svg(&svg), Ok(()));
                prop_assert_eq!(svg, artwork(&ArtworkInput { title: title.clone(), issuer_name: issuer_name.clone(), kind, accent }));
            }
        }
    }
}
