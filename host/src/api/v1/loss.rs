//! `/api/v1/peers/{peer}/losses`: what a system can't be told and can't read here in its dialect, and which deliveries left
//! something out.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use oke_codec::loss::Loss;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Service;
use crate::api::identity::Caller;
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::losses;
use crate::domain::principal::Duty;
use crate::store::{loss, peer};

/// The most objects that an answer names.
const MOST: u32 = 500;

/// What is served.
pub fn operations() -> Operations {
    Operations::default().get("/api/v1/peers/{peer}/losses", show)
}

/// Of which revision.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfRevision {
    /// The revision that would write; the one that everybody has when absent.
    pub revision: Option<i64>,
}

/// A fact that can't be told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NeverTold {
    /// The flow that has no place for it.
    pub flow: i64,
    /// A stable word.
    pub loss: String,
    /// Fields of the canonical model that it is about.
    pub fields: Vec<String>,
    /// The rule or paragraph.
    pub rule: String,
}

/// An object whose last delivery left something out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostOf {
    /// `offering` or `association`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The flow.
    pub flow: i64,
    /// What was left out.
    pub losses: Vec<String>,
    /// When it was delivered.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// The loss report of a system.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossReport {
    /// What it can never be told in its dialect; nothing of a system that does not speak OKE.
    pub never_told: Vec<NeverTold>,
    /// What it can never read at our faces in the dialect that is set for it. It holds for every answer: what one leaves
    /// out is not kept.
    pub never_answered: Vec<NeverTold>,
    /// How many objects were last delivered with something left out.
    pub count: i64,
    /// The newest of them, at most 500.
    pub deliveries: Vec<LostOf>,
}

fn never(all: Vec<(i64, Loss)>) -> Vec<NeverTold> {
    let one = |(flow, loss): (i64, Loss)| NeverTold {
        flow,
        loss: loss.name().to_owned(),
        fields: loss.fields().iter().map(|&field| field.to_owned()).collect(),
        rule: loss.rule().to_owned(),
    };
    all.into_iter().map(one).collect()
}

/// What a system can't be told or read here, and which deliveries left something out.
#[utoipa::path(get, path = "/api/v1/peers/{peer}/losses", tag = "peers", params(("peer" = String, Path), OfRevision),
    responses((status = 200, body = LossReport), (status = "4XX", body = Problem)))]
pub async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(peer_id): Path<String>,
    of: Result<Query<OfRevision>, QueryRejection>,
) -> Result<Json<LossReport>, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let Query(of) = of.map_err(|rejection| Problem::bad("query", rejection.body_text()))?;
    let (db, tenant) = (&service.core.db, caller.tenant());
    let row = peer::find(db, tenant, &peer_id).await?;
    let row = row.ok_or_else(|| Problem::absent(format!("there is no peer `{peer_id}` here")))?;
    let never_told = match of.revision.or(row.revision) {
        None => Vec::new(),
        Some(number) => {
            let revision = db.revision(tenant, &peer_id, number).await?;
            let revision =
                revision.ok_or_else(|| Problem::absent(format!("peer `{peer_id}` has no revision {number}")))?;
            losses::never_told(db, &revision).await?
        }
    };
    let deliveries = loss::of_peer(db, tenant, &peer_id, MOST).await?;
    Ok(Json(LossReport {
        never_told: never(never_told),
        never_answered: never(losses::never_answered(&row.hat, &row.dialect)),
        count: loss::count(db, tenant, &peer_id).await?,
        deliveries: deliveries
            .into_iter()
            .map(|row| LostOf {
                kind: row.subject_kind,
                id: row.subject_id,
                flow: row.flow,
                losses: row.lost,
                at: row.at,
            })
            .collect(),
    }))
}
