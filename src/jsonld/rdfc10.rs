//! RDF Dataset Canonicalization, RDFC-1.0 (W3C Recommendation, 21 May 2024), in full.
//!
//! Blank nodes have no lasting names, so before a dataset can be hashed each must get one that depends on nothing but the dataset.
//! Nearly always a node's own quads tell it apart (the first-degree hash) and the work is linear. Where they don't, the N-degree
//! algorithm explores the neighbourhood, and its cost can be exponential: a "poison graph" of a few quads could keep a verifier
//! busy for years. So the exploration has a budget ([`WorkLimit`]) and ends in a clear error beyond it (§7.1 of the recommendation).
//!
//! Not here: how the dataset came about (see `expand`).

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256, Sha384};

use super::nquads::{Dataset, Quad, write_quad};

/// The hash that labels blank nodes (§3.3). It does not say how the canonical form is hashed afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HashAlgorithm {
    /// The default of the recommendation, and what `eddsa-rdfc-2022` uses.
    #[default]
    Sha256,
    /// The alternative of the recommendation, used by cryptosuites with P-384 keys.
    Sha384,
}

/// Most related blank nodes that the N-degree algorithm may look at, over one whole dataset.
///
/// The unit is one visit of a quad or of a blank node in a permutation, about a microsecond of work; carrying many provisional labels
/// along costs more units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkLimit(pub u64);

impl Default for WorkLimit {
    /// Eighty times what the most demanding of the W3C's positive tests needs, a fraction of a second at worst.
    fn default() -> Self {
        Self(200_000)
    }
}

/// How deep the N-degree algorithm may recurse: the longest chain of indistinguishable blank nodes. It bounds the stack (a few
/// kilobytes a level in debug builds) where the work limit bounds time.
const MAX_RECURSION: usize = 128;

/// The dataset's blank nodes are too entangled to canonicalise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooComplex {
    /// The [`WorkLimit`] was reached.
    #[error("the dataset's blank nodes are too entangled to canonicalise: more than {limit} steps of RDFC-1.0's N-degree hashing")]
    Steps {
        /// The limit in steps.
        limit: u64,
    },
    /// A chain of blank nodes that nothing tells apart is too long.
    #[error("the dataset's blank nodes are too entangled to canonicalise: a chain of more than {limit} that nothing tells apart")]
    Recursion {
        /// The limit in blank nodes.
        limit: usize,
    },
}

/// The outcome of canonicalisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// The serialized canonical form: canonical N-Quads, sorted by code point, each ended by a line feed.
    pub nquads: String,
    /// Canonical label (`c14n0`, …) of each blank node label of the input, both without `_:`.
    pub labels: BTreeMap<String, String>,
}

/// Canonicalises a dataset (RDFC-1.0 §4.4).
///
/// # Errors
/// [`TooComplex`] when the N-degree algorithm would take more steps than `limit` allows.
pub fn canonicalize(dataset: &Dataset, algorithm: HashAlgorithm, limit: WorkLimit) -> Result<Canonical, TooComplex> {
    let mut state = State::new(dataset, algorithm, limit);
    let mut blanks_by_hash: BTreeMap<&str, Vec<Blank>> = BTreeMap::new();
    for (blank, hash) in state.first_degree.iter().enumerate() {
        blanks_by_hash.entry(hash).or_default().push(blank);
    }
    let (unique, shared): (Vec<_>, Vec<_>) = blanks_by_hash.into_values().partition(|blanks| blanks.len() == 1);
    for blank in unique.into_iter().flatten() {
        state.canonical.issue(blank);
    }
    for blanks in shared {
        let mut explored = Vec::new();
        for blank in blanks {
            if state.canonical.get(blank).is_none() {
                let mut issuer = Issuer::new("b");
                issuer.issue(blank);
                explored.push(state.hash_n_degree(blank, issuer, 0)?);
            }
        }
        explored.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, issuer) in explored {
            for blank in issuer.order {
                state.canonical.issue(blank);
            }
        }
    }
    Ok(state.into_canonical(dataset))
}

/// A blank node: its index in [`State::labels`]. Indices follow the order of the input's labels, on which no result depends.
type Blank = usize;

/// Gives out labels `{prefix}0`, `{prefix}1`, … once each (§4.5).
#[derive(Debug, Clone)]
struct Issuer {
    prefix: &'static str,
    issued: HashMap<Blank, usize>,
    order: Vec<Blank>,
}

impl Issuer {
    fn new(prefix: &'static str) -> Self {
        Self { prefix, issued: HashMap::new(), order: Vec::new() }
    }

    fn get(&self, blank: Blank) -> Option<String> {
        self.issued.get(&blank).map(|number| format!("{}{number}", self.prefix))
    }

    fn issue(&mut self, blank: Blank) -> String {
        let number = *self.issued.entry(blank).or_insert_with(|| {
            self.order.push(blank);
            self.order.len() - 1
        });
        format!("{}{number}", self.prefix)
    }
}

/// The canonicalisation state (§4.3).
struct State<'d> {
    algorithm: HashAlgorithm,
    labels: Vec<&'d str>,
    index: HashMap<&'d str, Blank>,
    /// The quads that mention each blank node, each once.
    quads: Vec<Vec<&'d Quad>>,
    first_degree: Vec<String>,
    canonical: Issuer,
    limit: WorkLimit,
    steps_left: u64,
}

impl<'d> State<'d> {
    fn new(dataset: &'d Dataset, algorithm: HashAlgorithm, limit: WorkLimit) -> Self {
        let mut by_label: BTreeMap<&str, Vec<&Quad>> = BTreeMap::new();
        for quad in dataset {
            for (_, label) in quad.blanks() {
                let quads = by_label.entry(label).or_default();
                // A quad may mention a blank node twice; it is the last one then.
                if quads.last().is_none_or(|last| !std::ptr::eq(*last, quad)) {
                    quads.push(quad);
                }
            }
        }
        let (labels, quads): (Vec<&str>, Vec<Vec<&Quad>>) = by_label.into_iter().unzip();
        let first_degree = labels.iter().zip(&quads).map(|(label, quads)| hash_first_degree(algorithm, label, quads)).collect();
        let index = labels.iter().enumerate().map(|(blank, label)| (*label, blank)).collect();
        let canonical = Issuer::new("c14n");
        Self { algorithm, labels, index, quads, first_degree, canonical, limit, steps_left: limit.0 }
    }

    fn into_canonical(self, dataset: &Dataset) -> Canonical {
        let names: Vec<String> = (0..self.labels.len()).map(|blank| self.canonical.get(blank).unwrap_or_default()).collect();
        let by_label: HashMap<&str, &str> = self.labels.iter().copied().zip(names.iter().map(String::as_str)).collect();
        let mut lines: Vec<String> = dataset
            .iter()
            .map(|quad| {
                let mut line = String::with_capacity(160);
                write_quad(quad, |label| by_label.get(label).copied().unwrap_or(label), &mut line);
                line
            })
            .collect();
        lines.sort_unstable();
        let labels = self.labels.iter().map(|label| (*label).to_owned()).zip(names.iter().cloned()).collect();
        Canonical { nquads: lines.concat(), labels }
    }

    fn spend(&mut self, steps: u64) -> Result<(), TooComplex> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(TooComplex::Steps { limit: self.limit.0 })?;
        Ok(())
    }

    /// Hash Related Blank Node (§4.7).
    fn hash_related(&self, related: Blank, quad: &Quad, issuer: &Issuer, position: char) -> String {
        let mut input = String::from(position);
        if position != 'g' {
            input.push('<');
            input.push_str(&quad.predicate);
            input.push('>');
        }
        if let Some(label) = self.canonical.get(related).or_else(|| issuer.get(related)) {
            input.push_str("_:");
            input.push_str(&label);
        } else {
            input.push_str(&self.first_degree[related]);
        }
        hash(self.algorithm, &input)
    }

    /// Hash N-Degree Quads (§4.8). Recursion is as deep as the chain of related nodes is long.
    fn hash_n_degree(&mut self, blank: Blank, mut issuer: Issuer, depth: usize) -> Result<(String, Issuer), TooComplex> {
        if depth > MAX_RECURSION {
            return Err(TooComplex::Recursion { limit: MAX_RECURSION });
        }
        let mut related_by_hash: BTreeMap<String, Vec<Blank>> = BTreeMap::new();
        for quad in self.quads[blank].clone() {
            self.spend(1)?;
            for (position, label) in quad.blanks() {
                let related = self.index[label];
                if related != blank {
                    let hash = self.hash_related(related, quad, &issuer, position);
                    related_by_hash.entry(hash).or_default().push(related);
                }
            }
        }
        let mut data = String::new();
        for (related_hash, related) in related_by_hash {
            data.push_str(&related_hash);
            let mut chosen: Option<(String, Issuer)> = None;
            let mut permutations = Permutations::new(related);
            while let Some(permutation) = permutations.next() {
                self.spend((permutation.len() + issuer.order.len() / 16) as u64)?;
                let best = chosen.as_ref().map(|(path, _)| path.as_str());
                if let Some(better) = self.explore(permutation, &issuer, best, depth)? {
                    chosen = Some(better);
                }
            }
            if let Some((path, chosen_issuer)) = chosen {
                data.push_str(&path);
                issuer = chosen_issuer;
            }
        }
        Ok((hash(self.algorithm, &data), issuer))
    }

    /// One permutation of §4.8.3 step 5.4: its path and issuer, or `None` if it cannot come before `best`.
    fn explore(
        &mut self,
        permutation: &[Blank],
        issuer: &Issuer,
        best: Option<&str>,
        depth: usize,
    ) -> Result<Option<(String, Issuer)>, TooComplex> {
        let cannot_win = |path: &str| best.is_some_and(|best| path.len() >= best.len() && path > best);
        let mut issuer = issuer.clone();
        let mut path = String::new();
        let mut unexplored = Vec::new();
        for &related in permutation {
            path.push_str("_:");
            if let Some(label) = self.canonical.get(related) {
                path.push_str(&label);
            } else {
                if issuer.get(related).is_none() {
                    unexplored.push(related);
                }
                path.push_str(&issuer.issue(related));
            }
            if cannot_win(&path) {
                return Ok(None);
            }
        }
        for related in unexplored {
            let (hash, explored_issuer) = self.hash_n_degree(related, issuer.clone(), depth + 1)?;
            path.push_str("_:");
            path.push_str(&issuer.issue(related));
            path.push('<');
            path.push_str(&hash);
            path.push('>');
            issuer = explored_issuer;
            if cannot_win(&path) {
                return Ok(None);
            }
        }
        Ok(if best.is_none_or(|best| path.as_str() < best) { Some((path, issuer)) } else { None })
    }
}

/// Hash First Degree Quads (§4.6): the node's quads with itself as `_:a` and every other blank node as `_:z`.
fn hash_first_degree(algorithm: HashAlgorithm, label: &str, quads: &[&Quad]) -> String {
    let mut lines: Vec<String> = quads
        .iter()
        .map(|quad| {
            let mut line = String::with_capacity(160);
            write_quad(quad, |other| if other == label { "a" } else { "z" }, &mut line);
            line
        })
        .collect();
    lines.sort_unstable();
    hash(algorithm, &lines.concat())
}

/// Lower-case hexadecimal hash of the text's UTF-8 form.
fn hash(algorithm: HashAlgorithm, text: &str) -> String {
    fn hex(bytes: &[u8]) -> String {
        let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
    match algorithm {
        HashAlgorithm::Sha256 => hex(&Sha256::digest(text)),
        HashAlgorithm::Sha384 => hex(&Sha384::digest(text)),
    }
}

/// Every order of a list, in lexicographic order of positions. Lending, so that no permutation is allocated.
struct Permutations {
    items: Vec<Blank>,
    started: bool,
}

impl Permutations {
    fn new(mut items: Vec<Blank>) -> Self {
        items.sort_unstable();
        Self { items, started: false }
    }

    fn next(&mut self) -> Option<&[Blank]> {
        if !self.started {
            self.started = true;
            return Some(&self.items);
        }
        let items = &mut self.items;
        let pivot = items.windows(2).rposition(|pair| pair[0] < pair[1])?;
        let successor = items.iter().rposition(|item| *item > items[pivot])?;
        items.swap(pivot, successor);
        items[pivot + 1..].reverse();
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::super::nquads::parse;
    use super::*;

    fn canonical(text: &str) -> Canonical {
        let dataset = parse(text).expect("valid N-Quads");
        canonicalize(&dataset, HashAlgorithm::Sha256, WorkLimit::default()).expect("simple enough")
    }

    #[test]
    fn labels_and_order_of_the_input_do_not_matter() {
        let a = canonical("_:x <a:p> _:y .\n_:y <a:p> \"1\" .\n_:z <a:q> _:x .");
        let b = canonical("_:q <a:p> \"1\" .\n_:a <a:q> _:m .\n_:m <a:p> _:q .");
        assert_eq!(a.nquads, b.nquads);
        assert_eq!(a.labels.keys().collect::<Vec<_>>(), ["x", "y", "z"]);
    }

    #[test]
    fn symmetric_nodes_are_told_apart_by_the_n_degree_algorithm() {
        // Two triangles that differ only in one distant literal.
        let text = |tip: &str| format!("_:a <a:p> _:b .\n_:b <a:p> _:c .\n_:c <a:p> _:a .\n_:d <a:p> _:e .\n_:e <a:p> _:f .\n_:f <a:p> _:d .\n_:{tip} <a:q> _:t .\n_:t <a:v> \"x\" .");
        assert_eq!(canonical(&text("a")).nquads, canonical(&text("e")).nquads);
    }

    #[test]
    fn a_clique_ends_in_an_error_and_quickly() {
        let mut text = String::new();
        for a in 0..12 {
            for b in (0..12).filter(|b| *b != a) {
                text.push_str(&format!("_:n{a} <a:p> _:n{b} .\n"));
            }
        }
        let dataset = parse(&text).expect("valid N-Quads");
        let outcome = canonicalize(&dataset, HashAlgorithm::Sha256, WorkLimit(10_000));
        assert_eq!(outcome, Err(TooComplex::Steps { limit: 10_000 }));
    }

    #[test]
    fn a_long_ring_ends_in_an_error_and_not_in_a_stack_overflow() {
        let text: String = (0..20_000).map(|n| format!("_:n{n} <a:p> _:n{} .\n", (n + 1) % 20_000)).collect();
        let dataset = parse(&text).expect("valid N-Quads");
        let outcome = canonicalize(&dataset, HashAlgorithm::Sha256, WorkLimit::default());
        assert_eq!(outcome, Err(TooComplex::Recursion { limit: MAX_RECURSION }));
    }

    #[test]
    fn permutations_are_complete() {
        let mut permutations = Permutations::new(vec![3, 1, 2]);
        let mut all = Vec::new();
        while let Some(permutation) = permutations.next() {
            all.push(permutation.to_vec());
        }
        assert_eq!(all, [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]);
    }
}
