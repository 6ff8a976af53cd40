//! The award criteria as blocks: the small part of Markdown that Sceau writes itself.
//!
//! Lines that start with `- ` are list items, nested by two spaces of indentation per level; every other line that is not
//! blank is a paragraph. Everything else (emphasis, links, HTML, headings) stays the text it is, so that no narrative can
//! change the structure of a document.

/// A part of a narrative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passage {
    /// A paragraph.
    Paragraph(String),
    /// A bullet list.
    List(Vec<Bullet>),
}

/// An item of a bullet list, and what is nested in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bullet {
    /// Its text.
    pub(super) text: String,
    /// The items one level deeper.
    pub(super) children: Vec<Bullet>,
}

/// Deeper lists are shown at this depth (levels, from 0), so that text always keeps a readable width.
const DEEPEST: usize = 4;

/// Reads a narrative.
pub(super) fn parse(text: &str) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut bullets: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        let line = line.trim_end();
        let body = line.trim_start_matches([' ', '\t']);
        if let Some(item) = body.strip_prefix("- ") {
            let indent: usize = line[..line.len() - body.len()].chars().map(|c| if c == '\t' { 2 } else { 1 }).sum();
            bullets.push((indent / 2, item.trim().to_owned()));
            continue;
        }
        // A blank line or an empty item does not end a list (CommonMark § 5.3); a paragraph does.
        if !body.is_empty() && body != "-" {
            close(&mut bullets, &mut passages);
            passages.push(Passage::Paragraph(body.to_owned()));
        }
    }
    close(&mut bullets, &mut passages);
    passages
}

fn close(bullets: &mut Vec<(usize, String)>, passages: &mut Vec<Passage>) {
    if !bullets.is_empty() {
        let mut list = Vec::new();
        for (level, text) in bullets.drain(..) {
            nest(&mut list, level.min(DEEPEST), Bullet { text, children: Vec::new() });
        }
        passages.push(Passage::List(list));
    }
}

/// Hangs a bullet `level` deep under the last ones, or as deep as there are any.
fn nest(list: &mut Vec<Bullet>, level: usize, bullet: Bullet) {
    match list.last_mut() {
        Some(last) if level > 0 => nest(&mut last.children, level - 1, bullet),
        _ => list.push(bullet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bullet(text: &str, children: Vec<Bullet>) -> Bullet {
        Bullet { text: text.to_owned(), children }
    }

    #[test]
    fn lists_nest_by_two_spaces_and_the_rest_is_text() {
        let parsed = parse(
            "Toutes ces conditions :\n- lire **tout**\n- au moins 1 de :\n  - A\n  - <b>B</b>\n\n- fin\n# Pas un titre\n-sans espace\n",
        );
        assert_eq!(
            parsed,
            vec![
                Passage::Paragraph("Toutes ces conditions :".to_owned()),
                Passage::List(vec![
                    bullet("lire **tout**", vec![]),
                    bullet("au moins 1 de :", vec![bullet("A", vec![]), bullet("<b>B</b>", vec![])]),
                    bullet("fin", vec![]),
                ]),
                Passage::Paragraph("# Pas un titre".to_owned()),
                Passage::Paragraph("-sans espace".to_owned()),
            ]
        );
    }

    #[test]
    fn odd_indentation_loses_no_line() {
        let parsed = parse("      - deep first\n- a\n                      - very deep\n\t- tab");
        let Passage::List(list) = &parsed[0] else { panic!("{parsed:?}") };
        assert_eq!(
            list,
            &vec![bullet("deep first", vec![]), bullet("a", vec![bullet("very deep", vec![]), bullet("tab", vec![])])]
        );
        assert!(parse("\n \n- \n-\n").is_empty());
    }
}
