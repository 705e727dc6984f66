//! What a system can't be told, in Dutch: on its own page, before a rollout, and on the timeline of what was delivered. And
//! what it can't read here, on its own page.

use oke_codec::Dialect;
use oke_codec::loss::Loss;

use super::oops::Oops;
use super::words;
use crate::api::Service;
use crate::app::losses;
use crate::store::loss as loss_store;
use crate::store::loss::LossRow;

/// A fact that can't be told.
pub struct LossLine {
    /// The flow.
    pub flow: &'static str,
    /// What.
    pub what: &'static str,
    /// By which rule.
    pub rule: &'static str,
}

/// Dutch.
#[must_use]
pub fn what(loss: Loss) -> &'static str {
    match loss {
        Loss::Scale => "de schaal van een zitting; die staat op de toets zelf",
        Loss::TestsToBeUsed => "welke toetsen mogen dienen; dat hoort bij de planbare toets",
        Loss::Seconds => "de seconden van een duur; er gaan hele minuten heen",
        Loss::Rooms => "welke ruimte precies, als in de naam een komma staat",
        Loss::FaoServer => "de server voor offline afname; daarvoor is pas plaats vanaf 1.0.1",
        Loss::TimeOfDay => {
            "het tijdstip waarop het aanbod van een opleiding of vak begint en eindigt; alleen de dag gaat mee"
        }
        Loss::Attempt => "de hoeveelste poging een deelname is",
        Loss::AttemptsLeft => "hoeveel pogingen er nog over zijn",
        Loss::Enrolments => "bij welke inschrijvingen een deelname hoort",
        Loss::EnrolmentDays => "de dagen van de inschrijving en het loopbaannummer",
        Loss::AssignedNeeds => "toegekende voorzieningen met dagen en toelichting",
        Loss::DeelnameNeeds => "de extra tijd en middelen van één deelname",
        Loss::TestTime => "het tijdstip waarop de toets is afgenomen; alleen de dag gaat mee",
        Loss::Cesuur => "of de cesuur is toegepast",
        Loss::Examenversie => "welke examenversie is afgenomen",
        Loss::PlanningState => "hoe ver de planning van een deelname is; daarvoor is pas plaats in 1.1 (concept)",
        Loss::TestMoment => {
            "de geplande tijden, de ruimte en de afnameleider van een deelname; daarvoor is pas plaats in 1.1 (concept)"
        }
    }
}

/// What a revision's system can never be told.
pub async fn never_told(service: &Service, tenant: &str, (peer, number): (&str, i64)) -> Result<Vec<LossLine>, Oops> {
    let db = &service.core.db;
    let Some(revision) = db.revision(tenant, peer, number).await? else {
        return Ok(Vec::new());
    };
    Ok(lines(losses::never_told(db, &revision).await?))
}

/// What a system of this hat can never read at our faces.
#[must_use]
pub fn never_answered(hat: &str, dialect: &Dialect) -> Vec<LossLine> {
    lines(losses::never_answered(hat, dialect))
}

fn lines(all: Vec<(i64, Loss)>) -> Vec<LossLine> {
    let line = |(flow, loss): (i64, Loss)| LossLine {
        flow: words::flow(flow),
        what: what(loss),
        rule: loss.rule(),
    };
    all.into_iter().map(line).collect()
}

/// What a delivery left out, in one sentence.
#[must_use]
pub fn left_out(row: &LossRow) -> String {
    let said: Vec<&str> = losses::named(&row.lost).into_iter().map(what).collect();
    said.join("; ")
}

/// What the last deliveries of an object left out: to whom, when, and what.
pub async fn of_subject(service: &Service, tenant: &str, subject: (&str, &str)) -> Result<Vec<LossRow>, Oops> {
    let all = loss_store::of_subject(&service.core.db, tenant, subject).await?;
    Ok(all.into_iter().filter(|row| !row.lost.is_empty()).collect())
}
