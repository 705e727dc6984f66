//! Stories of what stands between a package and its being put to work: keuring, approval, policy and keys, on each
//! database.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::admission::{self, AdmissionError};
use super::package::{self, PackageError};
use super::publisher::{self, NewKey, PublisherError};
use super::revision::{self, Back, NewRevision, RevisionError};
use super::{Core, Decision, Draft, keuring};
use crate::connector::fixture::{self, contents, contents_with, publisher_key, signed};
use crate::connector::package::Contents;
use crate::connector::signature::SigningKey;
use crate::domain::interface::Interface;
use crate::domain::keuring::{AdmissionPolicy, Obstacle, Outcome, Tried, Verdict};
use crate::store::WriteSet;
use crate::store::keuring::{self as kept, KeuringState};
use crate::store::package::KeyRole;
use crate::store::peer::PeerRow;
use crate::store::testing::{Bench, on_each_database};

const ROC: &str = "roc";
const TOA: &str = "toa";
const FB: &str = "fb";

/// A school with one vendor that trusts the fixtures' publisher.
async fn school(bench: &Bench) -> Core {
    let core = bench.core.clone();
    let mut set = WriteSet::of(ROC);
    set.put(PeerRow::new(ROC, TOA, "ta", "TOA").next());
    core.commit(set).await.unwrap();
    let key = publisher_key().public().to_string();
    publisher::trust(&core, ROC, FB, "voorbeeld-examens", &key)
        .await
        .unwrap();
    core
}

async fn admit(core: &Core, contents: Contents) -> String {
    let bytes = Bytes::from(signed(contents).to_bytes());
    package::admit(core, ROC, FB, bytes).await.unwrap().digest
}

/// Ends the keuring that waits, as its job does.
async fn keur(core: &Core, digest: &str, verdict: Verdict) {
    let outcome = Outcome {
        interface: Interface::TaResultaten,
        scenario: "polled".to_owned(),
        verdict,
        why: (verdict == Verdict::Failed).then(|| "step 1: nothing came".to_owned()),
        millis: 12,
    };
    core.decide::<_, PackageError, _, _>(&[], || async {
        let rows = kept::of_package(&core.db, ROC, digest).await?;
        let waiting = rows.into_iter().find(|row| row.state == KeuringState::Waiting).unwrap();
        let mut draft = Draft::of(core, ROC, "job:keur_package");
        keuring::finish(&mut draft, waiting, vec![outcome.clone()], None);
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
    .unwrap();
}

async fn approve(core: &Core, by: &str, digest: &str) -> Result<(), AdmissionError> {
    let seen = admission::review_package(core, ROC, TOA, digest).await?.fingerprint;
    admission::approve(core, ROC, by, (TOA, digest), &seen, "gezien").await
}

async fn install(core: &Core, digest: &str) -> Result<i64, RevisionError> {
    let new = NewRevision {
        digest: digest.to_owned(),
        profile: None,
        config: Default::default(),
        reason: "test".to_owned(),
    };
    revision::install(core, ROC, FB, TOA, &new).await
}

fn obstacles(refused: RevisionError) -> Vec<&'static str> {
    match refused {
        RevisionError::Obstacles(found) => found.iter().map(Obstacle::reason).collect(),
        other => panic!("expected obstacles: {other}"),
    }
}

/// DESIGN §7: nothing runs before it was tried and a person approved what it may do.
#[tokio::test]
async fn nothing_runs_before_its_keuring_passed_and_a_person_approved_what_it_may_do() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let digest = admit(&core, contents()).await;
        let refused = install(&core, &digest).await.unwrap_err();
        assert_eq!(obstacles(refused), ["keuring-under-way", "not-approved"]);

        keur(&core, &digest, Verdict::Passed).await;
        assert_eq!(obstacles(install(&core, &digest).await.unwrap_err()), ["not-approved"]);

        let other = admission::approve(&core, ROC, FB, (TOA, &digest), "a guess", "gezien").await;
        assert!(matches!(other, Err(AdmissionError::SeenOther)), "{other:?}");
        approve(&core, FB, &digest).await.unwrap();
        assert_eq!(install(&core, &digest).await.unwrap(), 1);
        let nothing = approve(&core, FB, &digest).await;
        assert!(matches!(nothing, Err(AdmissionError::NothingToApprove)), "{nothing:?}");

        // The same capabilities again need no approval; others do.
        let same = admit(&core, contents_with("1.2.1", "1.2.0")).await;
        keur(&core, &same, Verdict::Passed).await;
        assert_eq!(install(&core, &same).await.unwrap(), 2);
        let mut more = contents_with("1.3.0", "1.2.0");
        let manifest = String::from_utf8(more.manifest.to_vec()).unwrap();
        more.manifest = manifest.replace("\"GET /components\"", "\"DELETE /components\"").into();
        let more = admit(&core, more).await;
        keur(&core, &more, Verdict::Passed).await;
        let review = admission::review_package(&core, ROC, TOA, &more).await.unwrap();
        let said: Vec<String> = review.changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "no longer asks GET /components at endpoint `api`",
                "now also asks DELETE /components at endpoint `api`"
            ]
        );
        assert_eq!(obstacles(install(&core, &more).await.unwrap_err()), ["not-approved"]);
    })
    .await;
}

#[tokio::test]
async fn a_failed_keuring_keeps_a_package_from_work_until_another_passes() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let digest = admit(&core, contents()).await;
        keur(&core, &digest, Verdict::Failed).await;
        approve(&core, FB, &digest).await.unwrap();
        assert_eq!(
            obstacles(install(&core, &digest).await.unwrap_err()),
            ["keuring-failed"]
        );

        let asked = keuring::ask(&core, ROC, FB, &digest).await.unwrap();
        assert_eq!(
            keuring::ask(&core, ROC, FB, &digest).await.unwrap(),
            asked,
            "one at a time"
        );
        bench.clock.advance(SignedDuration::from_secs(60));
        keur(&core, &digest, Verdict::Passed).await;
        install(&core, &digest).await.unwrap();
    })
    .await;
}

/// The host signs the outcome over the digest: what somebody wrote into the database counts for nothing.
#[tokio::test]
async fn an_outcome_that_the_host_did_not_seal_is_no_outcome() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let digest = admit(&core, contents()).await;
        keur(&core, &digest, Verdict::Failed).await;
        approve(&core, FB, &digest).await.unwrap();
        let mut tx = core.db.begin().await.unwrap();
        tx.execute("UPDATE keuring SET state = 'passed'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let refused = install(&core, &digest).await.unwrap_err().to_string();
        assert!(refused.contains("does not carry this host's signature"), "{refused}");
    })
    .await;
}

/// A stale keuring never blocks a rollback; a revocation always does.
#[tokio::test]
async fn a_stale_keuring_blocks_a_rollout_and_no_rollback_and_a_revoked_key_blocks_both() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let first = admit(&core, contents()).await;
        keur(&core, &first, Verdict::Passed).await;
        approve(&core, FB, &first).await.unwrap();
        install(&core, &first).await.unwrap();
        let second = admit(&core, contents_with("1.2.1", "1.2.0")).await;
        keur(&core, &second, Verdict::Passed).await;
        install(&core, &second).await.unwrap();

        bench.clock.advance(SignedDuration::from_hours(24 * 91));
        assert_eq!(obstacles(install(&core, &second).await.unwrap_err()), ["keuring-stale"]);
        let back = revision::rollback(&core, ROC, FB, TOA, Back::default(), "storing")
            .await
            .unwrap();
        assert_eq!((back.from, back.to), (2, 1));
        let out = revision::rollout(&core, ROC, FB, TOA, 2, "toch").await.unwrap_err();
        assert_eq!(obstacles(out), ["keuring-stale"]);

        keuring::ask(&core, ROC, FB, &second).await.unwrap();
        keur(&core, &second, Verdict::Passed).await;
        revision::rollout(&core, ROC, FB, TOA, 2, "opnieuw gekeurd")
            .await
            .unwrap();

        let key = publisher_key().public().id().to_string();
        let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        publisher::revoke(&core, ROC, FB, &key, Some(since), "gestolen")
            .await
            .unwrap();
        let back = revision::rollback(&core, ROC, FB, TOA, Back::default(), "terug")
            .await
            .unwrap_err();
        assert!(
            matches!(back, RevisionError::Package(PackageError::Refused(_))),
            "{back}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_revocation_tells_beforehand_what_it_stops_and_changes_nothing_by_telling() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let first = admit(&core, contents()).await;
        keur(&core, &first, Verdict::Passed).await;
        approve(&core, FB, &first).await.unwrap();
        install(&core, &first).await.unwrap();
        bench.clock.advance(SignedDuration::from_hours(24));
        let between = core.now();
        bench.clock.advance(SignedDuration::from_hours(24));
        let second = admit(&core, contents_with("1.2.1", "1.2.0")).await;
        keur(&core, &second, Verdict::Passed).await;
        install(&core, &second).await.unwrap();

        let key = publisher_key().public().id().to_string();
        let told = publisher::revocation(&core, ROC, &key, between).await.unwrap();
        let numbers = |signed: &[publisher::Signed]| signed.iter().map(|one| one.revision).collect::<Vec<_>>();
        assert_eq!(numbers(&told.stops), [2]);
        assert_eq!(
            numbers(&told.no_way_back),
            [0_i64; 0],
            "admitted before: a way back remains"
        );
        let all = publisher::revocation(&core, ROC, &key, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert_eq!((numbers(&all.stops), numbers(&all.no_way_back)), (vec![2], vec![1]));
        assert!(
            package::open(&core, ROC, &second).await.is_ok(),
            "telling revokes nothing"
        );
        let later = publisher::revocation(&core, ROC, &key, core.now() + SignedDuration::from_hours(1)).await;
        assert_eq!(numbers(&later.unwrap().goes_on), [2]);
    })
    .await;
}

/// Keys end without breaking what was admitted before (hashicorp/terraform#33984).
#[tokio::test]
async fn an_expired_key_admits_nothing_more_and_what_it_signed_before_goes_on() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let digest = admit(&core, contents()).await;
        let key = publisher_key().public().id().to_string();
        let past = publisher::expire(&core, ROC, FB, &key, core.now() - SignedDuration::from_hours(1)).await;
        assert!(matches!(past, Err(PublisherError::Expired(_))), "{past:?}");
        let end = core.now() + SignedDuration::from_hours(1);
        publisher::expire(&core, ROC, FB, &key, end).await.unwrap();
        bench.clock.advance(SignedDuration::from_hours(2));

        let later = Bytes::from(signed(contents_with("1.2.1", "1.2.0")).to_bytes());
        let refused = package::admit(&core, ROC, FB, later).await.unwrap_err().to_string();
        assert!(refused.contains("expired on"), "{refused}");
        keur(&core, &digest, Verdict::Passed).await;
        approve(&core, FB, &digest).await.unwrap();
        install(&core, &digest).await.unwrap();
        let prolonged = publisher::expire(&core, ROC, FB, &key, core.now() + SignedDuration::from_hours(9)).await;
        assert!(
            matches!(prolonged, Err(PublisherError::Expired(_))),
            "an ended key stays so: {prolonged:?}"
        );
    })
    .await;
}

/// A publisher that changes its key signs with both for a while: schools that know either take the package.
#[tokio::test]
async fn a_package_with_two_signatures_outlives_the_revocation_of_one_key() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let next = SigningKey::from_seed([17; 32]);
        let next_id = publisher::trust(&core, ROC, FB, "voorbeeld-examens", &next.public().to_string())
            .await
            .unwrap();
        let both = signed(contents())
            .also_signed(&fixture::slug("voorbeeld-examens"), &next)
            .unwrap();
        assert_eq!(
            both.digest(),
            signed(contents()).digest(),
            "a signature more is the same package"
        );
        let bytes = Bytes::from(both.to_bytes());
        let digest = package::admit(&core, ROC, FB, bytes).await.unwrap().digest;
        let (_, opened) = package::open(&core, ROC, &digest).await.unwrap();
        assert_eq!(opened.signers.len(), 2);

        let first = publisher_key().public().id().to_string();
        let long_ago = Some(Timestamp::UNIX_EPOCH);
        publisher::revoke(&core, ROC, FB, &first, long_ago, "weg")
            .await
            .unwrap();
        let (_, opened) = package::open(&core, ROC, &digest).await.unwrap();
        assert_eq!(opened.signers.len(), 1);
        publisher::revoke(&core, ROC, FB, &next_id, long_ago, "ook weg")
            .await
            .unwrap();
        let refused = package::open(&core, ROC, &digest).await.unwrap_err();
        assert!(refused.to_string().contains("is revoked"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn a_school_may_ask_for_its_own_counter_signature() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let policy = AdmissionPolicy {
            signatures: 2,
            counter_signature: true,
            keuring: false,
            approval: false,
            ..AdmissionPolicy::default()
        };
        admission::set_policy(&core, ROC, FB, policy).await.unwrap();
        let digest = admit(&core, contents()).await;
        let refused = install(&core, &digest).await.unwrap_err();
        assert_eq!(obstacles(refused), ["signatures-missing", "counter-signature-missing"]);

        let own = SigningKey::from_seed([21; 32]);
        let file = signed(contents()).counter_signed("x.sig.json", None, &own).unwrap();
        let unknown = admission::counter_sign(&core, ROC, FB, &digest, &file).await;
        assert!(matches!(unknown, Err(AdmissionError::NobodySigned(_))), "{unknown:?}");
        let new = NewKey {
            publisher: "roc-voorbeeld",
            public_key: &own.public().to_string(),
            role: KeyRole::Counter,
        };
        publisher::trust_for(&core, ROC, FB, new).await.unwrap();
        admission::counter_sign(&core, ROC, FB, &digest, &file).await.unwrap();
        install(&core, &digest).await.unwrap();

        // Of another package it says nothing.
        let other = admit(&core, contents_with("1.2.1", "1.2.0")).await;
        let elsewhere = admission::counter_sign(&core, ROC, FB, &other, &file)
            .await
            .unwrap_err();
        assert!(elsewhere.to_string().contains("not over this package"), "{elsewhere}");
    })
    .await;
}

#[tokio::test]
async fn a_counter_signing_key_publishes_nothing() {
    on_each_database(|bench| async move {
        let core = bench.core.clone();
        let own = publisher_key();
        let new = NewKey {
            publisher: "voorbeeld-examens",
            public_key: &own.public().to_string(),
            role: KeyRole::Counter,
        };
        publisher::trust_for(&core, ROC, FB, new).await.unwrap();
        let bytes = Bytes::from(signed(contents()).to_bytes());
        let refused = package::admit(&core, ROC, FB, bytes).await.unwrap_err().to_string();
        assert!(refused.contains("counter-sign only"), "{refused}");
        let twice = publisher::trust(&core, ROC, FB, "voorbeeld-examens", &own.public().to_string()).await;
        assert!(matches!(twice, Err(PublisherError::OtherRole(_))), "{twice:?}");
    })
    .await;
}

/// An old vulnerable version, properly signed, stays out; what runs already may be gone back to.
#[tokio::test]
async fn a_lowest_version_and_a_list_of_publishers_are_held_at_the_door() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        let lowest = AdmissionPolicy {
            lowest_versions: [("voorbeeld-ta".to_owned(), semver::Version::new(1, 2, 1))].into(),
            ..AdmissionPolicy::default()
        };
        admission::set_policy(&core, ROC, FB, lowest).await.unwrap();
        let old = Bytes::from(signed(contents()).to_bytes());
        let refused = package::admit(&core, ROC, FB, old.clone()).await.unwrap_err();
        assert!(
            matches!(refused, PackageError::NotTaken(Obstacle::TooOld { .. })),
            "{refused}"
        );
        assert_eq!(core.db.packages(ROC).await.unwrap(), [], "nothing is kept");

        let others = AdmissionPolicy {
            publishers: ["ander".to_owned()].into(),
            ..AdmissionPolicy::default()
        };
        admission::set_policy(&core, ROC, FB, others).await.unwrap();
        let refused = package::admit(&core, ROC, FB, old).await.unwrap_err();
        assert!(
            matches!(refused, PackageError::NotTaken(Obstacle::Publisher(_))),
            "{refused}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_school_that_demands_no_keuring_has_none_carried_out() {
    on_each_database(|bench| async move {
        let core = school(&bench).await;
        crate::store::testing::without_keuring(&core, ROC).await;
        let digest = admit(&core, contents()).await;
        assert_eq!(keuring::tried(&core, ROC, &digest).await.unwrap(), Tried::Never);
        install(&core, &digest).await.unwrap();
    })
    .await;
}
