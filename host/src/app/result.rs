//! Flow 3: attendance and results of deelnames, pushed to our face or read from the vendor. Every version is kept; what
//! becomes of it is judged by [`crate::domain::result`].

use oke_codec::{Part, ResultMessage};

use super::around::{Around, Versie};
use super::document::{self, Subject};
use super::draft::{About, Arrived, Draft, Outcome, Sender};
use super::{Core, Decision, Refused, deliver, proposal, relay, studentresultaat};
use crate::domain::association::AssociationKind;
use crate::domain::calendar;
use crate::domain::exception::{self, RESULT_ASIDE, RESULT_HELD};
use crate::domain::model::{AssociationState, ExamResult, Normed};
use crate::domain::result::{self, Decided, Delivered, Head, Judged, Judgement, Present, Source, Verdict, Version};
use crate::store::{ledger, result as result_store};

/// A result that came in, by whichever way.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// The vendor.
    pub peer: &'a str,
    /// The deelname, by our id.
    pub deelname: &'a str,
    /// What was delivered.
    pub delivered: Delivered,
    /// Where it may be only a part of what there is to say (the 1.1 draft): the result is that part over what stands.
    pub part: Option<&'a Part>,
    /// By which way.
    pub source: Source,
    /// The connector revision that read it.
    pub revision: Option<i64>,
    /// As it came, for the inbox.
    pub content: &'a [u8],
}

impl Incoming<'_> {
    /// A part over what stands, so that everything that follows sees a whole result.
    pub(super) fn whole(&self, stands: Option<&ExamResult>) -> Self {
        let mut whole = self.clone();
        if let Some(part) = whole.part.take() {
            whole.delivered.result = part.over(stands);
        }
        whole
    }
}

/// What became of a result that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What was done with it.
    pub outcome: Outcome,
    /// The deelname's own state, where it is the school's.
    pub state: Option<AssociationState>,
}

/// Takes a vendor's PATCH of a deelname's result. A cancelled or finished one takes it too (R6).
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no deelname at this vendor: the message is kept all the same, with a task
/// (R2).
pub async fn accept_message(
    core: &Core,
    sender: &Sender,
    id: &str,
    message: &ResultMessage,
    content: &[u8],
) -> Result<Accepted, Refused> {
    core.decide(&[format!("association/{}/{id}", sender.tenant)], || async {
        let mut draft = Draft::of(core, &sender.tenant, sender.actor());
        let incoming = Incoming {
            peer: &sender.peer,
            deelname: id,
            delivered: Delivered {
                result: message.result.clone(),
                normed: Normed::Unknown,
                examenversie: None,
            },
            part: message.part.as_ref(),
            source: Source::Push,
            revision: None,
            content,
        };
        let mut accepted = accept(&mut draft, &incoming).await;
        if matches!(accepted, Err(Refused::Unknown { .. }))
            && let Some(ours) = ledger::our_id(&core.db, &sender.tenant, &sender.peer, "association", id).await?
        {
            let known = Incoming {
                deelname: &ours,
                ..incoming.clone()
            };
            accepted = accept(&mut draft, &known).await;
        }
        let answer = match accepted {
            Ok(accepted) => Ok(accepted),
            Err(Refused::Unknown { .. }) => {
                keep_unknown(&mut draft, 3, ("association", id), &sender.peer, content).await?;
                Err(Refused::unknown("deelname", id))
            }
            Err(refused) => return Err(refused),
        };
        Ok(Decision {
            write_set: draft.finish(),
            answer,
        })
    })
    .await?
}

/// Keeps a message of flow 3 or 4 for an id that is not known, with a task for a person (R2).
///
/// # Errors
/// What the database says.
pub(super) async fn keep_unknown(
    draft: &mut Draft<'_>,
    flow: i64,
    (kind, id): (&'static str, &str),
    peer: &str,
    content: &[u8],
) -> Result<(), Refused> {
    let arrived = Arrived {
        flow,
        peer,
        method: "PATCH",
        subject_kind: kind,
        subject_id: id,
        content,
        carries_person: false,
    };
    let message = draft.note(arrived, Outcome::Held)?;
    draft.audit(
        "message.hold",
        (kind, id),
        format!("unknown id, message {message}"),
        content,
    );
    let about = About {
        kind,
        id,
        unit: None,
        peer: Some(peer),
    };
    draft.open(&exception::unknown_subject(flow), about).await
}

/// The present state of a result, as the rules want it; none before the first version.
///
/// # Errors
/// [`StoreError::Inconsistent`](crate::store::StoreError) when the head points at a version that is not there.
pub(super) fn present<'a>(head: Option<&'a Head>, versions: &'a [Version]) -> Result<Option<Present<'a>>, Refused> {
    let Some(head) = head else {
        return Ok(None);
    };
    let version = |seq: i64| versions.iter().find(|version| version.seq == seq);
    let (Some(present), Some(newest)) = (version(head.seq), versions.last()) else {
        return Err(missing_version(head));
    };
    Ok(Some(Present {
        head,
        version: present,
        newest,
        decided: head.decided_seq.and_then(version),
    }))
}

pub(super) fn missing_version(head: &Head) -> Refused {
    Refused::Store(crate::store::StoreError::Inconsistent {
        column: "result_head.seq".to_owned(),
        why: format!("deelname {} has no version {}", head.association, head.seq),
    })
}

/// Judges a result that came in and puts what follows into the draft.
///
/// # Errors
/// [`Refused::Unknown`] for an id that is no deelname at this vendor.
pub async fn accept(draft: &mut Draft<'_>, incoming: &Incoming<'_>) -> Result<Accepted, Refused> {
    let versie = Versie::Delivered(incoming.delivered.examenversie.clone());
    let known = draft.around(incoming.deelname, versie).await?;
    let known =
        known.filter(|known| known.deelname.kind == AssociationKind::Deelname && known.deelname.peer == incoming.peer);
    let Some(known) = known else {
        // Not the school's own: perhaps an outside TPL's (R23).
        let outcome = relay::back::result(draft, incoming).await?;
        return Ok(Accepted { outcome, state: None });
    };
    let present = present(known.head.as_ref(), &known.versions)?;
    let incoming = &incoming.whole(present.map(|present| &present.version.delivered.result));
    let received = calendar::day(draft.now);
    let delivered = incoming.delivered.clone();
    let outcome = match result::judge(delivered, incoming.source, present, known.yardstick(), received) {
        Verdict::Repeated => repeated(draft, incoming, &known).await?,
        Verdict::Kept(judged) => {
            let Judged {
                delivered,
                judgement,
                normed,
                mapping,
                decided,
            } = *judged;
            let outcome = match judgement {
                Judgement::Accepted => Outcome::Applied,
                Judgement::Held(_) | Judgement::Aside => Outcome::Held,
            };
            let message = draft.note(arrived(incoming), outcome)?;
            let version = Version {
                association: known.deelname.id.clone(),
                seq: known.versions.last().map_or(0, |newest| newest.seq) + 1,
                delivered,
                judgement,
                source: incoming.source,
                message: Some(message),
                revision: incoming.revision,
                mapping,
                received_at: draft.now,
            };
            let mut head = head_after(&known, &version, normed, decided);
            keep(draft, &known, &version, &mut head).await?;
            draft.put(result_store::next_head(draft.tenant, &head));
            let detail = format!("version {} {}", version.seq, judgement.names().0);
            draft.audit(
                "result.accept",
                ("association", &known.deelname.id),
                detail,
                incoming.content,
            );
            outcome
        }
    };
    Ok(Accepted {
        outcome,
        state: Some(known.deelname.facts.state),
    })
}

fn arrived<'a>(incoming: &Incoming<'a>) -> Arrived<'a> {
    Arrived {
        flow: 3,
        peer: incoming.peer,
        method: method(incoming.source),
        subject_kind: "association",
        subject_id: incoming.deelname,
        content: incoming.content,
        carries_person: false,
    }
}

/// By which way a result came, as the inbox keeps it.
pub(super) fn method(source: Source) -> &'static str {
    match source {
        Source::Push => "PATCH",
        Source::Poll => "poll",
        Source::ReadBack => "read-back",
        Source::File => "file",
    }
}

/// Nothing new. A poll repeats so often that only messages on the face are noted; a read-back that repeats settles what
/// lay aside, and so does a file: its vendor can't be asked, and a person brought it later.
async fn repeated(draft: &mut Draft<'_>, incoming: &Incoming<'_>, known: &Around) -> Result<Outcome, Refused> {
    match incoming.source {
        Source::Push => {
            draft.note(arrived(incoming), Outcome::Repeated)?;
        }
        Source::File => {
            draft.note(arrived(incoming), Outcome::Repeated)?;
            if repeats_head(incoming, known) {
                let resolution = "Een later bestand zegt opnieuw het afgeronde resultaat.";
                draft
                    .close(RESULT_ASIDE, ("association", &known.deelname.id), resolution)
                    .await?;
            }
        }
        Source::Poll => {}
        Source::ReadBack => {
            let resolution = "Teruggelezen: het afgeronde resultaat staat bij de leverancier.";
            draft
                .close(RESULT_ASIDE, ("association", &known.deelname.id), resolution)
                .await?;
        }
    }
    Ok(Outcome::Repeated)
}

/// Whether what came in says again what the head points at, rather than what lies aside beside it.
fn repeats_head(incoming: &Incoming<'_>, known: &Around) -> bool {
    let head = known.head.as_ref().map(|head| head.seq);
    let standing = known.versions.iter().find(|version| Some(version.seq) == head);
    standing.is_some_and(|standing| result::is_same(&incoming.delivered, &standing.delivered))
}

/// The head after a version: one that lies aside leaves it as it was.
fn head_after(known: &Around, version: &Version, normed: Normed, decided: Decided) -> Head {
    let component = known.component().to_owned();
    let before = known.head.clone();
    if let Some(before) = &before
        && version.judgement == Judgement::Aside
    {
        return before.clone();
    }
    let examenversie = version
        .delivered
        .examenversie
        .clone()
        .unwrap_or_else(|| component.clone());
    let decided_upstream = decided == Decided::Upstream && version.judgement == Judgement::Accepted;
    Head {
        association: known.deelname.id.clone(),
        peer: known.deelname.peer.clone(),
        component,
        examenversie,
        seq: version.seq,
        judgement: version.judgement,
        normed,
        mapping: version.mapping.clone(),
        decided,
        decided_seq: match decided_upstream {
            true => Some(version.seq),
            false => before.as_ref().and_then(|before| before.decided_seq),
        },
        decided_mapping: match decided_upstream {
            true => version.mapping.clone(),
            false => before.as_ref().and_then(|before| before.decided_mapping.clone()),
        },
        decision: before.as_ref().and_then(|before| before.decision.clone()),
        sent_seq: before.as_ref().and_then(|before| before.sent_seq),
        confirmed_seq: before.as_ref().and_then(|before| before.confirmed_seq),
        version: before.map_or(0, |before| before.version),
    }
}

/// Keeps a version, and what follows from its judgement.
async fn keep(draft: &mut Draft<'_>, known: &Around, version: &Version, head: &mut Head) -> Result<(), Refused> {
    draft.put(result_store::version_row(draft.tenant, version));
    let result = &version.delivered.result;
    let subject = Subject::Deelname(&known.deelname.id);
    let pending = document::name(draft, &known.deelname.peer, subject, &result.documents).await?;
    let deelname = ("association", known.deelname.id.as_str());
    match version.source {
        Source::ReadBack => {
            let resolution = "Teruggelezen bij de leverancier.";
            draft.close(RESULT_ASIDE, deelname, resolution).await?;
        }
        // No read-back follows of a vendor that can't be asked.
        Source::File if version.judgement != Judgement::Aside => {
            let resolution = "Een later bestand zegt welk resultaat geldt.";
            draft.close(RESULT_ASIDE, deelname, resolution).await?;
        }
        Source::File | Source::Push | Source::Poll => {}
    }
    if version.judgement != Judgement::Aside && head.decided == Decided::Vastgesteld {
        proposal::lapse(draft, head).await?;
    }
    match version.judgement {
        Judgement::Aside => {
            draft.open(&exception::result_aside(), known.about()).await?;
            deliver::read_back(draft, &known.deelname.peer, &known.deelname.id).await
        }
        Judgement::Held(hold) => draft.open(&exception::result_held(hold), known.about()).await,
        Judgement::Accepted => {
            let resolution = "Een latere levering past.";
            draft.close(RESULT_HELD, deelname, resolution).await?;
            let versions = [known.versions.as_slice(), std::slice::from_ref(version)].concat();
            studentresultaat::send(draft, known.route.as_ref(), head, &versions, pending).await
        }
    }
}

/// Notes that the student system has confirmed a version.
///
/// # Errors
/// What the database says.
pub async fn sent(draft: &mut Draft<'_>, deelname: &str, seq: i64) -> Result<(), Refused> {
    let Some(head) = result_store::head(&draft.core.db, draft.tenant, deelname).await? else {
        return Ok(());
    };
    if head.confirmed_seq == Some(seq) {
        return Ok(());
    }
    let confirmed = Head {
        confirmed_seq: Some(seq),
        ..head
    };
    draft.put(result_store::next_head(draft.tenant, &confirmed));
    Ok(())
}
