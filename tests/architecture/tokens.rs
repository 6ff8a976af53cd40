//! Splits Rust source into the few tokens that the import test needs. Not a Rust lexer: numbers and punctuation are taken as they come.

/// A word, a `::` or any other single character.
pub(crate) struct Token {
    pub(crate) text: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// Words, `::` and single characters; no comment, string, character or lifetime.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        let rest = &chars[at..];
        let starts = |prefix: &str| rest.iter().copied().take(prefix.len()).eq(prefix.chars());
        at += if starts("//") {
            rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
        } else if starts("/*") {
            block_comment(rest)
        } else if let Some(length) = string(rest) {
            length
        } else if rest[0] == '\'' {
            character_or_lifetime(rest)
        } else {
            let length = if rest[0].is_alphanumeric() || rest[0] == '_' {
                rest.iter().position(|c| !(c.is_alphanumeric() || *c == '_')).unwrap_or(rest.len())
            } else if starts("::") {
                2
            } else {
                1
            };
            if !rest[0].is_whitespace() {
                found.push(Token { text: rest[..length].iter().collect(), line });
            }
            length
        };
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// The length of the block comment that starts here; block comments nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest.get(at..at + 2) {
            Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/']) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the string literal that starts here, if one does: plain, byte, C or raw.
fn string(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'c' | 'r')).count().min(2);
    let raw = rest[..prefix].contains(&'r');
    let hashes = if raw { rest[prefix..].iter().take_while(|c| **c == '#').count() } else { 0 };
    let open = prefix + hashes;
    if rest.get(open) != Some(&'"') {
        return None;
    }
    let mut at = open + 1;
    while at < rest.len() {
        match rest[at] {
            '\\' if !raw => at += 1,
            '"' if rest[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes => {
                return Some(at + 1 + hashes);
            }
            _ => {}
        }
        at += 1;
    }
    Some(rest.len())
}

/// The length of what a quote starts: `'a'`, `'\n'`, or a lifetime without its quote's partner.
fn character_or_lifetime(rest: &[char]) -> usize {
    match rest {
        [_, '\\', _, tail @ ..] => 3 + tail.iter().position(|c| *c == '\'').map_or(tail.len(), |end| end + 1),
        [_, _, '\'', ..] => 3,
        _ => 1 + rest[1..].iter().position(|c| !(c.is_alphanumeric() || *c == '_')).unwrap_or(rest.len() - 1),
    }
}
