//! Chance and identity from a seed: the same seed gives the same school, the same grades, the same trouble.

use ring::digest::{SHA256, digest};

/// A small generator (SplitMix64): not for secrets, always the same for one seed.
#[derive(Debug, Clone)]
pub(super) struct Seeded(u64);

impl Seeded {
    pub(super) fn from(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but not including `bound`; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            (self.next() % bound as u64) as usize
        }
    }

    /// A number from 0.0 up to but not including 1.0.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Puts a list in another order (Fisher-Yates).
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// The UUID that belongs to a name, such as `("person", "41", "7")`: the same words give the same id.
pub(super) fn uuid_for(words: &[&str]) -> String {
    let hash = hash_of(words);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A fraction from 0.0 up to 1.0 that belongs to a name.
pub(super) fn fraction_for(words: &[&str]) -> f64 {
    Seeded(u64_for(words)).fraction()
}

/// A seed that belongs to a name.
pub(super) fn u64_for(words: &[&str]) -> u64 {
    let hash = hash_of(words);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(bytes)
}

fn hash_of(words: &[&str]) -> [u8; 32] {
    // The separator keeps ("ab", "c") and ("a", "bc") apart.
    let joined = words.join("\u{1f}");
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, joined.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_give_the_same_id_and_other_words_another() {
        assert_eq!(uuid_for(&["person", "1"]), uuid_for(&["person", "1"]));
        assert_ne!(uuid_for(&["person", "1"]), uuid_for(&["person1"]));
        assert_eq!(uuid_for(&["person", "1"]).len(), 36);
    }

    #[test]
    fn shuffling_keeps_every_item_and_repeats_for_one_seed() {
        let mut once: Vec<u32> = (0..50).collect();
        let mut again = once.clone();
        Seeded::from(7).shuffle(&mut once);
        Seeded::from(7).shuffle(&mut again);
        assert_eq!(once, again);
        assert_ne!(once, (0..50).collect::<Vec<_>>());
        once.sort_unstable();
        assert_eq!(once, (0..50).collect::<Vec<_>>());
    }
}
