//! What a message of flow 2 must hold (§3.2.3, §4.2, §4.3), and what it does.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::problem::Problem;
use super::super::strict::{Inspection, consumer};
use super::catalogue::{Catalogue, Test};
use super::platform::Platform;

const STATES: [&str; 3] = ["associated", "canceled", "finished"];
const ROLES: [&str; 5] = ["student", "coordinator", "invigilator", "assessor", "guest"];
const NEEDS: [&str; 3] = ["extraTime", "spoken", "spell-checker-on-screen"];
const SAFETY: [&str; 3] = ["securedComputer", "fixedLocation", "surveillance"];
const MODES: [&str; 3] = ["distance-learning", "online", "situated"];

/// Makes or replaces a sitting (R1). A report that was given since is never wiped.
pub(super) fn put_offering(
    platform: &mut Platform,
    catalogue: &Catalogue,
    id: &str,
    body: Value,
) -> Result<StatusCode, Problem> {
    check_sitting(catalogue, id, &body)?;
    let sitting = platform.sittings.entry(id.to_owned()).or_default();
    let changed = sitting.json != body;
    sitting.json = body;
    Ok(if sitting.counts.count(changed) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    })
}

/// Withdraws a sitting with its deelnames; the rest of the message does not count (R4, R5).
pub(super) fn patch_offering(platform: &mut Platform, id: &str, body: &Value) -> Result<(), Problem> {
    if !platform.sittings.contains_key(id) {
        return Err(Problem::not_found(format!("sitting {id} is not known here")));
    }
    let mut inspection = Inspection::default();
    inspection.one_of(body, "", "offeringType", &["component"]);
    if let Some(ours) = inspection.consumer(body, "") {
        inspection.exactly(ours, "consumers[].", "offeringState", &json!("canceled"));
    }
    inspection.verdict("in flow 2 a PATCH of a sitting only withdraws it; everything else comes by PUT (§3.2.3)")?;

    let sitting = platform.sittings.entry(id.to_owned()).or_default();
    let changed = !sitting.is_canceled();
    let entries = sitting.json["consumers"].as_array_mut().into_iter().flatten();
    for entry in entries.filter(|entry| entry["consumerKey"] == super::super::CONSUMER_KEY) {
        entry["offeringState"] = "canceled".into();
    }
    sitting.counts.count(changed);
    for deelname in platform
        .deelnames
        .values_mut()
        .filter(|deelname| deelname.offering_id() == id)
    {
        deelname.cancel();
    }
    Ok(())
}

/// Makes or replaces a deelname (R1, R14). A result that was given since is never wiped.
pub(super) fn put_association(
    platform: &mut Platform,
    catalogue: &Catalogue,
    id: &str,
    body: Value,
) -> Result<StatusCode, Problem> {
    check_deelname(platform, catalogue, id, &body)?;
    let deelname = platform.deelnames.entry(id.to_owned()).or_default();
    let changed = deelname.json != body;
    deelname.json = body;
    Ok(if deelname.counts.count(changed) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    })
}

/// Withdraws a deelname; the rest of the message does not count (R4).
pub(super) fn patch_association(platform: &mut Platform, id: &str, body: &Value) -> Result<Value, Problem> {
    let Some(deelname) = platform.deelnames.get_mut(id) else {
        return Err(Problem::not_found(format!("deelname {id} is not known here")));
    };
    let mut inspection = Inspection::default();
    inspection.one_of(body, "", "associationType", &["componentOfferingAssociation"]);
    inspection.exactly(body, "", "state", &json!("canceled"));
    inspection.verdict("in flow 2 a PATCH of a deelname only withdraws it; everything else comes by PUT (§3.2.3)")?;

    let changed = !deelname.is_canceled();
    deelname.cancel();
    deelname.counts.count(changed);
    let message = [json!({ "language": "nl-NL", "value": "Deelname verwijderd" })];
    Ok(json!({ "associationId": id, "state": "canceled", "message": message }))
}

fn check_sitting(catalogue: &Catalogue, id: &str, body: &Value) -> Result<(), Problem> {
    let mut inspection = Inspection::default();
    inspection.same_id(body, "offeringId", id);
    inspection.identifier(body, "", "primaryCode", &["offeringCode"]);
    inspection.one_of(body, "", "offeringType", &["component"]);
    inspection.language_texts(body, "", "name");
    inspection.language_texts(body, "", "description");
    inspection.exactly(body, "", "teachingLanguage", &json!("nld"));
    inspection.exactly(body, "", "resultExpected", &json!(true));
    inspection.optional_list_of(body, "", "modeOfDelivery", &MODES);
    let start = inspection.moment(body, "", "startDateTime");
    let end = inspection.moment(body, "", "endDateTime");
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        inspection.fault("`endDateTime` does not lie after `startDateTime`");
    }
    inspection.absent(
        body,
        "",
        &["resultValueType"],
        "it stands on the component and on a planbare toets (R22)",
    );
    match super::super::strict::reference(body, "component", "componentId").map(|id| (id, catalogue.by_id(id))) {
        None => inspection.fault("`component` is missing"),
        Some((id, None)) => inspection.fault(format!("`component` {id} is not in this catalogue")),
        Some((id, Some(test))) if !test.active => {
            inspection.fault(format!(
                "`component` {id} has status inactive and cannot be planned (R26)"
            ));
        }
        Some(_) => {}
    }
    if let Some(ours) = inspection.consumer(body, "") {
        inspect_times(&mut inspection, ours);
    }
    inspection.verdict("this sitting does not hold what it must (§4.2)")
}

fn inspect_times(inspection: &mut Inspection, ours: &Value) {
    let at = "consumers[].";
    inspection.one_of(ours, at, "offeringState", &["active", "canceled"]);
    if !ours["duration"].is_null() {
        let text = inspection.text(ours, at, "duration");
        if text.is_some_and(|text| !is_duration(text)) {
            inspection.fault(format!(
                "`{at}duration` is {}, not an ISO 8601 duration as PT60M",
                ours["duration"]
            ));
        }
    }
    inspection.optional_moment(ours, at, "lastPossibleStartDateTime");
    inspection.optional_one_of(ours, at, "startOptions", &["individualStart", "triggeredStart"]);
    let from = ["startDateTime", "individualStartDateTime", "triggeredStartDateTime"];
    inspection.optional_one_of(ours, at, "durationFrom", &from);
    inspection.optional_one_of(ours, at, "durationUntil", &["testDuration", "endDateTime"]);
    inspection.optional_list_of(ours, at, "safety", &SAFETY);
    inspection.optional_text(ours, at, "locationCode");
    inspection.absent(ours, at, &["testsToBeUsed"], "it belongs to flow 1 (R22)");
    let old_spellings = ["lastPossibleStartTime", "entryDateTime", "durtionFrom"];
    inspection.absent(ours, at, &old_spellings, "the agreement spells it otherwise (§4.2)");
}

/// ISO 8601 as far as a test needs it: days, hours, minutes, seconds.
fn is_duration(text: &str) -> bool {
    text.starts_with('P')
        && text
            .parse::<jiff::Span>()
            .is_ok_and(|span| !span.is_negative() && !span.is_zero())
}

fn check_deelname(platform: &Platform, catalogue: &Catalogue, id: &str, body: &Value) -> Result<(), Problem> {
    let mut inspection = Inspection::default();
    inspection.same_id(body, "associationId", id);
    inspection.one_of(body, "", "associationType", &["componentOfferingAssociation"]);
    let role = inspection.one_of(body, "", "role", &ROLES);
    inspection.one_of(body, "", "state", &STATES);
    inspection.absent(body, "", &["result"], "a deelname of flow 2 has no result (§3.2.2)");
    let is_student = role == Some("student");
    inspect_person(&mut inspection, &body["person"], is_student);
    let Some(offering_id) = body["offering"].as_str() else {
        inspection.fault("`offering` must be the id of the sitting (R14)");
        return inspection.verdict("this deelname does not hold what it must (§4.3)");
    };
    let Some(sitting) = platform.sittings.get(offering_id) else {
        return Err(Problem::not_found(format!(
            "sitting {offering_id} is not known here; send it first (R14)"
        )));
    };
    if is_student {
        inspect_needs(&mut inspection, body, catalogue.by_id(sitting.component_id()));
    } else if let Some(ours) = consumer(body) {
        inspection.absent(
            ours,
            "consumers[].",
            &["additionalTimeInMin", "personalNeeds"],
            "staff has none (§3.2.3)",
        );
    }
    inspection.verdict("this deelname does not hold what it must (§4.3)")
}

fn inspect_needs(inspection: &mut Inspection, body: &Value, test: Option<&Test>) {
    let at = "consumers[].";
    let Some(ours) = inspection.consumer(body, "") else {
        return;
    };
    if !ours["additionalTimeInMin"].is_null()
        && let Some(minutes) = inspection.integer(ours, at, "additionalTimeInMin", 0)
        && let Some(test) = test
        && minutes > i64::from(test.most_extra_minutes)
        && test.most_extra_minutes < 10_000
    {
        inspection.fault(format!(
            "`{at}additionalTimeInMin` is {minutes}, this test allows {}",
            test.most_extra_minutes
        ));
    }
    inspection.optional_list_of(ours, at, "personalNeeds", &NEEDS);
    let of_flow_1 = [
        "attempt",
        "attemptLeft",
        "programOfferingAssociationId",
        "courseOfferingAssociationId",
    ];
    inspection.absent(ours, at, &of_flow_1, "it belongs to flow 1 (§3.2.3)");
    inspection.absent(
        ours,
        at,
        &["extraTimeInMin"],
        "the agreement calls it additionalTimeInMin (§4.3)",
    );
}

/// R14: the person is always whole. R15, R17 and §4.10 say what is in it.
fn inspect_person(inspection: &mut Inspection, person: &Value, is_student: bool) {
    if !person.is_object() {
        return inspection.fault("`person` must be the whole Person object, not an id (R14)");
    }
    let at = "person.";
    inspection.uuid(person, at, "personId");
    inspection.identifier(person, at, "primaryCode", &[]);
    inspection.text(person, at, "givenName");
    inspection.optional_text(person, at, "surnamePrefix");
    inspection.text(person, at, "surname");
    inspection.text(person, at, "displayName");
    inspection.exactly(person, at, "activeEnrollment", &json!(true));
    inspection.optional_list_of(person, at, "affiliations", &["student", "employee", "guest"]);
    if !person["affiliations"].is_array() {
        inspection.fault("`person.affiliations` is missing");
    }
    inspection.text(person, at, "mail");
    inspection.absent(
        person,
        at,
        &["dateOfBirth", "gender", "nationality"],
        "the agreement does not use it (§4.10)",
    );
    if is_student && let Some(ours) = inspection.consumer(person, at) {
        let at = "person.consumers[].";
        inspection.text(ours, at, "preferredName");
        inspection.text(ours, at, "idCheckName");
        inspection.absent(ours, at, &["assignedNeeds"], "it belongs to the person of flow 1 (R15)");
    }
}
