//! What the examencommissie's periodic report averages, counts and quotes.

use super::*;
use crate::app::cesuur::{self, Examenversie};
use crate::app::proposal;
use crate::app::vaststellen::{self, Seen};
use crate::domain::model::Normed;
use crate::domain::proposal::ProposalKind;
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::scope::Scope;
use crate::store::testing::on_each_database;

/// Three results, normed and decided upon: one corrected since, one withdrawn, one that waits for a second person; and a
/// report of their sitting.
async fn a_decided_and_changed_exam(school: &School) {
    let (sitting, deelnames) = school.planned(&["jip", "an", "bo"]).await;
    let ec = |id| account(id, &[Duty::Vaststellen]);
    for (deelname, score, pass) in [
        (&deelnames[0], "7.5", "passed"),
        (&deelnames[1], "5.0", "failed"),
        (&deelnames[2], "8.0", "passed"),
    ] {
        let mut body = completed(score);
        body["result"]["pass"] = json!(pass);
        body["result"]["consumers"][0]["irregularities"] = json!(format!("Opmerking bij {score}"));
        school.send_result(VENDOR, deelname, &body).await.unwrap();
    }
    let versie = Examenversie {
        peer: VENDOR.to_owned(),
        component: "rekenen".to_owned(),
        code: None,
    };
    cesuur::set(&school.core, TENANT, &ec("ec"), &versie, Normed::Yes, "brief")
        .await
        .unwrap();
    let registry = Registry::new().with(pieces::judge_again());
    Jobs::new(school.core.clone(), registry, Settings::default())
        .run_until_idle()
        .await;
    let seen = |place: usize, seq| Seen {
        deelname: deelnames[place].clone(),
        seq,
    };
    let all = [seen(0, 1), seen(1, 1), seen(2, 1)];
    for answer in vaststellen::decide(&school.core, TENANT, &ec("ec"), &all, "")
        .await
        .unwrap()
    {
        answer.unwrap();
    }
    // One corrected, one withdrawn, one that waits for a second person.
    school.send_score(&deelnames[0], "7.7").await;
    school.send_score(&deelnames[2], "8.2").await;
    for (kind, of) in [
        (ProposalKind::Correction, seen(0, 2)),
        (ProposalKind::Withdrawal, seen(1, 1)),
    ] {
        let proposed = proposal::propose(&school.core, TENANT, &ec("bo"), kind, &of, "fout").await;
        proposal::confirm(&school.core, TENANT, &ec("cas"), &proposed.unwrap(), "gezien")
            .await
            .unwrap();
    }
    let report = json!({ "offeringType": "component",
        "consumers": [{ "consumerKey": "nl-test-admin", "irregularities": "Brandalarm" }] });
    school.send_report(VENDOR, &sitting, &report).await.unwrap();
}

/// The report counts what deviates, of whom it was said and by whom it was changed.
#[tokio::test]
async fn a_report_averages_what_is_normed_and_counts_what_was_changed_after_vaststelling() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        a_decided_and_changed_exam(&school).await;
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let period = (at("2026-09-01T00:00:00Z"), at("2026-10-01T00:00:00Z"));
        let counts = store::report::over(&school.core.db, TENANT, period.0, period.1)
            .await
            .unwrap();
        let [count] = counts.as_slice() else {
            panic!("one line: {counts:?}");
        };
        assert_eq!((count.normed, count.normed_failed, count.scored), (3, 1, 3));
        assert!((count.score - (7.7 + 5.0 + 8.2)).abs() < 1e-9, "{count:?}");
        assert_eq!(
            (count.corrected, count.withdrawn, count.changed, count.held),
            (1, 1, 1, 1)
        );

        let irregular = async |scope: Scope| {
            let found = store::report::irregularities(&school.core.db, TENANT, &scope, period, 10).await;
            found.unwrap()
        };
        let all = irregular(Scope::School).await;
        let of_sitting: Vec<&str> = all
            .iter()
            .filter(|one| one.deelname.is_none())
            .map(|one| one.said.as_str())
            .collect();
        assert_eq!(of_sitting, ["Brandalarm"]);
        assert_eq!(all.len(), 2, "and the one that was not delivered anew: {all:?}");
        assert!(
            irregular(Scope::Units(vec!["elders".to_owned()])).await.is_empty(),
            "R24"
        );
    })
    .await;
}
