//! A package on its way to work, with everything real: admitted, tried in the sandbox by its job, approved, installed.

use bytes::Bytes;
use oke_host::app::revision::{self, NewRevision, RevisionError};
use oke_host::app::{admission, keuring, package, publisher};
use oke_host::connector::signature::SigningKey;
use oke_host::domain::keuring::{Obstacle, Verdict};
use oke_host::store::keuring::{self as kept, KeuringState};

use super::house::{Come, FB, House, PUBLISHER, PUBLISHERS_KEY, TENANT, VENDOR, packed};

fn reasons(refused: RevisionError) -> Vec<&'static str> {
    match refused {
        RevisionError::Obstacles(found) => found.iter().map(Obstacle::reason).collect(),
        other => panic!("expected obstacles: {other}"),
    }
}

/// DESIGN §7: tried by the same engine as runs it, sealed by the host, approved by a person, and only then put to work.
#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_tried_by_its_job_and_runs_after_its_approval() {
    let Some(house) = House::with_nothing_installed(Come::Pushed).await else {
        return;
    };
    let core = &house.core;
    let key = SigningKey::from_seed(PUBLISHERS_KEY);
    publisher::trust(core, TENANT, FB, PUBLISHER, &key.public().to_string())
        .await
        .unwrap();
    let bytes = Bytes::from(packed("ooapi-ta", &key).to_bytes());
    let digest = package::admit(core, TENANT, FB, bytes).await.unwrap().digest;
    let new = NewRevision {
        digest: digest.clone(),
        profile: Some("oke-1-0-1-push".to_owned()),
        config: Default::default(),
        reason: "inrichting".to_owned(),
    };
    let early = revision::install(core, TENANT, FB, VENDOR, &new).await.unwrap_err();
    assert_eq!(reasons(early), ["keuring-under-way", "not-approved"]);

    house.work().await;
    let row = kept::of_package(&core.db, TENANT, &digest).await.unwrap().remove(0);
    assert_eq!(row.state, KeuringState::Passed, "{:?} {:?}", row.obstacle, row.outcomes);
    assert_eq!((row.done, row.total), (63, 63));
    assert!(row.outcomes.iter().all(|one| one.verdict == Verdict::Passed));
    assert!(keuring::is_sealed(core, &row));

    let unseen = revision::install(core, TENANT, FB, VENDOR, &new).await.unwrap_err();
    assert_eq!(reasons(unseen), ["not-approved"]);
    let review = admission::review_package(core, TENANT, VENDOR, &digest).await.unwrap();
    let about = (VENDOR, digest.as_str());
    admission::approve(core, TENANT, FB, about, &review.fingerprint, "gezien")
        .await
        .unwrap();
    assert_eq!(revision::install(core, TENANT, FB, VENDOR, &new).await.unwrap(), 1);
}
