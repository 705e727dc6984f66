//! `/api/v1/scale-maps`: from what a vendor delivers to the scale of a planbare toets, by a map that two people approved.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use oke_codec::scale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proposal::Made;
use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::scale_map::{self, NewMap};
use crate::domain::model::ResultValueType;
use crate::domain::principal::Duty;
use crate::domain::scale_map::{Basis, Number, Rule as Rules, ScaleMap as Kept};
use crate::store::scale_map as store;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/scale-maps", list)
        .post("/api/v1/scale-maps", propose)
        .post("/api/v1/scale-maps/{map}/settle", settle)
}

/// How a map converts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Rule {
    /// Not at all: what is delivered is a value of the scale already. Takes the place of an earlier map.
    AsIs {},
    /// By steps: each holds from where it begins until the next one.
    #[serde(rename_all = "camelCase")]
    Steps {
        /// Ascending.
        steps: Vec<Step>,
        /// The highest number that there is, inclusive.
        up_to: String,
    },
    /// Word for word.
    Words {
        /// Each word once.
        words: Vec<Word>,
    },
}

/// A step.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Where it begins, with at most three decimals.
    pub from: String,
    /// What it gives.
    pub value: String,
}

/// A word.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// As it is delivered.
    pub word: String,
    /// What it gives.
    pub value: String,
}

impl From<&Rules> for Rule {
    fn from(rule: &Rules) -> Self {
        match rule {
            Rules::AsIs => Rule::AsIs {},
            Rules::Steps { steps, up_to } => Rule::Steps {
                steps: steps
                    .iter()
                    .map(|(from, value)| Step {
                        from: from.to_string(),
                        value: value.clone(),
                    })
                    .collect(),
                up_to: up_to.to_string(),
            },
            Rules::Words(words) => Rule::Words {
                words: words
                    .iter()
                    .map(|(word, value)| Word {
                        word: word.clone(),
                        value: value.clone(),
                    })
                    .collect(),
            },
        }
    }
}

impl TryFrom<Rule> for Rules {
    type Error = Problem;

    fn try_from(rule: Rule) -> Result<Self, Problem> {
        let number = |text: &str| {
            Number::read(text).ok_or_else(|| {
                Problem::bad(
                    "rule",
                    format!("`{text}` is no number of at most nine digits and three decimals, without a sign"),
                )
            })
        };
        Ok(match rule {
            Rule::AsIs {} => Rules::AsIs,
            Rule::Steps { steps, up_to } => Rules::Steps {
                steps: steps
                    .into_iter()
                    .map(|step| Ok((number(&step.from)?, step.value)))
                    .collect::<Result<_, Problem>>()?,
                up_to: number(&up_to)?,
            },
            Rule::Words { words } => Rules::Words(words.into_iter().map(|row| (row.word, row.value)).collect()),
        })
    }
}

/// A map to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewScaleMap {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// Of one examenversie only.
    pub examenversie: Option<String>,
    /// The scale of the planbare toets, as the agreement spells it, such as `0.0-10.0`.
    pub to: String,
    /// What is looked up: `score` or `points` (rawScore).
    pub basis: String,
    /// How.
    pub rule: Rule,
    /// Where it comes from.
    pub source: String,
}

/// A map.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaleMap {
    /// Id.
    pub id: String,
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// Of one examenversie only.
    pub examenversie: Option<String>,
    /// The scale it leads to.
    pub to: String,
    /// Counts the versions for the same purpose.
    pub number: i64,
    /// What is looked up.
    pub basis: String,
    /// How.
    pub rule: Rule,
    /// Who made it.
    pub author: String,
    /// Where it comes from.
    pub source: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// `proposed`, `approved` or `rejected`.
    pub standing: String,
    /// Who approved or rejected it.
    pub settled_by: Option<String>,
    /// Why.
    pub settled_reason: Option<String>,
}

impl From<Kept> for ScaleMap {
    fn from(map: Kept) -> Self {
        let settled = map.settled;
        ScaleMap {
            to: scale::name(&map.to),
            rule: Rule::from(&map.rule),
            id: map.id,
            peer: map.peer,
            component: map.component,
            examenversie: map.examenversie,
            number: map.number,
            basis: map.basis.name().to_owned(),
            author: map.author,
            source: map.source,
            made_at: map.made_at,
            standing: map.standing.name().to_owned(),
            settled_by: settled.as_ref().map(|(by, _, _)| by.clone()),
            settled_reason: settled.map(|(_, _, reason)| reason),
        }
    }
}

/// All scale maps, newest first, 1,000 at most.
#[utoipa::path(get, path = "/api/v1/scale-maps", tag = "results",
    responses((status = 200, body = Vec<ScaleMap>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<ScaleMap>>, Problem> {
    caller.must_hold_any(&service, &Duty::ALL)?;
    let found = store::of_component(&service.core.db, caller.tenant(), None).await?;
    Ok(Json(found.into_iter().map(ScaleMap::from).collect()))
}

/// Proposes a map; it judges nothing before another person has approved it.
#[utoipa::path(post, path = "/api/v1/scale-maps", tag = "results", request_body = NewScaleMap,
    responses((status = 201, body = Made), (status = "4XX", body = Problem)))]
pub async fn propose(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<NewScaleMap>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let to = scale::from_name(&new.to);
    if matches!(to, ResultValueType::Other(_)) {
        return Err(Problem::bad(
            "to",
            format!(
                "`to`: `{}` is no scale of the agreement (table 4.1.D), such as `0.0-10.0`",
                new.to
            ),
        ));
    }
    let map = NewMap {
        peer: new.peer,
        component: new.component,
        examenversie: new.examenversie.filter(|code| !code.is_empty()),
        to,
        basis: Basis::from_name(&new.basis)
            .ok_or_else(|| Problem::bad("basis", format!("`basis`: `{}` is none of score, points", new.basis)))?,
        rule: Rules::try_from(new.rule)?,
        source: new.source,
    };
    let id = scale_map::propose(&service.core, caller.tenant(), &caller.0.account, &map).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// What to do with a map.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// Approve it; else it is rejected.
    pub approve: bool,
    /// What it was compared with.
    pub reason: String,
}

/// Approves a map as its second person, or rejects it. Results that it concerns are judged again.
#[utoipa::path(post, path = "/api/v1/scale-maps/{map}/settle", tag = "results", params(("map" = String, Path)),
    request_body = Settle, responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn settle(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Body(settle): Body<Settle>,
) -> Result<StatusCode, Problem> {
    let (core, account) = (&service.core, &caller.0.account);
    scale_map::settle(core, caller.tenant(), account, &id, settle.approve, &settle.reason).await?;
    Ok(StatusCode::ACCEPTED)
}
