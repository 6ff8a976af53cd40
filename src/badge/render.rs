//! SVG artwork to PNG pixels, in memory.
//!
//! What: a square image of a bounded size. What the renderer would leave out without a word (text, since it is built without
//! fonts; images; outside references) is an error instead, so that a PNG never shows less than its SVG.
//! Not here: the credential ([`super::png`]). Nothing is read from disk, though the renderer could.

use resvg::{tiny_skia, usvg};

use super::xml::{self, SVG_NS, XmlError};

/// Smallest side of a rendered badge, in pixels.
pub const MIN_SIZE_PX: u32 = 16;
/// Largest side of a rendered badge, in pixels: 16 MiB of memory.
pub const MAX_SIZE_PX: u32 = 2048;

/// Why an SVG has no PNG.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The SVG is refused.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The size asked for is out of bounds.
    #[error("a badge of {size_px} px cannot be drawn: the side must be {MIN_SIZE_PX} to {MAX_SIZE_PX} px")]
    SizeOutOfBounds {
        /// The side asked for.
        size_px: u32,
    },
    /// An element that this renderer would leave out.
    #[error("the badge image holds <{0}>, which cannot be drawn here: convert it to paths")]
    NotDrawable(String),
    /// The renderer does not understand the SVG.
    #[error("the badge image cannot be drawn: {0}")]
    Renderer(String),
}

/// Draws an SVG, scaled to fit and centred, on a transparent square of `size_px` pixels.
pub fn render_png(svg: &str, size_px: u32) -> Result<Vec<u8>, RenderError> {
    if !(MIN_SIZE_PX..=MAX_SIZE_PX).contains(&size_px) {
        return Err(RenderError::SizeOutOfBounds { size_px });
    }
    let doc = xml::open(svg)?;
    let left_out = |name: &str| matches!(name, "text" | "image" | "feImage" | "foreignObject");
    let mut elements = doc.descendants().filter(|node| node.tag_name().namespace() == Some(SVG_NS));
    if let Some(node) = elements.find(|node| left_out(node.tag_name().name())) {
        return Err(RenderError::NotDrawable(node.tag_name().name().to_owned()));
    }
    // The default resolvers read files and nested SVG; no image element is left, this is the second lock.
    let image_href_resolver =
        usvg::ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let options = usvg::Options { image_href_resolver, ..usvg::Options::default() };
    let tree = usvg::Tree::from_xmltree(&doc, &options).map_err(|error| RenderError::Renderer(error.to_string()))?;

    let mut pixels = tiny_skia::Pixmap::new(size_px, size_px).ok_or(RenderError::SizeOutOfBounds { size_px })?;
    // Exact: the bounds above are far below 2^24.

    let side = size_px as f32;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = side / width.max(height);
    let transform = tiny_skia::Transform::from_scale(scale, scale)
        .post_translate((side - width * scale) / 2.0, (side - height * scale) / 2.0);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| RenderError::Renderer(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALVES: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><rect width='40' height='20' fill='#102030'/></svg>";

    #[test]
    fn the_drawing_is_centred_on_a_square_and_always_the_same() {
        let png = render_png(HALVES, 32).expect("draws");
        let pixels = tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
        let pixel = |x, y| pixels.pixel(x, y).map(|p| (p.red(), p.green(), p.blue(), p.alpha()));
        assert_eq!((pixels.width(), pixels.height()), (32, 32));
        assert_eq!(pixel(16, 2), Some((0, 0, 0, 0)), "above the drawing");
        assert_eq!(pixel(1, 16), Some((0x10, 0x20, 0x30, 0xff)), "inside the drawing");
        assert_eq!(render_png(HALVES, 32), Ok(png));
    }

    #[test]
    fn what_would_be_left_out_is_an_error() {
        let svg = |inner: &str| format!("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{inner}</svg>");
        for (inner, name) in [("<text>A</text>", "text"), ("<g><image href='/etc/hostname'/></g>", "image")] {
            assert_eq!(render_png(&svg(inner), 32), Err(RenderError::NotDrawable(name.to_owned())));
        }
        for size_px in [0, MIN_SIZE_PX - 1, MAX_SIZE_PX + 1, u32::MAX] {
            assert_eq!(render_png(HALVES, size_px), Err(RenderError::SizeOutOfBounds { size_px }));
        }
        assert!(matches!(
            render_png("<svg xmlns='http://www.w3.org/2000/svg' width='0'/>", 32),
            Err(RenderError::Renderer(_))
        ));
    }
}
