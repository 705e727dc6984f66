//! Where a system is reached: the endpoints that its connector asks for, how the host signs in there, and whether it works.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{Seen, in_dutch, place, shown};
use crate::api::Service;
use crate::app::connection::{self, NotTriable};
use crate::app::peer::{self as peer_verbs, Reach, SignIn};
use crate::app::running::NotRunning;
use crate::connector::egress::AddressRange;
use crate::connector::manifest::Manifest;
use crate::dashboard::connection_words::tried;
use crate::dashboard::form::{Fields, Form};
use crate::dashboard::oops::Oops;
use crate::dashboard::refusal::Said;
use crate::dashboard::shell::after;
use crate::store::peer::PeerRow;

/// An endpoint, as it is set up.
pub(super) struct EndpointLine {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) base_url: String,
    pub(super) sign_in: &'static str,
    pub(super) token_url: String,
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) allowed: String,
    pub(super) is_set: bool,
}

/// The endpoints that the connector asks for and those that are set up, by name; without either one to begin with.
pub(super) async fn endpoints(
    service: &Service,
    tenant: &str,
    row: &PeerRow,
    manifest: Option<&Manifest>,
) -> Result<Vec<EndpointLine>, Oops> {
    let set_up = service.core.db.endpoints(tenant, &row.id).await?;
    let asked = manifest
        .map(|manifest| manifest.endpoints.as_slice())
        .unwrap_or_default();
    let mut names: Vec<String> = asked.iter().map(|one| one.name.as_str().to_owned()).collect();
    names.extend(set_up.iter().map(|one| one.name.clone()));
    if names.is_empty() {
        names.push("api".to_owned());
    }
    names.sort();
    names.dedup();
    let line = |name: String| {
        let purpose = asked.iter().find(|one| one.name.as_str() == name);
        let row = set_up.iter().find(|one| one.name == name);
        let text = |of: Option<&String>| of.cloned().unwrap_or_default();
        let allowed: Vec<String> = row
            .and_then(|row| serde_json::from_str(&row.allowed_addresses).ok())
            .unwrap_or_default();
        EndpointLine {
            purpose: purpose.map_or_else(String::new, |one| one.description.as_str().to_owned()),
            base_url: row.map_or_else(String::new, |row| row.base_url.clone()),
            sign_in: match row.map(|row| row.auth.as_str()) {
                Some("api-key") => "api-key",
                Some("none") => "none",
                _ => "bearer",
            },
            token_url: text(row.and_then(|row| row.token_url.as_ref())),
            client_id: text(row.and_then(|row| row.client_id.as_ref())),
            scope: text(row.and_then(|row| row.scope.as_ref())),
            allowed: allowed.join(", "),
            is_set: row.is_some(),
            name,
        }
    };
    Ok(names.into_iter().map(line).collect())
}

/// Sets where an endpoint is.
pub(super) async fn put_endpoint(
    State(service): State<Service>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let name = fields.text("naam");
    let reach = match reach(fields) {
        Ok(reach) => reach,
        Err(said) => return shown(&service, visitor, &id, said.into()).await,
    };
    match peer_verbs::put_endpoint(&service.core, visitor.tenant(), visitor.id(), &id, name, &reach).await {
        Ok(()) => Ok(after(&place(&id), "adres")),
        Err(error) => shown(&service, visitor, &id, in_dutch(error)?.into()).await,
    }
}

fn reach(fields: &Fields) -> Result<Reach, Said> {
    let allowed: Vec<String> = fields
        .text("prive")
        .split([',', ' ', '\n'])
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect();
    if let Some(strange) = allowed.iter().find(|one| one.parse::<AddressRange>().is_err()) {
        return Err(Said::bad(format!(
            "‘{strange}’ is geen IP-adres of reeks. Schrijf 10.1.2.3 of 10.1.0.0/16."
        )));
    }
    let secret = fields.text("geheim").to_owned();
    let sign_in = match fields.text("aanmelden") {
        "none" => SignIn::None,
        "api-key" | "bearer" if secret.is_empty() => {
            return Err(Said::bad(
                "Vul het geheim of de sleutel in. Een bewaard geheim is niet te zien en wordt bij elke wijziging \
                 opnieuw ingevuld.",
            ));
        }
        "api-key" => SignIn::ApiKey(secret),
        "bearer" => SignIn::Bearer {
            token_url: fields.text("token-adres").to_owned(),
            client_id: fields.text("client-id").to_owned(),
            secret,
            scope: fields.text_opt("scope").map(str::to_owned),
        },
        _ => return Err(Said::bad("Kies hoe de host zich aanmeldt.")),
    };
    Ok(Reach {
        base_url: fields.text("adres").to_owned(),
        sign_in,
        allowed_addresses: allowed,
    })
}

/// Tries one, and shows what each step found.
pub(super) async fn try_endpoint(
    State(service): State<Service>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let name = fields.text("naam");
    let by = visitor.id();
    let seen = match connection::try_endpoint(&service.connectors, visitor.tenant(), by, &id, name).await {
        Ok(found) => Seen {
            tried: Some((name.to_owned(), tried(found))),
            ..Seen::default()
        },
        Err(NotTriable::NotRunning(NotRunning::UnknownPeer(_))) => return Err(Oops::absent("Dit systeem is er niet.")),
        Err(NotTriable::NotRunning(NotRunning::Endpoint { .. })) => {
            Said::conflict("Dit adres is nog niet (goed) ingevuld.").into()
        }
        Err(other) => return Err(Oops::ours(&other)),
    };
    shown(&service, visitor, &id, seen).await
}
