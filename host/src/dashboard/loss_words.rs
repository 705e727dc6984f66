//! What a system can't be told, in Dutch: on its own page, before a rollout, and on the timeline of what was delivered.

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
        Loss::Report => "het zittingsverslag; dat geeft de leverancier zelf",
        Loss::Seconds => "de seconden van een duur; er gaan hele minuten heen",
        Loss::Rooms => "welke ruimte precies, als in de naam een komma staat",
        Loss::FaoServer => "de server voor offline afname; daarvoor is pas plaats vanaf 1.0.1",
        Loss::Attempt => "de hoeveelste poging een deelname is",
        Loss::AttemptsLeft => "hoeveel pogingen er nog over zijn",
        Loss::Enrolments => "bij welke inschrijvingen een deelname hoort",
        Loss::EnrolmentDays => "de dagen van de inschrijving en het loopbaannummer",
        Loss::AssignedNeeds => "toegekende voorzieningen met dagen en toelichting; wel de extra tijd en middelen",
        Loss::Result => "een resultaat; dat gaat met een andere stroom",
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
    let all = losses::never_told(db, &revision).await?;
    let line = |(flow, loss): (i64, Loss)| LossLine {
        flow: words::flow(flow),
        what: what(loss),
        rule: loss.rule(),
    };
    Ok(all.into_iter().map(line).collect())
}

/// What a delivery left out, in one sentence.
#[must_use]
pub fn left_out(row: &LossRow) -> String {
    let known = row.lost.iter().filter_map(|name| Loss::from_name(name));
    let said: Vec<&str> = known.map(what).collect();
    said.join("; ")
}

/// What the last deliveries of an object left out: to whom, when, and what.
pub async fn of_subject(service: &Service, tenant: &str, subject: (&str, &str)) -> Result<Vec<LossRow>, Oops> {
    let all = loss_store::of_subject(&service.core.db, tenant, subject).await?;
    Ok(all.into_iter().filter(|row| !row.lost.is_empty()).collect())
}
