//! Artwork that somebody brings for a training's badge: judged when it is handed in, so that no award finds out later that it
//! can't be drawn, and no reader pays for what it unpacks to.
//!
//! Not here: the bound on bytes, which is that of the data URI ([`BadgeImage`]); what an SVG may hold (`safety`).

use resvg::tiny_skia::Pixmap;

use super::png::{self, PngError};
use super::{BADGE_PNG_SIZE_PX, RenderError, UnsafeSvg, is_safe_svg, render_png};
use crate::catalog::BadgeImage;

/// Smallest side of a PNG, in pixels: below it nothing is recognised.
pub const MIN_PAINTED_PX: u32 = 96;
/// Largest side of a PNG, in pixels: 16 MiB once unpacked.
pub const MAX_PAINTED_PX: u32 = 2048;

/// Why artwork is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedImage {
    /// The SVG is not harmless.
    #[error(transparent)]
    Unsafe(#[from] UnsafeSvg),
    /// The SVG can't be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The file is no PNG, or damaged.
    #[error(transparent)]
    Png(#[from] PngError),
    /// The PNG announces too few or too many pixels. Nothing was unpacked.
    #[error(
        "the badge image has {width} × {height} pixels: each side must have {MIN_PAINTED_PX} to {MAX_PAINTED_PX} pixels"
    )]
    Pixels {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// Its pixels can't be read.
    #[error("the pixels of the badge image cannot be read: {0}")]
    Undecodable(String),
    /// Nobody would see anything.
    #[error("nothing of the badge image can be seen")]
    Invisible,
}

/// Accepts artwork that is harmless and can be drawn; else says why not.
pub fn check_upload(image: &BadgeImage) -> Result<(), RefusedImage> {
    let drawn;
    let png = match image {
        BadgeImage::Svg(svg) => {
            is_safe_svg(svg)?;
            drawn = render_png(svg, BADGE_PNG_SIZE_PX)?;
            &drawn
        }
        BadgeImage::Png(png) => {
            // By the header alone: a file of a few kilobytes may announce gigabytes of pixels.
            let (width, height) = png::size(png)?;
            let bounds = MIN_PAINTED_PX..=MAX_PAINTED_PX;
            if !bounds.contains(&width) || !bounds.contains(&height) {
                return Err(RefusedImage::Pixels { width, height });
            }
            png
        }
    };
    let pixels = Pixmap::decode_png(png).map_err(|error| RefusedImage::Undecodable(error.to_string()))?;
    let seen = pixels.pixels().iter().any(|pixel| pixel.alpha() > 0);
    if seen { Ok(()) } else { Err(RefusedImage::Invisible) }
}

#[cfg(test)]
mod tests {
    use super::super::{ArtworkInput, Color, artwork};
    use super::*;
    use crate::catalog::AwardKind;

    fn drawing() -> String {
        artwork(&ArtworkInput {
            title: "Accueil".to_owned(),
            issuer_name: "Direction".to_owned(),
            kind: AwardKind::Certificate,
            accent: Color::for_code("x"),
        })
    }

    fn png(side: u32) -> Vec<u8> {
        render_png(&drawing(), side).unwrap()
    }

    /// The same file with another size in its header, and the right CRC.
    fn announcing(width: u32, height: u32) -> Vec<u8> {
        let mut file = png(96);
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32fast::hash(&file[12..29]);
        file[29..33].copy_from_slice(&crc.to_be_bytes());
        file
    }

    fn check_png(file: Vec<u8>) -> Result<(), RefusedImage> {
        check_upload(&BadgeImage::Png(file))
    }

    #[test]
    fn honest_artwork_is_accepted() {
        assert_eq!(check_upload(&BadgeImage::Svg(drawing())), Ok(()));
        for side in [MIN_PAINTED_PX, 512, MAX_PAINTED_PX] {
            assert_eq!(check_png(png(side)), Ok(()), "{side}");
        }
    }

    #[test]
    fn pixels_are_counted_before_any_is_unpacked() {
        for (width, height) in [(8000, 5000), (u32::MAX, u32::MAX), (2049, 96), (95, 96), (96, 0), (1, 1)] {
            assert_eq!(check_png(announcing(width, height)), Err(RefusedImage::Pixels { width, height }));
        }
        assert!(
            matches!(check_png(announcing(96, 97)), Err(RefusedImage::Undecodable(_))),
            "fewer pixels than announced"
        );
    }

    #[test]
    fn what_is_damaged_or_nothing_is_refused() {
        let good = png(96);
        for cut in [8, 20, 40, good.len() - 13, good.len() - 1] {
            assert!(matches!(check_png(good[..cut].to_vec()), Err(RefusedImage::Png(_))), "cut at {cut}");
        }
        let mut altered = good;
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        assert!(matches!(check_png(altered), Err(RefusedImage::Png(_))));
        assert_eq!(check_png(b"GIF89a".to_vec()), Err(RefusedImage::Png(PngError::NotPng)));
        let empty = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>".to_owned();
        assert_eq!(check_upload(&BadgeImage::Svg(empty)), Err(RefusedImage::Invisible));
    }
}
