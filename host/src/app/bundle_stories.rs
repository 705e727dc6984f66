//! Stories of a publisher's bundle at a school: rotation, revocation and packages at once, all or nothing, on each
//! database.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::bundle::{self, BundleError};
use super::{Core, package, publisher};
use crate::connector::bundle::{Bundle, Expiry, NewKey, News, Revoked};
use crate::connector::fixture::{contents, contents_with, publisher_key, signed, slug, stranger_key};
use crate::connector::package::Contents;
use crate::connector::signature::SigningKey;
use crate::store::testing::on_each_database;

const ROC: &str = "roc";

fn news(sequence: u64) -> News {
    News {
        publisher: slug("voorbeeld-examens"),
        sequence,
        keys: Vec::new(),
        expire: Vec::new(),
        revoke: Vec::new(),
    }
}

fn next_key() -> SigningKey {
    SigningKey::from_seed([17; 32])
}

/// A package signed with the publisher's next key.
fn signed_with_next(contents: Contents) -> Vec<u8> {
    let package = signed(contents).signed(&slug("voorbeeld-examens"), &next_key());
    package.unwrap().to_bytes()
}

/// The publisher's first bundle: its next key, the end of the present one, and a package signed with each.
fn first() -> Bundle {
    let next = next_key().public();
    let rotation = News {
        keys: vec![NewKey {
            id: next.id(),
            public: next,
        }],
        expire: vec![Expiry {
            id: publisher_key().public().id(),
            at: "2026-10-01T00:00:00Z".parse().unwrap(),
        }],
        ..news(1)
    };
    let packages = vec![
        signed(contents()).to_bytes(),
        signed_with_next(contents_with("1.3.0", "1.2.0")),
    ];
    Bundle::pack(rotation, packages, &publisher_key()).unwrap()
}

async fn trust(core: &Core) {
    let key = publisher_key().public().to_string();
    publisher::trust(core, ROC, "fb", "voorbeeld-examens", &key)
        .await
        .unwrap();
}

/// A key that is trusted vouches for its successor; what was admitted before goes on.
#[tokio::test]
async fn a_bundle_brings_the_next_key_the_end_of_the_last_one_and_packages_of_both() {
    on_each_database(|bench| async move {
        let core = bench.core;
        let unknown = bundle::import(&core, ROC, "operator", &first()).await.unwrap_err();
        assert!(unknown.to_string().contains("not trusted here"), "{unknown}");
        assert_eq!(core.db.packages(ROC).await.unwrap(), [], "nothing of it is kept");

        trust(&core).await;
        let imported = bundle::import(&core, ROC, "operator", &first()).await.unwrap();
        assert_eq!(
            (imported.trusted.len(), imported.expiring.len(), imported.admitted.len()),
            (1, 1, 2)
        );
        let again = bundle::import(&core, ROC, "operator", &first()).await.unwrap();
        assert!(again.again && again.admitted.is_empty());

        bench.clock.advance(SignedDuration::from_hours(24 * 60));
        for digest in imported.admitted {
            package::open(&core, ROC, &digest).await.unwrap();
        }
        let by_the_old = Bytes::from(signed(contents_with("1.4.0", "1.2.0")).to_bytes());
        let refused = package::admit(&core, ROC, "fb", by_the_old).await.unwrap_err();
        assert!(refused.to_string().contains("expired"), "{refused}");
        let by_the_next = Bytes::from(signed_with_next(contents_with("1.4.0", "1.2.0")));
        package::admit(&core, ROC, "fb", by_the_next).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_older_bundle_or_another_under_the_same_number_is_refused() {
    on_each_database(|bench| async move {
        let core = bench.core;
        trust(&core).await;
        let second = Bundle::pack(news(2), Vec::new(), &publisher_key()).unwrap();
        bundle::import(&core, ROC, "operator", &second).await.unwrap();
        let older = bundle::import(&core, ROC, "operator", &first()).await.unwrap_err();
        assert!(
            matches!(
                older,
                BundleError::Older {
                    offered: 1,
                    known: 2,
                    ..
                }
            ),
            "{older}"
        );
        let package = vec![signed(contents()).to_bytes()];
        let other = Bundle::pack(news(2), package, &publisher_key()).unwrap();
        let same = bundle::import(&core, ROC, "operator", &other).await.unwrap_err();
        assert!(matches!(same, BundleError::SameNumber { sequence: 2, .. }), "{same}");
        assert_eq!(core.db.packages(ROC).await.unwrap(), []);
    })
    .await;
}

/// All or nothing: a bundle whose last package is refused leaves no key and no package behind.
#[tokio::test]
async fn a_bundle_with_one_bad_package_changes_nothing() {
    on_each_database(|bench| async move {
        let core = bench.core;
        trust(&core).await;
        let next = next_key().public();
        let both = News {
            keys: vec![NewKey {
                id: next.id(),
                public: next,
            }],
            ..news(1)
        };
        let strange = crate::connector::fixture::signed_unchecked(contents_with("1.3.0", "1.2.0"), &stranger_key());
        let packages = vec![signed(contents()).to_bytes(), strange.to_bytes()];
        let bad = Bundle::pack(both, packages, &publisher_key()).unwrap();
        let refused = bundle::import(&core, ROC, "operator", &bad).await.unwrap_err();
        assert!(
            matches!(&refused, BundleError::Package { file, .. } if file == "voorbeeld-ta-1.3.0.oke"),
            "{refused}"
        );
        assert_eq!(core.db.packages(ROC).await.unwrap(), []);
        assert_eq!(core.db.publisher_keys(ROC).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_revocation_in_a_bundle_counts_and_says_nothing_about_the_keys_of_others() {
    on_each_database(|bench| async move {
        let core = bench.core;
        trust(&core).await;
        bundle::import(&core, ROC, "operator", &first()).await.unwrap();
        let revoke = |id, sequence| News {
            revoke: vec![Revoked {
                id,
                compromised_since: Timestamp::UNIX_EPOCH,
                reason: "laptop gestolen".to_owned(),
            }],
            ..news(sequence)
        };
        let theirs = publisher::trust(&core, ROC, "fb", "ander", &stranger_key().public().to_string())
            .await
            .unwrap();
        let of_another = revoke(stranger_key().public().id(), 2);
        let of_another = Bundle::pack(of_another, Vec::new(), &next_key()).unwrap();
        let refused = bundle::import(&core, ROC, "operator", &of_another).await.unwrap_err();
        assert!(matches!(refused, BundleError::Key { .. }), "{refused}");
        assert!(
            core.db
                .publisher_key(ROC, &theirs)
                .await
                .unwrap()
                .unwrap()
                .revoked_at
                .is_none()
        );

        let own = revoke(publisher_key().public().id(), 3);
        let own = Bundle::pack(own, Vec::new(), &next_key()).unwrap();
        let imported = bundle::import(&core, ROC, "operator", &own).await.unwrap();
        assert_eq!(imported.revoked.len(), 1);
        let by_it = Bytes::from(signed(contents()).to_bytes());
        let digest = crate::connector::package::Package::read(by_it).unwrap().digest().hex();
        let refused = package::open(&core, ROC, &digest).await.unwrap_err();
        assert!(refused.to_string().contains("is revoked"), "{refused}");
    })
    .await;
}

/// A key that was in other hands may have signed for another: who revokes it hears which keys came that way.
#[tokio::test]
async fn the_keys_that_a_bundle_brought_are_told_when_the_key_that_signed_it_is_revoked() {
    on_each_database(|bench| async move {
        let core = bench.core;
        trust(&core).await;
        bench.clock.advance(SignedDuration::from_hours(1));
        bundle::import(&core, ROC, "operator", &first()).await.unwrap();
        let (old, next) = (
            publisher_key().public().id().to_string(),
            next_key().public().id().to_string(),
        );
        let told = |key: String, since: Timestamp| {
            let core = core.clone();
            async move { publisher::revocation(&core, ROC, &key, since).await.unwrap().brought }
        };
        let brought = told(old.clone(), Timestamp::UNIX_EPOCH).await;
        assert_eq!(brought, std::slice::from_ref(&next));
        let later = core.now() + SignedDuration::from_secs(1);
        assert!(
            told(old, later).await.is_empty(),
            "the bundle came before the key was in other hands"
        );
        assert!(told(next, Timestamp::UNIX_EPOCH).await.is_empty());
    })
    .await;
}

/// Of two bundles that are signed with different keys and imported on two nodes at once, each is held against the other:
/// both write the publisher's first key.
#[tokio::test]
async fn bundles_of_one_publisher_with_different_keys_come_one_at_a_time() {
    on_each_database(|bench| async move {
        let core = bench.core;
        trust(&core).await;
        bundle::import(&core, ROC, "operator", &first()).await.unwrap();
        let versions = || async {
            let keys = core.db.publisher_keys(ROC).await.unwrap();
            let mut versions: Vec<_> = keys.into_iter().map(|row| (row.key_id, row.version)).collect();
            versions.sort();
            versions
        };
        let mut firsts = vec![versions().await[0].clone()];
        for (sequence, key) in [(2, publisher_key()), (3, next_key())] {
            let empty = Bundle::pack(news(sequence), Vec::new(), &key).unwrap();
            bundle::import(&core, ROC, "operator", &empty).await.unwrap();
            firsts.push(versions().await[0].clone());
        }
        let id = &firsts[0].0;
        assert!(firsts.iter().all(|(key, _)| key == id));
        assert!(firsts.windows(2).all(|two| two[0].1 < two[1].1), "{firsts:?}");
    })
    .await;
}

/// What a bundle would bring and stop is told without changing anything.
#[tokio::test]
async fn looking_at_a_bundle_changes_nothing() {
    on_each_database(|bench| async move {
        let core = bench.core;
        trust(&core).await;
        let foreseen = bundle::foresee(&core, ROC, "fb", &first()).await.unwrap();
        assert_eq!((foreseen.imported.trusted.len(), foreseen.packages.len()), (1, 2));
        assert_eq!(core.db.publisher_keys(ROC).await.unwrap().len(), 1);
        assert!(core.db.packages(ROC).await.unwrap().is_empty());
        let imported = bundle::import(&core, ROC, "fb", &first()).await.unwrap();
        assert_eq!(imported, foreseen.imported);
        assert!(
            bundle::foresee(&core, ROC, "fb", &first())
                .await
                .unwrap()
                .imported
                .again
        );
    })
    .await;
}
