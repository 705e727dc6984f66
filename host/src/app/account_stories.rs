//! Stories of accounts and units: what functioneel beheer can't make, because it would get around a rule.

use super::account::{self, AccountError, NewAccount};
use crate::store::testing::on_each_database;

fn somebody(id: &str, person: Option<&str>) -> NewAccount {
    NewAccount {
        id: id.to_owned(),
        name: "Ans Jansen".to_owned(),
        person_id: person.map(str::to_owned),
        codes: Vec::new(),
    }
}

/// Invariant 9: with a second account, a planner could vaststellen the own sitting, and beheren and vaststellen would
/// meet in one person.
#[tokio::test]
async fn a_person_with_an_account_gets_no_second_one() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        account::init(core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        account::init(core, "mbo", "MBO", "beheer", "Beheer").await.unwrap();
        let make = |tenant: &'static str, new: NewAccount| async move {
            account::create(core, tenant, "beheer", &new).await.map(drop)
        };
        make("roc", somebody("planner", Some("AB-1"))).await.unwrap();
        let second = make("roc", somebody("commissie", Some("ab-1"))).await.unwrap_err();
        assert!(
            matches!(&second, AccountError::PersonHasAccount { account, .. } if account == "planner"),
            "{second}"
        );
        assert!(
            core.db.account("roc", "commissie").await.unwrap().is_none(),
            "nothing half made"
        );

        let both = tokio::join!(
            make("roc", somebody("een", Some("cd-2"))),
            make("roc", somebody("twee", Some("cd-2")))
        );
        assert!(both.0.is_ok() != both.1.is_ok(), "one of two at once");

        make("roc", somebody("naamloos", None)).await.unwrap();
        make("roc", somebody("naamloos-twee", None)).await.unwrap();
        make("mbo", somebody("planner", Some("AB-1"))).await.unwrap();
    })
    .await;
}

/// A unit by the name of the whole school would make functions for it hold everywhere.
#[tokio::test]
async fn the_sign_for_the_whole_school_is_no_unit() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        account::init(core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        let long = "x".repeat(256);
        for bad in ["*", "", "a\0b", "a\nb", &long] {
            let refused = account::put_unit(core, "roc", "beheer", bad, "Team", None)
                .await
                .unwrap_err();
            assert!(matches!(refused, AccountError::BadUnit(_)), "{refused}");
        }
        assert!(core.db.units("roc").await.unwrap().is_empty());
        account::put_unit(core, "roc", "beheer", "techniek", "Team", None)
            .await
            .unwrap();
    })
    .await;
}
