//! Freezes follow from the sittings planned and from the calendar of the school.

use super::*;
use crate::app::freeze::{self, New};
use crate::app::planning::sitting as plan;
use crate::domain::exam_calendar::WrongLine;
use crate::store::testing::on_each_database;

/// A week with many sittings is proposed as a freeze, once; a sitting that was cancelled makes no exam week.
#[tokio::test]
async fn a_freeze_is_proposed_for_weeks_with_many_sittings_until_one_holds_there() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let core = &school.core;
        school.enrol(&["jip"]).await;
        let mut planned = Vec::new();
        for day in 0..3 {
            let mut new = school.new_sitting();
            new.plan.times.start += SignedDuration::from_hours(24 * day);
            new.plan.times.end += SignedDuration::from_hours(24 * day);
            planned.push(school.plan(&new).await.unwrap());
        }
        let proposals = freeze::proposals(core, TENANT, 3).await.unwrap();
        let told: Vec<_> = proposals
            .iter()
            .map(|one| (one.name.as_str(), one.sittings, one.until.to_string()))
            .collect();
        // The sittings are on Wednesday the 2nd, Thursday and Friday.
        assert_eq!(
            told,
            [("Examens vanaf 31 augustus 2026", 3, "2026-09-04T22:00:00Z".to_owned())]
        );
        assert!(freeze::proposals(core, TENANT, 4).await.unwrap().is_empty());

        let new: Vec<New> = proposals
            .into_iter()
            .map(|one| New {
                from: one.from,
                until: one.until,
                name: one.name,
            })
            .collect();
        let bureau = account("bureau", &[Duty::Plannen]);
        let ec = account("ec", &[Duty::Vaststellen]);
        assert!(
            freeze::enter_all(core, TENANT, &ec, &new).await.is_err(),
            "who neither plans nor manages"
        );
        let first = freeze::enter_all(core, TENANT, &bureau, &new).await.unwrap();
        let again = freeze::enter_all(core, TENANT, &bureau, &new).await.unwrap();
        assert_eq!(first, again, "a button pressed twice enters one freeze");
        assert_eq!(freeze::coming(core, TENANT).await.unwrap().len(), 1);
        assert!(freeze::proposals(core, TENANT, 3).await.unwrap().is_empty());

        freeze::withdraw(core, TENANT, &bureau, &first[0]).await.unwrap();
        plan::cancel(core, planner_of(&bureau), &planned[0], "vervallen")
            .await
            .unwrap();
        assert!(freeze::proposals(core, TENANT, 3).await.unwrap().is_empty());
    })
    .await;
}

/// What a calendar asks for says how many sittings it touches and whether it is there; what is over is left out, and a
/// bad line takes no good one along.
#[tokio::test]
async fn a_calendar_is_read_as_freezes_line_by_line() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let core = &school.core;
        school.enrol(&["jip"]).await;
        school.plan(&school.new_sitting()).await.unwrap();
        let text =
            "eerste;laatste;naam\n31-08-2026;04-09-2026;Examenweek 1\n01-06-2026;05-06-2026;voorbij\nmorgen1;x;y\n";
        let (good, refused) = freeze::from_calendar(core, TENANT, text).await.unwrap();
        let told: Vec<_> = good
            .iter()
            .map(|one| (one.name.as_str(), one.sittings, one.there))
            .collect();
        assert_eq!(told, [("Examenweek 1", 1, false)]);
        assert_eq!(refused, [(4, WrongLine::Day("morgen1".to_owned()))]);
    })
    .await;
}
