//! How flow 1 of a student system comes: it sends, or it is asked; and what asking came to.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;

use super::{place, shown};
use crate::api::Service;
use crate::app::account::actor;
use crate::app::{Refused, pull};
use crate::dashboard::form::Form;
use crate::dashboard::oops::Oops;
use crate::dashboard::refusal::{Said, of_refused};
use crate::dashboard::shell::after;
use crate::dashboard::words;
use crate::domain::pull::{Ended, Walk};
use crate::store::peer::PeerRow;
use crate::store::pulled;

/// What the page says of flow 1 of a student system.
pub(super) struct Registrations {
    pub(super) asked: bool,
    /// The first day that is asked for.
    pub(super) from: String,
    /// Since when it is so.
    pub(super) since: Option<String>,
    /// The round under way.
    pub(super) under_way: Option<String>,
    pub(super) last: Option<LastRound>,
    pub(super) refused: Vec<RefusedLine>,
}

pub(super) struct LastRound {
    pub(super) what: &'static str,
    pub(super) ended: String,
    pub(super) came: i64,
    pub(super) changed: i64,
    pub(super) refused: i64,
    pub(super) unlisted: i64,
}

pub(super) struct RefusedLine {
    pub(super) task: String,
    pub(super) why: String,
    pub(super) since: String,
}

/// What is so now; `None` for a system that is no student system.
pub(super) async fn registrations(
    service: &Service,
    tenant: &str,
    row: &PeerRow,
) -> Result<Option<Registrations>, Oops> {
    if row.hat != "dr" {
        return Ok(None);
    }
    let known = pulled::find(&service.core.db, tenant, &row.id).await?;
    let refused = pull::refused(&service.core, tenant, &row.id).await?;
    let known = known.as_ref();
    Ok(Some(Registrations {
        asked: known.is_some_and(|known| known.asked),
        from: known.map_or_else(String::new, |known| known.since.to_string()),
        since: known.map(|known| words::moment(known.set_at)),
        under_way: known.and_then(|known| known.walk.as_ref()).map(under_way),
        last: known.and_then(|known| known.last).map(last),
        refused: refused
            .into_iter()
            .map(|task| RefusedLine {
                since: words::moment(task.opened_at),
                task: task.id,
                why: task.about.title,
            })
            .collect(),
    }))
}

fn under_way(walk: &Walk) -> String {
    let began = words::moment(walk.began);
    let came = walk.tally.came;
    format!("begonnen {began}, tot nu toe {came} objecten gezien")
}

fn last(ended: Ended) -> LastRound {
    LastRound {
        what: match ended.whole {
            true => "alles",
            false => "de komende dagen",
        },
        ended: words::moment(ended.ended),
        came: ended.tally.came,
        changed: ended.tally.changed,
        refused: ended.tally.refused,
        unlisted: ended.tally.unlisted,
    }
}

/// Says whether the student system is asked.
pub(super) async fn put_registrations(
    State(service): State<Service>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let from: Option<Date> = match fields.text("vanaf") {
        "" => None,
        text => match text.parse() {
            Ok(day) => Some(day),
            Err(_) => {
                let said = Said::bad("Vul een dag in, zoals 2026-08-01, of laat het veld leeg.");
                return shown(&service, visitor, &id, said.into()).await;
            }
        },
    };
    let by = actor(visitor.id());
    let how = (fields.text("hoe") == "ophalen", from);
    match pull::set(&service.core, visitor.tenant(), &by, &id, how).await {
        Ok(()) => Ok(after(&place(&id), "toetsdeelnemers")),
        Err(Refused::Invalid(_)) => {
            let said = Said::bad("Toetsdeelnemers worden alleen bij een deelnemerregistratie opgehaald.");
            shown(&service, visitor, &id, said.into()).await
        }
        Err(refused) => {
            let said = of_refused(refused, "Dat kan nu niet.")?;
            shown(&service, visitor, &id, said.into()).await
        }
    }
}

/// Asks for everything now.
pub(super) async fn pull_now(
    State(service): State<Service>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let visitor = &form.visitor;
    match pull::now(&service.core, visitor.tenant(), &actor(visitor.id()), &id).await {
        Ok(()) => Ok(after(&place(&id), "ophalen")),
        Err(refused) => {
            let not_now =
                "Er wordt nu niet opgehaald: er draait geen koppeling die dat kan, of het systeem stuurt zelf.";
            let said = of_refused(refused, not_now)?;
            shown(&service, visitor, &id, said.into()).await
        }
    }
}
