//! Planning: what may serve what, needs, attempts, and what the vendor is told.

use serde_json::json;

use super::*;
use crate::app::planning::person::{self as persons, NewPerson};
use crate::app::{Draft, offering::Confirmed};
use crate::app::{association as associations, offering as offerings};
use crate::domain::association::UNLIMITED_MINUTES;
use crate::domain::model::{AttemptsLeft, ComponentStatus, Role};
use crate::domain::needs::Needs;
use crate::store::testing::on_each_database;

/// R22.
#[tokio::test]
async fn only_a_test_to_be_used_may_serve_a_planbare_toets() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&[]).await;
        school
            .keep_component(VENDOR, component("taal", "Toets taal", ResultValueType::DecimalToTen))
            .await;
        let new = NewSitting {
            component: "taal".to_owned(),
            ..school.new_sitting()
        };
        let refused = school.plan(&new).await.unwrap_err();
        assert!(refused.to_string().contains("testsToBeUsed"), "{refused}");

        school
            .keep_component(
                OTHER_VENDOR,
                component("rekenen", "Toets rekenen", ResultValueType::DecimalToTen),
            )
            .await;
        let elsewhere = NewSitting {
            peer: OTHER_VENDOR.to_owned(),
            ..school.new_sitting()
        };
        let refused = school.plan(&elsewhere).await.unwrap_err();
        assert!(
            refused.to_string().contains("testsToBeUsed"),
            "named for another vendor: {refused}"
        );
        assert!(school.plan(&school.new_sitting()).await.is_ok());
    })
    .await;
}

/// R26.
#[tokio::test]
async fn an_inactive_component_can_not_be_planned() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school
            .keep_component(
                OTHER_VENDOR,
                Component {
                    status: ComponentStatus::Inactive,
                    ..component("oud", "Toets oud", ResultValueType::DecimalToTen)
                },
            )
            .await;
        let new = NewSitting {
            plannable: None,
            peer: OTHER_VENDOR.to_owned(),
            component: "oud".to_owned(),
            ..school.new_sitting()
        };
        let refused = school.plan(&new).await.unwrap_err();
        assert!(refused.to_string().contains("inactive"), "{refused}");
    })
    .await;
}

/// R18, R19: what is planned is what the vendor hears, and nothing of flow 1 or 4.
#[tokio::test]
async fn a_sitting_carries_its_times_and_its_fao_server() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&[]).await;
        let mut new = school.new_sitting();
        new.plan.fao_system_id = Some("FAO-17".to_owned());
        let id = school.plan(&new).await.unwrap();
        let sitting = school.offering(&id).await;
        let told = sitting.plan();
        assert_eq!((told.start, told.duration_s), (Some(new.plan.times.start), Some(5400)));
        assert_eq!(told.other_codes[0].code_type, "systemId");
        assert!(told.tests_to_be_used.is_empty() && told.result_value_type.is_none());
        assert_eq!(told.offered_id.as_deref(), Some("rekenen"));
        assert_eq!(
            sitting.unit.as_deref(),
            Some("techniek"),
            "the unit of the planbare toets owns it"
        );

        new.plan.times.end = new.plan.times.start;
        let refused = school.plan(&new).await.unwrap_err();
        assert!(refused.to_string().contains("`end` must be after `start`"), "{refused}");
    })
    .await;
}

/// R14: the offering is sent first, each deelname after it, each object in its own lane.
#[tokio::test]
async fn a_deelname_waits_for_its_sitting() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        let first = &school.lane(2, "offering", &sitting).await[0];
        let second = &school.lane(2, "association", &deelnames[0]).await[0];
        assert_eq!((first.kind.as_str(), first.place.seq), ("deliver_sitting", 1));
        assert_eq!(second.kind, "deliver_deelname");
        assert_eq!(second.place.parent, Some((first.place.lane.clone(), 1)));
        let person = store::person::find(&school.core.db, TENANT, "p-jip")
            .await
            .unwrap()
            .unwrap();
        let told = school.association(&deelnames[0]).await.plan(Some(&person.facts));
        assert_eq!(
            told.person.unwrap().surname.as_deref(),
            Some("Jansen"),
            "the person goes whole"
        );
    })
    .await;
}

/// R15: needs follow from the enrolment and the person on the day, or are given.
#[tokio::test]
async fn needs_are_derived_for_the_day_or_given() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["an"]).await;
        let mut person = school.person("p-jip");
        person["consumers"][0]["assignedNeeds"] = json!([
            { "code": "spoken", "startDate": "2026-08-01", "endDate": "2026-12-31" },
            { "code": "past", "startDate": "2025-08-01", "endDate": "2026-07-31" }
        ]);
        school.put_person(SIS, &person).await.unwrap();
        let mut enrolment = school.enrolment("e-jip", "p-jip");
        enrolment["consumers"][0]["additionalTimeInMin"] = json!(30);
        school.put_association(SIS, &enrolment).await.unwrap();
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let derived = school
            .add(&sitting, vec![for_enrolment("e-jip")])
            .await
            .remove(0)
            .unwrap();
        let facts = school.association(&derived).await.facts;
        assert_eq!(facts.additional_time_min, Some(30));
        assert_eq!(facts.personal_needs, ["spoken"]);

        let planner = account("bureau", &[Duty::Plannen]);
        let given = NewDeelname {
            candidate: for_enrolment("e-an"),
            needs: Some(Needs {
                additional_time_min: Some(UNLIMITED_MINUTES),
                personal_needs: vec!["extraTime".to_owned()],
            }),
        };
        let added = deelname::add(&school.core, planner_of(&planner), &sitting, &[given])
            .await
            .unwrap();
        let id = added[0].as_ref().unwrap();
        assert_eq!(
            school.association(id).await.facts.additional_time_min,
            Some(UNLIMITED_MINUTES)
        );
    })
    .await;
}

/// R8, R9: at most as many extra attempts as the student system says; the first needs none.
#[tokio::test]
async fn extra_attempts_are_bounded_by_the_student_system() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        assert!(!deelnames[0].is_empty());
        let second = school.plan(&school.new_sitting()).await.unwrap();
        let again = school
            .add(&second, vec![for_enrolment("e-jip")])
            .await
            .remove(0)
            .unwrap_err();
        assert!(again.to_string().contains("extra attempt"), "{again}");

        let extra = school
            .add(&second, vec![extra_attempt("e-jip", false)])
            .await
            .remove(0)
            .unwrap();
        let enrolment = school.association(&extra).await.enrolment.unwrap();
        let enrolment = school.association(&enrolment).await;
        assert!(enrolment.is_own_extra_attempt());
        assert_eq!(enrolment.facts.org_association_id.as_deref(), Some("e-jip"));
        assert_eq!(enrolment.attempt(), 2);

        let third = school.plan(&school.new_sitting()).await.unwrap();
        let refused = school
            .add(&third, vec![extra_attempt("e-jip", true)])
            .await
            .remove(0)
            .unwrap_err();
        assert!(refused.to_string().contains("allows 1 extra attempt"), "{refused}");
    })
    .await;
}

/// R9: where the student system has not said, a person takes it upon themselves.
#[tokio::test]
async fn an_extra_attempt_that_the_student_system_has_not_spoken_of_needs_a_person() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.planned(&["jip"]).await;
        let mut silent = school.enrolment("e-jip", "p-jip");
        silent["consumers"][0] = json!({ "consumerKey": "nl-test-admin" });
        school.put_association(SIS, &silent).await.unwrap();
        assert_eq!(
            school.association("e-jip").await.facts.attempts_left,
            AttemptsLeft::Unknown
        );
        let second = school.plan(&school.new_sitting()).await.unwrap();
        let refused = school
            .add(&second, vec![extra_attempt("e-jip", false)])
            .await
            .remove(0)
            .unwrap_err();
        assert!(refused.to_string().contains("confirm"), "{refused}");
        assert!(
            school
                .add(&second, vec![extra_attempt("e-jip", true)])
                .await
                .remove(0)
                .is_ok()
        );
    })
    .await;
}

/// R16: staff takes part too; an external assessor is a person made here, without needs.
#[tokio::test]
async fn staff_is_bound_to_a_sitting_by_role() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, _) = school.planned(&["jip"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        let external = NewPerson {
            display_name: "E. Extern".to_owned(),
            given_name: None,
            surname_prefix: None,
            surname: None,
            mail: None,
            code: None,
            affiliation: "guest".to_owned(),
        };
        let id = persons::make(&school.core, planner_of(&planner), &external)
            .await
            .unwrap();
        let candidate = For::Person {
            id: id.clone(),
            role: Role::Assessor,
        };
        let deelname = school.add(&sitting, vec![candidate.clone()]).await.remove(0).unwrap();
        let bound = school.association(&deelname).await;
        assert_eq!(
            (bound.facts.role.clone(), bound.enrolment.clone()),
            (Role::Assessor, None)
        );
        assert_eq!(bound.plan(None).additional_time_min, None);
        let twice = school.add(&sitting, vec![candidate]).await.remove(0).unwrap_err();
        assert!(twice.to_string().contains("already"), "{twice}");
    })
    .await;
}

/// R4, R5: a cancelled sitting takes its deelnames along, and is told once.
#[tokio::test]
async fn a_cancelled_sitting_takes_its_deelnames_with_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        sitting::cancel(&school.core, planner_of(&planner), &sitting, "lokaal dicht")
            .await
            .unwrap();
        sitting::cancel(&school.core, planner_of(&planner), &sitting, "nog eens")
            .await
            .unwrap();
        assert!(school.offering(&sitting).await.is_canceled());
        assert!(school.association(&deelnames[0]).await.is_canceled());
        assert_eq!(school.lane(2, "offering", &sitting).await.len(), 2);
        assert!(!school.person_is_erased("p-jip").await, "the enrolment still stands");
        let refused = deelname::add(&school.core, planner_of(&planner), &sitting, &[])
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("cancelled"), "{refused}");
    })
    .await;
}

/// R10 for flow 2: only a change is told, and each change counts up what the vendor has to confirm.
#[tokio::test]
async fn a_change_is_told_and_confirmed_by_its_version() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        let confirmed = |plan_version| Confirmed {
            plan_version,
            revision: 4,
            peer_id: Some("Z-1"),
        };
        confirm_both(&school, &sitting, &deelnames[0], confirmed(1)).await;
        assert!(school.offering(&sitting).await.is_confirmed());
        assert!(school.association(&deelnames[0]).await.is_confirmed());

        let mut plan = school.tomorrow();
        sitting::change(&school.core, planner_of(&planner), &sitting, &plan)
            .await
            .unwrap();
        assert!(
            school.offering(&sitting).await.is_confirmed(),
            "nothing changed, nothing told"
        );
        plan.location_codes = vec!["C2.10".to_owned()];
        sitting::change(&school.core, planner_of(&planner), &sitting, &plan)
            .await
            .unwrap();
        assert!(!school.offering(&sitting).await.is_confirmed());
        confirm_both(&school, &sitting, &deelnames[0], confirmed(2)).await;
        confirm_both(&school, &sitting, &deelnames[0], confirmed(1)).await;
        let now = school.offering(&sitting).await;
        assert!(
            now.is_confirmed(),
            "a late confirmation of an earlier version changes nothing"
        );
        assert_eq!(now.confirmed.unwrap().revision, 4);
        let tie = store::ledger::by_our_id(&school.core.db, TENANT, VENDOR, "offering", &sitting)
            .await
            .unwrap();
        assert_eq!(tie.unwrap().peer_id, "Z-1");
    })
    .await;
}

async fn confirm_both(school: &School, sitting: &str, deelname: &str, confirmed: Confirmed<'_>) {
    let mut draft = Draft::of(&school.core, TENANT, "job:test");
    offerings::confirm(&mut draft, sitting, confirmed).await.unwrap();
    associations::confirm(&mut draft, deelname, confirmed).await.unwrap();
    school.core.commit(draft.finish()).await.unwrap();
}

#[tokio::test]
async fn who_does_not_plan_for_the_unit_plans_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&[]).await;
        let mut elsewhere = account("zorg", &[Duty::Plannen]);
        elsewhere.assignments[0].unit = "zorg".to_owned();
        let refused = sitting::plan(&school.core, planner_of(&elsewhere), &school.new_sitting())
            .await
            .unwrap_err();
        assert!(matches!(refused, Refused::NotAllowed(_)), "{refused}");
    })
    .await;
}

/// R4, R5, invariant 2: planned and cancelled at the same moment, by two nodes, whichever comes first.
#[tokio::test]
async fn nobody_stays_planned_on_an_enrolment_that_is_cancelled_meanwhile() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let names: Vec<String> = (0..12).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        school.enrol(&names).await;
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let other = School {
            core: bench.another_node(7),
            clock: bench.clock.clone(),
        };
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        for name in names {
            let enrolment = format!("e-{name}");
            let (added, cancelled) = tokio::join!(
                school.add(&sitting, vec![for_enrolment(&enrolment)]),
                other.patch_association(SIS, &enrolment, &canceled)
            );
            cancelled.unwrap();
            if let Ok(deelname) = &added[0] {
                assert!(school.association(deelname).await.is_canceled(), "{enrolment}");
            }
            assert!(school.person_is_erased(&format!("p-{name}")).await);
        }
    })
    .await;
}

/// A planbare toets that the student system cancelled takes nobody any more.
#[tokio::test]
async fn nobody_is_added_once_the_planbare_toets_is_cancelled() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, _) = school.planned(&["jip"]).await;
        let canceled = json!({
            "offeringType": "component",
            "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "canceled" }]
        });
        school.patch_offering(SIS, "plannable", &canceled).await.unwrap();
        let planner = account("bureau", &[Duty::Plannen]);
        let refused = deelname::add(&school.core, planner_of(&planner), &sitting, &[])
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("cancelled"), "{refused}");
    })
    .await;
}
