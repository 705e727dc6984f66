//! What a delivery could not say is kept with it, counted per system, and gone once all could be said.

use oke_codec::loss::{self, Loss};

use super::rollout::with_two_revisions;
use super::*;
use crate::app::losses::{self as verbs, Delivered};
use crate::app::{Decision, Draft};
use crate::store::loss as loss_store;
use crate::store::testing::on_each_database;

/// Notes what telling the vendor of a deelname in this attempt leaves out.
async fn told(school: &School, deelname: &str, attempt: u32) {
    let core = &school.core;
    core.decide::<_, Refused, _, _>(&[], || async {
        let mut draft = Draft::of(core, TENANT, "job:deliver_deelname");
        let of = Delivered {
            peer: VENDOR,
            revision: 1,
            flow: 2,
            subject: ("association", deelname),
        };
        let facts = crate::domain::model::Association {
            attempt: Some(attempt),
            ..crate::domain::model::Association::bare(deelname, "p", "z")
        };
        verbs::note(&mut draft, of, |dialect| loss::of_deelname(&facts, dialect)).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_delivery_left_out_is_kept_until_it_leaves_nothing_out() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let db = &school.core.db;
        told(&school, "d-1", 1).await;
        let about = ("association", "d-1");
        assert!(
            loss_store::of_subject(db, TENANT, about).await.unwrap().is_empty(),
            "a first attempt says nothing"
        );

        told(&school, "d-1", 2).await;
        told(&school, "d-1", 2).await;
        let kept = loss_store::of_subject(db, TENANT, about).await.unwrap();
        assert_eq!((kept.len(), kept[0].version, kept[0].flow), (1, 1, 2), "once");
        assert_eq!(kept[0].lost, [Loss::Attempt.name()]);
        assert_eq!(loss_store::count(db, TENANT, VENDOR).await.unwrap(), 1);
        assert_eq!(loss_store::of_peer(db, TENANT, VENDOR, 9).await.unwrap(), kept);

        told(&school, "d-1", 1).await;
        assert_eq!(loss_store::count(db, TENANT, VENDOR).await.unwrap(), 0);
    })
    .await;
}
