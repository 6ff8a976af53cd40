//! Randomness as a parameter, so that tests can replay what they saw. The system's source lives at the edge.

/// A source of uniform random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with uniform random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` uniform random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// A uniform number below `bound` (which is at least 1), by rejection so that no index is likelier than another.
    pub fn below(&self, bound: u32) -> u32 {
        let bound = bound.max(1);
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let drawn = u32::from_le_bytes(self.bytes());
            if drawn < limit {
                return drawn % bound;
            }
        }
    }
}
