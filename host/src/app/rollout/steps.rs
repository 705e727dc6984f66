//! The steps of a rollout: begun, units enabled flow by flow, a share of the sittings, everybody; Go and No-Go by the
//! function named for it; paused, resumed, stopped. Who may, and what a freeze holds up.

use serde_json::json;

use super::tally::Tally;
use super::{fast, measure};
use crate::app::account::actor;
use crate::app::revision::{self, Because, RevisionError};
use crate::app::unit::Units;
use crate::app::{Core, Decision, Draft, draining};
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::domain::rollout::criteria::{Criteria, Outcome};
use crate::domain::rollout::{FLOWS_BY_UNIT, Rollout, Route, Stage, Verdict};
use crate::store::peer::PeerRow;
use crate::store::revision::RevisionRow;
use crate::store::rollout::{self, EnablementRow};
use crate::store::{StoreError, offering};

/// A rollout to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// Which revision comes.
    pub revision: i64,
    /// How.
    pub route: Route,
    /// The function that says Go.
    pub go_by: Duty,
    /// What calls must come to.
    pub criteria: Criteria,
}

/// What is done about an open rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These units come on it, in these flows (all that go by unit when none is named).
    Units {
        /// By id.
        units: Vec<String>,
        /// By number.
        flows: Vec<i64>,
    },
    /// So many of a hundred sittings of the units that are not named come on it.
    Share(u8),
    /// Everybody comes on it.
    All,
    /// The first step of the fast route: this sitting has it.
    Sitting(String),
    /// The last step of the fast route: those that had the old version have it.
    Rest,
    /// Go.
    Go {
        /// Although the criteria are not met.
        despite: bool,
    },
    /// No-Go.
    NoGo,
    /// Nobody new for now.
    Pause,
    /// It goes on.
    Resume,
    /// Nobody new any more; those on it stay.
    Stop,
    /// Other thresholds.
    Criteria(Criteria),
}

impl Step {
    /// As it is kept.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Step::Units { .. } => "units",
            Step::Share(_) => "share",
            Step::All => "all",
            Step::Sitting(_) => "sitting",
            Step::Rest => "rest",
            Step::Go { .. } => "go",
            Step::NoGo => "no-go",
            Step::Pause => "pause",
            Step::Resume => "resume",
            Step::Stop => "stop",
            Step::Criteria(_) => "criteria",
        }
    }
}

fn manages(account: &Account, core: &Core) -> Result<(), RevisionError> {
    account.holding(Duty::Beheren, &[WHOLE_SCHOOL.to_owned()], core.now())?;
    Ok(())
}

/// Whether a vendor works with files, now or by the revision that comes: a list and what comes back are the whole
/// vendor's, so that no part of the school can have a revision of its own.
///
/// # Errors
/// What the database says.
pub async fn is_for_everybody_only(core: &Core, peer: &PeerRow, wanted: &RevisionRow) -> Result<bool, StoreError> {
    let running = match peer.revision {
        Some(number) => core.db.revision(&peer.tenant, &peer.id, number).await?,
        None => None,
    };
    for revision in running.iter().chain([wanted]) {
        if revision::works_with_files(&core.db, revision).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn may_be_parted(core: &Core, peer: &PeerRow, wanted: &RevisionRow) -> Result<(), RevisionError> {
    match is_for_everybody_only(core, peer, wanted).await? {
        true => Err(RevisionError::ByFiles(peer.id.clone())),
        false => Ok(()),
    }
}

/// Begins a rollout of an existing revision; nobody is on it yet.
///
/// # Errors
/// [`RevisionError`]: another one is open, or the account does not hold `beheren`.
pub async fn begin(
    core: &Core,
    tenant: &str,
    account: &Account,
    peer: &str,
    begin: &Begin,
    reason: &str,
) -> Result<Rollout, RevisionError> {
    manages(account, core)?;
    if reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    core.decide(&[format!("peer/{tenant}/{peer}")], || async {
        let row = revision::found(core, tenant, peer).await?;
        let wanted = revision::at(core, tenant, peer, begin.revision).await?;
        if row.revision == Some(begin.revision) && !row.named_only {
            return Err(RevisionError::RunsAlready(begin.revision));
        }
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        // What may not run is not begun.
        match begin.route {
            Route::Steps => revision::may_come(&mut draft, &row, &wanted).await?,
            Route::Fast => {
                may_be_parted(core, &row, &wanted).await?;
                fast::may_begin(&mut draft, &row, &wanted, &account.id).await?;
            }
        }
        let newest = rollout::newest(&core.db, tenant, peer).await?;
        let holds =
            |it: &Rollout| it.stage.is_open() || (it.stage == Stage::Stopped && (it.share > 0 || it.sitting.is_some()));
        if let Some(open) = newest.as_ref().filter(|newest| holds(newest)) {
            return Err(RevisionError::RollsOut(open.revision));
        }
        let rollout = Rollout {
            seq: newest.map_or(0, |newest| newest.seq) + 1,
            revision: begin.revision,
            replaces: row.revision,
            route: begin.route,
            sitting: None,
            stage: Stage::Running,
            share: 0,
            steps: 0,
            verdict: Verdict::Undecided,
            go_by: begin.go_by,
            criteria: begin.criteria,
            author: account.id.clone(),
            reason: reason.to_owned(),
            started_at: core.now(),
            step_at: None,
            ended_at: None,
            version: 0,
        };
        let said = (account.id.as_str(), reason);
        let detail = json!({ "route": begin.route.name() }).to_string();
        revision::note(&mut draft, &row, rollout.seq, ("start", detail), said).await?;
        let detail = format!("revision {}, route {}; {reason}", begin.revision, begin.route.name());
        draft.audit("rollout.begin", ("peer", peer), detail, b"");
        draft.put(rollout::next(tenant, peer, &rollout));
        // A revision that is made, or another rollout that is begun, at the same moment sees this one.
        draft.put(row.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: Rollout { version: 1, ..rollout },
        })
    })
    .await
}

/// Does something about the open rollout of a peer.
///
/// # Errors
/// [`RevisionError`]: none is open, its state or a freeze stands in the way, a unit that is not there, or a function
/// that is not held: the Go is said by the function that the rollout names, everything else by `beheren`.
pub async fn take(
    core: &Core,
    tally: &Tally,
    tenant: &str,
    account: &Account,
    peer: &str,
    (step, reason): (&Step, &str),
) -> Result<Rollout, RevisionError> {
    if reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    let measured = match (step, rollout::newest(&core.db, tenant, peer).await?) {
        (Step::Go { .. } | Step::NoGo, Some(newest)) => {
            let report = measure::present_step(core, tally, tenant, peer, &newest).await?;
            Some(((newest.seq, newest.steps), report))
        }
        _ => None,
    };
    core.decide(&[format!("peer/{tenant}/{peer}")], || async {
        let row = revision::found(core, tenant, peer).await?;
        let rollout = rollout::newest(&core.db, tenant, peer).await?;
        let rollout = rollout.ok_or_else(|| RevisionError::NoRollout(peer.to_owned()))?;
        if measured
            .as_ref()
            .is_some_and(|(of, _)| *of != (rollout.seq, rollout.steps))
        {
            return Err(RevisionError::AnotherStep);
        }
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let detail = measured.as_ref().map_or_else(
            || detail(step),
            |(_, report)| {
                let judged = report.judged.iter().map(|one| {
                    json!({ "criterion": one.criterion.name(), "measured": one.measured, "threshold": one.threshold,
                    "outcome": one.outcome.name() })
                });
                json!({ "outcome": report.outcome.name(), "criteria": judged.collect::<Vec<_>>() }).to_string()
            },
        );
        let outcome = measured
            .as_ref()
            .map_or(Outcome::NotEnough, |(_, report)| report.outcome);
        let doer = Doer {
            account,
            peer: row,
            reason,
        };
        let next = doer.next(&mut draft, rollout, (step, outcome)).await?;
        let in_freeze = match next.route {
            Route::Fast => revision::frozen_by(core, tenant).await?,
            Route::Steps => None,
        };
        let in_freeze = in_freeze.map_or_else(String::new, |freeze| format!(" in freeze {}", freeze.id));
        let said = format!("{}{in_freeze}; {reason}", step.kind());
        draft.audit("rollout.step", ("peer", peer), said, b"");
        // The last step ends the rollout by itself.
        if !matches!(step, Step::All | Step::Rest) {
            let said = (account.id.as_str(), reason);
            revision::note(&mut draft, &doer.peer, next.seq, (step.kind(), detail), said).await?;
            draft.put(rollout::next(tenant, peer, &next));
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: next,
        })
    })
    .await
}

fn detail(step: &Step) -> String {
    match step {
        Step::Units { units, flows } => json!({ "units": units, "flows": flows }).to_string(),
        Step::Share(percent) => json!({ "percent": percent }).to_string(),
        Step::Sitting(sitting) => json!({ "sitting": sitting }).to_string(),
        _ => "{}".to_owned(),
    }
}

/// Who does it, and to what.
struct Doer<'a> {
    account: &'a Account,
    peer: PeerRow,
    reason: &'a str,
}

impl Doer<'_> {
    async fn next(
        &self,
        draft: &mut Draft<'_>,
        rollout: Rollout,
        (step, outcome): (&Step, Outcome),
    ) -> Result<Rollout, RevisionError> {
        let (core, now) = (draft.core, draft.now);
        match step {
            Step::Go { .. } | Step::NoGo => self.may_say_go(core, &rollout).await?,
            _ => manages(self.account, core)?,
        }
        if matches!(step, Step::Units { .. } | Step::Share(_) | Step::Sitting(_)) {
            let wanted = revision::at(core, &self.peer.tenant, &self.peer.id, rollout.revision).await?;
            may_be_parted(core, &self.peer, &wanted).await?;
        }
        Ok(match step {
            Step::Units { units, flows } => {
                let next = rollout.ordinary()?.stepped(now)?;
                self.may_go_on(draft, &next).await?;
                self.enable(draft, next.revision, (units, flows)).await?;
                next
            }
            Step::Share(percent) => {
                let next = rollout.ordinary()?.shared(*percent, now)?;
                self.may_go_on(draft, &next).await?;
                self.activate(draft, self.peer.clone(), next.revision, Because::Enabled)
                    .await?;
                next
            }
            Step::All => {
                let next = rollout.ordinary()?.completed(now)?;
                self.may_go_on(draft, &next).await?;
                let because = match self.peer.revision {
                    None => Because::Installed,
                    Some(_) => Because::RolledOut,
                };
                self.activate(draft, self.peer.clone(), next.revision, because).await?;
                next
            }
            Step::Sitting(sitting) => {
                let approvals = self.approvals(core, &rollout).await?;
                let replaces = rollout.replaces.ok_or(RevisionError::NothingToFix)?;
                let next = rollout.tried_on(sitting, approvals, now)?;
                fast::may_be_tried_on(core, &self.peer, (replaces, sitting)).await?;
                self.may_go_on(draft, &next).await?;
                self.activate(draft, self.peer.clone(), next.revision, Because::Enabled)
                    .await?;
                next
            }
            Step::Rest => {
                let approvals = self.approvals(core, &rollout).await?;
                let from = rollout.replaces.ok_or(RevisionError::NothingToFix)?;
                let next = rollout.fixed(approvals, now)?;
                fast::somebody_has(core, &self.peer, from).await?;
                self.may_go_on(draft, &next).await?;
                self.activate(draft, self.peer.clone(), next.revision, Because::Fixed { from })
                    .await?;
                next
            }
            Step::Go { despite } => rollout.go(outcome, *despite)?,
            Step::NoGo => rollout.no_go()?,
            Step::Pause => rollout.paused()?,
            Step::Resume => rollout.resumed()?,
            Step::Stop => rollout.stopped(now)?,
            Step::Criteria(criteria) => rollout.judged_by(*criteria)?,
        })
    }

    /// Held up by a freeze, or by what the school's policy asks of a package before it runs: keys and keuring may have
    /// changed since the rollout began.
    async fn may_go_on(&self, draft: &mut Draft<'_>, rollout: &Rollout) -> Result<(), RevisionError> {
        let tenant = self.peer.tenant.as_str();
        let wanted = revision::at(draft.core, tenant, &self.peer.id, rollout.revision).await?;
        match rollout.route {
            Route::Fast => fast::may_go_on(draft, &self.peer, &wanted).await,
            Route::Steps => {
                revision::not_frozen(draft).await?;
                revision::may_come(draft, &self.peer, &wanted).await
            }
        }
    }

    async fn approvals(&self, core: &Core, rollout: &Rollout) -> Result<usize, RevisionError> {
        Ok(fast::approvals(core, &self.peer.tenant, &self.peer.id, rollout.seq)
            .await?
            .len())
    }

    async fn activate(
        &self,
        draft: &mut Draft<'_>,
        peer: PeerRow,
        number: i64,
        because: Because,
    ) -> Result<(), RevisionError> {
        revision::activate(draft, peer, number, because, &self.account.id, self.reason).await
    }

    /// These units have the revision from now on. Where nothing ran before, only named units are served, and what is no
    /// sitting's has this revision.
    async fn enable(
        &self,
        draft: &mut Draft<'_>,
        number: i64,
        (units, flows): (&[String], &[i64]),
    ) -> Result<(), RevisionError> {
        let (tenant, peer) = (self.peer.tenant.as_str(), self.peer.id.as_str());
        let known = Units::of(&draft.core.db, tenant).await?;
        if units.is_empty() {
            return Err(RevisionError::Units("name at least one unit".to_owned()));
        }
        if let Some(unknown) = units.iter().find(|unit| known.get(unit).is_none()) {
            return Err(RevisionError::Units(format!("the school has no unit `{unknown}`")));
        }
        if let Some(other) = flows.iter().find(|flow| !FLOWS_BY_UNIT.contains(flow)) {
            return Err(RevisionError::Units(format!(
                "flow {other} does not go by unit: name some of 2, 3, 4 and 5"
            )));
        }
        let flows = if flows.is_empty() { &FLOWS_BY_UNIT[..] } else { flows };
        let rows = rollout::enablements(&draft.core.db, tenant, peer).await?;
        let mut named: Vec<(&String, i64)> = Vec::new();
        for unit in units {
            named.extend(flows.iter().map(|flow| (unit, *flow)));
        }
        named.sort();
        named.dedup();
        for (unit, flow) in named {
            let known = rows.iter().find(|row| row.unit == *unit && row.flow == flow);
            let row = EnablementRow {
                tenant: tenant.to_owned(),
                peer: peer.to_owned(),
                unit: unit.clone(),
                flow,
                revision: Some(number),
                since: draft.now,
                version: known.map_or(0, |known| known.version),
            };
            draft.put(row.next());
        }
        let mut peer = self.peer.clone();
        if peer.revision.is_none() {
            peer.revision = Some(number);
            peer.named_only = true;
        }
        draining::lift_in(draft, &mut peer, (units, self.reason)).await?;
        self.activate(draft, peer, number, Because::Enabled).await
    }

    /// The Go is said by the function that the rollout names: for each unit that the present step named, or for the
    /// whole school.
    async fn may_say_go(&self, core: &Core, rollout: &Rollout) -> Result<(), RevisionError> {
        let (tenant, peer) = (self.peer.tenant.as_str(), self.peer.id.as_str());
        let events = rollout::events(&core.db, tenant, peer, rollout.seq).await?;
        let last = events
            .iter()
            .rfind(|event| ["units", "share", "sitting"].contains(&event.kind.as_str()));
        let units = last.filter(|event| event.kind == "units").map(|event| {
            let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
            let units = detail["units"].as_array().cloned().unwrap_or_default();
            units
                .iter()
                .filter_map(|unit| unit.as_str().map(str::to_owned))
                .collect::<Vec<_>>()
        });
        let units = match (&rollout.sitting, units) {
            (Some(sitting), None) => {
                let found = offering::find(&core.db, tenant, sitting).await?;
                found.and_then(|found| found.unit).map(|unit| vec![unit])
            }
            (_, units) => units,
        };
        let known = Units::of(&core.db, tenant).await?;
        for unit in units.unwrap_or_else(|| vec![WHOLE_SCHOOL.to_owned()]) {
            let lineage = known.lineage(Some(&unit));
            self.account.holding(rollout.go_by, &lineage, core.now())?;
        }
        Ok(())
    }
}
