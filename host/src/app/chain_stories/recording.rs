//! What a connector and its vendor said to each other is recorded only where it was asked for, kept sealed for its days,
//! and told masked.

use super::rollout::with_two_revisions;
use super::*;
use crate::app::recording::{self, Recorded, RecordingError};
use crate::app::rollout::tally::Tally;
use crate::connector::recorder::{Body, Conversation, Exchanged};
use crate::store::exchange;
use crate::store::testing::on_each_database;

fn call(school: &School, name: &str) -> Recorded {
    let answer = Exchanged {
        endpoint: "api".to_owned(),
        method: "GET".to_owned(),
        path: "/results/s123456".to_owned(),
        status: Some(200),
        received: Body::of(format!(r#"{{"naam":"{name}","score":7.5}}"#).as_bytes()),
        ..Exchanged::default()
    };
    Recorded {
        tenant: TENANT.to_owned(),
        peer: VENDOR.to_owned(),
        revision: 1,
        interface: "ta-resultaten".to_owned(),
        outcome: "bug (connector)".to_owned(),
        said: Conversation {
            is_partial: false,
            asked: None,
            exchanged: vec![answer],
        },
        at: school.core.now(),
    }
}

async fn set(school: &School, days: u32, most: u32) -> Result<(), RecordingError> {
    recording::set(&school.core, TENANT, "fb", VENDOR, (days, most), "storing").await
}

async fn told(school: &School) -> Vec<String> {
    let shown = recording::masked(&school.core, TENANT, VENDOR).await.unwrap();
    let text = |call: Recorded| {
        call.said
            .exchanged
            .into_iter()
            .map(|one| one.received.text)
            .collect::<String>()
    };
    shown.calls.into_iter().map(text).collect()
}

async fn rows(school: &School) -> usize {
    exchange::of_peer(&school.core.db, TENANT, VENDOR).await.unwrap().len()
}

#[tokio::test]
async fn exchanges_are_kept_sealed_where_asked_for_the_last_so_many_and_told_masked() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        recording::keep(core, &call(&school, "Jip")).await.unwrap();
        assert_eq!(rows(&school).await, 0, "nobody asked for it");
        assert!(!recording::is_on(&core.db, TENANT, VENDOR).await.unwrap());

        set(&school, 7, 2).await.unwrap();
        assert!(recording::is_on(&core.db, TENANT, VENDOR).await.unwrap());
        let tally = Tally::default();
        for name in ["Jip", "Janneke", "Puk de Wit"] {
            school.clock.advance(SignedDuration::from_secs(1));
            tally.record(call(&school, name));
            tally.write(core).await;
        }
        let masked = [
            r#"{"naam":"Xxx xx Xxx","score":9.9}"#,
            r#"{"naam":"Xxxxxxx","score":9.9}"#,
        ];
        assert_eq!(told(&school).await, masked, "the last two, the newest first");
        for row in exchange::of_peer(&core.db, TENANT, VENDOR).await.unwrap() {
            let sealed = String::from_utf8_lossy(row.content.as_deref().unwrap()).into_owned();
            assert!(!sealed.contains("Janneke") && !sealed.contains("naam"), "{sealed}");
        }
        set(&school, 7, 1).await.unwrap();
        assert_eq!(rows(&school).await, 1, "fewer slots: what lay beyond them is erased");
    })
    .await;
}

#[tokio::test]
async fn what_is_over_its_days_is_not_told_and_loses_its_content_and_switching_off_erases_all() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        set(&school, 2, 10).await.unwrap();
        recording::keep(core, &call(&school, "Jip")).await.unwrap();
        school.clock.advance(SignedDuration::from_hours(30));
        recording::keep(core, &call(&school, "Janneke")).await.unwrap();
        assert_eq!(
            (told(&school).await.len(), recording::sweep(core).await.unwrap()),
            (2, 0)
        );
        school.clock.advance(SignedDuration::from_hours(19));
        assert_eq!(told(&school).await.len(), 1, "over is over, swept or not");
        assert_eq!((recording::sweep(core).await.unwrap(), rows(&school).await), (1, 1));
        assert_eq!(recording::sweep(core).await.unwrap(), 0);

        set(&school, 0, 10).await.unwrap();
        assert_eq!(rows(&school).await, 0);
        recording::keep(core, &call(&school, "Jip")).await.unwrap();
        assert_eq!(rows(&school).await, 0);
        for (days, most) in [(31, 10), (1, 0), (1, 201)] {
            let refused = set(&school, days, most).await;
            assert!(
                matches!(refused, Err(RecordingError::Beyond)),
                "{days} {most}: {refused:?}"
            );
        }
        let nobody = recording::set(core, TENANT, "fb", "niemand", (1, 1), "x").await;
        assert!(matches!(nobody, Err(RecordingError::UnknownPeer(_))), "{nobody:?}");
    })
    .await;
}
