//! `/`: the chain today, per system and flow: in, out, waiting, stuck, oldest.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;

use super::oops::Oops;
use super::session::Visitor;
use super::shell::{JustDone, Shell, page};
use super::words;
use crate::api::Service;
use crate::domain::breaker::{BreakerPolicy, Passage};
use crate::domain::calendar::zone;
use crate::domain::lane::JobState;
use crate::store::job::{self, Backlog};
use crate::store::peer::{self, PeerRow, PeerState};
use crate::store::{message, overview};

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/", get(show))
}

/// Whether messages go to a system now.
pub struct Standing {
    /// Word.
    pub word: &'static str,
    /// Class of the badge: `good`, `wait` or `bad`.
    pub class: &'static str,
    /// Why, and until when.
    pub why: String,
    /// Whether what waits can't go.
    pub blocked: bool,
}

impl Standing {
    /// Of a peer at this moment.
    #[must_use]
    pub fn of(peer: &PeerRow, now: Timestamp) -> Standing {
        if let PeerState::Paused { reason } = &peer.state {
            let said = match reason.split_once(": ") {
                Some((who, why)) => format!("door {}: {why}", words::actor(who)),
                None => reason.clone(),
            };
            return Standing {
                word: "gepauzeerd",
                class: "wait",
                why: said,
                blocked: true,
            };
        }
        let policy = BreakerPolicy::default();
        let is_down = peer.breaker.is_down(&policy);
        match peer.breaker.passage(&policy, now) {
            Passage::Free => Standing {
                word: "in bedrijf",
                class: "good",
                why: String::new(),
                blocked: false,
            },
            Passage::Shut(until) if !is_down => Standing {
                word: "even rust",
                class: "wait",
                why: format!("het systeem vroeg om rust tot {}", words::clock(until)),
                blocked: false,
            },
            Passage::Shut(until) => Standing {
                word: "niet bereikbaar",
                class: "bad",
                why: format!("volgende poging om {}; berichten wachten", words::clock(until)),
                blocked: true,
            },
            Passage::Probe => Standing {
                word: "niet bereikbaar",
                class: "bad",
                why: "er wordt één bericht geprobeerd; de rest wacht".to_owned(),
                blocked: true,
            },
        }
    }
}

/// The role of a peer.
#[must_use]
pub fn hat(hat: &str) -> &'static str {
    match hat {
        "ta" => "examenleverancier",
        "dr" => "deelnemerregistratie",
        "tpl" => "toetsplanning buiten deze host",
        _ => "systeem",
    }
}

struct FlowRow {
    number: i64,
    name: &'static str,
    came: String,
    held: i64,
    sent: String,
    waiting: i64,
    stuck: i64,
    oldest: String,
}

struct System {
    id: String,
    name: String,
    hat: &'static str,
    standing: Standing,
    flows: Vec<FlowRow>,
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    shell: Shell,
    systems: Vec<System>,
    open: Vec<(String, i64)>,
    open_count: i64,
    stuck: i64,
    waiting: i64,
    sittings: usize,
    deelnames: i64,
    confirmed: i64,
    at: String,
    day: String,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    let (db, tenant, now) = (&service.core.db, visitor.tenant(), visitor.now);
    let (from, until) = day_around(now)?;
    let counts = Counts::read(&service, tenant, from).await?;
    let systems: Vec<System> = peer::all(db, tenant)
        .await?
        .into_iter()
        .map(|peer| counts.system(&peer, now))
        .collect();
    let open = overview::open_tasks(db, tenant).await?;
    let standing = overview::confirmed_between(db, tenant, from, until).await?;
    let mut sittings: Vec<&str> = standing.iter().map(|one| one.sitting.as_str()).collect();
    sittings.dedup();
    let flows = || systems.iter().flat_map(|system| &system.flows);
    let today = TodayPage {
        shell: Shell::around(&service, &visitor, "/", "De keten vandaag", just_done.notice()).await?,
        open_count: open.iter().map(|(_, count)| count).sum(),
        stuck: flows().map(|flow| flow.stuck).sum(),
        waiting: flows().map(|flow| flow.waiting).sum(),
        sittings: sittings.len(),
        deelnames: standing.iter().map(|one| one.count).sum(),
        confirmed: standing
            .iter()
            .filter(|one| one.revision.is_some())
            .map(|one| one.count)
            .sum(),
        at: words::clock(now),
        day: words::day(now),
        open,
        systems,
    };
    page(StatusCode::OK, &today)
}

/// The school day around a moment, in UTC.
pub fn day_around(now: Timestamp) -> Result<(Timestamp, Timestamp), Oops> {
    let start = now
        .to_zoned(zone())
        .start_of_day()
        .map_err(|error| Oops::ours(&error))?;
    let end = start.tomorrow().map_err(|error| Oops::ours(&error))?;
    Ok((start.timestamp(), end.timestamp()))
}

struct Counts {
    came: HashMap<(String, i64), (i64, i64)>,
    sent: HashMap<(String, i64), i64>,
    backlog: Vec<Backlog>,
}

impl Counts {
    async fn read(service: &Service, tenant: &str, since: Timestamp) -> Result<Counts, Oops> {
        let db = &service.core.db;
        let mut came: HashMap<(String, i64), (i64, i64)> = HashMap::new();
        for (flow, peer, outcome, count) in message::counts_since(db, tenant, since).await? {
            let entry = came.entry((peer, flow)).or_default();
            entry.0 += count;
            if outcome == "held" {
                entry.1 += count;
            }
        }
        let sent = overview::delivered_since(db, tenant, since).await?;
        Ok(Counts {
            came,
            sent: sent
                .into_iter()
                .map(|(peer, flow, count)| ((peer, flow), count))
                .collect(),
            backlog: job::backlog(db, tenant).await?,
        })
    }

    fn system(&self, peer: &PeerRow, now: Timestamp) -> System {
        let standing = Standing::of(peer, now);
        let own: &[i64] = match peer.hat.as_str() {
            "dr" => &[1, 5],
            "tpl" => &[3, 4],
            _ => &[0, 2, 3, 4],
        };
        let flows = own.iter().map(|flow| self.flow(peer, *flow, standing.blocked, now));
        System {
            id: peer.id.clone(),
            name: peer.name.clone(),
            hat: hat(&peer.hat),
            flows: flows.collect(),
            standing,
        }
    }

    fn flow(&self, peer: &PeerRow, flow: i64, blocked: bool, now: Timestamp) -> FlowRow {
        let key = (peer.id.clone(), flow);
        let (came, held) = self.came.get(&key).copied().unwrap_or_default();
        let sent = self.sent.get(&key).copied().unwrap_or_default();
        let mut row = FlowRow {
            number: flow,
            name: words::flow(flow),
            came: came.to_string(),
            held,
            sent: sent.to_string(),
            waiting: 0,
            stuck: 0,
            oldest: "–".to_owned(),
        };
        // Flows 2 and 5 go out, the others come in.
        match flow {
            2 | 5 => row.came = "–".to_owned(),
            _ => row.sent = "–".to_owned(),
        }
        let mut oldest: Option<Timestamp> = None;
        for part in self
            .backlog
            .iter()
            .filter(|part| part.peer == peer.id && part.flow == Some(flow))
        {
            if part.state == JobState::Dead || blocked {
                row.stuck += part.count;
            } else {
                row.waiting += part.count;
            }
            oldest = Some(oldest.map_or(part.oldest, |known| known.min(part.oldest)));
        }
        if let Some(oldest) = oldest {
            row.oldest = words::age(oldest, now);
        }
        row
    }
}
