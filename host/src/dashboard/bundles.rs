//! `/pakketten/bundel`: a publisher's bundle of keys, revocations and packages. First what it would bring and stop, then
//! the same file once more to import it: nothing is kept of a file that nobody confirmed.

use askama::Template;
use axum::Router;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::form::FileForm;
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::bundle::{self, BundleError, Foreseen};
use crate::app::publisher::Signed;
use crate::connector::bundle::Bundle;

/// What stands around a bundle in an upload, in bytes.
const FORM_AROUND: usize = 64 * 1024;

/// The page.
pub fn routes() -> Router<Service> {
    Router::new().route("/pakketten/bundel", get(show))
}

/// The form that carries the file.
pub fn upload_route(stream_limit: usize) -> Router<Service> {
    Router::new()
        .route("/pakketten/bundel", post(upload))
        .layer(DefaultBodyLimit::max(stream_limit.saturating_add(FORM_AROUND)))
}

struct Runs {
    peer: String,
    revision: i64,
    connector: String,
}

struct Shown {
    publisher: String,
    sequence: u64,
    digest: String,
    again: bool,
    trusted: Vec<String>,
    expiring: Vec<(String, String)>,
    revoked: Vec<(String, String, String)>,
    packages: Vec<String>,
    stops: Vec<Runs>,
    no_way_back: Vec<Runs>,
}

impl Shown {
    fn of(bundle: &Bundle, foreseen: Foreseen) -> Self {
        let news = &bundle.news;
        let runs = |signed: Vec<Signed>| {
            signed
                .into_iter()
                .map(|one| Runs {
                    connector: format!("{} {}", one.name, one.version),
                    peer: one.peer,
                    revision: one.revision,
                })
                .collect()
        };
        let changed = &foreseen.imported;
        let expiring = news
            .expire
            .iter()
            .map(|one| (one.id.to_string(), words::moment(one.at)));
        let revoked = news.revoke.iter().map(|one| {
            let since = words::moment(one.compromised_since);
            (one.id.to_string(), since, one.reason.clone())
        });
        Shown {
            publisher: news.publisher.to_string(),
            sequence: news.sequence,
            digest: bundle.digest().to_owned(),
            again: changed.again,
            trusted: changed.trusted.clone(),
            expiring: expiring.filter(|(id, _)| changed.expiring.contains(id)).collect(),
            revoked: revoked.filter(|(id, ..)| changed.revoked.contains(id)).collect(),
            packages: foreseen.packages,
            stops: runs(foreseen.revocation.stops),
            no_way_back: runs(foreseen.revocation.no_way_back),
        }
    }

    fn changes_nothing(&self) -> bool {
        self.trusted.is_empty() && self.expiring.is_empty() && self.revoked.is_empty() && self.packages.is_empty()
    }
}

#[derive(Template)]
#[template(path = "bundle.html")]
struct BundlePage {
    shell: Shell,
    shown: Option<Shown>,
}

async fn show(
    State(service): State<Service>,
    visitor: Visitor,
    Query(just_done): Query<JustDone>,
) -> Result<Response, Oops> {
    shown(&service, &visitor, (StatusCode::OK, just_done.notice()), None).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (status, notice): (StatusCode, Option<Notice>),
    bundle: Option<Shown>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let bundle_page = BundlePage {
        shell: Shell::around(service, visitor, "/pakketten", "Bundel van een uitgever", notice).await?,
        shown: bundle,
    };
    page(status, &bundle_page)
}

async fn upload(
    State(service): State<Service>,
    visitor: Visitor,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    // With the digest of the file that was looked at before.
    let form = FileForm::read(
        &visitor,
        multipart,
        ("bundel", &["gezien"]),
        "een bundel is hoogstens 64 MiB",
    )
    .await?;
    match taken(&service, &visitor, form).await {
        Ok(Taken::Imported) => Ok(after("/pakketten", "bundel")),
        Ok(Taken::Seen(bundle, said)) => {
            let told = match said {
                None => (StatusCode::OK, None),
                Some(said) => (said.status, Notice::refused(said.sentence)),
            };
            shown(&service, &visitor, told, Some(*bundle)).await
        }
        Err(error) => {
            let said = error.in_dutch()?;
            shown(&service, &visitor, (said.status, Notice::refused(said.sentence)), None).await
        }
    }
}

enum Taken {
    Imported,
    Seen(Box<Shown>, Option<Said>),
}

async fn taken(service: &Service, visitor: &Visitor, form: FileForm) -> Result<Taken, BundleError> {
    let (core, tenant, by) = (&service.core, visitor.tenant(), visitor.id());
    let FileForm { fields, file, .. } = form;
    let (seen, bundle) = (fields.text("gezien"), bundle::read(file).await?);
    if seen == bundle.digest() {
        bundle::import(core, tenant, by, &bundle).await?;
        return Ok(Taken::Imported);
    }
    let foreseen = bundle::foresee(core, tenant, by, &bundle).await?;
    let another = Said::conflict("Dit is een ander bestand dan u net bekeek. Hieronder staat wat dit bestand brengt.");
    let said = Some(another).filter(|_| !seen.is_empty());
    Ok(Taken::Seen(Box::new(Shown::of(&bundle, foreseen)), said))
}
