//! What the codec's readers are held to: no JSON makes them panic, what they refuse they refuse with a reason and a
//! place, and what they read they write so that it reads back the same.

use std::fmt::Debug;

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, Problems, PutBrings, ResultFlow, apply_report,
    apply_result, check_opaque, dialect::LocationForm, is_cancellation, loss, merge_put_association, missing_of_attempt,
    model::Association, read_association, read_association_put, read_component, read_group, read_offering,
    read_offering_put, read_page, read_person, read_report_message, read_result_message, read_service, scale,
    settle_id, write_association, write_component, write_group, write_membership, write_offering, write_page,
    write_person, write_report_message, write_result_message, write_service,
};
use serde_json::Value;

use crate::{given, json};

/// The agreement's dialect, but for the one form in which it loses something: several locations as one text.
fn oke() -> Dialect {
    let mut dialect = Dialect::v1_0_1();
    dialect.quirks.location = LocationForm::List;
    dialect
}

/// Every object, whole.
pub fn codec_read(data: &[u8]) {
    let oke = oke();
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let value = &value;
    reads_back(value, |v| read_component(v, &oke), |c| write_component(c, &oke));
    reads_back(
        value,
        |v| read_offering(v, &oke),
        |o| write_offering(o, &oke, OfferingFields::All),
    );
    reads_back(
        value,
        |v| read_person(v, &oke),
        |p| write_person(p, &oke, PersonFields::WithNeeds),
    );
    reads_back(
        value,
        |v| read_association(v, &oke),
        |a| write_association(a, &oke, AssociationFields::All, PersonAs::Whole),
    );
    reads_back(value, |v| read_group(v, &oke), |g| write_group(g, &oke));
    reads_back(value, read_membership, write_membership);
    // What an owner may not bring is ignored (table 4.0.F).
    if let Ok(put) = read_association_put(value, &oke) {
        assert_eq!(put.result, None);
    }
    if let Ok(put) = read_offering_put(value, &oke) {
        assert_eq!((put.irregularities, put.documents.len()), (None, 0));
    }
}

fn read_membership(value: &Value) -> Result<oke_codec::model::Membership, Problems> {
    oke_codec::read_membership(value, &oke())
}

fn reads_back<T: PartialEq + Debug>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, Problems>,
    write: impl Fn(&T) -> Value,
) {
    match read(value) {
        Err(problems) => say_where(&problems),
        Ok(object) => {
            let written = write(&object);
            assert_eq!(read(&written).as_ref(), Ok(&object), "it was written as {written}");
        }
    }
}

fn say_where(problems: &Problems) {
    assert!(!problems.0.is_empty(), "refused without a problem");
    for problem in &problems.0 {
        assert!(!problem.what.is_empty() && !problem.mend.is_empty());
        assert!(
            problem.pointer.is_empty() || problem.pointer.starts_with('/'),
            "{}",
            problem.pointer
        );
    }
}

/// Results, reports, pages, a service's description, and what is asked of any JSON.
pub fn codec_message(data: &[u8]) {
    let oke = oke();
    let Some(documents) = json::documents(data).filter(|documents| !documents.is_empty()) else {
        return;
    };
    let value = &documents[0];
    for flow in [ResultFlow::Three, ResultFlow::Five] {
        match read_result_message(value, flow, &oke) {
            Err(problems) => say_where(&problems),
            Ok(message) => {
                let scored = apply_result(&given::deelname(), &message);
                assert_eq!(
                    apply_result(&scored, &message),
                    scored,
                    "a result twice is a result once"
                );
                let untouched = Association {
                    result: None,
                    ..scored.clone()
                };
                assert_eq!(untouched, given::deelname(), "a result touches only the result");
                for dialect in [&oke, &Dialect::v1_1_draft()] {
                    // What a message has no place for is reported, and does not come back. What 1.0.1 says in the
                    // names of the draft is another's, in any form; in the draft it has one.
                    let is_lost = !loss::of_result(&message.result, &oke).is_empty();
                    if is_lost {
                        continue;
                    }
                    if let Ok(written) = write_result_message(flow, &scored, dialect) {
                        let read = read_result_message(&written, flow, dialect).map(|read| read.result);
                        assert_eq!(read.as_ref(), Ok(&message.result), "it was written as {written}");
                    }
                }
                if let Some(score) = &message.result.score {
                    let _fits = scale::fits(score, &oke_codec::model::ResultValueType::Other(score.clone()));
                }
            }
        }
    }
    match read_report_message(value, &oke) {
        Err(problems) => say_where(&problems),
        Ok(report) => {
            let told = apply_report(&given::sitting(), &report);
            assert_eq!(apply_report(&told, &report), told, "a report twice is a report once");
            assert_eq!(told.state, given::sitting().state);
            let _written = write_report_message(&told, &oke);
        }
    }
    if let Ok(page) = read_page(value, |item| read_association(item, &oke)) {
        let _written = write_page(&page, |item| Value::from(item.is_ok()));
        match page.all_or_nothing() {
            Err(problems) => say_where(&problems),
            Ok(page) => page.items.iter().for_each(attempt),
        }
    }
    if let Ok(service) = read_service(value) {
        let _newest = service.newest_common_version();
        assert_eq!(read_service(&write_service(&service)), Ok(service));
    }
    let _is = is_cancellation(value);
    let mut body = value.clone();
    if settle_id(&mut body, "offeringId", "1").is_ok() {
        assert_eq!(
            settle_id(&mut body, "offeringId", "1"),
            Ok(()),
            "settled once is settled"
        );
    }
    // An opaque text comes back from a connector as anything.
    let opaque = value.to_string();
    let _checked = check_opaque(&opaque);
    let mut foreign = given::deelname();
    foreign.opaque = Some(opaque);
    let written = write_association(&foreign, &oke, AssociationFields::All, PersonAs::Whole);
    assert_eq!(
        written["associationId"],
        foreign.association_id.as_str(),
        "what is opaque lies over nothing"
    );
}

/// A PUT of flow 5.
fn attempt(put: &Association) {
    let _missing = missing_of_attempt(put);
    let merged = merge_put_association(Some(&given::deelname()), put, PutBrings::Result);
    assert_eq!(merged.association_id, put.association_id);
}
