//! Stories of accounts and units: what functioneel beheer can't make, because it would get around a rule.

use super::account::{self, AccountError, Grant, NewAccount};
use super::peer::{self, PeerError};
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
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

/// What somebody who found a token, or left the school, could go on doing.
#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_its_browsers_stay_out() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        account::init(core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        let token = account::create(core, "roc", "beheer", &somebody("planner", Some("AB-1")))
            .await
            .unwrap();
        let browser = account::sign_in(core, token.reveal()).await.unwrap().unwrap();
        let cookie = browser.cookie.reveal();

        let refused = account::disable(core, "roc", "beheer", "planner", "  ")
            .await
            .unwrap_err();
        assert!(matches!(refused, AccountError::NoReason), "{refused}");
        account::disable(core, "roc", "beheer", "planner", "left the school")
            .await
            .unwrap();
        assert!(account::by_token(core, token.reveal()).await.unwrap().is_none());
        assert!(account::by_cookie(core, cookie).await.unwrap().is_none());
        let refused = account::renew(core, "roc", account::HOST, "planner")
            .await
            .err()
            .unwrap();
        assert!(matches!(refused, AccountError::Disabled(_)), "{refused}");

        account::enable(core, "roc", "beheer", "planner").await.unwrap();
        assert!(account::by_token(core, token.reveal()).await.unwrap().is_some());
        assert!(
            account::by_cookie(core, cookie).await.unwrap().is_none(),
            "ended is ended"
        );

        // Its person got another account while it was disabled: two at once would break invariant 9.
        account::disable(core, "roc", "beheer", "planner", "again")
            .await
            .unwrap();
        account::create(core, "roc", "beheer", &somebody("opvolger", Some("AB-1")))
            .await
            .unwrap();
        let refused = account::enable(core, "roc", "beheer", "planner").await.unwrap_err();
        assert!(matches!(refused, AccountError::PersonHasAccount { .. }), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn a_renewed_token_ends_the_old_one_and_the_browsers_it_opened() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        let old = account::init(core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        let browser = account::sign_in(core, old.reveal()).await.unwrap().unwrap();
        let new = account::renew(core, "roc", account::HOST, "beheer").await.unwrap();
        assert!(account::by_token(core, old.reveal()).await.unwrap().is_none());
        assert!(
            account::by_cookie(core, browser.cookie.reveal())
                .await
                .unwrap()
                .is_none()
        );
        let who = account::by_token(core, new.reveal()).await.unwrap().unwrap();
        assert_eq!(who.account.id, "beheer");
    })
    .await;
}

/// With nobody who holds beheren, nobody could grant it either.
#[tokio::test]
async fn the_last_account_with_beheren_is_not_disabled_also_not_by_two_at_once() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        account::init(core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        account::create(core, "roc", "beheer", &somebody("tweede", None))
            .await
            .unwrap();
        let refused = account::disable(core, "roc", "beheer", "beheer", "I leave")
            .await
            .unwrap_err();
        assert!(matches!(refused, AccountError::LastWithBeheren(_)), "{refused}");

        let beheren = Grant {
            duty: Duty::Beheren,
            unit: WHOLE_SCHOOL.to_owned(),
            mandate: false,
            from: None,
            until: None,
        };
        account::grant(core, "roc", "beheer", "tweede", &beheren).await.unwrap();
        let both = tokio::join!(
            account::disable(core, "roc", "beheer", "tweede", "not I"),
            account::disable(core, "roc", "tweede", "beheer", "not I")
        );
        assert!(both.0.is_ok() != both.1.is_ok(), "one of two at once");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_reads_as_another_is_nobodys() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        account::init(core, "roc", " ROC ", "beheer", "Beheer").await.unwrap();
        assert_eq!(core.db.tenant("roc").await.unwrap().unwrap().name, "ROC");
        for bad in ["  ", "Ans\u{202E}nesnaJ", "a\nb", &"x".repeat(256)] {
            let new = NewAccount {
                name: bad.to_owned(),
                ..somebody("ans", None)
            };
            let refused = account::create(core, "roc", "beheer", &new).await.err().unwrap();
            assert!(matches!(refused, AccountError::BadLabel(_)), "{refused}");
            let refused = account::put_unit(core, "roc", "beheer", "team", bad, None)
                .await
                .unwrap_err();
            assert!(matches!(refused, AccountError::BadLabel(_)), "{refused}");
            let refused = peer::create(core, "roc", "beheer", "toa", "ta", bad).await.unwrap_err();
            assert!(
                matches!(refused, PeerError::Name(AccountError::BadLabel(_))),
                "{refused}"
            );
        }
    })
    .await;
}
