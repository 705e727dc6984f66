//! The laws of the merge (R1, R3, R4, table 4.0.F), over an object that was read and whatever comes in for it:
//!
//! - nothing said changes nothing, and said twice is said once;
//! - what is not named stays, of the object, of the profile's block and of every other consumer's entry;
//! - `null` removes, except that `attemptLeft: null` means unlimited;
//! - an id never changes; a result or report is not its owner's to change.

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, PersonFields, PutBrings, is_association_cancellation,
    is_offering_cancellation, merge_put_association, merge_put_offering, merge_put_person,
    model::{Association, AssociationState, AttemptsLeft, Offering, OfferingState, Person},
    patch_association, patch_offering, patch_person, read_association, read_association_put, read_offering,
    read_offering_put, read_person, write_association, write_offering, write_person,
};
use serde_json::{Map, Value, json};

use crate::json::documents;

/// The profile's own block among the consumers.
const OWN: &str = "nl-test-admin";
/// Names under which the same is said.
const SAME: &[&[&str]] = &[
    &["startDateTime", "startDate"],
    &["endDateTime", "endDate"],
    &["modeOfDelivery", "modesOfDelivery"],
    &["resultExpected", "resultsExpected"],
    &["lastPossibleStartDateTime", "lastPossibleStartTime", "entryDateTime"],
    &["durationFrom", "durtionFrom"],
    &["locationCode", "location"],
    &["finalResultsAllowed", "finalResultAllowed"],
    &["additionalTimeInMin", "extraTimeInMin"],
    // Filled with the name where there is none.
    &["description", "name"],
];

/// The first document is stored, the second comes in.
pub fn codec_merge(data: &[u8]) {
    let Some(pair) = documents(data).filter(|pair| pair.len() == 2) else {
        return;
    };
    let (stored, said) = (&pair[0], &pair[1]);
    let oke = Dialect::v1_0_1();
    if let Ok(stored) = read_offering(stored, &oke) {
        offering(&stored, said, &oke);
    }
    if let Ok(stored) = read_association(stored, &oke) {
        association(&stored, said, &oke);
    }
    if let Ok(stored) = read_person(stored, &oke) {
        person(&stored, said, &oke);
    }
}

fn offering(stored: &Offering, said: &Value, oke: &Dialect) {
    let write = |offering: &Offering| write_offering(offering, oke, OfferingFields::All);
    assert_eq!(
        patch_offering(stored, &json!({}), oke).as_ref(),
        Ok(stored),
        "nothing said changes nothing"
    );
    if let Ok(once) = patch_offering(stored, said, oke) {
        assert_eq!(
            patch_offering(&once, said, oke).as_ref(),
            Ok(&once),
            "said twice is said once"
        );
        if is_offering_cancellation(said) {
            let canceled = Offering {
                state: OfferingState::Canceled,
                ..stored.clone()
            };
            assert_eq!(once, canceled, "a cancellation does nothing else");
        } else {
            assert_eq!(
                (&once.offering_id, once.offering_type),
                (&stored.offering_id, stored.offering_type)
            );
            assert_eq!(
                (&once.irregularities, &once.documents),
                (&stored.irregularities, &stored.documents)
            );
            untouched(&write(stored), &write(&once), said);
        }
    }
    let nothing = json!({ "otherCodes": null, "resultValueType": null, "organization": null, "consumers": [{
        "consumerKey": OWN, "duration": null, "safety": null, "locationCode": null, "finalResultsAllowed": null,
        "testsToBeUsed": null, "cohort": null, "lastPossibleStartDateTime": null }] });
    let emptied = patch_offering(stored, &nothing, oke).expect("what is optional can be removed");
    assert_eq!(
        (emptied.other_codes.len(), emptied.organization_id, emptied.duration_s),
        (0, None, None)
    );
    assert_eq!(
        (emptied.result_value_type, emptied.cohort, emptied.last_possible_start),
        (None, None, None)
    );
    assert_eq!(
        (
            emptied.safety.len(),
            emptied.location_codes.len(),
            emptied.tests_to_be_used.len()
        ),
        (0, 0, 0)
    );
    others_can_be_removed(&write(stored), |patch| {
        patch_offering(stored, patch, oke).map(|patched| write(&patched)).ok()
    });
    if let Ok(put) = read_offering_put(said, oke) {
        let merged = merge_put_offering(Some(stored), &put);
        assert_eq!(
            (&merged.irregularities, &merged.documents),
            (&stored.irregularities, &stored.documents)
        );
        assert_eq!(merge_put_offering(Some(&merged), &put), merged, "put twice is put once");
    }
}

fn association(stored: &Association, said: &Value, oke: &Dialect) {
    let write = |one: &Association| write_association(one, oke, AssociationFields::All, PersonAs::Whole);
    assert_eq!(
        patch_association(stored, &json!({}), oke).as_ref(),
        Ok(stored),
        "nothing said changes nothing"
    );
    if let Ok(once) = patch_association(stored, said, oke) {
        assert_eq!(
            patch_association(&once, said, oke).as_ref(),
            Ok(&once),
            "said twice is said once"
        );
        if is_association_cancellation(said) {
            let canceled = Association {
                state: AssociationState::Canceled,
                ..stored.clone()
            };
            assert_eq!(once, canceled, "a cancellation does nothing else");
        } else {
            assert_eq!(
                (&once.association_id, &once.result),
                (&stored.association_id, &stored.result)
            );
            if let Some(person) = &once.person {
                assert_eq!(person.person_id, once.person_id, "a person goes with its own id");
            }
            untouched(&write(stored), &write(&once), said);
        }
    }
    let nothing = json!({ "consumers": [{ "consumerKey": OWN, "additionalTimeInMin": null, "personalNeeds": [],
        "attempt": null, "attemptLeft": null, "orgAssociationId": null, "startDate": null, "sequenceCode": null }] });
    let emptied = patch_association(stored, &nothing, oke).expect("what is optional can be removed");
    assert_eq!(
        (
            emptied.additional_time_min,
            emptied.personal_needs.len(),
            emptied.attempt
        ),
        (None, 0, None)
    );
    assert_eq!(
        (emptied.org_association_id, emptied.start, emptied.sequence_code),
        (None, None, None)
    );
    assert_eq!(emptied.attempts_left, AttemptsLeft::Unlimited, "the exception to R3");
    others_can_be_removed(&write(stored), |patch| {
        patch_association(stored, patch, oke).map(|one| write(&one)).ok()
    });
    if let Ok(put) = read_association_put(said, oke) {
        let merged = merge_put_association(Some(stored), &put, PutBrings::NoResult);
        assert_eq!(merged.result, stored.result, "a repeated PUT never wipes a result");
        assert_eq!(
            merge_put_association(Some(&merged), &put, PutBrings::NoResult),
            merged,
            "put twice is put once"
        );
    }
}

fn person(stored: &Person, said: &Value, oke: &Dialect) {
    let write = |person: &Person| write_person(person, oke, PersonFields::WithNeeds);
    assert_eq!(
        patch_person(stored, &json!({}), oke).as_ref(),
        Ok(stored),
        "nothing said changes nothing"
    );
    if let Ok(once) = patch_person(stored, said, oke) {
        assert_eq!(
            patch_person(&once, said, oke).as_ref(),
            Ok(&once),
            "said twice is said once"
        );
        assert_eq!(once.person_id, stored.person_id);
        // These two also stand in, or decide on, the profile's block.
        if !names(said).any(|name| ["preferredname", "affiliations"].contains(&name.as_str())) {
            untouched(&write(stored), &write(&once), said);
        }
    }
    let nothing = json!({ "otherCodes": [], "givenName": null, "surnamePrefix": null, "surname": null, "mail": null,
        "languageOfChoice": null, "consumers": [{ "consumerKey": OWN, "preferredName": null, "assignedNeeds": null,
        "idCheckName": null }] });
    let emptied = patch_person(stored, &nothing, oke).expect("what is optional can be removed");
    assert_eq!(
        (
            emptied.given_name,
            emptied.surname_prefix,
            emptied.surname,
            emptied.mail
        ),
        (None, None, None, None)
    );
    assert_eq!(
        (
            emptied.preferred_name,
            emptied.id_check_name,
            emptied.assigned_needs.len()
        ),
        (None, None, 0)
    );
    assert_eq!((emptied.other_codes.len(), emptied.languages.len()), (0, 0));
    others_can_be_removed(&write(stored), |patch| {
        patch_person(stored, patch, oke).map(|person| write(&person)).ok()
    });
    if let Ok(put) = read_person(said, oke) {
        let merged = merge_put_person(Some(stored), &put);
        assert_eq!(merge_put_person(Some(&merged), &put), merged, "put twice is put once");
    }
}

/// What is not named stays.
fn untouched(before: &Value, after: &Value, said: &Value) {
    let said_of_all: Vec<String> = names(said).collect();
    same_but(before, after, &said_of_all);
    let said_of_own: Vec<String> = entries(said)
        .filter(|entry| key_of(entry) == OWN)
        .flat_map(names)
        .collect();
    let own = |object: &Value| {
        entries(object)
            .find(|entry| key_of(entry) == OWN)
            .cloned()
            .unwrap_or_default()
    };
    same_but(&own(before), &own(after), &said_of_own);
    let others: Vec<String> = entries(said).map(key_of).collect();
    for entry in entries(before).filter(|entry| !others.contains(&key_of(entry)) && key_of(entry) != OWN) {
        assert!(
            entries(after).any(|kept| kept == entry),
            "{entry} was not named, and is gone from {after}"
        );
    }
}

/// Every field but those that were named, and the consumers, is the same.
fn same_but(before: &Value, after: &Value, said: &[String]) {
    let nothing = Map::new();
    let (before, after) = (
        before.as_object().unwrap_or(&nothing),
        after.as_object().unwrap_or(&nothing),
    );
    for name in before.keys().chain(after.keys()) {
        let alike = SAME.iter().find(|alike| alike.contains(&name.as_str())).copied();
        let was_said = |name: &str| said.iter().any(|said| said.eq_ignore_ascii_case(name));
        // An entry of its own comes or goes with its first or last field.
        if ["consumers", "consumerKey"].contains(&name.as_str()) || was_said(name) {
            continue;
        }
        if alike.is_some_and(|alike| alike.iter().any(|other| was_said(other))) {
            continue;
        }
        assert_eq!(before.get(name), after.get(name), "`{name}` was not named");
    }
}

/// Unknown fields, and those of other consumers, are removed by `null`.
fn others_can_be_removed(written: &Value, patch: impl Fn(&Value) -> Option<Value>) {
    for entry in entries(written).filter(|entry| key_of(entry) != OWN && !key_of(entry).is_empty()) {
        let Some(name) = entry
            .as_object()
            .and_then(|fields| fields.keys().find(|name| *name != "consumerKey"))
        else {
            continue;
        };
        let removed = patch(&json!({ "consumers": [{ "consumerKey": entry["consumerKey"], name: null }] }));
        let removed = removed.expect("a field of another consumer can be removed");
        let first = |object: &Value| entries(object).find(|one| key_of(one) == key_of(entry)).cloned();
        if first(written).as_ref() == Some(entry) {
            let left = first(&removed).expect("the entry is there");
            assert_eq!(left.get(name), None, "null removes `{name}`");
        }
    }
}

fn names(object: &Value) -> impl Iterator<Item = String> {
    let names: Vec<String> = object
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(|name| name.to_ascii_lowercase())
        .collect();
    names.into_iter()
}

/// The consumers' entries, as the codec finds them: by any case of the name, a single one as a list of one.
fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    let map = object.as_object();
    let found = map.and_then(|map| {
        map.get("consumers").or_else(|| {
            map.iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("consumers"))
                .map(|(_, found)| found)
        })
    });
    let list: Vec<&Value> = match found {
        Some(Value::Array(entries)) => entries.iter().collect(),
        Some(single) => vec![single],
        None => Vec::new(),
    };
    list.into_iter()
}

fn key_of(entry: &Value) -> String {
    entry["consumerKey"].as_str().unwrap_or_default().to_ascii_lowercase()
}
