//! `/koppelingen/{peer}/toelaten/{digest}`: what a package may do for a system beyond what runs there, approved by a
//! person; and `/toelating`: what the school demands before a connector may run.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::{Fields, Form};
use super::keuring_words;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::admission;
use crate::domain::keuring::{AdmissionPolicy, Obstacle};
use crate::store::peer;

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/koppelingen/{peer}/toelaten/{digest}", get(look).post(approve))
        .route("/toelating", get(policy).post(set_policy))
}

struct ApprovalLine {
    by: String,
    at: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "admission.html")]
struct AdmissionPage<'a> {
    shell: Shell,
    peer: String,
    peer_name: String,
    digest: String,
    package: String,
    tried: String,
    changes: Vec<String>,
    fingerprint: String,
    approvals: Vec<ApprovalLine>,
    obstacles: Vec<String>,
    to_approve: bool,
    first: bool,
    typed: &'a str,
}

async fn look(
    State(service): State<Service>,
    visitor: Visitor,
    Path((peer, digest)): Path<(String, String)>,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(
        &service,
        &visitor,
        (&peer, &digest),
        StatusCode::OK,
        just_done.notice(),
        "",
    )
    .await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (peer_id, digest): (&str, &str),
    status: StatusCode,
    notice: Option<Notice>,
    typed: &str,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let row = peer::find(db, tenant, peer_id).await?;
    let row = row.ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
    let package = db.package(tenant, digest).await?;
    let package = package.ok_or_else(|| Oops::absent("Dit pakket is er niet."))?;
    let review = match admission::review_package(&service.core, tenant, peer_id, digest).await {
        Ok(review) => review,
        // A package that may no longer be trusted can't be approved either.
        Err(error) => return Err(Oops::absent(error.in_dutch()?.sentence)),
    };
    let package = format!("{} {}", package.name, package.package_version);
    let title = format!("{package} toelaten bij {}", row.name);
    let admission_page = AdmissionPage {
        shell: Shell::around(service, visitor, "/koppelingen", title, notice).await?,
        first: row.revision.is_none(),
        peer: row.id,
        peer_name: row.name,
        digest: digest.to_owned(),
        package,
        tried: keuring_words::tried(review.tried),
        changes: review.changes.iter().map(keuring_words::change).collect(),
        to_approve: review.obstacles.contains(&Obstacle::NotApproved),
        fingerprint: review.fingerprint,
        approvals: review
            .approvals
            .into_iter()
            .map(|one| ApprovalLine {
                by: one.approved_by,
                at: words::moment(one.approved_at),
                reason: one.reason,
            })
            .collect(),
        obstacles: review.obstacles.iter().map(keuring_words::obstacle).collect(),
        typed,
    };
    page(status, &admission_page)
}

async fn approve(
    State(service): State<Service>,
    Path((peer, digest)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let (seen, reason) = (fields.text("gezien"), fields.text("reden"));
    let (core, tenant) = (&service.core, visitor.tenant());
    match admission::approve(core, tenant, visitor.id(), (&peer, &digest), seen, reason).await {
        Ok(()) => Ok(after(&format!("/koppelingen/{peer}/toelaten/{digest}"), "toegelaten")),
        Err(error) => {
            let said = error.in_dutch()?;
            let notice = Notice::refused(said.sentence);
            shown(&service, visitor, (&peer, &digest), said.status, notice, reason).await
        }
    }
}

#[derive(Template)]
#[template(path = "admission_policy.html")]
struct PolicyPage {
    shell: Shell,
    keuring: bool,
    approval: bool,
    counter_signature: bool,
    days: String,
    signatures: String,
    publishers: String,
    lowest: String,
}

async fn policy(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let policy = admission::policy(&service.core.db, visitor.tenant()).await?;
    let shell = Shell::around(&service, &visitor, "/toelating", "Toelatingsbeleid", just_done.notice()).await?;
    let lowest = policy
        .lowest_versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    let policy_page = PolicyPage {
        shell,
        keuring: policy.keuring,
        approval: policy.approval,
        counter_signature: policy.counter_signature,
        days: policy.max_age_days.to_string(),
        signatures: policy.signatures.to_string(),
        lowest: lowest.collect::<Vec<_>>().join("\n"),
        publishers: policy.publishers.into_iter().collect::<Vec<_>>().join("\n"),
    };
    page(StatusCode::OK, &policy_page)
}

async fn set_policy(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let refused = match read_policy(fields) {
        Err(said) => said,
        Ok(policy) => match admission::set_policy(&service.core, visitor.tenant(), visitor.id(), policy).await {
            Ok(()) => return Ok(after("/toelating", "toelatingsbeleid")),
            Err(error) => error.in_dutch()?,
        },
    };
    let notice = Notice::refused(refused.sentence);
    let policy_page = PolicyPage {
        shell: Shell::around(&service, visitor, "/toelating", "Toelatingsbeleid", notice).await?,
        keuring: is_ticked(fields, "keuring"),
        approval: is_ticked(fields, "goedkeuring"),
        counter_signature: is_ticked(fields, "mede"),
        days: fields.text("dagen").to_owned(),
        signatures: fields.text("sleutels").to_owned(),
        publishers: fields.text("uitgevers").to_owned(),
        lowest: fields.text("laagste").to_owned(),
    };
    page(refused.status, &policy_page)
}

fn is_ticked(fields: &Fields, name: &str) -> bool {
    fields.text(name) == "ja"
}

fn read_policy(fields: &Fields) -> Result<AdmissionPolicy, Said> {
    let number = |name: &str, what: &str| {
        let read = fields.text(name).parse::<u32>();
        read.map_err(|_| {
            Said::bad(format!(
                "‘{}’ is geen aantal {what}. Vul een heel getal in.",
                fields.text(name)
            ))
        })
    };
    let mut lowest_versions = BTreeMap::new();
    for line in fields
        .text("laagste")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let wrong = || {
            Said::bad(format!(
                "De regel ‘{line}’ is niet leesbaar. Schrijf per regel de naam van een connector en een versie, zoals \
                 ‘ooapi-ta 1.2.0’."
            ))
        };
        let (name, version) = line.split_once(' ').ok_or_else(wrong)?;
        lowest_versions.insert(name.to_owned(), version.trim().parse().map_err(|_| wrong())?);
    }
    let publishers = fields.text("uitgevers").lines().map(str::trim);
    Ok(AdmissionPolicy {
        keuring: is_ticked(fields, "keuring"),
        max_age_days: number("dagen", "dagen")?,
        approval: is_ticked(fields, "goedkeuring"),
        signatures: number("sleutels", "sleutels")?,
        counter_signature: is_ticked(fields, "mede"),
        publishers: publishers.filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        lowest_versions,
    })
}
