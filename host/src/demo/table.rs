//! The table the demo ends with, for people; and the same as one JSON value.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::story::Told;

/// For people, Dutch.
#[must_use]
pub fn text(told: &Told, ledger: &Ledger, audit: &str, took: Duration) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\nStroom  Wat{:>52}Bron   Doel", "");
    for line in &ledger.lines {
        let mark = if line.balances() { "✓" } else { "✗" };
        let _ = writeln!(
            out,
            "{:<7} {:<54} {:>5}  {:>5}  {mark}",
            line.flow, line.what, line.at_source, line.at_destination
        );
    }
    let _ = writeln!(
        out,
        "\nTegengehouden vóór de cesuur: {} scores (percentages), na de cesuur vrijgegeven",
        told.held_before_cesuur
    );
    let _ = writeln!(out, "Vastgesteld door de examencommissie: {}", told.decided);
    let handled: Vec<String> = ledger
        .by_revision
        .iter()
        .map(|(revision, count)| format!("{revision}: {count} resultaten"))
        .collect();
    let _ = writeln!(out, "Gelezen door een connector: {}", handled.join(", "));
    let rollback = &told.rollback;
    let _ = writeln!(
        out,
        "Teruggerold: revisie {} → {}: {}",
        rollback["from"],
        rollback["to"],
        differences(rollback)
    );
    let _ = writeln!(out, "\nUitzonderingen die wachten: {}", told.open_tasks.len());
    for task in &told.open_tasks {
        let field = |name: &str| task[name].as_str().unwrap_or("");
        let _ = writeln!(
            out,
            "  • {} ({}) → {}",
            field("title"),
            field("owner"),
            field("nextStep")
        );
    }
    for fault in &ledger.faults {
        let _ = writeln!(out, "  ✗ {fault}");
    }
    let _ = writeln!(out, "\nAudit: {audit}");
    let acts: Vec<String> = told
        .acts
        .iter()
        .map(|(name, seconds)| format!("{name} {seconds:.1} s"))
        .collect();
    let _ = write!(out, "Tijd: {:.1} s ({})", took.as_secs_f64(), acts.join(", "));
    out
}

fn differences(rollback: &Value) -> String {
    let said = rollback["differences"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "));
    said.unwrap_or_default()
}

/// For programs.
#[must_use]
pub fn json(told: &Told, ledger: &Ledger, audit: &str, took: Duration) -> Value {
    json!({
        "reconciles": ledger.is_clean(),
        "flows": ledger.lines,
        "faults": ledger.faults,
        "byRevision": ledger.by_revision,
        "heldBeforeCesuur": told.held_before_cesuur,
        "decided": told.decided,
        "rollback": told.rollback,
        "exceptions": told.open_tasks,
        "flow1Sent": told.flow_1_sent,
        "cancelledDeelname": told.cancelled,
        "audit": audit,
        "seconds": took.as_secs_f64(),
        "acts": told.acts.iter().map(|(name, seconds)| json!({ "act": name, "seconds": seconds })).collect::<Vec<_>>(),
    })
}
