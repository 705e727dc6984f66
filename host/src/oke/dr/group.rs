//! Toetsgroepen and who belongs to them (flow 1b).

use axum::Json;
use axum::extract::{Path, State};
use oke_codec::{write_group, write_membership};
use serde_json::Value;

use super::{collapsed, student_systems};
use crate::api::Service;
use crate::app::Refused;
use crate::domain::calendar;
use crate::domain::test_group::TestGroup;
use crate::oke::bearer::Client;
use crate::oke::problem::Problem;
use crate::oke::query::Query;
use crate::store::test_group;

pub(super) async fn list(State(service): State<Service>, client: Client, query: Query) -> Result<Json<Value>, Problem> {
    let systems = student_systems(&service, &client).await?;
    let page = query.page()?;
    let (since, until) = (query.since()?.map(calendar::day), query.until()?.map(calendar::day));
    let wanted = query.get("q").unwrap_or("").to_lowercase();
    let mut found = test_group::of_peers(&service.core.db, &client.sender.tenant, &systems).await?;
    found.retain(|group| {
        let facts = &group.facts;
        let is_named = [&facts.name, &facts.primary_code.value]
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted));
        is_named
            && query
                .get("primaryCode")
                .is_none_or(|code| facts.primary_code.value == code)
            && query.get("groupType").is_none_or(|kind| facts.group_type == kind)
            && since.is_none_or(|since| facts.end.is_none_or(|end| end >= since))
            && until.is_none_or(|until| facts.start.is_none_or(|start| start <= until))
    });
    Ok(Json(page.of(found, |group| written(&client, group, &query))))
}

fn written(client: &Client, group: &TestGroup, query: &Query) -> Value {
    collapsed(write_group(&group.facts, &client.sender.dialect), query, "")
}

pub(super) async fn show(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let group = find(&service, &client, &id).await?;
    Ok(Json(written(&client, &group, &query)))
}

pub(super) async fn members(
    State(service): State<Service>,
    client: Client,
    Path((tenant, id)): Path<(String, String)>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let group = find(&service, &client, &id).await?;
    let page = query.page()?;
    let members = test_group::members_of(&service.core.db, &tenant, &group.id).await?;
    Ok(Json(page.of(members, |member| write_membership(&member.facts))))
}

async fn find(service: &Service, client: &Client, id: &str) -> Result<TestGroup, Problem> {
    let systems = student_systems(service, client).await?;
    let found = test_group::find(&service.core.db, &client.sender.tenant, id).await?;
    let found = found.filter(|found| systems.contains(&found.peer));
    Ok(found.ok_or_else(|| Refused::unknown("group", id))?)
}
