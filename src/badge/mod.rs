//! Badge images: the default artwork, its two file formats, and the credential inside of them.
//!
//! What: draw an artwork ([`artwork`]), render it ([`render_png`]), bake a credential into SVG and PNG ([`bake_all`], Open
//! Badges 3.0 § 5.3) and read it back from images that anyone may send ([`svg::extract`], [`png::extract`]), all within
//! bounds. Everything is a pure function of its arguments: the same signed bytes give the same files, so none is stored.
//! Not here: whether a credential is genuine (`verify`), who may download what (`http`).

mod artwork;
mod color;
mod form;
pub mod png;
mod render;
mod safety;
pub mod svg;
mod xml;

pub use artwork::{ArtworkInput, BadgeKind, artwork};
pub use color::{Color, ColorError};
pub use form::{FormError, MAX_CREDENTIAL_BYTES};
pub use render::{MAX_SIZE_PX, MIN_SIZE_PX, RenderError, render_png};
pub use safety::{UnsafeSvg, is_safe_svg};
pub use xml::{MAX_SVG_BYTES, XmlError};

/// Side of the PNG that an agent downloads, in pixels: sharp in a CV and on a dense screen, light to mail.
pub const BADGE_PNG_SIZE_PX: u32 = 512;

/// The two files of one badge, each with the same credential inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeImages {
    /// The artwork as it is, and the credential.
    pub svg: String,
    /// The artwork at [`BADGE_PNG_SIZE_PX`], and the credential.
    pub png: Vec<u8>,
}

/// Why a badge cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadgeError {
    /// The artwork cannot be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The SVG cannot take the credential.
    #[error(transparent)]
    Svg(#[from] svg::SvgError),
    /// The PNG cannot take the credential.
    #[error(transparent)]
    Png(#[from] png::PngError),
}

/// Makes both files of a badge. `credential_json` is the exact signed text: it is never parsed nor written again.
pub fn bake_all(artwork_svg: &str, credential_json: &str) -> Result<BadgeImages, BadgeError> {
    let svg = svg::bake(artwork_svg, credential_json)?;
    let png = png::bake(&render_png(artwork_svg, BADGE_PNG_SIZE_PX)?, credential_json)?;
    Ok(BadgeImages { svg, png })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(kind: BadgeKind) -> String {
        artwork(&ArtworkInput {
            title: "Accueillir les publics".to_owned(),
            issuer_name: "Direction de l’accueil".to_owned(),
            kind,
            accent: Color::for_code("accueil"),
        })
    }

    #[test]
    fn both_files_carry_the_same_bytes_and_never_change() {
        let credential = "{\"id\":\"urn:uuid:1\",\"name\":\"é ]]> \\u0000\"}\r\n";
        let images = bake_all(&sample(BadgeKind::Certificate), credential).expect("bakes");
        assert_eq!(svg::extract(&images.svg), Ok(Some(credential.to_owned())));
        assert_eq!(png::extract(&images.png), Ok(Some(credential.to_owned())));
        assert_eq!(bake_all(&sample(BadgeKind::Certificate), credential), Ok(images.clone()));
        assert_eq!(is_safe_svg(&images.svg), Ok(()), "a baked image is as harmless as its artwork");
    }

    #[test]
    fn the_two_kinds_have_different_silhouettes() {
        let silhouette = |kind| -> Vec<bool> {
            let png = render_png(&sample(kind), 96).expect("draws");
            let pixels = resvg::tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
            pixels.pixels().iter().map(|pixel| pixel.alpha() > 127).collect()
        };
        let (one, other) = (silhouette(BadgeKind::Certificate), silhouette(BadgeKind::Participation));
        let differing = one.iter().zip(&other).filter(|(a, b)| a != b).count();
        assert!(differing > 96 * 96 / 20, "at 96 px, {differing} pixels tell the kinds apart");
    }
}
