//! `/accounts`: who works with the host and which functions they hold; made and granted by functioneel beheer.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::Form;
use super::oops::Oops;
use super::publishers::at_school;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::units::Units;
use super::words;
use crate::api::Service;
use crate::app::account::{self, Grant, NewAccount};
use crate::domain::principal::Duty;
use crate::store::account::AssignmentRow;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/accounts", get(list).post(create))
        .route("/accounts/{account}", get(show).post(grant))
        .route("/accounts/{account}/intrekken", post(withdraw))
        .route("/accounts/{account}/uitschakelen", post(disable))
        .route("/accounts/{account}/inschakelen", post(enable))
        .route("/accounts/{account}/token", post(renew))
}

struct Line {
    id: String,
    name: String,
    functions: String,
    disabled: bool,
    since: String,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    form: MakeForm,
}

/// The form that makes an account, and what became of it.
#[derive(Default)]
struct MakeForm {
    /// The account that was just made and its token, shown this once.
    token: Option<(String, String)>,
    typed: Typed,
}

#[derive(Default)]
struct Typed {
    id: String,
    name: String,
    person: String,
    codes: String,
}

async fn list(State(service): State<Service>, visitor: Visitor) -> Result<Response, Oops> {
    shown(&service, &visitor, None, MakeForm::default()).await
}

async fn shown(service: &Service, visitor: &Visitor, said: Option<Said>, form: MakeForm) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let units = Units::of(service, tenant).await?;
    let mut lines = Vec::new();
    for row in db.accounts(tenant).await? {
        let held = db.assignments(tenant, &row.id).await?;
        let held = held.iter().filter(|one| holds(one, visitor));
        let functions: Vec<String> = held
            .map(|one| {
                let mandate = if one.mandate { ", mandaat" } else { "" };
                format!("{} ({}{mandate})", one.duty, units.name(&one.unit))
            })
            .collect();
        lines.push(Line {
            functions: functions.join(", "),
            disabled: row.disabled,
            since: words::day(row.created_at),
            id: row.id,
            name: row.name,
        });
    }
    let (status, notice) = match said {
        None => (StatusCode::OK, None),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let list = ListPage {
        shell: Shell::around(service, visitor, "/accounts", "Accounts", notice).await?,
        lines,
        form,
    };
    page(status, &list)
}

fn holds(one: &AssignmentRow, visitor: &Visitor) -> bool {
    let begun = one.from_at <= visitor.now;
    let ended = one.until_at.is_some_and(|until| until <= visitor.now);
    begun && !ended && one.withdrawn_at.is_none()
}

async fn create(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let new = NewAccount {
        id: fields.text("id").to_owned(),
        name: fields.text("naam").to_owned(),
        person_id: fields.text_opt("persoon").map(str::to_owned),
        codes: fields
            .text("codes")
            .split([',', ' '])
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let typed = Typed {
        id: new.id.clone(),
        name: new.name.clone(),
        person: fields.text("persoon").to_owned(),
        codes: fields.text("codes").to_owned(),
    };
    let again = MakeForm { token: None, typed };
    if new.name.is_empty() {
        let said = Said::bad("Vul de naam in die op pagina’s en besluiten komt te staan.");
        return shown(&service, visitor, Some(said), again).await;
    }
    match account::create(&service.core, visitor.tenant(), visitor.id(), &new).await {
        Ok(token) => {
            let made = MakeForm {
                token: Some((new.id, token.reveal().to_owned())),
                ..MakeForm::default()
            };
            shown(&service, visitor, None, made).await
        }
        Err(error) => shown(&service, visitor, Some(error.in_dutch()?), again).await,
    }
}

struct Held {
    id: String,
    duty: String,
    unit: String,
    mandate: bool,
    from: String,
    until: String,
    by: String,
    state: &'static str,
    withdrawable: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    id: String,
    name: String,
    person: String,
    codes: String,
    held: Vec<Held>,
    duties: [&'static str; 4],
    units: Vec<(String, String)>,
    disabled: bool,
    /// The new token, shown this once.
    token: Option<String>,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    let seen = Seen {
        notice: just_done.notice(),
        ..Seen::default()
    };
    account_shown(&service, &visitor, &id, seen).await
}

/// What the page says beside the account itself.
#[derive(Default)]
struct Seen {
    status: StatusCode,
    notice: Option<Notice>,
    token: Option<String>,
}

impl From<Said> for Seen {
    fn from(said: Said) -> Seen {
        Seen {
            status: said.status,
            notice: Notice::refused(said.sentence),
            token: None,
        }
    }
}

async fn account_shown(service: &Service, visitor: &Visitor, id: &str, seen: Seen) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = db
        .account(tenant, id)
        .await?
        .ok_or_else(|| Oops::absent("Dit account is er niet."))?;
    let units = Units::of(service, tenant).await?;
    let held = db.assignments(tenant, id).await?.into_iter().map(|one| Held {
        unit: units.name(&one.unit),
        from: words::moment(one.from_at),
        until: one.until_at.map_or_else(|| "–".to_owned(), words::moment),
        state: match (one.withdrawn_at, holds(&one, visitor)) {
            (Some(_), _) => "ingetrokken",
            (None, true) => "geldt",
            (None, false) if one.from_at > visitor.now => "gaat nog in",
            (None, false) => "afgelopen",
        },
        withdrawable: one.withdrawn_at.is_none() && one.until_at.is_none_or(|until| until > visitor.now),
        mandate: one.mandate,
        by: one.granted_by,
        duty: one.duty,
        id: one.id,
    });
    let codes: Vec<String> = serde_json::from_str(&row.codes).map_err(|error| Oops::ours(&error))?;
    let account_page = AccountPage {
        held: held.collect(),
        shell: Shell::around(
            service,
            visitor,
            "/accounts",
            format!("Account van {}", row.name),
            seen.notice,
        )
        .await?,
        person: row.person_id.unwrap_or_else(|| "–".to_owned()),
        codes: if codes.is_empty() {
            "–".to_owned()
        } else {
            codes.join(", ")
        },
        duties: Duty::ALL.map(Duty::name),
        units: units
            .sorted()
            .into_iter()
            .map(|unit| (unit.id.clone(), unit.name.clone()))
            .collect(),
        disabled: row.disabled,
        token: seen.token,
        id: row.id,
        name: row.name,
    };
    page(seen.status, &account_page)
}

async fn grant(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let asked = read_grant(&form);
    let granted = match asked {
        Ok(asked) => account::grant(&service.core, visitor.tenant(), visitor.id(), &id, &asked)
            .await
            .map_err(|error| error.in_dutch()),
        Err(said) => Err(Ok(said)),
    };
    match granted {
        Ok(_) => Ok(after(&format!("/accounts/{id}"), "toegekend")),
        Err(said) => {
            let said = said?;
            let sentence = format!("{} (‘{}’ is niet toegekend.)", said.sentence, fields.text("functie"));
            let said = Said { sentence, ..said };
            account_shown(&service, visitor, &id, said.into()).await
        }
    }
}

fn read_grant(form: &Form) -> Result<Grant, Said> {
    let fields = &form.fields;
    let moment = |name: &str| {
        at_school(fields.text(name)).map_err(|_| Said::bad("Een van de momenten is niet leesbaar: kies dag en tijd."))
    };
    Ok(Grant {
        duty: Duty::from_name(fields.text("functie")).ok_or_else(|| Said::bad("Kies een van de functies."))?,
        unit: fields.text("onderdeel").to_owned(),
        mandate: fields.text("mandaat") == "ja",
        from: moment("vanaf")?,
        until: moment("tot")?,
    })
}

async fn withdraw(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let assignment = fields.text("toekenning");
    match account::withdraw(&service.core, visitor.tenant(), visitor.id(), &id, assignment).await {
        Ok(()) => Ok(after(&format!("/accounts/{id}"), "ontnomen")),
        Err(error) => account_shown(&service, visitor, &id, error.in_dutch()?.into()).await,
    }
}

async fn disable(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    match account::disable(&service.core, visitor.tenant(), visitor.id(), &id, fields.text("reden")).await {
        Ok(()) => Ok(after(&format!("/accounts/{id}"), "uitgeschakeld")),
        Err(error) => account_shown(&service, visitor, &id, error.in_dutch()?.into()).await,
    }
}

async fn enable(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let visitor = &form.visitor;
    match account::enable(&service.core, visitor.tenant(), visitor.id(), &id).await {
        Ok(()) => Ok(after(&format!("/accounts/{id}"), "ingeschakeld")),
        Err(error) => account_shown(&service, visitor, &id, error.in_dutch()?.into()).await,
    }
}

async fn renew(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let visitor = &form.visitor;
    let by = account::actor(visitor.id());
    match account::renew(&service.core, visitor.tenant(), &by, &id).await {
        Ok(token) => {
            let seen = Seen {
                token: Some(token.reveal().to_owned()),
                ..Seen::default()
            };
            account_shown(&service, visitor, &id, seen).await
        }
        Err(error) => account_shown(&service, visitor, &id, error.in_dutch()?.into()).await,
    }
}
