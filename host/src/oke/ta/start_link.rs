//! `GET /associations/{id}/url`: where a person starts the test (flow 2). Live; never kept, never logged.

use axum::Json;
use axum::extract::{Path, State};

use super::planner;
use crate::api::Service;
use crate::app::relay::At;
use crate::app::relay::start_link::{NoLink, start_link};
use crate::oke::bearer::Client;
use crate::oke::problem::Problem;

pub(super) async fn get(
    State(service): State<Service>,
    client: Client,
    Path((_, vendor, id)): Path<(String, String, String)>,
) -> Result<Json<String>, Problem> {
    planner(&service, &client, &vendor).await?;
    let at = At {
        sender: &client.sender,
        vendor: &vendor,
    };
    let link = start_link(&service.core, &service.connectors, at, &id).await;
    link.map(Json).map_err(|error| match error {
        NoLink::None(why) => Problem::absent(why),
        NoLink::NotNow => Problem::unreachable(error.to_string()),
        NoLink::Refused(refused) => refused.into(),
    })
}
