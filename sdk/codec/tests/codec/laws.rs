//! Laws that hold for every object, every dialect and every JSON.

use crate::{any, given};
use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, PutBrings, ResultFlow, apply_report,
    apply_result, is_cancellation, merge_put_association, merge_put_offering, merge_put_person, model::*,
    patch_association, patch_offering, patch_person, read_association, read_component, read_offering, read_page,
    read_person, read_report_message, read_result_message, read_service, scale, settle_id, write_association,
    write_attempt, write_component, write_offering, write_person, write_report_message, write_result_message,
};
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_component_reads_back_as_it_was_written(c in any::component(), dialect in any::dialect()) {
        prop_assert_eq!(read_component(&write_component(&c, &dialect), &dialect), Ok(c));
    }

    #[test]
    fn an_offering_reads_back_as_it_was_written(o in any::offering(), dialect in any::dialect()) {
        prop_assert_eq!(read_offering(&write_offering(&o, &dialect, OfferingFields::All), &dialect), Ok(o));
    }

    #[test]
    fn a_person_reads_back_as_it_was_written(p in any::person(), dialect in any::dialect()) {
        prop_assert_eq!(read_person(&write_person(&p, &dialect, PersonFields::WithNeeds), &dialect), Ok(p));
    }

    #[test]
    fn an_association_reads_back_as_it_was_written(a in any::association(), dialect in any::dialect()) {
        let written = write_association(&a, &dialect, AssociationFields::All, PersonAs::Whole);
        prop_assert_eq!(read_association(&written, &dialect), Ok(a));
    }

    #[test]
    fn a_result_message_reads_back_as_it_was_written(mut a in any::association(), dialect in any::dialect()) {
        a.attempt = a.attempt.or(Some(1));
        let result = a.result.get_or_insert_with(given::scored);
        result.result_date.get_or_insert_with(|| "2026-05-27".parse().unwrap());
        result.executed_offering_name.get_or_insert_with(|| "Rekenen".into());
        for flow in [ResultFlow::Three, ResultFlow::Five] {
            let written = write_result_message(flow, &a, &dialect).unwrap();
            let read = read_result_message(&written, flow, &dialect).unwrap();
            prop_assert_eq!(Some(&read.result), a.result.as_ref());
            prop_assert!(read.filled.is_empty() && read.missing.is_empty());
        }
        a.org_association_id.get_or_insert_with(|| "original".into());
        let read = read_association(&write_attempt(&a, &dialect).unwrap(), &dialect).unwrap();
        prop_assert_eq!((read.result, read.attempt, read.org_association_id), (a.result, a.attempt, a.org_association_id));
    }

    #[test]
    fn a_result_reads_back_as_it_was_shown(a in any::association(), dialect in any::dialect()) {
        // Of the 1.1 draft a deelname of which nothing is known yet has no result.
        let is_told = a.result.as_ref().is_some_and(|result| result.attendance != Attendance::NotKnown);
        if is_told {
            let shown = write_association(&a, &dialect, AssociationFields::DeelnameWithResult, PersonAs::Id);
            prop_assert_eq!(read_association(&shown, &dialect).unwrap().result, a.result);
        }
    }

    #[test]
    fn an_empty_patch_changes_nothing(o in any::offering(), a in any::association(), p in any::person()) {
        let oke = Dialect::v1_0_1();
        prop_assert_eq!(patch_offering(&o, &json!({}), &oke), Ok(o));
        prop_assert_eq!(patch_association(&a, &json!({}), &oke), Ok(a));
        prop_assert_eq!(patch_person(&p, &json!({}), &oke), Ok(p));
    }

    #[test]
    fn a_patch_twice_is_a_patch_once(stored in any::association(), other in any::association()) {
        let oke = Dialect::v1_0_1();
        let mut patch = write_association(&other, &oke, AssociationFields::All, PersonAs::Whole);
        patch.as_object_mut().unwrap().remove("associationType");
        let once = patch_association(&stored, &patch, &oke).unwrap();
        prop_assert_eq!(patch_association(&once, &patch, &oke), Ok(once.clone()));
        prop_assert_eq!((&once.association_id, &once.result), (&stored.association_id, &stored.result));
    }

    #[test]
    fn a_result_touches_only_the_result(a in any::association(), b in any::association()) {
        let oke = Dialect::v1_0_1();
        if let Some(result) = &b.result {
            let message = json!({
                "associationType": "componentOfferingAssociation",
                "state": "canceled",
                "result": write_association(&b, &oke, AssociationFields::All, PersonAs::Id)["result"],
                "consumers": [{ "consumerKey": "nl-test-admin", "attemptLeft": 0, "attempt": 99 }]
            });
            let read = read_result_message(&message, ResultFlow::Five, &oke).unwrap();
            let applied = apply_result(&a, &read);
            prop_assert_eq!(applied.result.as_ref(), Some(result));
            prop_assert_eq!(Association { result: a.result.clone(), ..applied }, a);
        }
    }

    #[test]
    fn a_report_touches_only_the_report(a in any::offering(), b in any::offering()) {
        let oke = Dialect::v1_0_1();
        let mut message = write_report_message(&b, &oke);
        message["consumers"][0]["offeringState"] = "canceled".into();
        message["name"] = 7.into();
        let applied = apply_report(&a, &read_report_message(&message, &oke).unwrap());
        prop_assert_eq!(&applied.documents, &b.documents);
        let (irregularities, documents) = (a.irregularities.clone(), a.documents.clone());
        prop_assert_eq!(Offering { irregularities, documents, ..applied }, a);
    }

    #[test]
    fn a_repeated_put_is_one_put(o in any::offering(), a in any::association(), p in any::person()) {
        let once = merge_put_offering(None, &o);
        prop_assert_eq!(merge_put_offering(Some(&once), &o), once);
        for brings in [PutBrings::NoResult, PutBrings::Result] {
            let once = merge_put_association(None, &a, brings);
            prop_assert_eq!(merge_put_association(Some(&once), &a, brings), once);
        }
        prop_assert_eq!(merge_put_person(Some(&p), &p), p);
    }

    #[test]
    fn no_json_makes_it_panic(value in any::json(), other in any::json()) {
        everything_that_reads(&value, &other);
    }

    #[test]
    fn no_broken_message_makes_it_panic(
        o in any::offering(), a in any::association(), place in 0_usize..64, other in any::json()
    ) {
        let oke = Dialect::v1_0_1();
        for mut message in [
            write_offering(&o, &oke, OfferingFields::All),
            write_association(&a, &oke, AssociationFields::All, PersonAs::Whole),
        ] {
            let places = any::pointers(&message);
            if let Some(broken) = message.pointer_mut(&places[place % places.len()]) {
                *broken = other.clone();
            }
            everything_that_reads(&message, &other);
        }
    }

    #[test]
    fn problems_point_into_the_message(a in any::association(), place in 0_usize..64, other in any::json()) {
        let oke = Dialect::v1_0_1();
        let mut message = write_association(&a, &oke, AssociationFields::All, PersonAs::Whole);
        let places = any::pointers(&message);
        if let Some(broken) = message.pointer_mut(&places[place % places.len()]) {
            *broken = other;
        }
        if let Err(problems) = read_association(&message, &oke) {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                let parent = problem.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                prop_assert!(message.pointer(parent).is_some(), "{} points nowhere in {message}", problem.pointer);
                prop_assert!(!problem.what.is_empty() && !problem.mend.is_empty());
            }
        }
    }

    #[test]
    fn no_score_makes_the_scale_panic(score in ".*") {
        for value_type in any::scales() {
            let _ = scale::fits(&score, &value_type);
        }
    }
}

fn everything_that_reads(value: &Value, other: &Value) {
    let oke = Dialect::v1_0_1();
    let _ = read_component(value, &oke);
    let _ = read_offering(value, &oke);
    let _ = read_person(value, &oke);
    let _ = read_association(value, &oke);
    let _ = read_result_message(value, ResultFlow::Three, &oke);
    let _ = read_result_message(value, ResultFlow::Five, &oke);
    let _ = read_result_message(value, ResultFlow::Three, &Dialect::v1_1_draft());
    let _ = read_report_message(value, &oke);
    let _ = patch_offering(&given::sitting(), value, &oke);
    let _ = patch_association(&given::deelname(), value, &oke);
    let _ = patch_person(&given::student(), value, &oke);
    let _ = read_page(value, |item| read_association(item, &oke));
    let _ = read_service(value);
    let _ = is_cancellation(value);
    let _ = settle_id(&mut value.clone(), "offeringId", "1");
    let mut opaque = given::deelname();
    opaque.opaque = Some(other.to_string());
    let _ = write_association(&opaque, &oke, AssociationFields::All, PersonAs::Whole);
}
