//! Toetsgroepen and who belongs to them (flow 1b). A membership comes to `/members/{personId}`, as the agreement has it,
//! or to `/members` with the person in the body, as the published document's path reads (RULES §4).

use axum::extract::{Path, State};
use axum::response::Response;
use oke_codec::{read_group, read_membership, settle_id};

use super::student_system;
use crate::api::Service;
use crate::app::test_group;
use crate::oke::answer::{stored, unreadable};
use crate::oke::bearer::Client;
use crate::oke::message::Message;
use crate::oke::problem::Problem;

pub(super) async fn put(
    State(service): State<Service>,
    client: Client,
    Path((_, id)): Path<(String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT a group")?;
    settle_id(&mut message.value, "groupId", &id).map_err(unreadable)?;
    let told = read_group(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let outcome = test_group::put(&service.core, &client.sender, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}

pub(super) async fn put_member(
    State(service): State<Service>,
    client: Client,
    Path((_, group, person)): Path<(String, String, String)>,
    mut message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT a member of a group")?;
    settle_id(&mut message.value, "personId", &person).map_err(unreadable)?;
    keep(&service, &client, &group, message).await
}

pub(super) async fn put_member_of_body(
    State(service): State<Service>,
    client: Client,
    Path((_, group)): Path<(String, String)>,
    message: Message,
) -> Result<Response, Problem> {
    student_system(&client, "PUT a member of a group")?;
    keep(&service, &client, &group, message).await
}

async fn keep(service: &Service, client: &Client, group: &str, message: Message) -> Result<Response, Problem> {
    let told = read_membership(&message.value, &client.sender.dialect).map_err(unreadable)?;
    let outcome = test_group::put_member(&service.core, &client.sender, group, &told, &message.content).await?;
    Ok(stored(outcome, message.value))
}
