//! Vaststellen: the examencommissie decides on results, one by one or many at once. Separation of duties is judged here,
//! where the decision is written (invariant 9).

use super::account::lineage;
use super::draft::{About, Draft};
use super::studentresultaat;
use super::{Core, Decision, Refused, result as result_verbs};
use crate::domain::association::Association;
use crate::domain::decision::{self, Decision as Vaststelling, DecisionKind};
use crate::domain::model::Role;
use crate::domain::offering::Offering;
use crate::domain::principal::{self, Account, Assignment, Duty, Hands};
use crate::domain::proposal::Proposal;
use crate::domain::result::{Head, Version};
use crate::domain::standing::{self, NotNow};
use crate::store::{association, decision as decision_store, offering, result as result_store};

/// The most results decided on in one commit.
pub const MOST_AT_ONCE: usize = 200;

/// A result to decide on: the version that whoever decides has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The deelname.
    pub deelname: String,
    /// The version.
    pub seq: i64,
}

/// Decides on results. Each stands or falls by itself: the answer holds, in the same order, the id of a decision or why
/// there is none. Flow 5 follows with `final: true`, where the planbare toets allows it.
///
/// # Errors
/// [`Refused`] for all of them: more than [`MOST_AT_ONCE`].
pub async fn decide(
    core: &Core,
    tenant: &str,
    account: &Account,
    results: &[Seen],
    reason: &str,
) -> Result<Vec<Result<String, Refused>>, Refused> {
    if results.len() > MOST_AT_ONCE {
        return Err(Refused::Invalid(format!(
            "{} results at once is too many: send at most {MOST_AT_ONCE} per call",
            results.len()
        )));
    }
    let keys: Vec<String> = results
        .iter()
        .map(|seen| format!("association/{tenant}/{}", seen.deelname))
        .collect();
    core.decide(&keys, || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let mut answer = Vec::with_capacity(results.len());
        let mut done: Vec<&str> = Vec::new();
        for seen in results {
            if done.contains(&seen.deelname.as_str()) {
                answer.push(Err(Refused::Invalid(format!(
                    "deelname {} stands twice in this call",
                    seen.deelname
                ))));
                continue;
            }
            done.push(&seen.deelname);
            match decide_one(&mut draft, account, seen, reason).await {
                Err(failure) if failure.is_failure() => return Err(failure),
                outcome => answer.push(outcome),
            }
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer,
        })
    })
    .await
}

async fn decide_one(draft: &mut Draft<'_>, account: &Account, seen: &Seen, reason: &str) -> Result<String, Refused> {
    let subject = Subject::read(draft, &seen.deelname).await?;
    let assignment = principal::may_decide(account, &subject.hands, draft.now)?;
    let head = &subject.head;
    standing::may_decide(head, subject.version()?, seen.seq).map_err(|why| subject.not_now(why))?;
    let taken = Taken {
        kind: DecisionKind::Vaststellen,
        account,
        assignment,
        reason,
        proposal: None,
    };
    let decision = taken.write(draft, &subject, (head.seq, head.mapping.as_deref()));
    let head = standing::decided(head.clone(), &decision);
    subject.send(draft, head).await?;
    Ok(decision)
}

/// A result with all that a decision on it depends on.
pub(super) struct Subject {
    pub(super) deelname: Association,
    pub(super) head: Head,
    pub(super) versions: Vec<Version>,
    pub(super) hands: Hands,
    unit: Option<String>,
}

impl Subject {
    /// Reads it.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is no such deelname, or no result yet.
    pub(super) async fn read(draft: &Draft<'_>, deelname: &str) -> Result<Subject, Refused> {
        let (db, tenant) = (&draft.core.db, draft.tenant);
        let unknown = || Refused::unknown("result of deelname", deelname);
        let deelname = association::find(db, tenant, deelname).await?.ok_or_else(unknown)?;
        let head = result_store::head(db, tenant, &deelname.id)
            .await?
            .ok_or_else(unknown)?;
        let sitting = offering::find(db, tenant, &deelname.facts.offering_id)
            .await?
            .ok_or_else(unknown)?;
        let versions = result_store::versions(db, tenant, &deelname.id).await?;
        let hands = hands(draft, &deelname, &sitting, &versions).await?;
        Ok(Subject {
            deelname,
            head,
            versions,
            hands,
            unit: sitting.unit,
        })
    }

    /// The present version.
    ///
    /// # Errors
    /// [`Refused::Store`] when it is not there.
    pub(super) fn version(&self) -> Result<&Version, Refused> {
        let missing = || result_verbs::missing_version(&self.head);
        self.versions
            .iter()
            .find(|version| version.seq == self.head.seq)
            .ok_or_else(missing)
    }

    /// Why not, in a sentence that names the deelname.
    pub(super) fn not_now(&self, why: NotNow) -> Refused {
        Refused::NotNow(format!("the result of deelname {} {why}", self.deelname.id))
    }

    /// What exceptions about it say.
    pub(super) fn about(&self) -> About<'_> {
        About {
            kind: "association",
            id: &self.deelname.id,
            unit: self.unit.as_deref(),
            peer: Some(&self.deelname.peer),
        }
    }

    /// Has what now counts go to the student system, and writes the head.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn send(&self, draft: &mut Draft<'_>, mut head: Head) -> Result<(), Refused> {
        let route = studentresultaat::route(draft.core, draft.tenant, &self.deelname).await?;
        studentresultaat::send(draft, route.as_ref(), &mut head, &self.versions, false).await?;
        let tenant = draft.tenant;
        draft.put(result_store::next_head(tenant, &head));
        Ok(())
    }
}

/// A decision that is taken now.
pub(super) struct Taken<'a> {
    pub(super) kind: DecisionKind,
    pub(super) account: &'a Account,
    pub(super) assignment: &'a Assignment,
    pub(super) reason: &'a str,
    pub(super) proposal: Option<&'a Proposal>,
}

impl Taken<'_> {
    /// Writes it with its audit entry, and returns its id.
    pub(super) fn write(&self, draft: &mut Draft<'_>, subject: &Subject, on: (i64, Option<&str>)) -> String {
        let (seq, mapping) = on;
        let proposer = self.proposal.map(|proposal| proposal.proposer.as_str());
        let taken = Vaststelling {
            id: draft.core.id(),
            kind: self.kind,
            association: subject.deelname.id.clone(),
            seq,
            account: self.account.id.clone(),
            assignment: self.assignment.id.clone(),
            mandate: self.assignment.mandate,
            printed: decision::printed(self.kind, self.assignment, proposer, draft.now),
            reason: self.reason.to_owned(),
            mapping: mapping.map(str::to_owned),
            proposal: self.proposal.map(|proposal| proposal.id.clone()),
            at: draft.now,
        };
        let mandate = if taken.mandate { " (mandate)" } else { "" };
        let detail = format!("version {seq} under assignment {}{mandate}", taken.assignment);
        let verb = match self.kind {
            DecisionKind::Vaststellen => "result.vaststellen",
            DecisionKind::Correction => "result.correct",
            DecisionKind::Withdrawal => "result.withdraw",
        };
        let content = format!("{}{}", taken.printed, taken.reason);
        draft.audit(verb, ("association", &subject.deelname.id), detail, content.as_bytes());
        let tenant = draft.tenant;
        draft.put(decision_store::row(tenant, &taken));
        taken.id
    }
}

/// Who had a hand in this result.
async fn hands(
    draft: &Draft<'_>,
    deelname: &Association,
    sitting: &Offering,
    versions: &[Version],
) -> Result<Hands, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let mut hands = Hands {
        planned_by: sitting.planned_by.clone(),
        ..Hands::default()
    };
    if let Some(unit) = &sitting.unit {
        hands.lineage = lineage(db, tenant, unit).await?;
    }
    hands.planned_by.extend(deelname.planned_by.clone());
    let bound = association::of_offering(db, tenant, &sitting.id).await?;
    let assessors = bound.into_iter().filter(|bound| bound.facts.role == Role::Assessor);
    hands.assessor_ids = assessors.map(|bound| bound.facts.person_id).collect();
    for version in versions {
        let result = &version.delivered.result;
        hands.assessor_ids.extend(result.assessor_id.clone());
        hands.assessor_codes.extend(result.assessor_code.clone());
    }
    Ok(hands)
}

/// Refuses an account whose `vaststellen` does not reach every unit that has results of a component, or of one
/// examenversie of it. Where there are none yet, it takes the whole school.
///
/// # Errors
/// [`Refused::NotAllowed`].
pub(super) async fn must_reach(
    core: &Core,
    tenant: &str,
    account: &Account,
    (peer, component): (&str, &str),
    examenversie: Option<&str>,
) -> Result<(), Refused> {
    let now = core.now();
    let everywhere = account.holding(Duty::Vaststellen, &[], now);
    if everywhere.is_ok() {
        return Ok(());
    }
    let units = result_store::units_with_results(&core.db, tenant, (peer, component), examenversie).await?;
    if units.is_empty() {
        everywhere?;
    }
    for unit in units {
        let units = match &unit {
            Some(unit) => lineage(&core.db, tenant, unit).await?,
            None => Vec::new(),
        };
        account.holding(Duty::Vaststellen, &units, now)?;
    }
    Ok(())
}
