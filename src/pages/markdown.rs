//! The little Markdown that criteria and descriptions are shown in: paragraphs and nested bullets. All else is literal text,
//! so that a text means the same whoever shows it and no markup of its author ever reaches a page.

use serde::Serialize;

/// A paragraph or a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Text, its line breaks kept as `\n`.
    Paragraph(String),
    /// Bullets.
    List(Vec<Item>),
}

/// One bullet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its text.
    pub text: String,
    /// The bullets below it.
    pub items: Vec<Item>,
}

/// Bullets deeper than this stand at this depth: a page at 320 px has no room for more.
const MAX_DEPTH: usize = 5;

/// Reads a text: lines that start with `- ` or `* ` are bullets, nested by two spaces of indentation or more; a blank line
/// ends a paragraph; a backslash before ASCII punctuation is dropped (CommonMark §2.4).
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    // The indentation of each open level of the list under way; empty outside lists.
    let mut indents: Vec<usize> = Vec::new();
    let mut after_blank = true;
    for line in text.lines() {
        let content = line.trim();
        let indent = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
        if content.is_empty() {
            after_blank = true;
            continue;
        }
        if let Some(bullet) = bullet(content) {
            open_level(&mut indents, indent);
            if !matches!(blocks.last(), Some(Block::List(_))) {
                blocks.push(Block::List(Vec::new()));
            }
            if let Some(Block::List(items)) = blocks.last_mut() {
                push(items, indents.len().saturating_sub(1), unescape(bullet));
            }
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(text)) if !after_blank => {
                    text.push('\n');
                    text.push_str(&unescape(content));
                }
                Some(Block::List(items)) if !after_blank || indent >= 2 => continue_last(items, &unescape(content)),
                _ => {
                    indents.clear();
                    blocks.push(Block::Paragraph(unescape(content)));
                }
            }
        }
        after_blank = false;
    }
    blocks
}

fn bullet(content: &str) -> Option<&str> {
    content.strip_prefix("- ").or_else(|| content.strip_prefix("* ")).map(str::trim_start)
}

/// Closes the levels that are indented more than `indent`, and opens one where it is indented enough to be a child.
fn open_level(indents: &mut Vec<usize>, indent: usize) {
    while indents.len() > 1 && indents.last().is_some_and(|open| indent < *open) {
        indents.pop();
    }
    match indents.last() {
        None => indents.push(indent),
        Some(open) if indent >= open + 2 && indents.len() < MAX_DEPTH => indents.push(indent),
        Some(_) => {}
    }
}

fn push(items: &mut Vec<Item>, depth: usize, text: String) {
    if depth > 0
        && let Some(parent) = items.last_mut()
    {
        return push(&mut parent.items, depth - 1, text);
    }
    items.push(Item { text, items: Vec::new() });
}

fn continue_last(items: &mut [Item], text: &str) {
    if let Some(last) = items.last_mut() {
        if last.items.is_empty() {
            last.text.push('\n');
            last.text.push_str(text);
        } else {
            continue_last(&mut last.items, text);
        }
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(next) if c == '\\' && next.is_ascii_punctuation() => out.extend(rest.next()),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, items: Vec<Item>) -> Item {
        Item { text: text.into(), items }
    }

    #[test]
    fn paragraphs_and_nested_bullets() {
        let read =
            blocks("Il faut :\n\n- terminer **A** ;\n  - l’un ;\n    - ou *deux* ;\n  - l’autre\n- et B\n\nFin\nici");
        let inner =
            item("terminer **A** ;", vec![item("l’un ;", vec![item("ou *deux* ;", vec![])]), item("l’autre", vec![])]);
        assert_eq!(
            read,
            vec![
                Block::Paragraph("Il faut :".into()),
                Block::List(vec![inner, item("et B", vec![])]),
                Block::Paragraph("Fin\nici".into()),
            ]
        );
    }

    #[test]
    fn a_list_may_have_blank_lines_and_continued_bullets() {
        assert_eq!(
            blocks("* un\nsuite\n\n* deux"),
            vec![Block::List(vec![item("un\nsuite", vec![]), item("deux", vec![])])]
        );
    }

    #[test]
    fn all_else_is_literal() {
        for text in ["<b>gras</b> & [lien](javascript:x)", "# titre", "1. un", "-sans espace", "-"] {
            assert_eq!(blocks(text), vec![Block::Paragraph(text.into())]);
        }
        assert_eq!(blocks(r"\- pas \*ici\* C:\dossier"), vec![Block::Paragraph(r"- pas *ici* C:\dossier".into())]);
        assert_eq!(blocks(" \n\n"), vec![]);
    }

    #[test]
    fn depth_is_bounded_whatever_the_indentation() {
        fn depth(items: &[Item]) -> usize {
            items.iter().map(|item| 1 + depth(&item.items)).max().unwrap_or(0)
        }
        let text: String = (0..80).map(|i| format!("{}- x\n", "  ".repeat(i))).collect();
        let read = blocks(&text);
        assert!(matches!(&read[..], [Block::List(items)] if depth(items) == MAX_DEPTH));
    }
}
