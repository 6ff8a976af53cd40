//! A filled template to blocks: CommonMark with tables and definition lists, as pulldown-cmark reads it.
//!
//! | Markdown | block |
//! |---|---|
//! | `# …`, `## …`, `### …` | heading in the style `title`, `section`, `subsection` |
//! | a paragraph, perhaps starting with `{.name}` | paragraph in the style `body` or `name` |
//! | `- …`, `1. …` | list |
//! | `label` and, below it, `: value` | row of a key/value table |
//! | table with pipes | table with headers |
//! | `> …` | panel; a figure at its start stands left of the rest |
//! | `![…](qr)`, `![…](logo)`, `![…](signature)` | figure; with text after it in its paragraph, that stands to its right |
//! | `---` | short line |
//! | `**…**`, `*…*`, `[…](address)` | bold, muted, link |
//!
//! Anything else (HTML, code, other images) is refused: there is no accessible way to lay it out.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream};
use unicode_normalization::UnicodeNormalization as _;

use super::fill::{Piece, taken, whole};
use super::style::{Style, StyleSheet};
use crate::attestation::colour::Ink;
use crate::attestation::document::{Block, Bond, Drawing, Fact, Figure, Item, Link, Span};
use crate::attestation::typeset::{Look, Weight};
use crate::markdown;
use crate::text::{Lang, typeset_french};

/// The most columns of a table: each has room for a word.
const MAX_COLUMNS: usize = 8;

/// The figures that a template can place.
pub(super) struct Figures {
    /// The QR code of the verification link.
    pub(super) qr_code: Drawing,
    /// The logo and how high it stands.
    pub(super) logo: Option<(Drawing, f32, f32)>,
    /// The picture of a signature and how high it stands.
    pub(super) signature: Option<(Drawing, f32, f32)>,
}

/// What a template says.
#[derive(Debug, Default)]
pub(in crate::attestation) struct Reading {
    /// From top to bottom.
    pub(in crate::attestation) blocks: Vec<Block>,
    /// The left of every page's foot (the paragraph in the style `footer`).
    pub(in crate::attestation) footer: String,
}

/// Why a template can't be laid out: the literal text to look for in its source, and the problem.
#[derive(Debug)]
pub(super) struct Misread {
    /// A text that stands in the template at that place.
    pub(super) at: String,
    /// What is wrong with it.
    pub(super) problem: String,
}

/// Reads a filled template.
pub(super) fn read(markdown: &str, lang: Lang, sheet: &StyleSheet, figures: &Figures) -> Result<Reading, Misread> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_DEFINITION_LIST;
    let events = TextMergeStream::new(Parser::new_ext(markdown, options)).collect();
    let mut reader = Reader { events, next: 0, lang, sheet, figures, footer: String::new() };
    let blocks = reader.blocks(None)?;
    Ok(Reading { blocks, footer: reader.footer })
}

struct Reader<'a> {
    events: Vec<Event<'a>>,
    next: usize,
    lang: Lang,
    sheet: &'a StyleSheet,
    figures: &'a Figures,
    footer: String,
}

/// A paragraph's parts.
#[derive(Default)]
struct Inline {
    class: Option<String>,
    figure: Option<Figure>,
    spans: Vec<Span>,
    /// The texts of the paragraph where it is nothing but narratives.
    narratives: Vec<String>,
}

/// How a text inside a paragraph stands out.
#[derive(Clone, Copy, Default)]
struct Emphasis {
    strong: bool,
    discreet: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self) -> Option<Event<'a>> {
        self.next += 1;
        self.events.get(self.next - 1).cloned()
    }

    /// Blocks up to an end tag, or to the end.
    fn blocks(&mut self, end: Option<TagEnd>) -> Result<Vec<Block>, Misread> {
        let mut blocks = Vec::new();
        while let Some(event) = self.take() {
            match event {
                Event::End(tag) if Some(tag) == end => break,
                Event::Start(Tag::Heading { level, .. }) => self.heading(level, &mut blocks)?,
                Event::Start(Tag::Paragraph) => {
                    let inline = self.inline(TagEnd::Paragraph, "body")?;
                    self.paragraph(inline, &mut blocks)?;
                }
                Event::Start(Tag::List(first)) => {
                    let style = self.sheet.needed("body");
                    blocks.push(Block::List { first, items: self.items("body")?, style });
                }
                Event::Start(Tag::DefinitionList) => blocks.push(self.facts()?),
                Event::Start(Tag::Table(_)) => blocks.push(self.table()?),
                Event::Start(Tag::BlockQuote(_)) if end.is_some() => {
                    return Err(Misread { at: ">".to_owned(), problem: "a panel can't stand in a panel".to_owned() });
                }
                Event::Start(Tag::BlockQuote(kind)) => {
                    let inside = self.blocks(Some(TagEnd::BlockQuote(kind)))?;
                    blocks.push(panel(inside, self.sheet.needed("body")));
                }
                Event::Rule => blocks.push(Block::Rule),
                other => return Err(unknown(&other)),
            }
        }
        Ok(blocks)
    }

    fn heading(&mut self, level: HeadingLevel, blocks: &mut Vec<Block>) -> Result<(), Misread> {
        let name = match level {
            HeadingLevel::H1 => "title",
            HeadingLevel::H2 => "section",
            _ => "subsection",
        };
        let inline = self.inline(TagEnd::Heading(level), name)?;
        let text: String = inline.spans.iter().map(|span| span.text.as_str()).collect();
        if text.trim().is_empty() {
            return Ok(());
        }
        blocks.push(Block::Heading { level: level as u8, text, style: self.style(inline.class.as_deref(), name)? });
        Ok(())
    }

    fn paragraph(&mut self, inline: Inline, blocks: &mut Vec<Block>) -> Result<(), Misread> {
        let style = self.style(inline.class.as_deref(), "body")?;
        if inline.class.as_deref() == Some("footer") {
            self.footer = inline.spans.into_iter().map(|span| span.text).collect();
        } else if !inline.narratives.is_empty() {
            inline.narratives.iter().for_each(|text| narrative(text, style, blocks));
        } else if let Some(figure) = inline.figure {
            match inline.spans.is_empty() {
                true => blocks.push(Block::Figure(figure, style)),
                false => {
                    let text = Block::Paragraph { spans: inline.spans, style: Style { before: 0.0, ..style } };
                    blocks.push(Block::Beside { figure: Some(figure), blocks: vec![text], panel: false, style });
                }
            }
        } else if inline.spans.iter().any(|span| !span.text.trim().is_empty()) {
            blocks.push(Block::Paragraph { spans: inline.spans, style });
        }
        Ok(())
    }

    fn items(&mut self, class: &str) -> Result<Vec<Item>, Misread> {
        let mut items = Vec::new();
        loop {
            match self.take() {
                Some(Event::Start(Tag::Item)) => items.push(self.item(class)?),
                Some(Event::End(TagEnd::List(_))) | None => return Ok(items),
                Some(other) => return Err(unknown(&other)),
            }
        }
    }

    /// An item: its text, whether it stands in a paragraph or not, then perhaps a list.
    fn item(&mut self, class: &str) -> Result<Item, Misread> {
        let mut item = Item { spans: Vec::new(), children: Vec::new(), first: None };
        loop {
            match self.events.get(self.next) {
                None => return Ok(item),
                Some(Event::End(TagEnd::Item)) => {
                    self.next += 1;
                    return Ok(item);
                }
                Some(Event::Start(Tag::List(first))) => {
                    (item.first, self.next) = (*first, self.next + 1);
                    item.children.append(&mut self.items(class)?);
                }
                Some(Event::Start(Tag::Paragraph)) => {
                    self.next += 1;
                    let inline = self.plain(class)?;
                    join(&mut item.spans, inline);
                }
                Some(_) => {
                    let inline = self.inline(TagEnd::Item, class)?;
                    // The end of the item, or the list that follows, is still to come.
                    self.next -= 1;
                    join(&mut item.spans, inline.spans);
                }
            }
        }
    }

    /// The texts of a paragraph inside an item or a fact, where nothing else can stand.
    fn plain(&mut self, class: &str) -> Result<Vec<Span>, Misread> {
        let inline = self.inline(TagEnd::Paragraph, class)?;
        match inline.figure.is_none() && inline.narratives.is_empty() {
            true => Ok(inline.spans),
            false => Err(Misread {
                at: String::new(),
                problem: "only text can stand in a list or a table of facts".to_owned(),
            }),
        }
    }

    fn facts(&mut self) -> Result<Block, Misread> {
        let mut rows: Vec<Fact> = Vec::new();
        let value_style = self.sheet.needed("value");
        loop {
            match self.take() {
                Some(Event::Start(Tag::DefinitionListTitle)) => {
                    let label = self.inline(TagEnd::DefinitionListTitle, "label")?.spans;
                    rows.push(Fact { label, value: Vec::new() });
                }
                Some(Event::Start(Tag::DefinitionListDefinition)) => {
                    let mut value = Vec::new();
                    loop {
                        match self.events.get(self.next) {
                            Some(Event::Start(Tag::Paragraph)) => {
                                self.next += 1;
                                join(&mut value, self.plain("value")?);
                            }
                            Some(Event::End(TagEnd::DefinitionListDefinition)) | None => break,
                            Some(_) => {
                                join(&mut value, self.inline(TagEnd::DefinitionListDefinition, "value")?.spans);
                                self.next -= 1;
                            }
                        }
                    }
                    self.next += 1;
                    if let Some(row) = rows.last_mut() {
                        join(&mut row.value, value);
                    }
                }
                Some(Event::End(TagEnd::DefinitionList)) | None => break,
                Some(other) => return Err(unknown(&other)),
            }
        }
        Ok(Block::Facts { rows, style: value_style })
    }

    fn table(&mut self) -> Result<Block, Misread> {
        let (mut head, mut rows) = (Vec::new(), Vec::new());
        let mut row = Vec::new();
        let mut class = "head";
        loop {
            match self.take() {
                Some(Event::Start(Tag::TableHead)) => class = "head",
                Some(Event::Start(Tag::TableRow)) => class = "body",
                Some(Event::Start(Tag::TableCell)) => row.push(self.inline(TagEnd::TableCell, class)?.spans),
                Some(Event::End(TagEnd::TableHead)) => head = std::mem::take(&mut row),
                Some(Event::End(TagEnd::TableRow)) => rows.push(std::mem::take(&mut row)),
                Some(Event::End(TagEnd::Table)) | None => break,
                Some(other) => return Err(unknown(&other)),
            }
        }
        if head.len() > MAX_COLUMNS {
            let problem = format!("a table can have {MAX_COLUMNS} columns");
            return Err(Misread { at: "|".to_owned(), problem });
        }
        Ok(Block::Table { head, rows, style: self.sheet.needed("body") })
    }

    /// The parts of a paragraph, up to its end; in an item without paragraphs also up to the list inside it.
    fn inline(&mut self, end: TagEnd, class: &str) -> Result<Inline, Misread> {
        let mut inline = Inline::default();
        let mut look = self.style(None, class)?.look;
        let (mut emphasis, mut link): (Emphasis, Option<String>) = (Emphasis::default(), None);
        let mut first = true;
        while let Some(event) = self.take() {
            match event {
                Event::End(tag) if tag == end => break,
                Event::Start(Tag::List(_)) if end == TagEnd::Item => break,
                Event::Start(Tag::Strong) => emphasis.strong = true,
                Event::End(TagEnd::Strong) => emphasis.strong = false,
                Event::Start(Tag::Emphasis) => emphasis.discreet = true,
                Event::End(TagEnd::Emphasis) => emphasis.discreet = false,
                Event::Start(Tag::Link { dest_url, .. }) => link = Some(whole(&dest_url)),
                Event::End(TagEnd::Link) => link = None,
                Event::Start(Tag::Image { dest_url, .. }) => {
                    let at = format!("]({dest_url})");
                    let problem = match (end, &inline.figure) {
                        (TagEnd::Paragraph, None) => None,
                        (TagEnd::Paragraph, Some(_)) => Some("a paragraph can hold one figure"),
                        _ => Some(
                            "a figure stands in a paragraph of its own or at the start of one, not in a heading, list or table",
                        ),
                    };
                    if let Some(problem) = problem {
                        return Err(Misread { at, problem: problem.to_owned() });
                    }
                    inline.figure = Some(self.figure(&dest_url)?);
                }
                Event::Text(text) => {
                    let mut text = text.as_ref();
                    if first && let Some((name, rest)) = text.strip_prefix("{.").and_then(|rest| rest.split_once('}')) {
                        look = self.style(Some(name), class)?.look;
                        inline.class = Some(name.to_owned());
                        text = rest.trim_start();
                    }
                    self.push_text(&mut inline, text, dressed(look, emphasis), link.as_deref());
                }
                Event::SoftBreak => self.push_text(&mut inline, " ", dressed(look, emphasis), link.as_deref()),
                Event::HardBreak => self.push_text(&mut inline, "\n", dressed(look, emphasis), link.as_deref()),
                other => return Err(unknown(&other)),
            }
            first = false;
        }
        trim(&mut inline.spans);
        let alone = end == TagEnd::Paragraph && inline.spans.is_empty() && inline.figure.is_none();
        if !inline.narratives.is_empty() && !alone {
            let problem = "a narrative stands alone in a paragraph: {{ criteria|narrative }}".to_owned();
            return Err(Misread { at: "|narrative".to_owned(), problem });
        }
        Ok(inline)
    }

    fn push_text(&self, inline: &mut Inline, text: &str, look: Look, link: Option<&str>) {
        for piece in taken(text) {
            let text = match piece {
                // The template's own line breaks are kept, those of a value are none.
                Piece::Literal(text) if self.lang == Lang::Fr => typeset_french(&text.nfc().collect::<String>()),
                Piece::Literal(text) => text.nfc().collect(),
                Piece::Value(text) => clean(&text),
                Piece::Narrative(text) => {
                    inline.narratives.push(text);
                    continue;
                }
            };
            // Anything but a web address stays text that leads nowhere.
            let web = link.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
            match inline.spans.last_mut() {
                Some(last) if last.look == look && last.link.as_ref().map(|link| link.url.as_str()) == web => {
                    last.text.push_str(&text);
                }
                _ => {
                    let link = web.map(|url| Link { url: url.to_owned(), alt: String::new() });
                    inline.spans.push(Span { text, look, link });
                }
            }
        }
        // A link is called what it says.
        if let Some(Span { text, link: Some(link), .. }) = inline.spans.last_mut() {
            link.alt = text.trim().to_owned();
        }
    }

    fn figure(&mut self, name: &str) -> Result<Figure, Misread> {
        let mut alt = String::new();
        while let Some(event) = self.take() {
            match event {
                Event::End(TagEnd::Image) => break,
                Event::Text(text) => alt.push_str(&whole(&text)), // heard, not seen: spaces are as they are written
                _ => alt.push(' '),
            }
        }
        let misread = |problem: &str| Misread { at: format!("]({name})"), problem: problem.to_owned() };
        let (drawing, width, height) = match name {
            "qr" => (self.figures.qr_code.clone(), self.sheet.qr_code, self.sheet.qr_code),
            "logo" => self.figures.logo.clone().ok_or_else(|| misread("the style sheet names no logo"))?,
            "signature" => {
                self.figures.signature.clone().ok_or_else(|| misread("it names no picture of a signature"))?
            }
            _ => return Err(misread("there are the figures qr, logo and signature")),
        };
        let alt = clean(alt.trim());
        if alt.is_empty() {
            return Err(misread("a figure needs an alternative text, for who can't see it"));
        }
        Ok(Figure { drawing, width, height, alt })
    }

    fn style(&self, class: Option<&str>, otherwise: &str) -> Result<Style, Misread> {
        let name = class.unwrap_or(otherwise);
        self.sheet.style(name).copied().ok_or_else(|| Misread {
            at: format!("{{.{name}}}"),
            problem: format!("the style sheet has no [styles.{name}]"),
        })
    }
}

/// A text on one line, in NFC; its line breaks and tabs are spaces.
pub(in crate::attestation) fn clean(text: &str) -> String {
    text.nfc().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect()
}

fn dressed(look: Look, emphasis: Emphasis) -> Look {
    let weight = if emphasis.strong { Weight::Bold } else { look.weight };
    let ink = if emphasis.discreet { Ink::Muted } else { look.ink };
    Look { weight, ink, ..look }
}

/// No space starts or ends a paragraph.
fn trim(spans: &mut Vec<Span>) {
    if let Some(first) = spans.first_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    if let Some(last) = spans.last_mut() {
        last.text = last.text.trim_end().to_owned();
    }
    spans.retain(|span| !span.text.is_empty());
}

fn join(spans: &mut Vec<Span>, mut more: Vec<Span>) {
    if let (Some(last), false) = (spans.last_mut(), more.is_empty()) {
        last.text.push(' ');
    }
    spans.append(&mut more);
}

fn panel(mut inside: Vec<Block>, style: Style) -> Block {
    // A heading may stand before the figure: it is read first and stands above the text.
    let place = inside.iter().position(|block| matches!(block, Block::Figure(..)));
    let figure = place.filter(|place| *place < 2).and_then(|place| match inside.remove(place) {
        Block::Figure(figure, _) => Some(figure),
        _ => None,
    });
    Block::Beside { figure, blocks: inside, panel: true, style }
}

/// The blocks of a narrative.
fn narrative(text: &str, style: Style, blocks: &mut Vec<Block>) {
    let passages = markdown::blocks(text);
    for (index, passage) in passages.iter().enumerate() {
        match passage {
            markdown::Block::Paragraph(text) => {
                // What announces a list stays with it.
                let announces = matches!(passages.get(index + 1), Some(markdown::Block::List(_)));
                let bond = if announces && text.chars().count() <= 200 { Bond::WithNext } else { style.bond };
                for (line, text) in text.lines().enumerate() {
                    let before = if line == 0 { style.before } else { 0.0 };
                    let spans = vec![Span::plain(clean(text), style.look)];
                    blocks.push(Block::Paragraph { spans, style: Style { before, bond, ..style } });
                }
            }
            markdown::Block::List(items) => {
                let items = items.iter().map(|item| bullet(item, style.look)).collect();
                blocks.push(Block::List { first: None, items, style });
            }
        }
    }
}

fn bullet(item: &markdown::Item, look: Look) -> Item {
    let children = item.items.iter().map(|item| bullet(item, look)).collect();
    Item { spans: vec![Span::plain(clean(&item.text), look)], children, first: None }
}

fn unknown(event: &Event<'_>) -> Misread {
    let (at, what) = match event {
        Event::Html(text) | Event::InlineHtml(text) => (text.trim().to_owned(), "HTML"),
        Event::Start(Tag::HtmlBlock) => ("<".to_owned(), "HTML"),
        Event::Start(Tag::CodeBlock(_)) => ("    ".to_owned(), "a block of code (is a line indented by four spaces?)"),
        Event::Code(text) => (format!("`{text}"), "code"),
        _ => (String::new(), "this nesting"),
    };
    Misread { at, problem: format!("{what} can't be laid out") }
}
