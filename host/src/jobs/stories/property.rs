//! Lanes under any mix of failures, kills and decisions by persons.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use proptest::prelude::*;
use tokio::sync::Notify;

use super::{Story, TENANT};
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind, Jobs, Registry, Settings, letters};
use crate::store::job;
use crate::store::testing::{Bench, on_each_database};
use crate::store::write_set::WriteSet;

/// What goes wrong with one delivery.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    /// It never arrived.
    Lost,
    /// It arrived, the answer didn't.
    AnswerLost,
    /// It was refused for good; a person puts it back in the queue.
    Refused,
    /// The process was killed before it arrived.
    KilledBefore,
    /// The process was killed after it arrived.
    KilledAfter,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        Just(Mishap::Lost),
        Just(Mishap::AnswerLost),
        Just(Mishap::Refused),
        Just(Mishap::KilledBefore),
        Just(Mishap::KilledAfter),
    ]
}

/// A lane's messages, each with what goes wrong with it, and for lanes of deelnames the sitting lane's number that each
/// waits for.
#[derive(Debug, Clone)]
struct Plan {
    sitting: Vec<Vec<Mishap>>,
    deelnames: Vec<Vec<(usize, Vec<Mishap>)>>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let mishaps = || prop::collection::vec(mishap(), 0..3);
    prop::collection::vec(mishaps(), 1..4).prop_flat_map(move |sitting| {
        let message = (0..=sitting.len(), prop::collection::vec(mishap(), 0..3));
        let deelnames = prop::collection::vec(prop::collection::vec(message, 1..4), 1..4);
        (Just(sitting), deelnames).prop_map(|(sitting, deelnames)| Plan { sitting, deelnames })
    })
}

/// What is still to go wrong, per message.
type Mishaps = HashMap<(String, i64), Vec<Mishap>>;

/// Notes every arrival, and lets the plan's mishaps happen in turn.
#[derive(Clone, Default)]
struct Receiver {
    arrivals: Arc<Mutex<Vec<(String, i64)>>>,
    mishaps: Arc<Mutex<Mishaps>>,
    killed: Arc<Notify>,
}

impl JobKind for Receiver {
    fn name(&self) -> &'static str {
        "deliver"
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(async move {
            let message = (context.job.place.lane.clone(), context.job.place.seq);
            let mishap = self.mishaps.lock().unwrap().get_mut(&message).and_then(Vec::pop);
            if let None | Some(Mishap::AnswerLost | Mishap::KilledAfter) = mishap {
                self.arrivals.lock().unwrap().push(message);
            }
            match mishap {
                None => Ok(Done::nothing()),
                Some(Mishap::Lost | Mishap::AnswerLost) => Err(JobError::transient(Blame::Vendor, None, "timeout")),
                Some(Mishap::Refused) => Err(JobError::permanent(Blame::Vendor, "400")),
                Some(Mishap::KilledBefore | Mishap::KilledAfter) => {
                    // The outcome is never stored, as when the process ends here.
                    self.killed.notify_one();
                    std::future::pending().await
                }
            }
        })
    }
}

async fn queue(story: &Story, receiver: &Receiver, plan: &Plan) {
    let mut set = WriteSet::of(TENANT);
    let mut messages = Vec::new();
    for (at, mishaps) in plan.sitting.iter().enumerate() {
        messages.push(("sitting".to_owned(), at, None, mishaps));
    }
    for (lane, deelname) in plan.deelnames.iter().enumerate() {
        for (at, (awaited, mishaps)) in deelname.iter().enumerate() {
            let parent = i64::try_from(*awaited).unwrap();
            messages.push((format!("deelname{lane}"), at, Some(("sitting", parent)), mishaps));
        }
    }
    for (lane, at, parent, mishaps) in messages {
        let seq = i64::try_from(at + 1).unwrap();
        let job = story.message("vendor", &lane, seq, parent);
        set.put(job.write(TENANT, &format!("{lane}#{seq}"), story.core.now()));
        receiver.mishaps.lock().unwrap().insert((lane, seq), mishaps.clone());
    }
    story.core.commit(set).await.unwrap();
}

/// One process' life: it works until it has nothing to do or is killed, wherever it is.
async fn live_once(bench: &Bench, receiver: &Receiver, seed: u64) {
    let core = bench.another_node(seed);
    let jobs = Jobs::new(core, Registry::new().with(receiver.clone()), Settings::default());
    jobs.reclaim_after_start().await;
    tokio::select! {
        _ = jobs.run_until_idle() => {}
        () = receiver.killed.notified() => {}
    }
}

async fn all_arrive(bench: Bench, plan: Plan) {
    let story = Story::on(bench.clone()).await;
    let receiver = Receiver::default();
    queue(&story, &receiver, &plan).await;
    let mut open = true;
    for life in 0..200 {
        live_once(&bench, &receiver, 100 + life).await;
        for dead in job::of_peer(&story.core.db, TENANT, "vendor", JobState::Dead, 100)
            .await
            .unwrap()
        {
            letters::requeue(&story.core, TENANT, &dead.id, "account:jan")
                .await
                .unwrap();
        }
        bench.clock.advance(SignedDuration::from_secs(1000));
        let counts = job::backlog(&story.core.db, TENANT).await.unwrap();
        open = !counts.is_empty();
        if !open {
            break;
        }
    }
    assert!(!open, "something never arrived: {plan:?}");
    check(&plan, &receiver.arrivals.lock().unwrap());
}

fn check(plan: &Plan, arrivals: &[(String, i64)]) {
    let mut newest: HashMap<&str, i64> = HashMap::new();
    for (lane, seq) in arrivals {
        let so_far = newest.entry(lane).or_insert(0);
        assert!(
            *seq == *so_far || *seq == *so_far + 1,
            "{lane}#{seq} passed another: {arrivals:?}"
        );
        *so_far = *seq;
        if let Some(index) = lane.strip_prefix("deelname") {
            let lane: usize = index.parse().unwrap();
            let at = usize::try_from(*seq - 1).unwrap();
            let awaited = i64::try_from(plan.deelnames[lane][at].0).unwrap();
            let sitting = newest.get("sitting").copied().unwrap_or(0);
            assert!(sitting >= awaited, "a deelname passed its sitting: {arrivals:?}");
        }
    }
    let last = |lane: &str| usize::try_from(newest.get(lane).copied().unwrap_or(0)).unwrap();
    assert_eq!(last("sitting"), plan.sitting.len());
    for (lane, deelname) in plan.deelnames.iter().enumerate() {
        assert_eq!(last(&format!("deelname{lane}")), deelname.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    /// Invariant 4: whatever fails, the effects of a lane take place in order, each at least once, a repeat never after
    /// a later one, and no deelname before what it waits for of its sitting.
    #[test]
    fn lanes_keep_their_order_and_lose_nothing_whatever_fails(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(on_each_database(|bench| all_arrive(bench, plan.clone())));
    }
}
