//! Pictures of a template: a logo, a signature. PNG or SVG in, pixels out, within bounds.
//!
//! Not here: badges (`badge`), whose rules on SVG hold here too.

use resvg::tiny_skia::Pixmap;

use crate::badge;

/// The largest file of a picture, in bytes.
pub(super) const MAX_BYTES: usize = 1024 * 1024;
/// The most pixels of a PNG: at 300 dpi that is an A4 page, whole.
const MAX_PIXELS: u64 = 9_000_000;
/// The longer side of a drawn SVG, in pixels: 600 dpi for a logo of 8 cm.
const SVG_SIDE: u32 = 1920;

/// Straight RGBA pixels, row by row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Four bytes a pixel.
    pub(super) rgba: Vec<u8>,
    /// Pixels from left to right.
    pub(super) width: u32,
    /// Pixels from top to bottom.
    pub(super) height: u32,
}

impl Picture {
    /// Reads a PNG or an SVG; in words why it is refused.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("a picture may have {MAX_BYTES} bytes at most, this one has {}", bytes.len()));
        }
        let pixels = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            png_size(bytes)?;
            Pixmap::decode_png(bytes).map_err(|error| format!("the PNG cannot be read: {error}"))?
        } else {
            let svg = std::str::from_utf8(bytes).map_err(|_| "a picture must be PNG or SVG".to_owned())?;
            badge::is_safe_svg(svg).map_err(|error| error.to_string())?;
            let drawn = badge::render_png(svg, SVG_SIDE).map_err(|error| error.to_string())?;
            Pixmap::decode_png(&drawn).map_err(|error| error.to_string())?
        };
        cropped(&pixels).ok_or_else(|| "nothing of the picture can be seen".to_owned())
    }

    /// Points from left to right where it is `height` points high.
    pub(super) fn width_at(&self, height: f32) -> f32 {
        height * self.width as f32 / self.height as f32
    }
}

/// The size that the header of a PNG announces (PNG § 11.2.1), before anything is unpacked.
fn png_size(bytes: &[u8]) -> Result<(u32, u32), String> {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    let (Some(width), Some(height)) = (number(16), number(20)) else { return Err("the PNG is truncated".to_owned()) };
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(format!("a picture may have {MAX_PIXELS} pixels at most, this one has {pixels}"));
    }
    Ok((width, height))
}

/// Without the transparent rows and columns around it, so that its height on paper is that of what is seen.
fn cropped(pixels: &Pixmap) -> Option<Picture> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let seen = |x: usize, y: usize| pixels.pixels()[y * width + x].alpha() > 0;
    let top = (0..height).find(|y| (0..width).any(|x| seen(x, *y)))?;
    let bottom = (0..height).rfind(|y| (0..width).any(|x| seen(x, *y)))?;
    let left = (0..width).find(|x| (top..=bottom).any(|y| seen(*x, y)))?;
    let right = (0..width).rfind(|x| (top..=bottom).any(|y| seen(*x, y)))?;
    let mut rgba = Vec::with_capacity((right - left + 1) * (bottom - top + 1) * 4);
    for y in top..=bottom {
        for pixel in &pixels.pixels()[y * width + left..=y * width + right] {
            let colour = pixel.demultiply();
            rgba.extend([colour.red(), colour.green(), colour.blue(), colour.alpha()]);
        }
    }
    Some(Picture { rgba, width: u32::try_from(right - left + 1).ok()?, height: u32::try_from(bottom - top + 1).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_and_cropped() {
        let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path fill="blue" d="M10 10h20v10H10z"/></svg>"#;
        let picture = Picture::read(svg).unwrap();
        assert!((picture.width_at(10.0) - 20.0).abs() < 0.2, "{} × {}", picture.width, picture.height);
        assert_eq!(picture.rgba[picture.rgba.len() / 2..][..4], [0, 0, 255, 255]);
    }

    #[test]
    fn what_is_not_safe_or_too_large_is_refused_with_the_reason() {
        let refused = |bytes: &[u8]| Picture::read(bytes).unwrap_err();
        let svg = |body: &str| format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{body}</svg>"#);
        for body in [
            "<script>1</script>",
            r#"<image href="https://a.example/b.png" width="9" height="9"/>"#,
            r#"<path onclick="a()" d="M0 0h9v9z"/>"#,
            r#"<style>@import url(https://a.example)</style>"#,
            "<text>a</text>",
        ] {
            assert!(!refused(svg(body).as_bytes()).is_empty(), "{body}");
        }
        let laughs = r#"<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>"#;
        refused(format!("{laughs}{}", svg("<desc>&b;</desc>")).as_bytes());
        let mut large = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        large.extend(8000_u32.to_be_bytes());
        large.extend(5000_u32.to_be_bytes());
        assert!(refused(&large).contains("40000000"), "{}", refused(&large));
        assert_eq!(refused(b"GIF89a\xff"), "a picture must be PNG or SVG");
        assert_eq!(refused(svg("").as_bytes()), "nothing of the picture can be seen");
        assert!(refused(&vec![0; MAX_BYTES + 1]).contains("bytes at most"));
    }
}
