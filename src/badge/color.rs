//! Colours of the default artwork: one accent per issuer, from which every other tone is mixed.
//!
//! What: choose and darken an accent so that the badge stays legible whoever chose it.
//! Not here: where the colours go ([`super::artwork`]).

use std::fmt;

use sha2::{Digest, Sha256};

use crate::catalog::Colour;

/// An opaque sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

/// Accents for issuers that chose none: sober, far enough from one another, each at least 4.5:1 against white. The order
/// and the length are for ever: they decide what an issuer's badges look like.
const PALETTE: [Color; 10] = [
    Color::new(0x1f, 0x4e, 0x79), // steel blue
    Color::new(0x1d, 0x6b, 0x5f), // pine
    Color::new(0x6b, 0x2d, 0x5c), // plum
    Color::new(0x8a, 0x4b, 0x1c), // copper
    Color::new(0x45, 0x4b, 0x8c), // indigo
    Color::new(0x4f, 0x6b, 0x2a), // moss
    Color::new(0x8c, 0x2f, 0x39), // garnet
    Color::new(0x1b, 0x6a, 0x86), // petrol
    Color::new(0x5b, 0x4a, 0x3f), // umber
    Color::new(0x4a, 0x55, 0x68), // slate
];

impl Color {
    /// White, the ground of every contrast here.
    pub const WHITE: Self = Self::new(0xff, 0xff, 0xff);
    /// Towards which colours are darkened: a blue black, softer than black.
    const INK: Self = Self::new(0x0a, 0x0e, 0x18);

    /// Red, green and blue.
    pub const fn channels(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }

    /// A colour from its channels.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// The accent of an issuer that chose none: always the same for the same code.
    pub fn for_code(issuer_code: &str) -> Self {
        let digest = Sha256::digest(issuer_code.as_bytes());
        PALETTE[usize::from(digest[0]) % PALETTE.len()]
    }

    /// This colour, darkened just enough for a contrast of 4.5:1 with white (WCAG 2.2, success criterion 1.4.3).
    pub fn readable_on_white(self) -> Self {
        (0..=20).map(|step| self.mix(Self::INK, step * 5)).find(|c| c.contrast_with_white() >= 4.5).unwrap_or(Self::INK)
    }

    /// This colour with `percent` % of ink: a deeper tone.
    pub(super) fn deepened(self, percent: u32) -> Self {
        self.mix(Self::INK, percent)
    }

    /// This colour with `percent` % of white: a lighter tone.
    pub(super) fn lightened(self, percent: u32) -> Self {
        self.mix(Self::WHITE, percent)
    }

    /// In integers, so that the result is the same on every machine.
    fn mix(self, other: Self, percent: u32) -> Self {
        let channel = |from: u8, to: u8| {
            let sum = u32::from(from) * (100 - percent) + u32::from(to) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self::new(channel(self.red, other.red), channel(self.green, other.green), channel(self.blue, other.blue))
    }

    /// WCAG 2.2 contrast ratio with white, 1 to 21.
    fn contrast_with_white(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue);
        1.05 / (luminance + 0.05)
    }
}

impl From<Colour> for Color {
    fn from(Colour([red, green, blue]): Colour) -> Self {
        Self::new(red, green, blue)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_palette_is_readable_as_it_is_and_stable() {
        for color in PALETTE {
            assert_eq!(color.readable_on_white(), color);
        }
        assert_eq!(Color::for_code("dinum"), Color::for_code("dinum"));
    }

    proptest! {
        #[test]
        fn every_accent_becomes_readable(red: u8, green: u8, blue: u8) {
            prop_assert!(Color::new(red, green, blue).readable_on_white().contrast_with_white() >= 4.5);
        }
    }
}
