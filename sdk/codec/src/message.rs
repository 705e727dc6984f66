//! The messages that are no whole objects: results (flows 3 and 5) and reports (flow 4), R12.

use serde_json::{Value, json};

use crate::{
    dialect::Dialect,
    draft_1_1::{self, Part, Said},
    model::{Association, AssociationType, DocumentReference, ExamResult, Offering},
    problem::Problems,
    read::{
        self,
        association::{FIELDS, OWN},
        common::{CONSUMER, document},
        field::{Extent, Fields, full_text, text, whole},
        result::{self, AttendanceStands},
    },
    words,
    write::{
        self,
        object::{self, Object},
        result::OfTheDraft,
    },
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
    /// The message has the form of the 1.1 draft, which may tell a part: [`Part::over`] what was told before is the
    /// result. `result` is that over nothing.
    pub part: Option<Part>,
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

/// Reads a PATCH of flow 3 or 5, in the form of the agreement or, by its shape, of the 1.1 draft. For a PUT of flow 5 use
/// [`crate::read_association`] and [`missing_of_attempt`].
///
/// Only a result without any attendance has no shape to know it by: of a peer at 1.1 it is the second half of flow 3.2,
/// of another it is refused.
///
/// # Errors
/// All problems: no `result.state`, no `attendance` (R12), or a value of the wrong kind.
pub fn read_result_message(message: &Value, flow: ResultFlow, dialect: &Dialect) -> Result<ResultMessage, Problems> {
    read::whole(|spot| {
        let fields = Fields::of(message, spot, Extent::Whole)?;
        let said = Said::of(&fields);
        let told = fields.find(&["result"]).filter(|(_, value)| !value.is_null());
        if told.is_none() && (flow == ResultFlow::Five || said.is_none()) {
            fields
                .spot
                .below("result")
                .problem("is missing", "give the result with at least state and attendance");
            return None;
        }
        let stands = attendance_stands(said.as_ref(), flow, dialect);
        let read = told.map(|(key, value)| result::result(value, &fields.spot.below(key), dialect, stands));
        let (mut attempt, mut org_association_id) = (None, None);
        if flow == ResultFlow::Five {
            for own in fields.consumers().own {
                own.optional(&["attempt"], whole, &mut attempt);
                own.optional(&["orgAssociationId"], full_text, &mut org_association_id);
            }
        }
        let (mut filled, mut absent) = (Vec::new(), Vec::new());
        let result = match read {
            None => None,
            Some(read) => {
                let read = read?;
                filled = read.filled;
                absent = read.missing;
                Some((read.result, read.attended))
            }
        };
        if !fields.has(&["associationType"]) {
            filled.push("associationType");
        }
        let (result, part) = match result {
            Some((result, true)) if said.is_none() => (result, None),
            result => {
                let said = said.unwrap_or_default();
                let part = Part { result, said };
                (part.over(None), Some(part))
            }
        };
        let mut missing = match told {
            Some(_) => missing(&result, attempt, org_association_id.as_deref(), flow),
            None => Vec::new(),
        };
        missing.extend(absent);
        Some(ResultMessage {
            result,
            part,
            attempt,
            org_association_id,
            filled,
            missing,
        })
    })
}

/// Where the attendance of a result message is looked for.
fn attendance_stands(said: Option<&Said>, flow: ResultFlow, dialect: &Dialect) -> AttendanceStands {
    let in_association = match flow {
        ResultFlow::Three => dialect.version.is_draft() || said.is_some_and(Said::has_details),
        // Attendance of before is at hand in flow 3 only.
        ResultFlow::Five => said.is_some_and(Said::has_attendance),
    };
    match in_association {
        true => AttendanceStands::InAssociation,
        false => AttendanceStands::InResult,
    }
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
    let mut block = Object::default();
    if flow == ResultFlow::Five {
        attempt_onto(&mut block, association, org);
    }
    let result = required_result(association, Some(org), flow, (dialect, &mut block))?;
    let mut message = Object::default();
    message.put(
        "associationType",
        words::word(&AssociationType::ComponentOfferingAssociation),
    );
    message.maybe("result", result);
    Ok(message.with_consumers(block, false, None, &[], &[]))
}

/// Writes a PUT of flow 5: the new association of an extra attempt with its result (R7, R8), and what others say of it
/// (R13).
///
/// # Errors
/// What R12 requires and is not known: as in [`write_result_message`], and `org_association_id`.
pub fn write_attempt(association: &Association, dialect: &Dialect) -> Result<Value, Problems> {
    let org = association.org_association_id.as_deref();
    let mut block = Object::default();
    attempt_onto(&mut block, association, org.unwrap_or_default());
    let result = required_result(association, org, ResultFlow::Five, (dialect, &mut block))?;
    let mut message = Object::default();
    message.put("associationId", association.association_id.clone());
    message.put("associationType", words::word(&association.association_type));
    message.put("role", words::word(&association.role));
    message.put("state", object::state(&association.state, dialect));
    message.maybe("result", result);
    message.put("person", association.person_id.clone());
    message.put("offering", association.offering_id.clone());
    Ok(message.with_consumers(block, true, association.opaque.as_deref(), FIELDS, OWN))
}

fn attempt_onto(block: &mut Object, association: &Association, org: &str) {
    block.put("orgAssociationId", org);
    block.put("attempt", association.attempt);
}

/// The result with everything that R12 requires of this flow; in the form of the 1.1 draft a part of it stands in the
/// association's consumer block, and it may be all.
fn required_result(
    association: &Association,
    org: Option<&str>,
    flow: ResultFlow,
    (dialect, block): (&Dialect, &mut Object),
) -> Result<Option<Value>, Problems> {
    let Some(result) = &association.result else {
        return Err(Problems::one(
            "/result",
            "is not known",
            "send this message only when there is a result",
        ));
    };
    let is_draft = dialect.version.is_draft();
    let written = match is_draft {
        true => draft_1_1::write(result, block),
        false => Some(write::result::result(result, dialect, OfTheDraft::LeftOut)),
    };
    let mut problems = Problems::default();
    for name in missing(result, association.attempt, org, flow) {
        let pointer = match name {
            "resultDate" if written.is_none() && flow == ResultFlow::Three => continue,
            "resultDate" => "/result/resultDate",
            "executedOfferingName" if is_draft => "/consumers/0/testMomentEnrollmentDetails/executedOfferingName",
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
    let undated = written
        .as_ref()
        .is_some_and(|written| written.get("resultDate").is_none());
    if problems.0.is_empty() && undated {
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
