//! Badge images: the default artwork, its two file formats, and the credential inside of them.
//!
//! What: draw an artwork ([`artwork`]), render it ([`render_png`]), bake a credential into SVG and PNG ([`Artwork::bake`], Open
//! Badges 3.0 § 5.3) and read it back from images that anyone may send ([`svg::extract`], [`png::extract`]), all within
//! bounds. Everything is a pure function of its arguments: the same signed bytes give the same files, so none is stored.
//! Not here: whether a credential is genuine (`verify`), who may download what (`http`).

mod artwork;
mod color;
mod form;
pub mod png;
mod references;
mod render;
mod safety;
pub mod svg;
mod upload;
mod xml;

pub use artwork::{ArtworkInput, artwork};
pub use color::Color;
pub use form::{FormError, MAX_CREDENTIAL_BYTES};
pub use references::Multiplies;
pub use render::{MAX_SIZE_PX, MIN_SIZE_PX, RenderError, render_png};
pub use safety::{UnsafeSvg, is_passive_svg, is_safe_svg};
pub use upload::{MAX_PAINTED_PX, MIN_PAINTED_PX, RefusedImage, check_upload};
pub use xml::{MAX_SVG_BYTES, XmlError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::award::AchievementSnapshot;
#[cfg(test)]
use crate::catalog::AwardKind;
use crate::catalog::BadgeImage;
use crate::qr::escape_xml;

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

/// The artwork of an achievement: the image supplied with its training, else the default one. A pure function of the snapshot
/// whose hash stands in every credential of that achievement.
pub fn artwork_of(achievement: &AchievementSnapshot) -> Artwork {
    match &achievement.badge_image {
        Some(BadgeImage::Svg(svg)) => Artwork::Drawn(svg.clone()),
        Some(BadgeImage::Png(png)) => Artwork::Painted { png: png.clone(), alternative: alternative(achievement) },
        None => Artwork::Drawn(artwork(&ArtworkInput {
            title: achievement.title.as_str().to_owned(),
            issuer_name: achievement.issuer_name.as_str().to_owned(),
            kind: achievement.kind,
            accent: accent(achievement),
        })),
    }
}

/// What stands for an image that says nothing of itself: the training and who issues its badge.
fn alternative(achievement: &AchievementSnapshot) -> String {
    format!("{} – {}", achievement.title, achievement.issuer_name)
}

/// The accent colour of an achievement: its issuer's, else one drawn from the issuer's identifier.
pub fn accent(achievement: &AchievementSnapshot) -> Color {
    achievement.colour.map_or_else(|| Color::for_code(achievement.issuer.as_str()), Color::from)
}

/// Artwork, before a credential is baked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Artwork {
    /// An SVG document, from which the PNG is rendered.
    Drawn(String),
    /// A PNG file, which the SVG carries as it is.
    Painted {
        /// The file.
        png: Vec<u8>,
        /// What the SVG says to those who do not see it.
        alternative: String,
    },
}

impl Artwork {
    /// The PNG without any credential.
    pub fn to_png(&self) -> Result<Vec<u8>, BadgeError> {
        match self {
            Self::Drawn(svg) => Ok(render_png(svg, BADGE_PNG_SIZE_PX)?),
            Self::Painted { png, .. } => Ok(png.clone()),
        }
    }

    /// Both files with the credential inside. `credential_json` is the exact signed text.
    pub fn bake(&self, credential_json: &str) -> Result<BadgeImages, BadgeError> {
        let png = png::bake(&self.to_png()?, credential_json)?;
        let svg = match self {
            Self::Drawn(drawing) => svg::bake(drawing, credential_json)?,
            Self::Painted { png, alternative } => svg::bake(&frame(png, alternative), credential_json)?,
        };
        Ok(BadgeImages { svg, png })
    }
}

/// An SVG document around a PNG image.
fn frame(png: &[u8], alternative: &str) -> String {
    let (side, title) = (BADGE_PNG_SIZE_PX, escape_xml(alternative));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}" role="img"><title>{title}</title><image width="{side}" height="{side}" href="data:image/png;base64,{}"/></svg>"#,
        STANDARD.encode(png)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(kind: AwardKind) -> String {
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
        let images = Artwork::Drawn(sample(AwardKind::Certificate)).bake(credential).expect("bakes");
        assert_eq!(svg::extract(&images.svg), Ok(Some(credential.to_owned())));
        assert_eq!(png::extract(&images.png), Ok(Some(credential.to_owned())));
        assert_eq!(Artwork::Drawn(sample(AwardKind::Certificate)).bake(credential), Ok(images.clone()));
        assert_eq!(is_safe_svg(&images.svg), Ok(()), "a baked image is as harmless as its artwork");
    }

    #[test]
    fn a_painted_badge_carries_the_credential_in_both_files_too() {
        let png = render_png(&sample(AwardKind::Participation), 96).expect("draws");
        let painted = Artwork::Painted { png, alternative: "Accueil & <tous> – Direction".to_owned() };
        let images = painted.bake("{}").expect("bakes");
        assert_eq!(svg::extract(&images.svg), Ok(Some("{}".to_owned())));
        assert_eq!(png::extract(&images.png), Ok(Some("{}".to_owned())));
        assert_eq!(is_safe_svg(&images.svg), Ok(()));
        let doc = roxmltree::Document::parse(&images.svg).expect("XML");
        let title = doc.descendants().find(|node| node.has_tag_name("title")).and_then(|node| node.text());
        assert_eq!(title, Some("Accueil & <tous> – Direction"), "those who do not see it are told");
    }

    #[test]
    fn the_two_kinds_have_different_silhouettes() {
        let silhouette = |kind| -> Vec<bool> {
            let png = render_png(&sample(kind), 96).expect("draws");
            let pixels = resvg::tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
            pixels.pixels().iter().map(|pixel| pixel.alpha() > 127).collect()
        };
        let (one, other) = (silhouette(AwardKind::Certificate), silhouette(AwardKind::Participation));
        let differing = one.iter().zip(&other).filter(|(a, b)| a != b).count();
        assert!(differing > 96 * 96 / 20, "at 96 px, {differing} pixels tell the kinds apart");
    }
}
