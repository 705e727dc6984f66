//! Flows 3 and 4 on command: who was there, what they scored, and how the sitting went.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::moment::parse_moment;
use super::super::outgoing::{Delivery, Message};
use super::super::scale;
use super::super::seeded::{Seeded, fraction_for};
use super::super::strict::consumer;
use super::super::{CONSUMER_KEY, SimulatorError};
use super::catalogue::Test;
use super::platform::{Deelname, Platform};
use super::{ResultMode, System, documents};

/// How many messages may be under way at once.
const PARALLEL: usize = 8;
/// The points that can be scored in every test here.
const MOST_POINTS: u32 = 75;

/// What stands in `score`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultForm {
    /// A value on the scale of the test, as the agreement wants it.
    #[default]
    Grade,
    /// The share of points as a percentage, as has been seen before the cesuur is known (N#164).
    PercentageAsScore,
}

/// A round of results for one sitting.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResultsOrder {
    /// The sitting.
    pub offering_id: String,
    /// What stands in `score`.
    #[serde(default)]
    pub form: ResultForm,
    /// Only these deelnames; all students who were not absent if empty.
    #[serde(default)]
    pub only: Vec<String>,
    /// The sizes, in bytes, of the documents that come with each result.
    #[serde(default)]
    pub documents: Vec<usize>,
    /// Sends the messages in an order decided by this seed.
    pub shuffle_seed: Option<u64>,
}

impl ResultsOrder {
    /// Grades for everyone in a sitting who was not absent.
    pub fn grades(offering_id: impl Into<String>) -> Self {
        Self {
            offering_id: offering_id.into(),
            ..Self::default()
        }
    }

    /// Percentages in the place of grades (N#164) for everyone in a sitting who was not absent.
    pub fn percentages(offering_id: impl Into<String>) -> Self {
        Self {
            form: ResultForm::PercentageAsScore,
            ..Self::grades(offering_id)
        }
    }
}

/// A cesuur that has become known.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cesuur {
    /// The test.
    pub component_id: String,
    /// The share of points that is just enough, between 0.0 and 1.0; a half if absent.
    pub pass_mark: Option<f64>,
}

/// The report of a sitting (flow 4).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportOrder {
    /// The sitting.
    pub offering_id: String,
    /// What went otherwise than planned.
    pub irregularities: String,
    /// The sizes, in bytes, of its documents: the procesverbaal first, then the attendance list, then others.
    #[serde(default)]
    pub documents: Vec<usize>,
}

pub(super) async fn attendance(
    system: &Arc<System>,
    offering_id: &str,
    absent: &[String],
) -> Result<Vec<Delivery>, SimulatorError> {
    let messages = {
        let mut platform = system.platform();
        let ids = students_of(&platform, offering_id, &[])?;
        if let Some(stranger) = absent.iter().find(|id| !ids.contains(id)) {
            return Err(unknown("deelname of a student in this sitting", stranger));
        }
        let mut messages = Vec::new();
        for id in ids {
            let attendance = if absent.contains(&id) { "notPresent" } else { "present" };
            let result = json!({
                "state": "in progress",
                "resultDate": system.now.today().to_string(),
                "weight": 100,
                "consumers": [{ "consumerKey": CONSUMER_KEY, "attendance": attendance }],
            });
            messages.push(give(&mut platform, &id, result, "attendance"));
        }
        messages
    };
    leave(system, messages).await
}

pub(super) async fn results(system: &Arc<System>, order: &ResultsOrder) -> Result<Vec<Delivery>, SimulatorError> {
    let mut messages = {
        let mut platform = system.platform();
        let mut messages = Vec::new();
        for id in students_of(&platform, &order.offering_id, &order.only)? {
            let was_absent = attendance_of(platform.deelnames.get(&id)) == Some("notPresent");
            if !was_absent {
                let result = completed(system, &mut platform, &id, order.form, &order.documents)?;
                messages.push(give(&mut platform, &id, result, "result"));
            }
        }
        messages
    };
    if let Some(seed) = order.shuffle_seed {
        Seeded::from(seed).shuffle(&mut messages);
    }
    leave(system, messages).await
}

pub(super) async fn cesuur(system: &Arc<System>, cesuur: &Cesuur) -> Result<Vec<Delivery>, SimulatorError> {
    let pass_mark = cesuur.pass_mark.unwrap_or(0.5);
    if !(pass_mark > 0.0 && pass_mark < 1.0) {
        let sentence = format!("a cesuur of {pass_mark} does not lie between 0.0 and 1.0");
        return Err(SimulatorError::DoesNotFit(sentence));
    }
    let messages = {
        let mut platform = system.platform();
        if system.catalogue.by_id(&cesuur.component_id).is_none() {
            return Err(unknown("test", &cesuur.component_id));
        }
        platform.pass_marks.insert(cesuur.component_id.clone(), pass_mark);
        let mut messages = Vec::new();
        for id in completed_of(&platform, &cesuur.component_id) {
            let before = platform.deelnames[&id].result.clone().unwrap_or_default();
            let mut result = completed(system, &mut platform, &id, ResultForm::Grade, &[])?;
            // The documents that came with the first score still belong to it.
            let documents = consumer(&before)
                .map(|ours| ours["documents"].clone())
                .unwrap_or_default();
            if !documents.is_null() {
                result["consumers"][0]["documents"] = documents;
            }
            messages.push(give(&mut platform, &id, result, "restated-result"));
        }
        messages
    };
    leave(system, messages).await
}

pub(super) async fn restate(system: &Arc<System>, id: &str, score: &str) -> Result<Vec<Delivery>, SimulatorError> {
    let message = {
        let mut platform = system.platform();
        let deelname = platform.deelnames.get(id).ok_or_else(|| unknown("deelname", id))?;
        let Some(mut result) = deelname.result.clone().filter(|result| result["state"] == "completed") else {
            return Err(SimulatorError::DoesNotFit(format!(
                "deelname {id} has no completed result to replace"
            )));
        };
        result["score"] = score.into();
        result["resultDate"] = system.now.today().to_string().into();
        give(&mut platform, id, result, "restated-result")
    };
    leave(system, vec![message]).await
}

pub(super) async fn late_result(system: &Arc<System>, id: &str) -> Result<Vec<Delivery>, SimulatorError> {
    let message = {
        let mut platform = system.platform();
        let deelname = platform.deelnames.get(id).ok_or_else(|| unknown("deelname", id))?;
        if !deelname.is_canceled() {
            return Err(SimulatorError::DoesNotFit(format!(
                "deelname {id} is not cancelled, so its result is not late"
            )));
        }
        let result = completed(system, &mut platform, id, ResultForm::Grade, &[])?;
        give(&mut platform, id, result, "late-result")
    };
    leave(system, vec![message]).await
}

pub(super) async fn report(system: &Arc<System>, order: &ReportOrder) -> Result<Vec<Delivery>, SimulatorError> {
    let id = &order.offering_id;
    let fields = {
        let mut platform = system.platform();
        if !platform.sittings.contains_key(id) {
            return Err(unknown("sitting", id));
        }
        let mut entries = Vec::new();
        for (index, bytes) in order.documents.iter().enumerate() {
            let (kind, name) = match index {
                0 => ("sessionReport", "Proces-verbaal.pdf".to_owned()),
                1 => ("attendanceReport", "Presentielijst.pdf".to_owned()),
                _ => ("other", format!("Bijlage {}.pdf", index - 1)),
            };
            let words = ["report", &system.name, id, &index.to_string()];
            entries.push(documents::make(&mut platform, &words, kind, &name, *bytes));
        }
        let fields = Platform::report_fields(&order.irregularities, &entries);
        platform.sittings.entry(id.clone()).or_default().report = Some(fields.clone());
        fields
    };
    let mut ours = fields;
    ours["consumerKey"] = CONSUMER_KEY.into();
    let body = json!({ "offeringType": "component", "consumers": [ours] });
    leave(system, vec![Message::patch("report", format!("/offerings/{id}"), body)]).await
}

/// Stores a result and makes the message that tells it (R12: exactly what flow 3 asks for).
fn give(platform: &mut Platform, id: &str, result: Value, kind: &'static str) -> Message {
    let body = json!({ "associationType": "componentOfferingAssociation", "result": result });
    platform.deelnames.entry(id.to_owned()).or_default().result = Some(result);
    Message::patch(kind, format!("/associations/{id}"), body)
}

/// Sends the messages, or leaves the results to be read.
async fn leave(system: &Arc<System>, messages: Vec<Message>) -> Result<Vec<Delivery>, SimulatorError> {
    match system.mode {
        ResultMode::Push => system.outgoing.send_all(messages, PARALLEL).await,
        ResultMode::Poll => Ok(Vec::new()),
    }
}

fn completed(
    system: &System,
    platform: &mut Platform,
    id: &str,
    form: ResultForm,
    document_sizes: &[usize],
) -> Result<Value, SimulatorError> {
    let deelname = platform.deelnames.get(id).ok_or_else(|| unknown("deelname", id))?;
    let sitting = platform
        .sittings
        .get(deelname.offering_id())
        .ok_or_else(|| unknown("sitting", deelname.offering_id()))?;
    let component_id = sitting.component_id().to_owned();
    let test = system
        .catalogue
        .by_id(&component_id)
        .ok_or_else(|| unknown("test", &component_id))?;
    let points = points_of(deelname.person_id(), test);
    let (score, pass) = match form {
        ResultForm::PercentageAsScore => (format!("{:.0}", 100.0 * share(points)), "unknown"),
        ResultForm::Grade => {
            let pass_mark = platform.pass_marks.get(&component_id).copied().unwrap_or(0.5);
            let performance = normed(share(points), pass_mark);
            (
                scale::score(&test.result_value_type, performance),
                if performance >= 0.5 { "passed" } else { "failed" },
            )
        }
    };
    let now = system.now.get();
    let end = sitting.json["endDateTime"]
        .as_str()
        .and_then(parse_moment)
        .unwrap_or(now);
    let mut ours = json!({
        "consumerKey": CONSUMER_KEY,
        "attendance": "present",
        "final": false,
        "rawScore": points,
        "maxRawScore": MOST_POINTS,
        "testDate": end.min(now).to_string(),
    });
    if let Some(assessor) = assessor_of(platform, id) {
        ours["assessorId"] = assessor.into();
    }
    let mut entries = Vec::new();
    for (index, bytes) in document_sizes.iter().enumerate() {
        let words = ["result", &system.name, id, &index.to_string()];
        let name = format!("Beoordelingsformulier {}.pdf", index + 1);
        entries.push(documents::make(platform, &words, "assessmentForm", &name, *bytes));
    }
    if !entries.is_empty() {
        ours["documents"] = entries.into();
    }
    Ok(json!({
        "state": "completed",
        "pass": pass,
        "score": score,
        "resultDate": system.now.today().to_string(),
        "weight": 100,
        "consumers": [ours],
    }))
}

/// The points that a person scores in a test: always the same, most of them enough.
fn points_of(person_id: &str, test: &Test) -> u32 {
    let share = 0.2 + 0.8 * fraction_for(&["points", person_id, &test.id]);
    (share * f64::from(MOST_POINTS)).round() as u32
}

fn share(points: u32) -> f64 {
    f64::from(points) / f64::from(MOST_POINTS)
}

/// Moves a share of points so that the pass mark lies at a half.
fn normed(share: f64, pass_mark: f64) -> f64 {
    if share < pass_mark {
        0.5 * share / pass_mark
    } else {
        0.5 + 0.5 * (share - pass_mark) / (1.0 - pass_mark)
    }
}

fn assessor_of(platform: &Platform, id: &str) -> Option<String> {
    let offering_id = platform.deelnames.get(id)?.offering_id();
    let is_assessor = |one: &&Deelname| one.json["role"] == "assessor" && one.offering_id() == offering_id;
    let assessor = platform
        .deelnames
        .values()
        .filter(|one| !one.is_canceled())
        .find(is_assessor)?;
    Some(assessor.person_id().to_owned())
}

/// The students of a sitting whose deelname stands; only the named ones if any are named.
fn students_of(platform: &Platform, offering_id: &str, only: &[String]) -> Result<Vec<String>, SimulatorError> {
    if !platform.sittings.contains_key(offering_id) {
        return Err(unknown("sitting", offering_id));
    }
    let takes_part =
        |deelname: &Deelname| deelname.is_student() && !deelname.is_canceled() && deelname.offering_id() == offering_id;
    if let Some(stranger) = only
        .iter()
        .find(|id| !platform.deelnames.get(*id).is_some_and(takes_part))
    {
        return Err(unknown("deelname of a student in this sitting", stranger));
    }
    let found = platform
        .deelnames
        .iter()
        .filter(|(_, deelname)| takes_part(deelname))
        .map(|(id, _)| id.clone());
    Ok(found.filter(|id| only.is_empty() || only.contains(id)).collect())
}

/// Every deelname with a completed result of a test, cancelled ones too: their results count as well (R6).
fn completed_of(platform: &Platform, component_id: &str) -> Vec<String> {
    let is_of_test = |deelname: &Deelname| {
        let sitting = platform.sittings.get(deelname.offering_id());
        sitting.is_some_and(|sitting| sitting.component_id() == component_id)
    };
    let is_completed = |deelname: &Deelname| {
        deelname
            .result
            .as_ref()
            .is_some_and(|result| result["state"] == "completed")
    };
    let found = platform
        .deelnames
        .iter()
        .filter(|(_, deelname)| is_of_test(deelname) && is_completed(deelname));
    found.map(|(id, _)| id.clone()).collect()
}

fn attendance_of(deelname: Option<&Deelname>) -> Option<&str> {
    consumer(deelname?.result.as_ref()?)?["attendance"].as_str()
}

fn unknown(kind: &'static str, id: &str) -> SimulatorError {
    SimulatorError::Unknown {
        kind,
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_scores_exactly_the_pass_mark_passes_and_the_ends_of_the_scale_stay() {
        for pass_mark in [0.4, 0.5, 0.65] {
            assert!((normed(pass_mark, pass_mark) - 0.5).abs() < 1e-9);
            assert!(normed(0.0, pass_mark).abs() < 1e-9);
            assert!((normed(1.0, pass_mark) - 1.0).abs() < 1e-9);
        }
        assert_eq!(scale::score("0.0-10.0", normed(0.65, 0.65)), "5.5");
    }
}
