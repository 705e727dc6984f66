//! `/api/v1/accounts`: who works with the host, and the functions they hold.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Service;
use crate::api::identity::{Body, Caller};
use crate::api::operations::Operations;
use crate::api::problem::Problem;
use crate::app::account;
use crate::domain::principal::Duty;

/// What is served.
pub fn operations() -> Operations {
    Operations::default()
        .get("/api/v1/accounts", list)
        .post("/api/v1/accounts", create)
        .post("/api/v1/accounts/{account}/assignments", grant)
        .delete("/api/v1/accounts/{account}/assignments/{assignment}", withdraw)
        .post("/api/v1/accounts/{account}/disable", disable)
        .post("/api/v1/accounts/{account}/enable", enable)
        .post("/api/v1/accounts/{account}/token", renew)
}

/// An account as others see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Short name.
    pub id: String,
    /// Name on pages and decisions.
    pub name: String,
    /// Who this is in sittings and results.
    pub person_id: Option<String>,
    /// Can't come in any more.
    pub disabled: bool,
    /// Functions, held or withdrawn.
    pub assignments: Vec<Assignment>,
}

/// A function held.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Id.
    pub id: String,
    /// `plannen`, `beoordelen`, `vaststellen` or `beheren`.
    pub duty: String,
    /// Unit, `*` for the whole school.
    pub unit: String,
    /// Held by mandate of the examencommissie.
    pub mandate: bool,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Withdrawn at.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub withdrawn: Option<Timestamp>,
}

/// All accounts with what they hold.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
    responses((status = 200, body = Vec<Account>), (status = "4XX", body = Problem)))]
pub async fn list(State(service): State<Service>, caller: Caller) -> Result<Json<Vec<Account>>, Problem> {
    caller.must_hold_any(&service, &[Duty::Beheren, Duty::Vaststellen])?;
    let mut accounts = Vec::new();
    for row in service.core.db.accounts(caller.tenant()).await? {
        let assignments = service.core.db.assignments(caller.tenant(), &row.id).await?;
        let assignments = assignments
            .into_iter()
            .map(|one| Assignment {
                id: one.id,
                duty: one.duty,
                unit: one.unit,
                mandate: one.mandate,
                from: one.from_at,
                until: one.until_at,
                withdrawn: one.withdrawn_at,
            })
            .collect();
        accounts.push(Account {
            id: row.id,
            name: row.name,
            person_id: row.person_id,
            disabled: row.disabled,
            assignments,
        });
    }
    Ok(Json(accounts))
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAccount {
    /// Short name: 2 to 40 small letters, digits and dashes.
    pub id: String,
    /// Name on pages and decisions.
    pub name: String,
    /// Who this is in sittings and results.
    pub person_id: Option<String>,
    /// Codes this person assesses under.
    #[serde(default)]
    pub codes: Vec<String>,
}

/// A token, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownOnce {
    /// To sign in with.
    pub token: String,
}

/// Makes an account; its token is shown this once.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 201, body = ShownOnce), (status = "4XX", body = Problem)))]
pub async fn create(
    State(service): State<Service>,
    caller: Caller,
    Body(new): Body<NewAccount>,
) -> Result<(StatusCode, Json<ShownOnce>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let new = account::NewAccount {
        id: new.id,
        name: new.name,
        person_id: new.person_id,
        codes: new.codes,
    };
    let token = account::create(&service.core, caller.tenant(), caller.id(), &new).await?;
    Ok((
        StatusCode::CREATED,
        Json(ShownOnce {
            token: token.reveal().to_owned(),
        }),
    ))
}

/// A function to grant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// `plannen`, `beoordelen`, `vaststellen` or `beheren`.
    pub duty: String,
    /// Unit, `*` for the whole school.
    pub unit: String,
    /// By mandate of the examencommissie; then `until` is needed.
    #[serde(default)]
    pub mandate: bool,
    /// From when; now when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// What was granted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Granted {
    /// The assignment's id.
    pub id: String,
}

/// Grants a function. Nobody gets both beheren and vaststellen.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/assignments", tag = "accounts", request_body = Grant,
    params(("account" = String, Path)), responses((status = 201, body = Granted), (status = "4XX", body = Problem)))]
pub async fn grant(
    State(service): State<Service>,
    caller: Caller,
    Path(account): Path<String>,
    Body(grant): Body<Grant>,
) -> Result<(StatusCode, Json<Granted>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let duty = Duty::from_name(&grant.duty).ok_or_else(|| {
        let names = Duty::ALL.map(Duty::name).join(", ");
        Problem::bad("duty", format!("`{}` is no function; use one of {names}", grant.duty))
    })?;
    let grant = account::Grant {
        duty,
        unit: grant.unit,
        mandate: grant.mandate,
        from: grant.from,
        until: grant.until,
    };
    let id = account::grant(&service.core, caller.tenant(), caller.id(), &account, &grant).await?;
    Ok((StatusCode::CREATED, Json(Granted { id })))
}

/// Takes a function back from now on.
#[utoipa::path(delete, path = "/api/v1/accounts/{account}/assignments/{assignment}", tag = "accounts",
    params(("account" = String, Path), ("assignment" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn withdraw(
    State(service): State<Service>,
    caller: Caller,
    Path((account, assignment)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    account::withdraw(&service.core, caller.tenant(), caller.id(), &account, &assignment).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why an account is shut out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disable {
    /// Others read it later.
    pub reason: String,
}

/// Shuts an account out from now on, with the browsers that are signed in; not the last that holds `beheren`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/disable", tag = "accounts", request_body = Disable,
    params(("account" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn disable(
    State(service): State<Service>,
    caller: Caller,
    Path(account): Path<String>,
    Body(disable): Body<Disable>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    account::disable(&service.core, caller.tenant(), caller.id(), &account, &disable.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets an account in again, with the token it had.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/enable", tag = "accounts",
    params(("account" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn enable(
    State(service): State<Service>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    account::enable(&service.core, caller.tenant(), caller.id(), &account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an account another token, shown this once; the old one ends at once.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/token", tag = "accounts",
    params(("account" = String, Path)), responses((status = 201, body = ShownOnce), (status = "4XX", body = Problem)))]
pub async fn renew(
    State(service): State<Service>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<(StatusCode, Json<ShownOnce>), Problem> {
    caller.must_hold(&service, Duty::Beheren)?;
    let by = account::actor(caller.id());
    let token = account::renew(&service.core, caller.tenant(), &by, &account).await?;
    let shown = ShownOnce {
        token: token.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(shown)))
}
