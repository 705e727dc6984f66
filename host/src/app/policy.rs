//! Policies of a school, its units and its exams (planbare toetsen), kept as JSON; each has a default that the domain
//! states. The nearest word counts: exam, then unit from the inside out, then school.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::account::lineage;
use super::judging::{self, Which};
use super::unit::Units;
use super::{Core, Decision, Draft, Refused};
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::principal::{Account, Duty};
use crate::domain::sending::{FinalConflict, Policy, Said, SendPolicy};
use crate::store::policy::{self, PolicyRow};
use crate::store::sql::{Key, Value};
use crate::store::tenant::TenantRow;
use crate::store::{Database, StoreError, offering};

/// The policies of the chain, as they are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kept {
    /// When flow 5 is sent: `attendance`, `provisional` or `after-vaststelling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    send_results: Option<String>,
    /// When a decision and `finalResultsAllowed` conflict: `downgrade` or `hold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    final_conflict: Option<String>,
    /// Whether an absence counts as an attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_show_counts: Option<bool>,
}

fn kept(said: Said) -> Kept {
    Kept {
        send_results: said.send.map(|policy| policy.name().to_owned()),
        final_conflict: said.final_conflict.map(|policy| policy.name().to_owned()),
        no_show_counts: said.no_show_counts,
    }
}

fn said(settings: &str, column: &str) -> Result<Said, StoreError> {
    let kept: Kept = serde_json::from_str(settings).map_err(|source| unreadable(column, &source))?;
    let send = kept.send_results.as_deref();
    let conflict = kept.final_conflict.as_deref();
    let bad = |word: &str| StoreError::unknown_word(column, word);
    Ok(Said {
        send: send
            .map(|word| SendPolicy::from_name(word).ok_or_else(|| bad(word)))
            .transpose()?,
        final_conflict: conflict
            .map(|word| FinalConflict::from_name(word).ok_or_else(|| bad(word)))
            .transpose()?,
        no_show_counts: kept.no_show_counts,
    })
}

fn unreadable(column: &str, source: &serde_json::Error) -> StoreError {
    StoreError::Inconsistent {
        column: column.to_owned(),
        why: source.to_string(),
    }
}

/// Of what a policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole school.
    School,
    /// A unit and what lies in it.
    Unit(String),
    /// A planbare toets.
    Exam(String),
}

impl Scope {
    /// Kind and id, as they are kept; the school has no row of its own.
    fn key(&self) -> Option<(&'static str, &str)> {
        match self {
            Scope::School => None,
            Scope::Unit(id) => Some(("unit", id)),
            Scope::Exam(id) => Some(("exam", id)),
        }
    }
}

/// What a school, unit or exam says of its own.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn said_by(db: &Database, tenant: &str, scope: &Scope) -> Result<Said, StoreError> {
    match scope.key() {
        None => match db.tenant(tenant).await? {
            Some(row) => said(&row.settings, "tenant.settings"),
            None => Ok(Said::default()),
        },
        Some((scope, id)) => match policy::find(db, tenant, scope, id).await? {
            Some(row) => said(&row.settings, "policy.settings"),
            None => Ok(Said::default()),
        },
    }
}

/// What units say of their own, by unit; those that say nothing are left out.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn said_by_units(db: &Database, tenant: &str) -> Result<Vec<(String, Said)>, StoreError> {
    let rows = policy::of_units(db, tenant).await?.into_iter();
    rows.map(|row| Ok((row.id, said(&row.settings, "policy.settings")?)))
        .collect()
}

/// What is said around an exam, outermost first: school, units, exam.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn said_around(db: &Database, tenant: &str, exam: &Offering) -> Result<Vec<(Scope, Said)>, StoreError> {
    let units = match &exam.unit {
        Some(unit) => lineage(db, tenant, unit).await?,
        None => Vec::new(),
    };
    let rows = policy::around(db, tenant, &exam.id, &units).await?;
    let row = |scope: &str, id: &str| rows.iter().find(|row| row.scope == scope && row.id == id);
    let mut all = vec![(Scope::School, said_by(db, tenant, &Scope::School).await?)];
    for unit in units.iter().rev() {
        if let Some(row) = row("unit", unit) {
            all.push((Scope::Unit(unit.clone()), said(&row.settings, "policy.settings")?));
        }
    }
    if let Some(row) = row("exam", &exam.id) {
        all.push((Scope::Exam(exam.id.clone()), said(&row.settings, "policy.settings")?));
    }
    Ok(all)
}

/// The policies that hold for exams of any schools, by school and exam.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn of_exams(db: &Database, exams: &[(&str, &Offering)]) -> Result<HashMap<Key, Policy>, StoreError> {
    let schools: BTreeSet<String> = exams.iter().map(|(tenant, _)| (*tenant).to_owned()).collect();
    let schools = db.tenants_named(&Vec::from_iter(schools)).await?;
    let with_unit = exams
        .iter()
        .filter_map(|(tenant, exam)| Some(((*tenant).to_owned(), exam.unit.clone()?)));
    let units = db.units_around(&Vec::from_iter(with_unit)).await?;
    let mut keys: BTreeSet<[&str; 3]> = exams.iter().map(|(tenant, exam)| [*tenant, "exam", &exam.id]).collect();
    keys.extend(units.iter().map(|unit| [unit.tenant.as_str(), "unit", &unit.id]));
    let keys: Vec<_> = keys.into_iter().map(|key| key.map(Value::from).to_vec()).collect();
    let rows = policy::with_keys(db, &keys).await?;
    let row = |tenant: &str, scope: &str, id: &str| {
        rows.iter()
            .find(|row| row.tenant == tenant && row.scope == scope && row.id == id)
    };
    let mut policies = HashMap::new();
    for (tenant, exam) in exams {
        let mut all = Vec::new();
        if let Some(school) = schools.iter().find(|school| school.tenant == *tenant) {
            all.push(said(&school.settings, "tenant.settings")?);
        }
        let of_school = units.iter().filter(|unit| unit.tenant == *tenant).cloned();
        let lineage = Units::from_iter(of_school).lineage(exam.unit.as_deref());
        let inwards = lineage.iter().rev().filter_map(|unit| row(tenant, "unit", unit));
        for row in inwards.chain(row(tenant, "exam", &exam.id)) {
            all.push(said(&row.settings, "policy.settings")?);
        }
        policies.insert(((*tenant).to_owned(), exam.id.clone()), Policy::of(&all));
    }
    Ok(policies)
}

/// The policy that holds for an exam.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn of_exam(db: &Database, tenant: &str, exam: &Offering) -> Result<Policy, StoreError> {
    let mut policies = of_exams(db, &[(tenant, exam)]).await?;
    Ok(policies
        .remove(&(tenant.to_owned(), exam.id.clone()))
        .unwrap_or_default())
}

/// Whether an absence at an exam counts as an attempt.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn no_show_counts(db: &Database, tenant: &str, exam: &Offering) -> Result<bool, StoreError> {
    Ok(of_exam(db, tenant, exam).await?.no_show_counts)
}

/// Says what the policy of a school, unit or exam is; what is left out is said by what lies around it. Results that
/// arrive or are decided from now on follow it; those that it lets go now are sent by the jobs that follow.
///
/// # Errors
/// [`Refused`]: an account that does not hold `beheren` there, or no such unit or planbare toets.
pub async fn set(core: &Core, tenant: &str, account: &Account, scope: &Scope, said: Said) -> Result<(), Refused> {
    core.decide(&[format!("tenant/{tenant}")], || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let (subject, id) = match scope {
            Scope::School => ("tenant", tenant),
            Scope::Unit(id) => ("unit", id.as_str()),
            Scope::Exam(id) => ("offering", id.as_str()),
        };
        account.holding(Duty::Beheren, &units_of(core, tenant, scope).await?, draft.now)?;
        match scope.key() {
            None => school(&mut draft, said).await?,
            Some((scope, id)) => {
                let known = policy::find(&core.db, tenant, scope, id).await?;
                let row = PolicyRow {
                    tenant: tenant.to_owned(),
                    scope: scope.to_owned(),
                    id: id.to_owned(),
                    settings: text(&kept(said)),
                    actor: draft.actor.clone(),
                    at: draft.now,
                    version: known.map_or(0, |known| known.version),
                };
                draft.put(row.next());
            }
        }
        let detail = text(&kept(said));
        draft.audit("policy.set", (subject, id), detail, b"");
        let which = match scope {
            Scope::School => Which::Exams(None),
            Scope::Unit(id) => Which::Exams(Some(id.clone())),
            Scope::Exam(id) => Which::Policy(id.clone()),
        };
        judging::follow(&mut draft, &which, "").await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// The units whose `beheren` it takes, innermost first; the whole school always will do.
async fn units_of(core: &Core, tenant: &str, scope: &Scope) -> Result<Vec<String>, Refused> {
    let db = &core.db;
    match scope {
        Scope::School => Ok(Vec::new()),
        Scope::Unit(id) => {
            let units = db.units(tenant).await?;
            if !units.iter().any(|unit| unit.id == *id) {
                return Err(Refused::unknown("unit", id));
            }
            Ok(lineage(db, tenant, id).await?)
        }
        Scope::Exam(id) => {
            let exam = offering::find(db, tenant, id)
                .await?
                .filter(|found| found.kind == OfferingKind::Plannable)
                .ok_or_else(|| Refused::unknown("planbare toets", id))?;
            match &exam.unit {
                Some(unit) => Ok(lineage(db, tenant, unit).await?),
                None => Ok(Vec::new()),
            }
        }
    }
}

fn text(kept: &Kept) -> String {
    serde_json::to_string(kept).expect("words and flags only")
}

/// The school's own words stand among its other settings, which stay.
async fn school(draft: &mut Draft<'_>, said: Said) -> Result<(), Refused> {
    let tenant = draft.tenant;
    let row = draft
        .core
        .db
        .tenant(tenant)
        .await?
        .ok_or_else(|| Refused::unknown("school", tenant))?;
    let mut settings: Map<String, serde_json::Value> =
        serde_json::from_str(&row.settings).map_err(|source| unreadable("tenant.settings", &source))?;
    let said = kept(said);
    let words = [
        ("sendResults", said.send_results.map(serde_json::Value::from)),
        ("finalConflict", said.final_conflict.map(serde_json::Value::from)),
        ("noShowCounts", said.no_show_counts.map(serde_json::Value::from)),
    ];
    for (key, value) in words {
        match value {
            Some(value) => settings.insert(key.to_owned(), value),
            None => settings.remove(key),
        };
    }
    draft.put(
        TenantRow {
            settings: serde_json::Value::Object(settings).to_string(),
            version: row.version + 1,
            ..row
        }
        .write(),
    );
    Ok(())
}
