//! Stories of the way back: results and reports of what an outside TPL planned go on to it.

use super::*;

/// R4, R5, R6: a result of a cancelled deelname is taken and goes on.
#[tokio::test]
async fn a_late_result_of_a_cancelled_deelname_goes_on_too() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        outside.plan().await;
        let at = outside.at();
        patch_deelname(&outside.core, at, "d-1", &cancel_deelname(), b"{}")
            .await
            .unwrap();
        let kept = outside.deelname().await;
        assert!(kept.is_canceled() && kept.facts.person.is_none(), "R5");
        assert_eq!(kept.facts.role, crate::domain::model::Role::Student, "R4");
        assert_eq!(
            outside.lane("2/association/d-1").await.len(),
            2,
            "the vendor hears of it"
        );
        assert_eq!(
            outside.result(&score("completed", Some("7.5"))).await.unwrap(),
            Outcome::Applied
        );
        let onward = outside.lane("3/association-onward/d-1").await;
        assert_eq!((onward.len(), onward[0].peer.as_str()), (1, PLANNER), "R23");
        assert!(outside.deelname().await.is_canceled(), "a result changes nothing else");
    })
    .await;
}

/// R11: what a vendor says beside a result, and flow 3 has no place for, goes with the job that sends the result on: of each
/// news its own, in its turn, so that the last that is sent says what the last news had. A document that came goes along.
#[tokio::test]
async fn what_is_said_beside_a_result_goes_with_each_news_in_its_turn_and_a_document_goes_along() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        outside.plan().await;
        for (value, examenversie) in [("7.5", Some("2026-A")), ("7.6", None), ("7.7", Some("2026-A"))] {
            let told = score("completed", Some(value));
            let read = read_result_message(&told, ResultFlow::Three, &Dialect::default()).unwrap();
            let incoming = result::Incoming {
                peer: VENDOR,
                deelname: "d-1",
                delivered: Delivered {
                    result: read.result,
                    normed: Normed::Yes,
                    examenversie: examenversie.map(str::to_owned),
                },
                part: None,
                source: Source::Poll,
                revision: Some(1),
                content: b"{}",
            };
            let take = || async {
                let mut draft = Draft::of(&outside.core, TENANT, "job:poll_results");
                result::accept(&mut draft, &incoming).await?;
                Ok(Decision {
                    write_set: draft.finish(),
                    answer: (),
                })
            };
            outside.core.decide::<_, Refused, _, _>(&[], take).await.unwrap();
        }
        let came = || async {
            let mut draft = Draft::of(&outside.core, TENANT, "job:fetch_document");
            assert!(back::document_came(&mut draft, ("association", "d-1")).await?);
            Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            })
        };
        outside.core.decide::<_, Refused, _, _>(&[], came).await.unwrap();
        let onward = outside.lane("3/association-onward/d-1").await;
        let beside = |job: &JobRow| serde_json::from_str::<Value>(&job.payload).unwrap()["beside"].clone();
        assert_eq!(
            onward.iter().map(beside).collect::<Vec<_>>(),
            [
                json!(["cesuur", "examenversie"]),
                json!(["cesuur"]),
                json!(["cesuur", "examenversie"])
            ]
        );
    })
    .await;
}

/// R3, R10, table 4.0.F: attendance, score, another score, the first score again; each goes on, a repeat does not, and
/// the owner's PUT wipes none of it. A step back lies aside and is read back.
#[tokio::test]
async fn each_result_that_says_something_new_goes_on_to_the_tpl() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        outside.plan().await;
        assert_eq!(
            outside.result(&score("in progress", None)).await.unwrap(),
            Outcome::Applied
        );
        for value in ["5.4", "5.6", "5.4"] {
            let told = score("completed", Some(value));
            assert_eq!(outside.result(&told).await.unwrap(), Outcome::Applied, "{value}");
            assert_eq!(outside.result(&told).await.unwrap(), Outcome::Repeated, "{value}");
            assert_eq!(outside.score().await.as_deref(), Some(value));
        }
        let mut changed = deelname();
        changed["consumers"][0]["additionalTimeInMin"] = json!(45);
        outside.put_deelname(&outside.planner, &changed).await.unwrap();
        assert_eq!(outside.score().await.as_deref(), Some("5.4"), "table 4.0.F");

        assert_eq!(
            outside.result(&score("in progress", None)).await.unwrap(),
            Outcome::Held
        );
        assert_eq!(outside.score().await.as_deref(), Some("5.4"), "R10: kept aside");
        let open = task::open_about(&outside.core.db, TENANT, "association", "d-1")
            .await
            .unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].about.kind, RESULT_ASIDE);
        assert_eq!(outside.lane("3/association/d-1").await[0].kind, "read_back", "R25");
        let kept = message::about(&outside.core.db, TENANT, "association", "d-1")
            .await
            .unwrap();
        let results = kept.iter().filter(|kept| kept.flow == 3 && kept.sealed.is_some());
        assert_eq!(results.count(), 5, "every version stays in the inbox");
        // One job waits for all of them, and tells the present state.
        assert_eq!(outside.lane("3/association-onward/d-1").await.len(), 1);
    })
    .await;
}

/// R6, R12, R23, flow 4: the report goes on, of a cancelled sitting too, and the owner's PUT does not wipe it.
#[tokio::test]
async fn a_report_goes_on_to_the_tpl() {
    on_each_database(|bench| async move {
        let outside = Outside::open(&bench).await;
        outside.plan().await;
        patch_sitting(&outside.core, outside.at(), "s-1", &cancel_sitting(), b"{}")
            .await
            .unwrap();
        let body = json!({
            "offeringType": "component",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "irregularities": "Brandalarm.",
                "offeringState": "active",
                "documents": [{ "documentId": "x-1", "documentType": "sessionReport", "documentName": "pv.pdf" }]
            }]
        });
        let told = read_report_message(&body, &Dialect::default()).unwrap();
        let content = body.to_string();
        let outcome = report::accept_message(&outside.core, &outside.vendor, "s-1", &told, content.as_bytes()).await;
        assert_eq!(outcome.unwrap(), Outcome::Applied);
        let onward = outside.lane("4/offering-onward/s-1").await;
        assert_eq!((onward.len(), onward[0].peer.as_str()), (1, PLANNER));
        let sitting = outside.sitting().await;
        assert!(sitting.is_canceled(), "table 4.0.F: a report changes nothing else");
        let told = super::back::told_sitting(&outside.core, TENANT, &sitting)
            .await
            .unwrap();
        assert_eq!(told.irregularities.as_deref(), Some("Brandalarm."));
        assert!(
            told.documents.is_empty(),
            "R27: a document is told when it can be fetched"
        );

        outside.put_sitting(&outside.planner, &self::sitting()).await.unwrap();
        let again = outside.sitting().await;
        assert_eq!(
            again.facts.irregularities.as_deref(),
            Some("Brandalarm."),
            "table 4.0.F"
        );
    })
    .await;
}
