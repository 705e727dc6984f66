//! Flow 5: whether a result goes to the student system now, and as what. What a delivery consists of is in
//! `studentresultaat/message.rs`.

mod message;

use std::collections::HashMap;

use jiff::SignedDuration;

pub use message::{Message, compose, compose_for, confirmed};

use super::draft::{About, Draft};
use super::{Core, Refused, deliver, policy};
use crate::domain::association::Association;
use crate::domain::exception;
use crate::domain::model::ExamResult;
use crate::domain::offering::Offering;
use crate::domain::result::{Head, Version};
use crate::domain::scale_map::Converted;
use crate::domain::sending::{self, Exam, Outgoing, Policy, SendPolicy};
use crate::domain::standing::{self, Counting};
use crate::store::duplicate::PairRow;
use crate::store::sql::Key;
use crate::store::{Database, StoreError, association, duplicate, offering, result as result_store, scale_map};

/// So long flow 5 waits for documents that are still to be fetched, so that it mostly goes once, with them.
pub const WAIT_FOR_DOCUMENTS: SignedDuration = SignedDuration::from_secs(3);

/// Where a deelname's results go.
#[derive(Debug, Clone)]
pub struct Route {
    /// The toetsinschrijving it serves.
    pub enrolment: Association,
    /// The planbare toets.
    pub plannable: Offering,
    /// What holds for that exam.
    policy: Policy,
    /// The pairs by which other enrolments were merged with this one.
    merged: Vec<PairRow>,
    /// The deelnames that serve the enrolment and have a result.
    with_result: Vec<String>,
}

/// An enrolment and its planbare toets, of which the rest of a [`Route`] is not known yet.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The school.
    pub tenant: &'a str,
    /// The toetsinschrijving.
    pub enrolment: &'a Association,
    /// The planbare toets.
    pub plannable: &'a Offering,
}

/// Where a deelname's results go: nowhere without an enrolment (R26), or when the planbare toets expects none.
///
/// # Errors
/// What the database says.
pub async fn route(core: &Core, tenant: &str, deelname: &Association) -> Result<Option<Route>, Refused> {
    match &deelname.enrolment {
        None => Ok(None),
        Some(enrolment) => route_of(core, tenant, enrolment).await,
    }
}

/// Where the results on an enrolment go.
async fn route_of(core: &Core, tenant: &str, enrolment: &str) -> Result<Option<Route>, Refused> {
    let Some(enrolment) = association::find(&core.db, tenant, enrolment).await? else {
        return Ok(None);
    };
    let Some(plannable) = offering::find(&core.db, tenant, &enrolment.facts.offering_id).await? else {
        return Ok(None);
    };
    let way = Way {
        tenant,
        enrolment: &enrolment,
        plannable: &plannable,
    };
    let mut routes = routes(&core.db, vec![way]).await?;
    Ok(routes.remove(&(tenant.to_owned(), enrolment.id.clone())))
}

/// The routes by these ways, by enrolment; none where the planbare toets expects no results.
///
/// # Errors
/// What the database says.
pub async fn routes(db: &Database, mut ways: Vec<Way<'_>>) -> Result<HashMap<Key, Route>, StoreError> {
    ways.retain(|way| way.plannable.facts.result_expected);
    let enrolments: Vec<Key> = ways
        .iter()
        .map(|way| (way.tenant.to_owned(), way.enrolment.id.clone()))
        .collect();
    let exams: Vec<_> = ways.iter().map(|way| (way.tenant, way.plannable)).collect();
    let (policies, merged, with_result) = tokio::try_join!(
        policy::of_exams(db, &exams),
        duplicate::merged_with_any(db, &enrolments),
        association::serving_with_result(db, &enrolments),
    )?;
    let route = |(way, key): (Way<'_>, Key)| {
        let merged = merged.iter().filter(|pair| pair.tenant == key.0 && pair.kept == key.1);
        let with_result = with_result.iter().filter(|(enrolment, _)| *enrolment == key);
        let exam = (key.0.clone(), way.plannable.id.clone());
        let route = Route {
            enrolment: way.enrolment.clone(),
            plannable: way.plannable.clone(),
            policy: policies.get(&exam).copied().unwrap_or_default(),
            merged: merged.cloned().collect(),
            with_result: with_result.map(|(_, deelname)| deelname.clone()).collect(),
        };
        (key, route)
    };
    Ok(ways.into_iter().zip(enrolments).map(route).collect())
}

/// A result that counts, its score converted by the scale map that was in force for it.
async fn converted(db: &Database, tenant: &str, counting: Counting<'_>) -> Result<ExamResult, Refused> {
    let result = counting.version.delivered.result.clone();
    let Some(id) = counting.mapping else {
        return Ok(result);
    };
    let map = scale_map::find(db, tenant, id).await?.ok_or_else(|| missing_map(id))?;
    match map.convert(&result) {
        Converted::To(value) => Ok(ExamResult {
            score: Some(value),
            ..result
        }),
        Converted::Nothing => Ok(result),
        // It was converted by this map when it was judged, and neither has changed since.
        Converted::NoRow => Err(missing_map(id)),
    }
}

fn missing_map(id: &str) -> Refused {
    Refused::Store(StoreError::Inconsistent {
        column: "result_head.mapping".to_owned(),
        why: format!("scale map {id} does not convert the result that names it"),
    })
}

/// Sends what counts of a deelname's result on if the policy says so, and notes it on the head that the caller writes.
///
/// # Errors
/// What the database says.
pub async fn send(
    draft: &mut Draft<'_>,
    route: Option<&Route>,
    head: &mut Head,
    versions: &[Version],
    documents_pending: bool,
) -> Result<(), Refused> {
    let Some(route) = route else {
        return Ok(());
    };
    let Some(counting) = standing::counting(head, versions) else {
        return Ok(());
    };
    let seq = counting.version.seq;
    let result = converted(&draft.core.db, draft.tenant, counting).await?;
    // Merging moves its version: a result on its way at that moment sees it, or is seen by it.
    let key = crate::values![draft.tenant, &route.enrolment.id];
    draft.expect(&association::ASSOCIATION, key, route.enrolment.version);
    let due = match documents_pending {
        true => draft.now + WAIT_FOR_DOCUMENTS,
        false => draft.now,
    };
    if goes(draft, route, head, &result).await? {
        head.sent_seq = Some(seq);
        deliver::result(draft, (&head.association, seq), &route.enrolment, due).await?;
    }
    for (other, _) in served_along(draft, route).await? {
        if goes(draft, &other, head, &result).await? {
            deliver::result(draft, (&head.association, seq), &other.enrolment, due).await?;
        }
    }
    note_rivals(draft, &head.association, route).await
}

/// What was changed about an exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Its scale, or whether it allows final results.
    Exam,
    /// The policy that holds for it.
    Policy,
}

impl Changed {
    /// Whether a version that went before may go as something else now. Without this a policy of a whole school would
    /// have everything sent again that was ever decided there.
    fn tells_otherwise(self, route: &Route, head: &Head) -> bool {
        match (self, head.decided.stands()) {
            (Changed::Exam, is_decided) => is_decided,
            (Changed::Policy, true) => !exam(&route.plannable).final_allowed,
            // It may have gone as attendance only. What went with its score is not taken back by a policy.
            (Changed::Policy, false) => route.policy.send == SendPolicy::Provisional,
        }
    }
}

/// Sends what counts of a deelname's result to the enrolments of one exam, of which something was changed: where it did
/// not go before, or may go as something else now. Those of other exams that the deelname serves hear nothing new.
///
/// # Errors
/// What the database says.
pub async fn send_for_exam(
    draft: &mut Draft<'_>,
    route: Option<&Route>,
    head: &mut Head,
    versions: &[Version],
    (exam, changed): (&str, Changed),
) -> Result<(), Refused> {
    let (Some(route), Some(counting)) = (route, standing::counting(head, versions)) else {
        return Ok(());
    };
    let seq = counting.version.seq;
    let result = converted(&draft.core.db, draft.tenant, counting).await?;
    let key = crate::values![draft.tenant, &route.enrolment.id];
    draft.expect(&association::ASSOCIATION, key, route.enrolment.version);
    let own = (route.clone(), head.sent_seq);
    let along = served_along(draft, route).await?;
    for (to, last) in std::iter::once(own).chain(along) {
        let is_news = last != Some(seq) || changed.tells_otherwise(&to, head);
        if to.plannable.id != exam || !is_news || !goes(draft, &to, head, &result).await? {
            continue;
        }
        if to.enrolment.id == route.enrolment.id {
            head.sent_seq = Some(seq);
        }
        match changed == Changed::Policy && last == Some(seq) {
            // A school's policy concerns many: what still waits is told by the policy as it is then.
            true => deliver::result_again(draft, (&head.association, seq), &to.enrolment).await?,
            false => {
                let now = draft.now;
                deliver::result(draft, (&head.association, seq), &to.enrolment, now).await?;
            }
        }
    }
    Ok(())
}

/// Whether a result goes by a route now; a person hears where something stands in the way.
async fn goes(draft: &mut Draft<'_>, route: &Route, head: &Head, result: &ExamResult) -> Result<bool, Refused> {
    let about = About {
        kind: "offering",
        id: &route.plannable.id,
        unit: route.plannable.unit.as_deref(),
        peer: Some(&route.plannable.peer),
    };
    match sending::outgoing(result, head.decided, route.policy, exam(&route.plannable)) {
        Outgoing::Waits => return Ok(false),
        Outgoing::Conflicts => {
            draft.open(&exception::final_conflict_held(), about).await?;
            return Ok(false);
        }
        Outgoing::OffScale => {
            let about = About {
                kind: "association",
                id: &head.association,
                ..about
            };
            draft.open(&exception::sent_off_scale(), about).await?;
            return Ok(false);
        }
        Outgoing::Goes { downgraded: true, .. } => draft.open(&exception::final_not_allowed(), about).await?,
        Outgoing::Goes { .. } if head.decided.stands() => {
            let subject = ("offering", route.plannable.id.as_str());
            let resolution = "De planbare toets staat definitieve resultaten nu toe.";
            draft.close(exception::FINAL_NOT_ALLOWED, subject, resolution).await?;
        }
        Outgoing::Goes { .. } => {}
    }
    let subject = ("association", head.association.as_str());
    draft
        .close(
            exception::SENT_OFF_SCALE,
            subject,
            "Het resultaat past en is verstuurd.",
        )
        .await?;
    Ok(true)
}

/// The routes of the enrolments that were merged with this one: the result goes to each (N#170, R23). With each the
/// version that was confirmed there last.
async fn served_along(draft: &Draft<'_>, route: &Route) -> Result<Vec<(Route, Option<i64>)>, Refused> {
    let mut routes = Vec::new();
    for pair in &route.merged {
        let other = route_of(draft.core, draft.tenant, &pair.enrolment).await?;
        routes.extend(other.map(|other| (other, pair.confirmed_seq)));
    }
    Ok(routes)
}

/// Tells a person when two deelnames have brought a result for one enrolment: only one of them counts there.
async fn note_rivals(draft: &mut Draft<'_>, deelname: &str, route: &Route) -> Result<(), Refused> {
    if route.with_result.iter().all(|other| other == deelname) {
        return Ok(());
    }
    let about = About {
        kind: "association",
        id: deelname,
        unit: route.plannable.unit.as_deref(),
        peer: Some(&route.enrolment.peer),
    };
    draft.open(&exception::two_results(), about).await
}

fn exam(plannable: &Offering) -> Exam<'_> {
    Exam {
        final_allowed: plannable.facts.final_results_allowed.unwrap_or(true),
        scale: plannable.facts.result_value_type.as_ref(),
    }
}

/// Sends a result again whose document was fetched meanwhile, if it was sent before.
///
/// # Errors
/// What the database says.
pub async fn send_again(draft: &mut Draft<'_>, deelname: &str) -> Result<(), Refused> {
    let db = &draft.core.db;
    let Some(head) = result_store::head(db, draft.tenant, deelname).await? else {
        return Ok(());
    };
    let Some(seq) = head.sent_seq else {
        return Ok(());
    };
    let Some(found) = association::find(db, draft.tenant, deelname).await? else {
        return Ok(());
    };
    match route(draft.core, draft.tenant, &found).await? {
        None => Ok(()),
        Some(route) => {
            deliver::result_again(draft, (deelname, seq), &route.enrolment).await?;
            for (other, _) in served_along(draft, &route).await? {
                deliver::result_again(draft, (deelname, seq), &other.enrolment).await?;
            }
            Ok(())
        }
    }
}
