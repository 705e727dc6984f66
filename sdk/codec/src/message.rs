//! The messages that are no whole objects: results (flows 3 and 5) and reports (flow 4), R12.

use serde_json::{Value, json};

use crate::{
    dialect::Dialect,
    model::{Association, AssociationType, DocumentReference, ExamResult, Offering},
    problem::Problems,
    read::{
        self,
        common::{CONSUMER, document},
        field::{Extent, Fields, full_text, text, whole},
        result,
    },
    words,
    write::{self, object},
};

/// Which flow a result message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFlow {
    /// TA to TPL, on a deelname.
    Three,
    /// TPL to DR, on a toetsinschrijving.
    Five,
}

/// A result as it came in by PATCH. Everything else in the message is ignored (R4, table 4.0.F): a `state: canceled`
/// does nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultMessage {
    /// The result.
    pub result: ExamResult,
    /// Flow 5: which attempt.
    pub attempt: Option<u32>,
    /// Flow 5: the original toetsinschrijving.
    pub org_association_id: Option<String>,
    /// What was absent and filled: `associationType` (the path's object decides it, R2), `weight` (100, R17).
    pub filled: Vec<&'static str>,
    /// What R12 requires, is absent and can't be filled: `resultDate`; in flow 5 also `executedOfferingName`,
    /// `attempt`, `orgAssociationId`; `documentId` of a document, which is then left out. The message is accepted and
    /// held with a task.
    pub missing: Vec<&'static str>,
}

/// Reads a PATCH of flow 3 or 5. For a PUT of flow 5 use [`crate::read_association`] and [`missing_of_attempt`].
///
/// # Errors
/// All problems: no `result.state`, no `attendance` (R12), or a value of the wrong kind.
pub fn read_result_message(message: &Value, flow: ResultFlow, dialect: &Dialect) -> Result<ResultMessage, Problems> {
    read::whole(|spot| {
        let fields = Fields::of(message, spot, Extent::Whole)?;
        let Some((key, value)) = fields.find(&["result"]).filter(|(_, value)| !value.is_null()) else {
            fields
                .spot
                .below("result")
                .problem("is missing", "give the result with at least state and attendance");
            return None;
        };
        let read = result::result(value, &fields.spot.below(key), dialect);
        let (mut attempt, mut org_association_id) = (None, None);
        if flow == ResultFlow::Five {
            for own in fields.consumers().own {
                own.optional(&["attempt"], whole, &mut attempt);
                own.optional(&["orgAssociationId"], full_text, &mut org_association_id);
            }
        }
        let read = read?;
        let mut filled = read.filled;
        if !fields.has(&["associationType"]) {
            filled.push("associationType");
        }
        let mut missing = missing(&read.result, attempt, org_association_id.as_deref(), flow);
        missing.extend(read.missing);
        Some(ResultMessage {
            result: read.result,
            attempt,
            org_association_id,
            filled,
            missing,
        })
    })
}

fn missing(result: &ExamResult, attempt: Option<u32>, org: Option<&str>, flow: ResultFlow) -> Vec<&'static str> {
    let five = flow == ResultFlow::Five;
    let required = [
        ("resultDate", result.result_date.is_none()),
        ("executedOfferingName", five && result.executed_offering_name.is_none()),
        ("attempt", five && attempt.is_none()),
        ("orgAssociationId", five && org.is_none()),
    ];
    required
        .into_iter()
        .filter(|(_, absent)| *absent)
        .map(|(name, _)| name)
        .collect()
}

/// What R12 requires of a PUT of flow 5 and is absent: as in [`ResultMessage::missing`], and `result` itself.
pub fn missing_of_attempt(attempt: &Association) -> Vec<&'static str> {
    match &attempt.result {
        None => vec!["result"],
        Some(result) => missing(
            result,
            attempt.attempt,
            attempt.org_association_id.as_deref(),
            ResultFlow::Five,
        ),
    }
}

/// The report on a sitting as it came in by PATCH (flow 4). Everything else in the message is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportMessage {
    /// What happened in the sitting.
    pub irregularities: Option<String>,
    /// The documents.
    pub documents: Vec<DocumentReference>,
    /// The message carries irregularities, `null` (cleared) included; else those stored stay (R3).
    pub carries_irregularities: bool,
    /// The message carries documents, `[]` (cleared) included; else those stored stay (R3).
    pub carries_documents: bool,
    /// What was absent and filled: `offeringType` (the path's object decides it, R2).
    pub filled: Vec<&'static str>,
}

/// Reads a PATCH of flow 4.
///
/// # Errors
/// All problems: neither irregularities nor documents (R12), a document without an id, or a value of the wrong kind.
pub fn read_report_message(message: &Value, _dialect: &Dialect) -> Result<ReportMessage, Problems> {
    read::whole(|spot| {
        let fields = Fields::of(message, spot, Extent::Patch)?;
        let mut report = ReportMessage {
            irregularities: None,
            documents: Vec::new(),
            carries_irregularities: false,
            carries_documents: false,
            filled: Vec::new(),
        };
        for own in fields.consumers().own {
            report.carries_irregularities |= own.has(&["irregularities"]);
            report.carries_documents |= own.has(&["documents"]);
            own.optional(&["irregularities"], text, &mut report.irregularities);
            own.list(&["documents"], document, &mut report.documents);
        }
        if !report.carries_irregularities && !report.carries_documents {
            fields.spot.below("consumers").problem(
                "has no report",
                "add an entry with consumerKey `nl-test-admin` and irregularities or documents",
            );
        }
        if !fields.has(&["offeringType"]) {
            report.filled.push("offeringType");
        }
        Some(report)
    })
}

/// Writes a PATCH of flow 3 or 5, with all that R12 requires; nothing else of the association is in it.
///
/// In flow 5 an enrolment without `org_association_id` is its own original (R8).
///
/// # Errors
/// What R12 requires and is not known: a result with its `resultDate`; in flow 5 `executedOfferingName` and `attempt`.
pub fn write_result_message(flow: ResultFlow, association: &Association, dialect: &Dialect) -> Result<Value, Problems> {
    let org = association
        .org_association_id
        .as_deref()
        .unwrap_or(&association.association_id);
    let result = required_result(association, Some(org), flow, dialect)?;
    let mut message = json!({
        "associationType": words::word(&AssociationType::ComponentOfferingAssociation),
        "result": result,
    });
    if flow == ResultFlow::Five {
        message["consumers"] = json!([attempt_block(association, org)]);
    }
    Ok(message)
}

/// Writes a PUT of flow 5: the new association of an extra attempt with its result (R7, R8).
///
/// # Errors
/// What R12 requires and is not known: as in [`write_result_message`], and `org_association_id`.
pub fn write_attempt(association: &Association, dialect: &Dialect) -> Result<Value, Problems> {
    let org = association.org_association_id.as_deref();
    let result = required_result(association, org, ResultFlow::Five, dialect)?;
    Ok(json!({
        "associationId": association.association_id,
        "associationType": words::word(&association.association_type),
        "role": words::word(&association.role),
        "state": object::state(&association.state, dialect),
        "consumers": [attempt_block(association, org.unwrap_or_default())],
        "result": result,
        "person": association.person_id,
        "offering": association.offering_id,
    }))
}

fn attempt_block(association: &Association, org: &str) -> Value {
    json!({ "consumerKey": CONSUMER, "orgAssociationId": org, "attempt": association.attempt })
}

/// The result with everything that R12 requires of this flow.
fn required_result(
    association: &Association,
    org: Option<&str>,
    flow: ResultFlow,
    dialect: &Dialect,
) -> Result<Value, Problems> {
    let Some(result) = &association.result else {
        return Err(Problems::one(
            "/result",
            "is not known",
            "send this message only when there is a result",
        ));
    };
    let written = write::result::result(result, dialect);
    let mut problems = Problems::default();
    for name in missing(result, association.attempt, org, flow) {
        let pointer = match name {
            "resultDate" => "/result/resultDate",
            "executedOfferingName" => "/result/consumers/0/executedOfferingName",
            "attempt" => "/consumers/0/attempt",
            _ => "/consumers/0/orgAssociationId",
        };
        problems.0.push(crate::problem::Problem::new(
            pointer,
            "is required in this message and not known",
            "supply it before sending",
        ));
    }
    if problems.0.is_empty() && written.get("resultDate").is_none() {
        // Only of a peer with swapped dates, for which the day of the test is the `resultDate`.
        problems.0.push(crate::problem::Problem::new(
            "/result/resultDate",
            "is for this peer the day of the test, which is not known",
            "supply the test date before sending",
        ));
    }
    problems.or(written)
}

/// Writes a PATCH of flow 4: the report as it is now, full state (R12).
pub fn write_report_message(offering: &Offering, _dialect: &Dialect) -> Value {
    json!({
        "offeringType": words::word(&offering.offering_type),
        "consumers": [{
            "consumerKey": CONSUMER,
            // Required even where nothing happened.
            "irregularities": offering.irregularities.as_deref().unwrap_or_default(),
            "documents": offering.documents.iter().map(object::document).collect::<Vec<_>>(),
        }],
    })
}
