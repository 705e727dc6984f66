//! `/api/v1/peers/{peer}/adoptions`: sittings and deelnames that a school has at a vendor already are taken in, without
//! doubling them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::adopting::list::Listed;
use crate::app::adopting::{self, Adopter, Preview, Said};

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .post("/api/v1/peers/{peer}/adoptions/preview", preview)
        .post("/api/v1/peers/{peer}/adoptions", store)
}

/// A sitting or a deelname that the vendor has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListedLine {
    /// The vendor's id of the sitting.
    pub sitting: String,
    /// Our planbare toets, by id, code or name; needed where no enrolment of the sitting is listed.
    pub plannable: Option<String>,
    /// The vendor's id of the deelname; without it it is looked for by the person.
    pub deelname: Option<String>,
    /// Our toetsinschrijving.
    pub enrolment: Option<String>,
    /// The student by personId, student number or another code, where the enrolment is not listed.
    pub student: Option<String>,
    /// When the sitting begins; by default as the vendor has it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
}

/// A list, of at most 2000 lines and 40 sittings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptionList {
    /// Its lines.
    pub lines: Vec<ListedLine>,
}

/// A list to store, exactly as it was previewed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptionToStore {
    /// Its lines.
    pub lines: Vec<ListedLine>,
    /// What the preview gave.
    pub digest: String,
    /// Of lines that may be read in several ways, by their number from 1: which of the choices, from 0.
    #[serde(default)]
    pub choices: BTreeMap<u32, usize>,
}

/// A way to read a line.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdoptionChoice {
    /// The vendor's id of the deelname.
    pub deelname: String,
    /// Our toetsinschrijving.
    pub enrolment: String,
}

/// What comes of a line.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionLine {
    /// Its number, from 1.
    pub line: u32,
    /// `take`, `known`, `choice` or `refused`.
    pub outcome: String,
    /// What it is known by already.
    pub known_as: Option<String>,
    /// What the vendor has otherwise, in Dutch; it is compared afterwards.
    pub differs: Vec<String>,
    /// One of these is to be chosen first.
    pub choices: Vec<AdoptionChoice>,
    /// Stable code of a refusal.
    pub code: Option<String>,
    /// Why it is refused, in Dutch.
    pub message: Option<String>,
}

/// What a list does.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdoptionPreview {
    /// Of all this together.
    pub digest: String,
    /// Line by line.
    pub lines: Vec<AdoptionLine>,
}

impl From<Preview> for AdoptionPreview {
    fn from(it: Preview) -> Self {
        let line = |one: adopting::Line| {
            let line = AdoptionLine {
                line: one.listed.number,
                ..AdoptionLine::default()
            };
            match one.said {
                Said::Take(differs) => AdoptionLine {
                    outcome: "take".to_owned(),
                    differs,
                    ..line
                },
                Said::Known(id) => AdoptionLine {
                    outcome: "known".to_owned(),
                    known_as: Some(id),
                    ..line
                },
                Said::Choice(several) => AdoptionLine {
                    outcome: "choice".to_owned(),
                    choices: several
                        .into_iter()
                        .map(|one| AdoptionChoice {
                            deelname: one.deelname,
                            enrolment: one.enrolment,
                        })
                        .collect(),
                    ..line
                },
                Said::Refused { code, message } => AdoptionLine {
                    outcome: "refused".to_owned(),
                    code: Some(code.to_owned()),
                    message: Some(message),
                    ..line
                },
            }
        };
        AdoptionPreview {
            digest: it.digest,
            lines: it.lines.into_iter().map(line).collect(),
        }
    }
}

fn listed(lines: Vec<ListedLine>) -> Vec<Listed> {
    let numbered = lines.into_iter().zip(1..);
    let line = |(one, number): (ListedLine, u32)| Listed {
        number,
        sitting: one.sitting,
        plannable: one.plannable,
        deelname: one.deelname,
        enrolment: one.enrolment,
        student: one.student,
        start: one.start,
        end: one.end,
        fault: None,
    };
    numbered.map(line).collect()
}

fn adopter<'a>(caller: &'a Caller, peer: &'a str) -> Adopter<'a> {
    Adopter {
        tenant: caller.tenant(),
        account: &caller.0.account,
        peer,
    }
}

/// What a list would do: each sitting is read back from the vendor and held against it. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/adoptions/preview", tag = "planning", request_body = AdoptionList,
    params(("peer" = String, Path)),
    responses((status = 200, body = AdoptionPreview), (status = "4XX", body = Problem)))]
pub async fn preview(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(list): Body<AdoptionList>,
) -> Result<Json<AdoptionPreview>, Problem> {
    let listed = listed(list.lines);
    let seen = adopting::preview(&service.core, &service.connectors, adopter(&caller, &peer), &listed).await?;
    Ok(Json(seen.into()))
}

/// Takes in what a list names, exactly as it was previewed; says line by line what became of it.
#[utoipa::path(post, path = "/api/v1/peers/{peer}/adoptions", tag = "planning", request_body = AdoptionToStore,
    params(("peer" = String, Path)),
    responses((status = 200, body = AdoptionPreview), (status = "4XX", body = Problem)))]
pub async fn store(
    State(service): State<Service>,
    caller: Caller,
    Path(peer): Path<String>,
    Body(list): Body<AdoptionToStore>,
) -> Result<Json<AdoptionPreview>, Problem> {
    let listed = listed(list.lines);
    let asked = (listed.as_slice(), &list.choices);
    let adopter = adopter(&caller, &peer);
    let stored = adopting::store(&service.core, &service.connectors, adopter, asked, &list.digest).await?;
    Ok(Json(stored.into()))
}
