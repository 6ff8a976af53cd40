//! The little Markdown that criteria and descriptions are written in: paragraphs, nested bullets and backslash escapes. All else
//! is literal text, so that a text means the same wherever it is shown and no markup of its author reaches a page or a PDF.
//!
//! One reader for every document, and next to it what a writer of such texts needs: [`escape`].

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
    /// Its text, its line breaks kept as `\n`.
    pub text: String,
    /// The bullets below it.
    pub items: Vec<Item>,
}

/// Bullets deeper than this stand at this depth: a page at 320 px has no room for more.
const MAX_DEPTH: usize = 5;

/// Blocks and bullets that a text is made into; what follows is one last paragraph. A catalog text has 8 000 characters at the
/// most, so only a foreign credential gets there.
const MAX_PARTS: usize = 4000;

/// Reads a text: lines that start with `- ` or `* ` are bullets, nested by two spaces of indentation or more; a blank line
/// ends a paragraph; a bullet without text is none; a backslash before ASCII punctuation is dropped (CommonMark §2.4).
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    // The indentation of each open level of the list under way; empty outside lists.
    let mut indents: Vec<usize> = Vec::new();
    let mut after_blank = true;
    let mut parts = 0;
    for line in text.lines() {
        let content = line.trim();
        let indent = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
        if matches!(content, "" | "-" | "*") {
            after_blank |= content.is_empty();
            continue;
        }
        if parts >= MAX_PARTS {
            append(&mut blocks, content);
            continue;
        }
        if let Some(bullet) = bullet(content) {
            open_level(&mut indents, indent);
            if !matches!(blocks.last(), Some(Block::List(_))) {
                blocks.push(Block::List(Vec::new()));
            }
            if let Some(Block::List(items)) = blocks.last_mut() {
                push(items, indents.len().saturating_sub(1), unescape(bullet));
                parts += 1;
            }
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(_)) if !after_blank => append(&mut blocks, content),
                Some(Block::List(items)) if !after_blank || indent >= 2 => continue_last(items, &unescape(content)),
                _ => {
                    indents.clear();
                    blocks.push(Block::Paragraph(unescape(content)));
                    parts += 1;
                }
            }
        }
        after_blank = false;
    }
    blocks
}

/// Puts a backslash before what CommonMark would take for markup in the middle of a line, so that [`blocks`] and any other
/// reader give `text` (one line) back; anything else stays as it is, so that it also reads well where Markdown is shown
/// unrendered.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let inside_word = before.is_alphanumeric() && after.is_alphanumeric();
        let special = match c {
            '\\' | '`' | '*' | '[' | '<' | '~' => true,
            '_' => !inside_word,
            '&' => (after.is_ascii_alphanumeric() || after == '#') && text.contains(';'),
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
        before = c;
    }
    escaped
}

fn bullet(content: &str) -> Option<&str> {
    content.strip_prefix("- ").or_else(|| content.strip_prefix("* ")).map(str::trim_start)
}

/// Closes the levels that are indented more than `indent`, and opens one where it is indented enough to be a child.
fn open_level(indents: &mut Vec<usize>, indent: usize) {
    while indents.last().is_some_and(|open| indent < *open) {
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

/// A line more of the last paragraph, or the first of one.
fn append(blocks: &mut Vec<Block>, line: &str) {
    match blocks.last_mut() {
        Some(Block::Paragraph(text)) => {
            text.push('\n');
            text.push_str(&unescape(line));
        }
        _ => blocks.push(Block::Paragraph(unescape(line))),
    }
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
    use proptest::prelude::*;

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
        for text in ["<b>gras</b> & [lien](javascript:x)", "# titre", "1. un", "-sans espace", "**gras**"] {
            assert_eq!(blocks(text), vec![Block::Paragraph(text.into())]);
        }
        assert_eq!(blocks(r"\- pas \*ici\* C:\dossier"), vec![Block::Paragraph(r"- pas *ici* C:\dossier".into())]);
        assert_eq!(blocks(" \n\n- \n-\n*\n"), vec![]);
    }

    #[test]
    fn odd_indentation_loses_no_line() {
        let below = vec![item("très en retrait", vec![]), item("moins", vec![])];
        assert_eq!(
            blocks("      - d’abord\n- a\n                    - très en retrait\n\t- moins\n- b"),
            vec![Block::List(vec![item("d’abord", vec![]), item("a", below), item("b", vec![])])]
        );
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

    #[test]
    fn what_exceeds_the_bound_is_one_paragraph() {
        let read = blocks(&"- x\n\n".repeat(MAX_PARTS + 3));
        assert!(
            matches!(&read[..], [Block::List(items), Block::Paragraph(rest)] if items.len() == MAX_PARTS && rest == "- x\n- x\n- x")
        );
    }

    /// All the texts, in reading order.
    fn shown(blocks: &[Block]) -> String {
        fn of_items(items: &[Item]) -> String {
            items.iter().map(|item| format!("{} {}", item.text, of_items(&item.items))).collect()
        }
        let of_block = |block: &Block| match block {
            Block::Paragraph(text) => text.clone(),
            Block::List(items) => of_items(items),
        };
        blocks.iter().map(of_block).collect::<Vec<_>>().join(" ")
    }

    proptest! {
        /// Whatever is read, everything that can't be a marker is shown, once and in order.
        #[test]
        fn no_text_is_lost(text in prop_oneof!["[-* \t\n\\\\a-cé<#]{0,80}", "(?s).{0,60}"]) {
            let kept = |text: &str| {
                text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '*' | '\\')).collect::<String>()
            };
            prop_assert_eq!(kept(&shown(&blocks(&text))), kept(&text));
        }

        /// A title is shown as it is written, wherever it stands in a line.
        #[test]
        fn an_escaped_title_reads_as_itself(title in prop_oneof!["[-\\\\`*_\\[\\]<>~&#;!()a1. ]{1,40}", "\\PC{1,40}"]) {
            for (before, after) in [("Il faut «\u{202f}", "\u{202f}»"), ("voir ", " .")] {
                let text = format!("{before}{title}{after}");
                let written = format!("{before}{}{after}", escape(&title));
                prop_assert_eq!(blocks(&written), vec![Block::Paragraph(text.clone())]);
                prop_assert_eq!(blocks(&format!("- {written}")), vec![Block::List(vec![item(&text, vec![])])]);
            }
        }
    }
}
