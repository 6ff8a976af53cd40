//! Colours of a document: an issuer's accent made legible, and the neutrals around it.
//!
//! An accent is a brand choice, so it can be lemon yellow: it is darkened until text in it has the contrast that WCAG 2.2
//! § 1.4.3 asks on white, keeping its hue.

/// An opaque sRGB colour.
pub(super) type Rgb = [u8; 3];

/// The contrast that running text needs on its background (WCAG 2.2 § 1.4.3, level AA).
pub(super) const TEXT_CONTRAST: f32 = 4.5;
/// What text of a fixed colour is held against: no panel is darker (a tint is 6 % of an accent on white).
pub(super) const LIGHTEST_GROUND: Rgb = [240; 3];

/// What a piece of text or a shape is coloured for; a [`Palette`] says how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ink {
    /// Running text.
    #[default]
    Text,
    /// Labels and small print.
    Muted,
    /// Headings, rules, links.
    Accent,
    /// The background of a panel.
    Tint,
    /// Lines between rows.
    Hairline,
    /// The page itself, where it must show through a panel.
    Paper,
}

/// The colours of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Palette {
    accent: Rgb,
    tint: Rgb,
    /// Running text, labels, lines between rows.
    inks: [Rgb; 3],
}

impl Palette {
    /// From an accent, whatever it is, and the inks of a style sheet. Every text ink has at least 4.5:1 on paper and on the tint.
    pub(super) fn new(accent: Rgb, inks: [Rgb; 3]) -> Self {
        let tint = mix(accent, [255; 3], 0.06);
        let mut legible = accent;
        while contrast(legible, tint) < TEXT_CONTRAST {
            legible = mix(legible, [0; 3], 0.94);
        }
        Self { accent: legible, tint, inks }
    }

    /// The colour of an ink.
    pub(super) fn colour(&self, ink: Ink) -> Rgb {
        match ink {
            Ink::Text => self.inks[0],
            Ink::Muted => self.inks[1],
            Ink::Accent => self.accent,
            Ink::Tint => self.tint,
            Ink::Hairline => self.inks[2],
            Ink::Paper => [255; 3],
        }
    }
}

/// A colour as a style sheet writes it: `#rrggbb`.
pub fn parse(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// `share` of `a` and the rest of `b`.
fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|i| (f32::from(a[i]) * share + f32::from(b[i]) * (1.0 - share)) as u8)
}

/// Contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio").
pub(super) fn contrast(a: Rgb, b: Rgb) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
fn luminance(colour: Rgb) -> f32 {
    let [red, green, blue] = colour.map(|channel| {
        let channel = f32::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    const INKS: [Rgb; 3] = [[0x1d, 0x1d, 0x24], [0x56, 0x56, 0x62], [0xd9, 0xd9, 0xe0]];

    #[test]
    fn every_text_ink_is_legible_whatever_the_accent() {
        for accent in [[0; 3], [255; 3], [255, 255, 0], [0, 0, 0x91], [0xe1, 0, 0x0f], [0, 255, 255], [128, 128, 128]] {
            let palette = Palette::new(accent, INKS);
            for ink in [Ink::Text, Ink::Muted, Ink::Accent] {
                for ground in [Ink::Paper, Ink::Tint] {
                    let ratio = contrast(palette.colour(ink), palette.colour(ground));
                    assert!(ratio >= TEXT_CONTRAST, "{accent:?} {ink:?} on {ground:?}: {ratio}");
                }
            }
        }
    }

    #[test]
    fn a_dark_accent_stays_as_it_is() {
        assert_eq!(Palette::new([0, 0, 0x91], INKS).colour(Ink::Accent), [0, 0, 0x91]);
    }
}
