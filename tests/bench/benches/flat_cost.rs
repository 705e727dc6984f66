//! What a message costs in a school that has just begun and in one with a million associations: the same accepted messages,
//! to two hosts in one process, in turns. On SQLite, and on PostgreSQL where `OKE_TEST_POSTGRES` names a cluster.

use std::time::Instant;

use oke_bench::school::{self, Served};
use oke_bench::{Figures, load, year};
use oke_host::store::testing::TestDatabase;
use tempfile::TempDir;

/// Associations: each deelname has an enrolment.
const SIZES: [u32; 2] = [10_000, 1_000_000];
const CONNECTIONS: usize = 16;
/// Messages in a round, each to another deelname.
const MESSAGES: usize = 1_500;
const ROUNDS: usize = 7;
const SCORES: [&str; 2] = ["5.4", "6.1"];

fn main() {
    oke_bench::on_each_database("flat_cost", compare);
}

/// A school of a size, and the host that serves it.
struct School {
    database: TestDatabase,
    served: Served,
    deelnames: u32,
    /// The host's own files.
    _folder: TempDir,
}

impl School {
    async fn with(database: TestDatabase, associations: u32) -> Self {
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        let staged = school::stage(&database).await;
        let deelnames = associations / 2;
        year::plan(&database, &staged.model, deelnames, staged.core.now()).await;
        School {
            served: staged.serve(folder.path()).await,
            _folder: folder,
            database,
            deelnames,
        }
    }

    /// The messages of a round, spread over the whole school.
    fn messages(&self, round: usize) -> Vec<Vec<u8>> {
        let apart = self.deelnames as usize / MESSAGES;
        let message = |at: usize| {
            let deelname = format!("deelname-{}", at * apart + 1);
            let path = format!("/oke/{}/tpl/associations/{deelname}", school::TENANT);
            let said = school::completed(&deelname, SCORES[round % SCORES.len()]);
            load::patch(&path, &self.served.token, &said)
        };
        (0..MESSAGES).map(message).collect()
    }
}

async fn compare(name: &str, [small, large]: [TestDatabase; 2]) {
    let begun = Instant::now();
    let small = School::with(small, SIZES[0]).await;
    let large = School::with(large, SIZES[1]).await;
    println!(
        "flat_cost on {name}: {} and {} associations, written in {} s; {CONNECTIONS} connections; target 1.3",
        SIZES[0],
        SIZES[1],
        begun.elapsed().as_secs()
    );
    let mut few = Figures::of("a message among ten thousand", "us");
    let mut many = Figures::of("a message among a million", "us");
    for round in 0..=ROUNDS {
        for (school, figures) in [(&small, &mut few), (&large, &mut many)] {
            let went = load::drive(school.served.address, CONNECTIONS, school.messages(round)).await;
            // The first round warms up.
            if round > 0 {
                figures.add(1e6 / went.per_second);
            }
        }
    }
    println!("{few}\n{many}\n{}", many.ratio_to(&few));
    for School { database, served, .. } in [small, large] {
        served.stop.cancel();
        drop(served);
        database.remove().await;
    }
}
