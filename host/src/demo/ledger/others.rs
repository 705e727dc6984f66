//! The same counts at the two vendors that know nothing of OKE: what Toetskade has itself, and what stood in the files that
//! went to Toetskist and came back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::DemoError;
use super::super::client::list;
use super::super::stage::Cast;
use super::super::story::Others;
use super::Ledger;
use crate::simulator::SisState;

pub(super) async fn count(ledger: &mut Ledger, cast: &Cast, sis: &SisState, others: &Others) -> Result<(), DemoError> {
    let kade = deelnames(cast, &others.kade).await?;
    let kist = deelnames(cast, &others.kist).await?;
    ledger.line(
        "2",
        "kandidaten bij Toetskade",
        kade.len(),
        cast.kade.candidates().len(),
    );
    ledger.line(
        "2",
        "deelnames op de lijst naar Toetskist",
        kist.len(),
        others.listed.len(),
    );
    let absent = kist.len().saturating_sub(others.carried.len());
    let told = kist
        .iter()
        .filter(|one| one["attendance"] == json!("not_present"))
        .count();
    ledger.line("3", "afwezigen op de uitvallijst van Toetskist", absent, told);
    for (who, there, deelnames) in [
        ("cijfers van Toetskade", &others.graded, &kade),
        ("cijfers uit het bestand van Toetskist", &others.carried, &kist),
    ] {
        let accepted = deelnames.iter().filter(|one| {
            let is_graded = there.contains_key(one["id"].as_str().unwrap_or_default());
            is_graded && one["judgement"] == json!("accepted")
        });
        ledger.line("3", format!("{who}, aanvaard"), there.len(), accepted.count());
        let arrived = arrived(ledger, sis, there, deelnames);
        ledger.line("5", format!("{who}, bij de deelnemerregistratie"), there.len(), arrived);
    }
    Ok(())
}

async fn deelnames(cast: &Cast, sitting: &str) -> Result<Vec<Value>, DemoError> {
    let shown = cast.beheer.get(&format!("/sittings/{sitting}")).await?;
    list(shown["deelnames"].clone())
}

/// How many of the grades the student system holds, final.
fn arrived(ledger: &mut Ledger, sis: &SisState, there: &BTreeMap<String, String>, deelnames: &[Value]) -> usize {
    let mut arrived = 0;
    for (deelname, grade) in there {
        let known = deelnames.iter().find(|one| one["id"] == json!(deelname));
        let enrolment = known.and_then(|one| one["enrolment"].as_str()).unwrap_or_default();
        let found = sis.associations.iter().find(|one| one.association_id == enrolment);
        match found.and_then(|one| one.result.as_ref()) {
            Some(result) if result["score"] == json!(grade) && result["consumers"][0]["final"] == json!(true) => {
                arrived += 1;
            }
            other => ledger.faults.push(format!(
                "deelname {deelname}: {grade} at its vendor, the student system holds {other:?}"
            )),
        }
    }
    arrived
}
