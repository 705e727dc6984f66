//! `/vaststellen/resultaat/{deelname}`: a result that was decided on, what changed since, and the two people it takes to
//! correct or withdraw it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::Form;
use super::oops::Oops;
use super::refusal::{NO_REASON, Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::sittings::{name, visible};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::proposal;
use crate::app::vaststellen::Seen;
use crate::domain::association::AssociationKind;
use crate::domain::principal::Duty;
use crate::domain::proposal::{Ending, Proposal, ProposalKind};
use crate::domain::result::{Decided, Head, Version};
use crate::domain::standing;
use crate::store::{association, decision, person, proposal as proposal_store, result};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/vaststellen/resultaat/{deelname}", get(show).post(propose))
        .route("/vaststellen/voorstel/{proposal}", post(settle))
}

fn must_decide(visitor: &Visitor) -> Result<(), Oops> {
    if visitor.holds(Duty::Vaststellen) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Een vaststelling wijzigen doet de examencommissie: een lid, of iemand met een mandaat.",
    ))
}

struct VersionLine {
    what: &'static str,
    seq: i64,
    score: String,
    attendance: String,
    irregularities: String,
    received: String,
}

struct ProposalLine {
    id: String,
    what: &'static str,
    proposer: String,
    reason: String,
    when: String,
    ended: String,
    waits: bool,
    own: bool,
}

#[derive(Template)]
#[template(path = "standing.html")]
struct StandingPage {
    shell: Shell,
    id: String,
    name: String,
    sitting: (String, String),
    decided: &'static str,
    judgement: &'static str,
    why: &'static str,
    seq: i64,
    versions: Vec<VersionLine>,
    decisions: Vec<(String, String, String)>,
    proposals: Vec<ProposalLine>,
    can_correct: bool,
    can_withdraw: bool,
    typed: String,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(done): Query<JustDone>,
) -> Result<Response, Oops> {
    must_decide(&visitor)?;
    shown(&service, &visitor, &id, (StatusCode::OK, done.notice()), "").await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    id: &str,
    (status, notice): (StatusCode, Option<Notice>),
    typed: &str,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let deelname = association::find(db, tenant, id)
        .await?
        .filter(|found| found.kind == AssociationKind::Deelname)
        .ok_or_else(|| Oops::absent("Deze deelname is er niet."))?;
    let units = Units::of(service, tenant).await?;
    let sitting = visible(service, visitor, &units, &deelname.facts.offering_id).await?;
    let head = result::head(db, tenant, id)
        .await?
        .ok_or_else(|| Oops::absent("Bij deze deelname is nog geen resultaat."))?;
    let versions = result::versions(db, tenant, id).await?;
    let persons = person::with_ids(db, tenant, std::slice::from_ref(&deelname.facts.person_id)).await?;
    let proposals = proposal_store::on_association(db, tenant, id).await?;
    let decisions = decision::on_association(db, tenant, id).await?;
    let waits = proposals.iter().any(|one| one.settled.is_none());
    let present = versions.iter().find(|version| version.seq == head.seq);
    let can_correct = present.is_some_and(|present| standing::may_correct(&head, present, head.seq).is_ok());
    let name = name(&persons, &deelname.facts.person_id);
    let standing_page = StandingPage {
        shell: Shell::around(service, visitor, "/vaststellen", format!("Besluit: {name}"), notice).await?,
        id: id.to_owned(),
        name,
        sitting: (sitting.id, sitting.facts.name),
        decided: words::decided(head.decided),
        judgement: words::judgement(head.judgement),
        why: words::why(head.judgement),
        seq: head.seq,
        versions: lines(&head, &versions),
        decisions: decisions
            .into_iter()
            .map(|one| (one.printed, one.account, one.reason))
            .collect(),
        proposals: proposals.into_iter().map(|one| proposal_line(one, visitor)).collect(),
        can_correct: can_correct && !waits,
        can_withdraw: head.decided == Decided::Vastgesteld && !waits,
        typed: typed.to_owned(),
    };
    page(status, &standing_page)
}

/// The version that was decided on, and the present one where that is another.
fn lines(head: &Head, versions: &[Version]) -> Vec<VersionLine> {
    let line = |what: &'static str, seq: i64| {
        let version = versions.iter().find(|version| version.seq == seq)?;
        let delivered = &version.delivered.result;
        Some(VersionLine {
            what,
            seq,
            score: words::score(delivered),
            attendance: words::attendance(&delivered.attendance),
            irregularities: delivered.irregularities.clone().unwrap_or_else(|| "–".to_owned()),
            received: words::moment(version.received_at),
        })
    };
    let decided = head.decided_seq.and_then(|seq| line("vastgesteld", seq));
    let present = match head.decided_seq {
        Some(seq) if seq == head.seq => None,
        _ => line("nu geleverd", head.seq),
    };
    decided.into_iter().chain(present).collect()
}

fn kind_word(kind: ProposalKind) -> &'static str {
    match kind {
        ProposalKind::Correction => "correctie",
        ProposalKind::Withdrawal => "intrekking",
    }
}

fn proposal_line(one: Proposal, visitor: &Visitor) -> ProposalLine {
    let ended = one.settled.as_ref().map(|settled| {
        let how = match settled.ending {
            Ending::Confirmed => "bevestigd",
            Ending::Rejected => "afgewezen",
            Ending::Lapsed => "vervallen",
        };
        let by = words::actor(&settled.by);
        format!("{how} door {by}, {}: {}", words::moment(settled.at), settled.reason)
    });
    let own = one.first_hands().contains(&visitor.id());
    ProposalLine {
        what: kind_word(one.kind),
        waits: one.settled.is_none(),
        own,
        when: words::moment(one.at),
        ended: ended.unwrap_or_default(),
        id: one.id,
        proposer: one.proposer,
        reason: one.reason,
    }
}

const MEANWHILE: &str =
    "Dit kan nu niet: het resultaat, het besluit of het voorstel is intussen veranderd. Bekijk de stand hieronder.";

async fn propose(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    must_decide(visitor)?;
    let reason = fields.text("reden");
    let kind = match fields.text("wat") {
        "correctie" => ProposalKind::Correction,
        "intrekking" => ProposalKind::Withdrawal,
        _ => return Err(Oops::Unreadable("Het formulier zegt niet wat u voorstelt.".to_owned())),
    };
    let seq = fields
        .text("versie")
        .parse()
        .map_err(|_| Oops::Unreadable("Het formulier noemt geen versie.".to_owned()))?;
    if reason.is_empty() {
        return said(&service, visitor, &id, Said::bad(NO_REASON), reason).await;
    }
    let seen = Seen {
        deelname: id.clone(),
        seq,
    };
    let account = &visitor.who.account;
    match proposal::propose(&service.core, visitor.tenant(), account, kind, &seen, reason).await {
        Ok(_) => Ok(after(&format!("/vaststellen/resultaat/{id}"), "voorgesteld")),
        Err(refused) => said(&service, visitor, &id, of_refused(refused, MEANWHILE)?, reason).await,
    }
}

async fn settle(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    must_decide(visitor)?;
    let tenant = visitor.tenant();
    let found = proposal_store::find(&service.core.db, tenant, &id)
        .await?
        .ok_or_else(|| Oops::absent("Dit voorstel is er niet."))?;
    let reason = fields.text("reden");
    if reason.is_empty() {
        return said(&service, visitor, &found.association, Said::bad(NO_REASON), reason).await;
    }
    let account = &visitor.who.account;
    let (settled, word) = match fields.text("antwoord") {
        "bevestigen" => {
            let confirmed = proposal::confirm(&service.core, tenant, account, &id, reason).await;
            (confirmed.map(|_| ()), "bevestigd")
        }
        "afwijzen" => (
            proposal::reject(&service.core, tenant, account, &id, reason).await,
            "verworpen",
        ),
        _ => {
            return Err(Oops::Unreadable(
                "Het formulier geeft geen antwoord op het voorstel.".to_owned(),
            ));
        }
    };
    match settled {
        Ok(()) => Ok(after(&format!("/vaststellen/resultaat/{}", found.association), word)),
        Err(refused) => {
            let sentence = of_refused(refused, MEANWHILE)?;
            said(&service, visitor, &found.association, sentence, reason).await
        }
    }
}

async fn said(service: &Service, visitor: &Visitor, id: &str, said: Said, typed: &str) -> Result<Response, Oops> {
    let notice = Notice::refused(said.sentence);
    shown(service, visitor, id, (said.status, notice), typed).await
}
