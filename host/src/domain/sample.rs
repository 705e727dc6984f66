//! Samples (steekproeven): which results of a list are looked at, so that anybody can draw the same ones again.

/// How many are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many; all when the list is shorter.
    Count(u32),
    /// So many in a hundred, rounded up: of a list that is not empty at least one.
    Percentage(u32),
}

impl Size {
    /// How many that is of a list.
    #[must_use]
    pub fn of(self, listed: usize) -> usize {
        let wanted = match self {
            Size::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Size::Percentage(percentage) => {
                let percentage = usize::try_from(percentage.min(100)).unwrap_or(100);
                listed.saturating_mul(percentage).div_ceil(100)
            }
        };
        wanted.min(listed)
    }
}

/// Draws from a list. The order and repetitions of the list do not matter: the same members, size and seed give the same
/// sample, in the order of the ids. The generator is `SplitMix64`, the shuffle Fisher and Yates', both written out here
/// so that a sample can be drawn again years later.
#[must_use]
pub fn draw(listed: &[String], size: Size, seed: u64) -> Vec<String> {
    let mut ids: Vec<String> = listed.to_vec();
    ids.sort();
    ids.dedup();
    let wanted = size.of(ids.len());
    let mut state = seed;
    for place in 0..wanted {
        let left = ids.len() - place;
        ids.swap(place, place + below(&mut state, left));
    }
    ids.truncate(wanted);
    ids.sort();
    ids
}

/// A number below `bound`, all equally likely: what would favour the low ones is thrown away.
fn below(state: &mut u64, bound: usize) -> usize {
    let bound = u64::try_from(bound).expect("a list is shorter than 2^64").max(1);
    let zone = u64::MAX - u64::MAX % bound;
    loop {
        let number = next(state);
        if number < zone {
            return usize::try_from(number % bound).expect("below a length");
        }
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("d{number:03}")).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_sample_whatever_the_order_of_the_list() {
        let forwards = list(40);
        let mut backwards = forwards.clone();
        backwards.reverse();
        backwards.push("d003".to_owned());
        let drawn = draw(&forwards, Size::Count(5), 2026);
        assert_eq!(drawn, draw(&backwards, Size::Count(5), 2026));
        assert_eq!(drawn.len(), 5);
        assert_ne!(drawn, draw(&forwards, Size::Count(5), 2027));
    }

    /// Holds for ever: a sample of years ago must come out again.
    #[test]
    fn a_sample_of_long_ago_can_be_drawn_again() {
        assert_eq!(
            next(&mut 0),
            0xe220_a839_7b1d_cdaf,
            "the generator's published first number"
        );
    }

    #[test]
    fn a_percentage_is_rounded_up_and_never_more_than_there_is() {
        assert_eq!(Size::Percentage(10).of(41), 5);
        assert_eq!(Size::Percentage(1).of(3), 1);
        assert_eq!(Size::Percentage(250).of(3), 3);
        assert_eq!(Size::Percentage(10).of(0), 0);
        assert_eq!(Size::Count(9).of(4), 4);
    }

    #[test]
    fn every_result_has_the_same_chance() {
        let listed = list(10);
        let mut times = [0_u32; 10];
        for seed in 0..2_000 {
            for id in draw(&listed, Size::Count(3), seed) {
                times[id[1..].parse::<usize>().unwrap()] += 1;
            }
        }
        assert!(times.iter().all(|times| (510..690).contains(times)), "{times:?}");
    }
}
