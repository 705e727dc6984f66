//! Timing for the benchmarks: cases taken in turns, so that what else the machine does falls on all of them alike.
//!
//! A single figure means little (this kind of machine moves 15 % between rounds and 25 % between runs): what counts is
//! the ratio of two cases within one run. To add a benchmark: a file under `benches/` with its baseline beside it, and
//! a `[[bench]]` with `harness = false`.

pub mod bare;
pub mod calls;
pub mod installed;
pub mod load;
pub mod release;
pub mod school;
pub mod year;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use oke_host::store::testing::TestDatabase;

/// Measures on SQLite, and on PostgreSQL where `OKE_TEST_POSTGRES` names a cluster, each time with so many new databases
/// ([`TestDatabase::remove`] is the measure's). Says plainly what is skipped.
///
/// # Panics
/// When the measure does.
pub fn on_each_database<const N: usize>(bench: &str, measure: impl AsyncFn(&str, [TestDatabase; N])) {
    if programs().is_none() {
        println!("SKIPPED {bench}: run `cargo bench-oke`, which builds what is measured optimised");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let mut ours = Vec::with_capacity(N);
        for _ in 0..N {
            ours.push(TestDatabase::sqlite().await);
        }
        measure("SQLite", all_of(ours)).await;
        let mut ours = Vec::with_capacity(N);
        for _ in 0..N {
            let Some(database) = TestDatabase::postgres().await else {
                println!("SKIPPED {bench} on PostgreSQL: OKE_TEST_POSTGRES names no cluster");
                return;
            };
            ours.push(database);
        }
        measure("PostgreSQL", all_of(ours)).await;
    });
}

fn all_of<const N: usize>(databases: Vec<TestDatabase>) -> [TestDatabase; N] {
    let all = databases.try_into();
    all.unwrap_or_else(|_| unreachable!("as many as that were made"))
}

/// The `oke` binary and the folder of the guests' modules, which `cargo bench-oke` builds and names.
#[must_use]
pub fn programs() -> Option<(PathBuf, PathBuf)> {
    let [oke, guests] = ["OKE_BIN", "OKE_GUESTS"].map(|name| std::env::var_os(name).map(PathBuf::from));
    oke.zip(guests)
}

/// Figures of one case, one per round.
#[derive(Debug, Clone)]
pub struct Figures {
    name: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
}

impl Figures {
    /// A case without figures yet.
    pub fn of(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            rounds: Vec::new(),
        }
    }

    /// One round in which `calls` calls took `took`: keeps microseconds per call.
    pub fn add_calls(&mut self, calls: u32, took: Duration) {
        self.add(took.as_secs_f64() * 1e6 / f64::from(calls));
    }

    /// The figure of one round.
    pub fn add(&mut self, figure: f64) {
        self.rounds.push(figure);
    }

    /// The middle figure.
    pub fn median(&self) -> f64 {
        middle(&self.rounds)
    }

    /// How this case compares with its baseline: the middle of the rounds' own ratios, with the least and greatest.
    pub fn ratio_to(&self, baseline: &Figures) -> Figures {
        let pairs = self.rounds.iter().zip(&baseline.rounds);
        Figures {
            name: "ratio",
            unit: "x",
            rounds: pairs.map(|(ours, theirs)| ours / theirs).collect(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.rounds.iter().copied().fold(0.0, f64::max);
        write!(
            out,
            "{:<40} {:>9.2} {} ({least:.2}-{greatest:.2}, {} rounds)",
            self.name,
            self.median(),
            self.unit,
            self.rounds.len()
        )
    }
}

fn middle(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let (mut ours, mut theirs) = (Figures::of("ours", "us"), Figures::of("theirs", "us"));
        for (our, their) in [(2.0, 1.0), (30.0, 10.0), (4.0, 1.0)] {
            ours.add(our);
            theirs.add(their);
        }
        assert!((ours.ratio_to(&theirs).median() - 3.0).abs() < 1e-9);
    }
}
