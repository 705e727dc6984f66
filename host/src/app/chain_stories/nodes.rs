//! Stories of several nodes on one database: what one has committed the other decides on, and neither loses what the
//! other does at the same time.

use futures_util::future::join_all;

use super::*;
use crate::app::cesuur::{self, Examenversie};
use crate::domain::model::Normed;
use crate::store::testing::on_each_database;

async fn send(core: &Core, deelname: &str, score: &str) -> Outcome {
    let body = completed(score);
    let message = result_message(&body);
    let (sender, content) = (sender(VENDOR), body.to_string());
    let accepted = result::accept_message(core, &sender, deelname, &message, content.as_bytes());
    accepted.await.unwrap().outcome
}

/// Invariant 2: what verbs read together is read after it was asked for, so that it holds what another node committed.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_has_committed_counts_for_the_next_result() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "mo"]).await;
        let other = bench.another_node(7);
        assert_eq!(send(&school.core, &deelnames[0], "7.5").await, Outcome::Applied);
        assert_eq!(send(&other, &deelnames[0], "7.5").await, Outcome::Repeated);

        let versie = Examenversie {
            peer: VENDOR.to_owned(),
            component: "rekenen".to_owned(),
            code: None,
        };
        let member = account("ec", &[Duty::Vaststellen]);
        for (normed, outcome) in [(Normed::No, Outcome::Held), (Normed::Yes, Outcome::Applied)] {
            cesuur::set(&other, TENANT, &member, &versie, normed, "brief")
                .await
                .unwrap();
            let score = format!("6.{}", u8::from(normed == Normed::Yes));
            assert_eq!(send(&school.core, &deelnames[1], &score).await, outcome, "{normed:?}");
        }
    })
    .await;
}

/// Invariants 1 and 2: each message becomes a version of its own, whichever node takes it.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_take_results_of_the_same_deelnames_at_once_lose_none() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "mo", "an"]).await;
        let other = bench.another_node(7);
        let scores: Vec<String> = (0..10).map(|at| format!("6.{at}")).collect();
        let sending = deelnames.iter().flat_map(|deelname| {
            let nodes = [&school.core, &other];
            (0..10).map(move |at| (nodes[at % 2], deelname, at))
        });
        let sending = sending.map(|(core, deelname, at)| send(core, deelname, &scores[at]));
        let outcomes = join_all(sending).await;
        assert!(
            outcomes.iter().all(|outcome| *outcome == Outcome::Applied),
            "{outcomes:?}"
        );
        for deelname in &deelnames {
            let versions = school.versions(deelname).await;
            let mut heard: Vec<_> = versions
                .iter()
                .filter_map(|it| it.delivered.result.score.clone())
                .collect();
            heard.sort_unstable();
            assert_eq!(heard, scores, "each once");
            assert_eq!(versions.last().map(|newest| newest.seq), Some(10));
            assert_eq!(school.head(deelname).await.seq, 10);
        }
    })
    .await;
}
