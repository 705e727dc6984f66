//! The release of a cesuur, end to end: 5,000 results of one examenversie are judged again, decided on by the
//! examencommissie, and delivered to a student system through the `ooapi-dr` connector, while a vendor delivers results of
//! another exam at a steady pace. How long it takes, and what it does to that other traffic: its p99 before and meanwhile.

use std::time::{Duration, Instant};

use oke_bench::release::{self, Exam, Waiting};
use oke_bench::{load, school};
use oke_host::store::testing::TestDatabase;
use oke_host::values;
use serde_json::json;
use tokio_util::sync::CancellationToken;

const RESULTS: usize = 5_000;
/// Other messages per second: what a large school sends all day.
const OTHER_PER_SECOND: u32 = 50;
const QUIET: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(600);

fn main() {
    oke_bench::on_each_database("cesuur_release", measure);
}

async fn measure(name: &str, [database]: [TestDatabase; 1]) {
    let (compiler, guests) = oke_bench::programs().expect("both are named");
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let begun = Instant::now();
    let waiting = release::stage(&database, folder.path(), (&compiler, &guests), RESULTS).await;
    deliver(&waiting).await;
    println!(
        "cesuur_release on {name}: {RESULTS} results, target 60 s; staged in {} s",
        begun.elapsed().as_secs()
    );
    let mut other = Other::of(&waiting);
    let before = other.while_doing(tokio::time::sleep(QUIET)).await;
    let begun = Instant::now();
    let all = RESULTS as i64;
    let judging = other.while_doing(judge(&waiting, all)).await;
    told("judged again", &begun, &judging);
    let deciding = other
        .while_doing(release::decide(&waiting.commission, &waiting.awaited.deelnames))
        .await;
    told("decided", &begun, &deciding);
    let arrived = until(&waiting, "decided = 'vastgesteld' AND confirmed_seq = seq", all);
    let delivering = other.while_doing(arrived).await;
    told("at the student system, the end", &begun, &delivering);
    let mut meanwhile = [judging, deciding, delivering].concat();
    meanwhile.sort_unstable();
    for (when, took) in [("before", &before), ("meanwhile", &meanwhile)] {
        println!("other traffic {when:<26} {}", in_words(took));
    }
    println!(
        "{:<40} {:>9.2} x, target 2",
        "p99 meanwhile to before",
        ms(at(&meanwhile, 99)) / ms(at(&before, 99))
    );
    arrived_once(&waiting);
    waiting.stop.cancel();
    waiting.sis.stop().await;
    database.remove().await;
}

/// All results come in before the cesuur is set, and are held.
async fn deliver(waiting: &Waiting) {
    set_cesuur(waiting, "no").await;
    let requests = waiting
        .awaited
        .deelnames
        .iter()
        .map(|id| result(waiting, id, "6.1"))
        .collect();
    load::drive(waiting.address, 16, requests).await;
    let held = count(waiting, "judgement = 'held' AND why = 'not-normed'").await;
    assert_eq!(held, RESULTS as i64, "results wait for the cesuur");
}

fn result(waiting: &Waiting, deelname: &str, score: &str) -> Vec<u8> {
    let path = format!("/oke/{}/tpl/associations/{deelname}", school::TENANT);
    load::patch(&path, &waiting.token, &school::completed(deelname, score))
}

async fn set_cesuur(waiting: &Waiting, normed: &str) {
    let body = json!({ "peer": school::VENDOR, "component": waiting.awaited.component, "normed": normed,
        "source": "brief van de leverancier" });
    waiting
        .commission
        .put("/cesuur", &body)
        .await
        .expect("the cesuur is set");
}

async fn judge(waiting: &Waiting, all: i64) {
    set_cesuur(waiting, "yes").await;
    until(waiting, "judgement = 'accepted'", all).await;
}

/// When a part of the release was done, and how other traffic fared during it.
fn told(part: &str, begun: &Instant, other: &[Duration]) {
    println!(
        "{part:<40} {:>9.1} s; other traffic {}",
        begun.elapsed().as_secs_f64(),
        in_words(other)
    );
}

fn in_words(took: &[Duration]) -> String {
    let (half, most) = (ms(at(took, 50)), ms(at(took, 99)));
    format!(
        "{half:>9.1} ms half within, {most:.1} ms 99 of 100 within ({} messages)",
        took.len()
    )
}

async fn until(waiting: &Waiting, condition: &str, wanted: i64) {
    let begun = Instant::now();
    loop {
        let there = count(waiting, condition).await;
        if there == wanted {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{there} of {wanted} results: {condition}");
        tokio::time::sleep(LOOK).await;
    }
}

async fn count(waiting: &Waiting, condition: &str) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) AS n FROM result_head WHERE tenant = $1 AND peer = $2 AND component = $3 AND {condition}"
    );
    let values = values![school::TENANT, school::VENDOR, &waiting.awaited.component];
    let row = waiting.core.db.row(sql, values).await.expect("the database counts");
    row.expect("a count").int("n").expect("a number")
}

/// The student system holds every result as final, and heard of each once.
fn arrived_once(waiting: &Waiting) {
    let state = waiting.sis.state();
    assert!(state.refused.is_empty(), "refused: {:?}", state.refused.first());
    assert_eq!(state.applied.len(), RESULTS, "messages of flow 5");
}

/// The other exam's results, again and again, each time with another score.
struct Other<'a> {
    waiting: &'a Waiting,
    sent: usize,
}

impl<'a> Other<'a> {
    fn of(waiting: &'a Waiting) -> Self {
        Other { waiting, sent: 0 }
    }

    /// Sends at a steady pace until something is done; how long each message took.
    async fn while_doing(&mut self, doing: impl Future<Output = ()>) -> Vec<Duration> {
        let Exam { deelnames, .. } = &self.waiting.other;
        let requests = (0..RESULTS * 4).map(|at| {
            let at = at + self.sent;
            let score = ["5.4", "6.1", "7.2"][at / deelnames.len() % 3];
            result(self.waiting, &deelnames[at % deelnames.len()], score)
        });
        let stop = CancellationToken::new();
        let pacing = load::pace(self.waiting.address, OTHER_PER_SECOND, requests.collect(), stop.clone());
        let pacing = tokio::spawn(pacing);
        doing.await;
        stop.cancel();
        let took = pacing.await.expect("the other traffic ends well");
        self.sent += took.len();
        took
    }
}

fn at(took: &[Duration], percent: usize) -> Duration {
    took.get(took.len() * percent / 100).copied().unwrap_or_default()
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
