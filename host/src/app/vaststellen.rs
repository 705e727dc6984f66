//! Vaststellen: the examencommissie decides on results, one by one or many at once. Separation of duties is judged here,
//! where the decision is written (invariant 9).

use std::collections::{HashMap, HashSet};

use tokio::time::Instant;
use tracing::warn;

use super::account::lineage;
use super::around::{Around, Versie};
use super::draft::Draft;
use super::{Core, Decision, Refused, result as result_verbs, studentresultaat};
use crate::domain::decision::{self, Decision as Vaststelling, DecisionKind};
use crate::domain::model::Role;
use crate::domain::offering::Offering;
use crate::domain::principal::{self, Account, Assignment, Duty, Hands};
use crate::domain::proposal::Proposal;
use crate::domain::result::{Head, Version};
use crate::domain::standing::{self, NotNow};
use crate::store::{association, decision as decision_store, result as result_store};

/// The most results decided on in one call.
pub const MOST_AT_ONCE: usize = 200;
/// So many are decided on in one commit, and for as long as that took nothing is done: other traffic goes between.
const PIECE: usize = 10;

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
/// [`Refused`] for all of them: more than [`MOST_AT_ONCE`], or a failure before anything was decided. After a failure in
/// the middle each of the rest says so.
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
    let mut named = HashSet::new();
    let twice: Vec<bool> = results.iter().map(|seen| !named.insert(&seen.deelname)).collect();
    let mut answers = Vec::with_capacity(results.len());
    let patient = core.patient();
    let core = if results.len() > PIECE { &patient } else { core };
    let mut before: Option<Instant> = None;
    for (piece, twice) in results.chunks(PIECE).zip(twice.chunks(PIECE)) {
        if let Some(before) = before {
            tokio::time::sleep(before.elapsed()).await;
        }
        before = Some(Instant::now());
        match decide_piece(core, tenant, account, (piece, twice), reason).await {
            Ok(decided) => answers.extend(decided),
            Err(failure) if answers.is_empty() => return Err(failure),
            Err(failure) => {
                warn!(
                    "decided on {} of {} results, then failed: {failure}",
                    answers.len(),
                    results.len()
                );
                // Whether the last piece was stored may be unknown.
                let unsure = || {
                    Err(Refused::NotNow(
                        "the host failed here, so that it may or may not be decided on; look at it again".to_owned(),
                    ))
                };
                answers.resize_with(results.len(), unsure);
                break;
            }
        }
    }
    Ok(answers)
}

/// Decides on some results in one commit; those that stand twice in the call are refused the second time.
async fn decide_piece(
    core: &Core,
    tenant: &str,
    account: &Account,
    (piece, twice): (&[Seen], &[bool]),
    reason: &str,
) -> Result<Vec<Result<String, Refused>>, Refused> {
    let keys: Vec<String> = piece
        .iter()
        .map(|seen| format!("association/{tenant}/{}", seen.deelname))
        .collect();
    core.decide(&keys, || async {
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let deelnames = || piece.iter().map(|seen| seen.deelname.as_str());
        draft.look_around(deelnames().map(|id| (id, Versie::OfHead))).await?;
        let mut sittings = Sittings::default();
        let mut answer = Vec::with_capacity(piece.len());
        for (seen, twice) in piece.iter().zip(twice) {
            if *twice {
                answer.push(Err(Refused::Invalid(format!(
                    "deelname {} stands twice in this call",
                    seen.deelname
                ))));
                continue;
            }
            match decide_one(&mut draft, &mut sittings, account, seen, reason).await {
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

async fn decide_one(
    draft: &mut Draft<'_>,
    sittings: &mut Sittings,
    account: &Account,
    seen: &Seen,
    reason: &str,
) -> Result<String, Refused> {
    let subject = Subject::among(draft, sittings, &seen.deelname).await?;
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
    pub(super) around: Around,
    pub(super) head: Head,
    pub(super) hands: Hands,
}

impl Subject {
    /// Reads it.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is no such deelname, or no result yet.
    pub(super) async fn read(draft: &mut Draft<'_>, deelname: &str) -> Result<Subject, Refused> {
        Subject::among(draft, &mut Sittings::default(), deelname).await
    }

    async fn among(draft: &mut Draft<'_>, sittings: &mut Sittings, deelname: &str) -> Result<Subject, Refused> {
        let unknown = || Refused::unknown("result of deelname", deelname);
        let around = draft.around(deelname, Versie::OfHead).await?.ok_or_else(unknown)?;
        let head = around.head.clone().ok_or_else(unknown)?;
        let sitting = around.sitting.as_ref().ok_or_else(unknown)?;
        let hands = sittings.hands(draft, sitting, &around).await?;
        Ok(Subject { around, head, hands })
    }

    /// The present version.
    ///
    /// # Errors
    /// [`Refused::Store`] when it is not there.
    pub(super) fn version(&self) -> Result<&Version, Refused> {
        let missing = || result_verbs::missing_version(&self.head);
        self.around
            .versions
            .iter()
            .find(|version| version.seq == self.head.seq)
            .ok_or_else(missing)
    }

    /// Why not, in a sentence that names the deelname.
    pub(super) fn not_now(&self, why: NotNow) -> Refused {
        Refused::NotNow(format!("the result of deelname {} {why}", self.head.association))
    }

    /// Has what now counts go to the student system, and writes the head.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn send(&self, draft: &mut Draft<'_>, mut head: Head) -> Result<(), Refused> {
        let Around { route, versions, .. } = &self.around;
        studentresultaat::send(draft, route.as_ref(), &mut head, versions, false).await?;
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
            association: subject.head.association.clone(),
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
        draft.audit(
            verb,
            ("association", &subject.head.association),
            detail,
            content.as_bytes(),
        );
        let tenant = draft.tenant;
        draft.put(decision_store::row(tenant, &taken));
        taken.id
    }
}

/// The sittings of the results that are decided on, read once each.
#[derive(Default)]
struct Sittings(HashMap<String, OfSitting>);

struct OfSitting {
    /// Its units, innermost first.
    lineage: Vec<String>,
    /// personIds of its assessors.
    assessors: Vec<String>,
}

impl Sittings {
    /// Who had a hand in a result.
    async fn hands(&mut self, draft: &Draft<'_>, sitting: &Offering, around: &Around) -> Result<Hands, Refused> {
        if !self.0.contains_key(&sitting.id) {
            self.0
                .insert(sitting.id.clone(), OfSitting::read(draft, sitting).await?);
        }
        let known = &self.0[&sitting.id];
        let mut hands = Hands {
            lineage: known.lineage.clone(),
            planned_by: sitting.planned_by.clone(),
            assessor_ids: known.assessors.clone(),
            assessor_codes: Vec::new(),
        };
        hands.planned_by.extend(around.deelname.planned_by.clone());
        for version in &around.versions {
            let result = &version.delivered.result;
            hands.assessor_ids.extend(result.assessor_id.clone());
            hands.assessor_codes.extend(result.assessor_code.clone());
        }
        Ok(hands)
    }
}

impl OfSitting {
    async fn read(draft: &Draft<'_>, sitting: &Offering) -> Result<Self, Refused> {
        let (db, tenant) = (&draft.core.db, draft.tenant);
        let bound = association::of_offering(db, tenant, &sitting.id).await?;
        let assessors = bound.into_iter().filter(|bound| bound.facts.role == Role::Assessor);
        Ok(OfSitting {
            assessors: assessors.map(|bound| bound.facts.person_id).collect(),
            lineage: match &sitting.unit {
                Some(unit) => lineage(db, tenant, unit).await?,
                None => Vec::new(),
            },
        })
    }
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
