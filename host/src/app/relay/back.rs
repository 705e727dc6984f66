//! The way back: results and reports of what an outside TPL planned, from the vendor by whichever way, on to that TPL
//! (R23). Cancelled and finished objects take them too (R6). The present state is kept with the object, every message in
//! the inbox.

use oke_codec::loss;

use crate::app::document::{self, Subject};
use crate::app::draft::{About, Arrived, Draft, Outcome};
use crate::app::{Core, Refused, deliver, result};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::exception::{self, RESULT_ASIDE};
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::relay::{Received, receive};
use crate::domain::result::Source;
use crate::domain::{calendar, model};
use crate::store::{association, document as documents, offering};

/// Takes the result of a relayed deelname.
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no such deelname at this vendor.
pub async fn result(draft: &mut Draft<'_>, incoming: &result::Incoming<'_>) -> Result<Outcome, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let deelname = association::find(db, tenant, incoming.deelname)
        .await?
        .filter(|found| found.kind == AssociationKind::Relayed && found.peer == incoming.peer)
        .ok_or_else(|| Refused::unknown("deelname", incoming.deelname))?;
    let incoming = &incoming.whole(deelname.facts.result.as_ref());
    let received = receive(
        deelname.facts.result.as_ref(),
        &incoming.delivered.result,
        incoming.source,
        calendar::day(draft.now),
    );
    let subject = ("association", deelname.id.as_str());
    if incoming.source == Source::ReadBack {
        draft
            .close(RESULT_ASIDE, subject, "Teruggelezen bij de leverancier.")
            .await?;
    }
    match received {
        Received::Repeated => {
            if incoming.source == Source::Push {
                draft.note(arrived(incoming), Outcome::Repeated)?;
            }
            Ok(Outcome::Repeated)
        }
        Received::Aside => {
            draft.note(arrived(incoming), Outcome::Held)?;
            let about = About {
                kind: "association",
                id: &deelname.id,
                unit: None,
                peer: Some(&deelname.peer),
            };
            draft.open(&exception::result_aside(), about).await?;
            deliver::read_back(draft, &deelname.peer, &deelname.id).await?;
            Ok(Outcome::Held)
        }
        Received::News(result) => {
            draft.note(arrived(incoming), Outcome::Applied)?;
            draft.audit("result.relay", subject, String::new(), incoming.content);
            document::name(
                draft,
                &deelname.peer,
                Subject::Deelname(&deelname.id),
                &result.documents,
            )
            .await?;
            let facts = model::Association {
                result: Some(*result),
                ..deelname.facts.clone()
            };
            let now = Association {
                facts,
                updated_at: draft.now,
                ..deelname
            };
            let delivered = &incoming.delivered;
            let beside = loss::beside_result(delivered.normed, delivered.examenversie.as_deref());
            deliver::relayed_result(draft, &now, Some(&beside)).await?;
            draft.put(association::next(draft.tenant, &now));
            Ok(Outcome::Applied)
        }
    }
}

fn arrived<'a>(incoming: &result::Incoming<'a>) -> Arrived<'a> {
    Arrived {
        flow: 3,
        peer: incoming.peer,
        method: result::method(incoming.source),
        subject_kind: "association",
        subject_id: incoming.deelname,
        content: incoming.content,
        carries_person: false,
    }
}

/// A document of a relayed result or report was fetched: what names it goes on again, now with it (R27). Says whether it
/// was of such an object.
///
/// # Errors
/// What the database says.
pub async fn document_came(draft: &mut Draft<'_>, (kind, id): (&str, &str)) -> Result<bool, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    if kind == "association" {
        let found = association::find(db, tenant, id).await?;
        let Some(found) = found.filter(|found| found.kind == AssociationKind::Relayed) else {
            return Ok(false);
        };
        deliver::relayed_result(draft, &found, None).await?;
        return Ok(true);
    }
    let found = offering::find(db, tenant, id).await?;
    let Some(found) = found.filter(|found| found.kind == OfferingKind::Relayed) else {
        return Ok(false);
    };
    deliver::relayed_report(draft, &found).await?;
    Ok(true)
}

/// A deelname as its TPL hears of it: documents by our ids, those that are here already (R27).
///
/// # Errors
/// What the database says.
pub async fn told_deelname(core: &Core, tenant: &str, deelname: Association) -> Result<model::Association, Refused> {
    let mut facts = deelname.facts;
    if let Some(result) = &mut facts.result {
        let subject = ("association", deelname.id.as_str());
        result.documents = served(core, tenant, &deelname.peer, subject, &result.documents).await?;
    }
    Ok(facts)
}

/// A sitting as its TPL hears of it, with its report.
///
/// # Errors
/// What the database says.
pub async fn told_sitting(core: &Core, tenant: &str, sitting: &Offering) -> Result<model::Offering, Refused> {
    let mut facts = sitting.facts.clone();
    let subject = ("offering", sitting.id.as_str());
    facts.documents = served(core, tenant, &sitting.peer, subject, &facts.documents).await?;
    Ok(facts)
}

async fn served(
    core: &Core,
    tenant: &str,
    vendor: &str,
    subject: (&str, &str),
    named: &[model::DocumentReference],
) -> Result<Vec<model::DocumentReference>, Refused> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let known = documents::of_subject(&core.db, tenant, vendor, subject).await?;
    let here = named.iter().filter_map(|reference| {
        let known = known.iter().find(|known| known.peer_id == reference.document_id)?;
        known.fetched.as_ref().map(|_| model::DocumentReference {
            document_id: known.id.clone(),
            ..reference.clone()
        })
    });
    Ok(here.collect())
}
