//! Nothing of a package that is refused stays behind: no row of any table that packages live in, and no audit entry that
//! would vouch for one.

use bytes::Bytes;

use super::package::{self, PackageError};
use super::publisher;
use crate::connector::fixture::publisher_key;
use crate::connector::verify::hostile_tests;
use crate::store::testing::on_each_database;

const ROC: &str = "roc";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_hostile_package_stays_in_the_database() {
    on_each_database(|bench| async move {
        let core = bench.core;
        let key = publisher_key().public().to_string();
        publisher::trust(&core, ROC, "fb", "voorbeeld-examens", &key)
            .await
            .unwrap();
        let count = |table: &'static str| {
            let db = core.db.clone();
            async move {
                let row = db.row(format!("SELECT COUNT(*) AS n FROM {table}"), vec![]).await;
                row.unwrap().unwrap().int("n").unwrap()
            }
        };
        let entries = count("audit").await;
        let mut refused = 0;
        for one in hostile_tests::all() {
            // The other keys of the table are not known to this school: their packages are refused for that.
            match package::admit(&core, ROC, "fb", Bytes::from(one.bytes)).await {
                Err(PackageError::Refused(_)) => refused += 1,
                other => panic!("{}: {other:?}", one.name),
            }
        }
        assert!(refused >= 60, "{refused}");
        for table in ["package", "package_chunk", "keuring", "job", "counter_signature"] {
            assert_eq!(count(table).await, 0, "{table}");
        }
        assert_eq!(count("audit").await, entries);
    })
    .await;
}
