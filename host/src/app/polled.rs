//! What a poll or a read-back brings of flows 3 and 4: which sittings to ask for, from the vendor's ids to ours, and the
//! records with the next cursor in one commit.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oke_codec::ReportMessage;
use serde_json::json;

use super::around::Versie;
use super::draft::{Draft, Outcome};
use super::polling::Round;
use super::unit::Units;
use super::{Core, Decision, Refused, deliver, report, result as result_verbs, revision, rollout};
use crate::connector::call::{Delivery, Report};
use crate::domain::association::Association;
use crate::domain::interface::Interface;
use crate::domain::model::Role;
use crate::domain::offering::Offering;
use crate::domain::result::{Delivered, Source};
use crate::domain::rollout::{Served, Whose};
use crate::store::cursor::{self, CursorRow};
use crate::store::{StoreError, association, ledger, message, offering, result as result_store};

/// So long after its end a sitting's results are asked for: a vendor that norms by hand needs weeks.
const RESULTS_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// So long they are asked for in every round; after that, and once all are decided upon, once an hour.
const RESULTS_OFTEN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// So long after its end a sitting's report is asked for.
const REPORT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So long in every round while there is none; after that, and once there is one, once an hour.
const REPORT_OFTEN: SignedDuration = SignedDuration::from_hours(48);
/// The slow rhythm, seconds.
const HOUR_S: u64 = 3600;

/// A sitting to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Our id.
    pub sitting: String,
    /// The vendor's.
    pub peer_id: String,
}

/// The sittings whose results a round asks for: those the vendor has confirmed and that have begun, cancelled ones too
/// (R6), as far as the revision that asks serves them.
///
/// # Errors
/// What the database says.
pub async fn sittings_for_results(core: &Core, tenant: &str, peer: &str, round: Round) -> Result<Vec<Asked>, Refused> {
    let (now, every) = (core.now(), round.every);
    let mut asked = Vec::new();
    let under_way = offering::sittings_under_way(&core.db, tenant, peer, now, now - RESULTS_FOR).await?;
    for sitting in own(core, tenant, peer, (3, round.revision), under_way).await? {
        let is_recent = sitting.facts.end.is_none_or(|end| end >= now - RESULTS_OFTEN);
        let often = is_recent && !all_decided(core, tenant, &sitting.id).await?;
        if sitting.confirmed.is_some() && (often || is_its_turn(&sitting.id, now, every)) {
            asked.push(with_peer_id(core, tenant, peer, sitting).await?);
        }
    }
    Ok(asked)
}

/// The sittings whose report a round asks for, by our id: those the vendor has confirmed and that have ended.
///
/// # Errors
/// What the database says.
pub async fn sittings_for_reports(core: &Core, tenant: &str, peer: &str, round: Round) -> Result<Vec<Asked>, Refused> {
    let (now, every) = (core.now(), round.every);
    let mut asked = Vec::new();
    let under_way = offering::sittings_under_way(&core.db, tenant, peer, now, now - REPORT_FOR).await?;
    for sitting in own(core, tenant, peer, (4, round.revision), under_way).await? {
        let has_ended = sitting.facts.end.is_some_and(|end| end <= now);
        let has_report = sitting.facts.irregularities.is_some() || !sitting.facts.documents.is_empty();
        let often = !has_report && sitting.facts.end.is_some_and(|end| end >= now - REPORT_OFTEN);
        if sitting.confirmed.is_some() && has_ended && (often || is_its_turn(&sitting.id, now, every)) {
            asked.push(with_peer_id(core, tenant, peer, sitting).await?);
        }
    }
    asked.sort_by(|one, other| one.sitting.cmp(&other.sitting));
    Ok(asked)
}

/// Those of the sittings that a revision serves in a flow. Of a unit that is not enabled nothing is asked, and a person
/// hears of it.
async fn own(
    core: &Core,
    tenant: &str,
    peer: &str,
    (flow, revision): (i64, i64),
    mut sittings: Vec<Offering>,
) -> Result<Vec<Offering>, Refused> {
    let Some((_, serving)) = rollout::serving(&core.db, tenant, peer).await? else {
        return Ok(Vec::new());
    };
    if serving.is_plain() {
        sittings.retain(|_| serving.default == Some(revision));
        return Ok(sittings);
    }
    let units = Units::of(&core.db, tenant).await?;
    let mut waiting = BTreeSet::new();
    sittings.retain(|sitting| {
        let lineage = units.lineage(sitting.unit.as_deref());
        let whose = Whose::Sitting {
            id: &sitting.id,
            lineage: &lineage,
        };
        let served = serving.revision(flow, whose);
        if served == Served::NotEnabled && sitting.confirmed.is_some() {
            waiting.insert(sitting.unit.clone());
        }
        served == Served::By(revision)
    });
    for unit in waiting {
        rollout::tell_not_enabled(core, tenant, peer, (unit.as_deref(), flow)).await?;
    }
    Ok(sittings)
}

async fn with_peer_id(core: &Core, tenant: &str, peer: &str, sitting: Offering) -> Result<Asked, StoreError> {
    let known = ledger::by_our_id(&core.db, tenant, peer, "offering", &sitting.id).await?;
    Ok(Asked {
        peer_id: known.map_or_else(|| sitting.id.clone(), |known| known.peer_id),
        sitting: sitting.id,
    })
}

/// Whether every student's result of a sitting has been decided upon. One without students has nothing to decide, and
/// may still get some.
pub(super) async fn all_decided(core: &Core, tenant: &str, sitting: &str) -> Result<bool, StoreError> {
    let heads = result_store::heads_of_sitting(&core.db, tenant, sitting).await?;
    let decided: HashSet<&str> = heads
        .iter()
        .filter(|head| head.decided.stands())
        .map(|head| head.association.as_str())
        .collect();
    if decided.is_empty() {
        return Ok(false);
    }
    let awaits = |bound: &Association| {
        bound.facts.role == Role::Student && !bound.is_canceled() && !decided.contains(bound.id.as_str())
    };
    let bound = association::of_offering(&core.db, tenant, sitting).await?;
    Ok(!bound.iter().any(awaits))
}

/// Whether an object that is asked for once an hour has its turn in the round that ends now: each has a moment of its
/// own in the hour, so that they are spread.
fn is_its_turn(id: &str, now: Timestamp, every: Duration) -> bool {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let own_moment = hasher.finish() % HOUR_S;
    let now = u64::try_from(now.as_second()).unwrap_or(0) % HOUR_S;
    (now + HOUR_S - own_moment) % HOUR_S < every.as_secs().max(1)
}

/// Where a revision's poll goes on: its own cursor, or, before it has one, that of the revision it took over from, when
/// the two write cursors of the same kind. Version 0 says that it is not its own. The old one is kept, for a rollback.
///
/// # Errors
/// What the database says.
pub async fn cursor(
    core: &Core,
    tenant: &str,
    peer: &str,
    revision: i64,
    interface: Interface,
) -> Result<CursorRow, StoreError> {
    let own = cursor::find(&core.db, tenant, peer, revision, interface.as_str()).await?;
    if own.version > 0 {
        return Ok(own);
    }
    let own = CursorRow {
        schema_tag: tag(core, tenant, peer, revision).await?,
        ..own
    };
    let activations = core.db.activations(tenant, peer).await?;
    let took_over = activations.iter().find(|one| one.revision == revision);
    let Some(earlier) = took_over.and_then(|one| one.previous) else {
        return Ok(own);
    };
    let inherited = cursor::find(&core.db, tenant, peer, earlier, interface.as_str()).await?;
    if inherited.schema_tag != own.schema_tag {
        return Ok(own);
    }
    Ok(CursorRow {
        cursor: inherited.cursor,
        ..own
    })
}

/// By which two revisions know each other's cursors.
async fn tag(core: &Core, tenant: &str, peer: &str, number: i64) -> Result<String, StoreError> {
    let Some(row) = core.db.revision(tenant, peer, number).await? else {
        return Ok(String::new());
    };
    let manifest = revision::manifest(&core.db, &row).await?;
    Ok(manifest.map_or_else(String::new, |manifest| manifest.cursor_tag()))
}

/// Records of one page, and where the poll goes on after them.
#[derive(Debug, Clone)]
pub struct Page {
    /// The vendor.
    pub peer: String,
    /// The revision that read it.
    pub revision: i64,
    /// The records.
    pub deliveries: Vec<Delivery>,
    /// The cursor as it was read before the page.
    pub before: CursorRow,
    /// The next one.
    pub next: Option<String>,
}

/// Keeps the records of a page together with the next cursor, in one commit. Where a page names a deelname more than
/// once, the earlier records go before, in commits of their own, and the cursor with the last.
///
/// # Errors
/// What the database says; then the page is read again.
pub async fn keep_page(core: &Core, tenant: &str, page: &Page) -> Result<(), Refused> {
    let news = news(core, tenant, page).await?;
    let (mut rounds, mut rest) = (Vec::new(), news);
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let (round, later) = rest.into_iter().partition(|(id, _)| seen.insert(id.clone()));
        rounds.push(round);
        rest = later;
    }
    let last = rounds.pop().unwrap_or_default();
    for round in &rounds {
        keep_round(core, tenant, page, round, None).await?;
    }
    let next = CursorRow {
        cursor: page.next.clone(),
        ..page.before.clone()
    };
    let moved = next.version == 0 || next.cursor != page.before.cursor;
    keep_round(core, tenant, page, &last, moved.then_some(&next)).await
}

type Named<'a> = (String, &'a Delivery);

async fn keep_round(
    core: &Core,
    tenant: &str,
    page: &Page,
    round: &[Named<'_>],
    next: Option<&CursorRow>,
) -> Result<(), Refused> {
    let keys: Vec<String> = round
        .iter()
        .map(|(id, _)| format!("association/{tenant}/{id}"))
        .collect();
    core.decide(&keys, || async {
        let mut draft = Draft::of(core, tenant, "job:poll_results");
        draft.revision = Some(page.revision);
        let versie = |delivery: &Delivery| Versie::Delivered(delivery.examenversie.clone());
        let deelnames = round.iter().map(|(id, delivery)| (id.as_str(), versie(delivery)));
        draft.look_around(deelnames).await?;
        for (id, delivery) in round {
            if is_anothers(&draft, (&page.peer, page.revision), id).await? {
                // The revision that serves its sitting reads it itself.
                deliver::read_back(&mut draft, &page.peer, id).await?;
                continue;
            }
            match result(&mut draft, &page.peer, id, delivery, Source::Poll, page.revision).await {
                Ok(_) => {}
                Err(Refused::Unknown { .. }) => keep_unknown(&mut draft, &page.peer, id, delivery).await?,
                Err(refused) => return Err(refused),
            }
        }
        if let Some(next) = next {
            draft.put(next.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Whether another revision serves the sitting of a deelname.
pub(super) async fn is_anothers(
    draft: &Draft<'_>,
    (peer, revision): (&str, i64),
    deelname: &str,
) -> Result<bool, StoreError> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let Some((row, serving)) = rollout::serving(db, tenant, peer).await? else {
        return Ok(false);
    };
    if !row.phased && !row.named_only {
        return Ok(false);
    }
    let Some(known) = association::find(db, tenant, deelname).await? else {
        return Ok(false);
    };
    let sitting = (3, known.facts.offering_id.as_str());
    let (served, _) = rollout::of_sitting(db, tenant, &serving, sitting).await?;
    Ok(served != Served::By(revision))
}

/// The records that may say something new, each with our id. Most of a poll repeats what is known, since OKE has no list
/// of changes; that is dropped here, before anything is locked.
async fn news<'a>(core: &Core, tenant: &str, page: &'a Page) -> Result<Vec<Named<'a>>, StoreError> {
    let mut named = Vec::with_capacity(page.deliveries.len());
    for delivery in &page.deliveries {
        named.push((our_deelname(core, tenant, &page.peer, delivery).await?, delivery));
    }
    let ids: Vec<String> = named.iter().map(|(id, _)| id.clone()).collect();
    let versions = result_store::versions_of(&core.db, tenant, &ids).await?;
    let repeats = |(id, delivery): &Named<'_>| {
        let newest = versions.iter().rfind(|version| version.association == *id);
        newest.is_some_and(|newest| newest.delivered == delivered(delivery))
    };
    // Of a deelname that stands more than once in a page every record counts, in its order.
    let once = |id: &String| ids.iter().filter(|other| *other == id).count() == 1;
    named.retain(|named| !(once(&named.0) && repeats(named)));
    Ok(named)
}

/// Our id of a deelname: by the ledger, else the vendor keeps ours.
pub(super) async fn our_deelname(
    core: &Core,
    tenant: &str,
    peer: &str,
    delivery: &Delivery,
) -> Result<String, StoreError> {
    let peer_id = &delivery.deelname_peer_id;
    let ours = ledger::our_id(&core.db, tenant, peer, "association", peer_id).await?;
    Ok(ours.unwrap_or_else(|| peer_id.clone()))
}

pub(super) fn delivered(delivery: &Delivery) -> Delivered {
    Delivered {
        result: delivery.result.clone(),
        normed: delivery.normed,
        examenversie: delivery.examenversie.clone(),
    }
}

/// As it came, for the inbox.
pub(super) fn content(delivery: &Delivery) -> Vec<u8> {
    json!({
        "deelnamePeerId": delivery.deelname_peer_id,
        "result": delivery.result,
        "normed": result_store::normed_word(delivery.normed),
        "examenversie": delivery.examenversie,
    })
    .to_string()
    .into_bytes()
}

/// Puts what follows from one record into the draft.
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no deelname at this vendor.
pub async fn result(
    draft: &mut Draft<'_>,
    peer: &str,
    deelname: &str,
    delivery: &Delivery,
    source: Source,
    revision: i64,
) -> Result<Outcome, Refused> {
    let incoming = result_verbs::Incoming {
        peer,
        deelname,
        delivered: delivered(delivery),
        part: None,
        source,
        revision: Some(revision),
        content: &content(delivery),
    };
    Ok(result_verbs::accept(draft, &incoming).await?.outcome)
}

/// A result for an id that nobody here knows is kept once, with a task (R2); later rounds bring it again.
pub(super) async fn keep_unknown(
    draft: &mut Draft<'_>,
    peer: &str,
    id: &str,
    delivery: &Delivery,
) -> Result<(), Refused> {
    let subject = ("association", id);
    let kept = message::about(&draft.core.db, draft.tenant, subject.0, subject.1).await?;
    if kept
        .iter()
        .any(|kept| kept.peer == peer && kept.outcome == Outcome::Held.word())
    {
        return Ok(());
    }
    result_verbs::keep_unknown(draft, 3, subject, peer, &content(delivery)).await
}

/// Keeps the present report of a sitting.
///
/// # Errors
/// What the database says.
pub async fn keep_report(
    core: &Core,
    tenant: &str,
    (peer, revision): (&str, i64),
    sitting: &str,
    read: &Report,
) -> Result<(), Refused> {
    let said = ReportMessage {
        irregularities: read.irregularities.clone(),
        documents: read.documents.clone(),
        // What is read is the present state: what is absent there is absent.
        carries_irregularities: true,
        carries_documents: true,
        filled: Vec::new(),
    };
    let content = json!({ "irregularities": said.irregularities, "documents": said.documents }).to_string();
    core.decide(&[format!("offering/{tenant}/{sitting}")], || async {
        let mut draft = Draft::of(core, tenant, "job:poll_reports");
        draft.revision = Some(revision);
        let incoming = report::Incoming {
            peer,
            sitting,
            report: &said,
            method: "poll",
            content: content.as_bytes(),
        };
        report::accept(&mut draft, incoming).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_once_an_hour_has_exactly_one_turn_in_sixty_rounds_of_a_minute() {
        let begin: Timestamp = "2026-09-01T09:00:00Z".parse().unwrap();
        for id in ["a", "b", "0192f0c1-7e7b-7cc1-9a53-0a1b2c3d4e5f"] {
            let turns = (0..60)
                .filter(|minute| is_its_turn(id, begin + SignedDuration::from_mins(*minute), Duration::from_secs(60)))
                .count();
            assert_eq!(turns, 1, "{id}");
            let hourly = is_its_turn(id, begin, Duration::from_secs(HOUR_S));
            assert!(hourly, "{id}: a round that is an hour long holds every turn");
        }
    }
}
