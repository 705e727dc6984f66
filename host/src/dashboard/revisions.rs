//! `/koppelingen/{peer}/revisie/{digest}`: a new revision of a system's connector, of a package that was brought in, with
//! its profile and its settings. The first one of a system works at once; a later one is had by nobody until it is rolled
//! out.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use tracing::warn;

use super::connectors::named;
use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::{InDutch as _, Said};
use super::session::Visitor;
use super::shell::{Notice, Shell, after, page};
use crate::api::Service;
use crate::app::package::{self, PackageError};
use crate::app::revision::{self, NewRevision};
use crate::app::running::NotRunning;
use crate::connector::manifest::{ConfigField, ConfigKind, ConfigValue, Configuration, Manifest, Profile};
use crate::store::StoreError;
use crate::store::package::PackageRow;
use crate::store::peer::{self, PeerRow};

/// The route.
pub fn routes() -> Router<Service> {
    Router::new().route("/koppelingen/{peer}/revisie/{digest}", get(ask).post(make))
}

/// Before the key in the name of a setting's field.
const SETTING: &str = "instelling-";
/// Before the key in the name of the box that sets a text to the empty one: a field that is left empty follows the profile.
const EMPTY: &str = "leeg-";

struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

struct Setting {
    key: String,
    description: String,
    /// What it may be, and what it is when left empty.
    hint: String,
    typed: String,
    /// Empty for one that is typed.
    choices: Vec<Choice>,
    /// A text, which may be set to the empty one.
    may_be_empty: bool,
    /// It is set to the empty text.
    is_empty: bool,
}

#[derive(Template)]
#[template(path = "revision.html")]
struct RevisionPage {
    shell: Shell,
    peer: String,
    peer_name: String,
    digest: String,
    package: String,
    first: bool,
    profiles: Vec<Choice>,
    settings: Vec<Setting>,
    reason: String,
}

/// A package and the system that it is to be a revision of.
struct Subject {
    peer: PeerRow,
    package: PackageRow,
    manifest: Manifest,
    profiles: Vec<Profile>,
    /// No revision was ever made for the system.
    is_first: bool,
}

impl Subject {
    async fn of(service: &Service, visitor: &Visitor, (peer_id, digest): (&str, &str)) -> Result<Subject, Oops> {
        let (core, tenant) = (&service.core, visitor.tenant());
        let peer = peer::find(&core.db, tenant, peer_id).await?;
        let peer = peer.ok_or_else(|| Oops::absent("Deze koppeling is er niet."))?;
        let (package, verified) = match package::open(core, tenant, digest).await {
            Ok(opened) => opened,
            Err(PackageError::Unknown(_)) => return Err(Oops::absent("Dit pakket is er niet.")),
            Err(error) => return Err(Oops::absent(error.in_dutch()?.sentence)),
        };
        let is_first = core.db.revisions(tenant, &peer.id).await?.is_empty();
        Ok(Subject {
            is_first,
            peer,
            package,
            manifest: verified.contents.manifest,
            profiles: verified.contents.profiles,
        })
    }

    fn profile(&self, name: Option<&str>) -> Option<&Profile> {
        self.profiles.iter().find(|profile| Some(profile.name.as_str()) == name)
    }

    /// What was typed, as settings; the first thing that is wrong, otherwise.
    fn read(&self, fields: &Fields) -> Result<(Option<String>, Configuration), Said> {
        let profile = fields.text_opt("profiel");
        let chosen = self.profile(profile);
        if profile.is_some() && chosen.is_none() {
            return Err(Said::bad("Dit profiel heeft de connector niet: kies een ander."));
        }
        let mut given = Configuration::new();
        for (key, field) in self.manifest.config.fields() {
            let typed = fields.text_opt(&format!("{SETTING}{key}"));
            let is_empty = field.kind == ConfigKind::String && fields.text_opt(&format!("{EMPTY}{key}")).is_some();
            match typed {
                Some(_) if is_empty => {
                    let sentence = format!("De instelling ‘{key}’ is leeg of een tekst, niet beide.");
                    return Err(Said::bad(sentence));
                }
                Some(text) => drop(given.insert(key.to_owned(), value(key, field, text)?)),
                None if is_empty => drop(given.insert(key.to_owned(), ConfigValue::Text(String::new()))),
                None => {}
            }
        }
        let mut whole = chosen.map(|profile| profile.values.clone()).unwrap_or_default();
        whole.extend(given.clone());
        let problems = self.manifest.config.complete(&whole).err().unwrap_or_default();
        match problems.first() {
            None => Ok((profile.map(str::to_owned), given)),
            Some(problem) => {
                let field = self.manifest.config.field(&problem.key);
                let wanted = field.map(|field| wanted(&field.kind)).unwrap_or_default();
                Err(Said::bad(format!(
                    "De instelling ‘{}’ klopt niet of is niet ingevuld: {wanted}.",
                    problem.key
                )))
            }
        }
    }
}

/// What a setting may be.
fn wanted(kind: &ConfigKind) -> String {
    match kind {
        ConfigKind::String => "tekst van hoogstens 4000 tekens".to_owned(),
        ConfigKind::Integer { minimum, maximum } => format!("een geheel getal van {minimum} tot en met {maximum}"),
        ConfigKind::Boolean => "ja of nee".to_owned(),
        ConfigKind::Choice(choices) => format!("een van {}", choices.join(", ")),
    }
}

fn value(key: &str, field: &ConfigField, text: &str) -> Result<ConfigValue, Said> {
    let read = match &field.kind {
        ConfigKind::String | ConfigKind::Choice(_) => Some(ConfigValue::Text(text.to_owned())),
        ConfigKind::Integer { .. } => text.parse().ok().map(ConfigValue::Number),
        ConfigKind::Boolean => match text {
            "ja" => Some(ConfigValue::Flag(true)),
            "nee" => Some(ConfigValue::Flag(false)),
            _ => None,
        },
    };
    read.ok_or_else(|| Said::bad(format!("De instelling ‘{key}’ is {}.", wanted(&field.kind))))
}

fn written(value: &ConfigValue) -> String {
    match value {
        ConfigValue::Text(text) => text.clone(),
        ConfigValue::Number(number) => number.to_string(),
        ConfigValue::Flag(true) => "ja".to_owned(),
        ConfigValue::Flag(false) => "nee".to_owned(),
    }
}

/// What stands in the form.
#[derive(Default)]
struct Typed {
    profile: Option<String>,
    settings: Vec<(String, String)>,
    /// Keys of texts that are set to the empty one.
    empty: Vec<String>,
    reason: String,
}

impl Typed {
    fn of(fields: &Fields) -> Typed {
        let settings = fields.iter().filter_map(|(name, text)| {
            let key = name.strip_prefix(SETTING)?;
            Some((key.to_owned(), text.trim().to_owned()))
        });
        Typed {
            profile: fields.text_opt("profiel").map(str::to_owned),
            settings: settings.collect(),
            empty: fields
                .iter()
                .filter_map(|(name, _)| name.strip_prefix(EMPTY).map(str::to_owned))
                .collect(),
            reason: fields.text("reden").to_owned(),
        }
    }

    /// As the revision that everybody has was made: its profile, and what was set beside that.
    async fn as_running(service: &Service, subject: &Subject) -> Result<Typed, Oops> {
        let (core, row) = (&service.core, &subject.peer);
        let running = match row.revision {
            Some(number) => core.db.revision(&row.tenant, &row.id, number).await?,
            None => None,
        };
        let first = subject.profiles.first().map(|profile| profile.name.as_str().to_owned());
        let Some(running) = running else {
            return Ok(Typed {
                profile: first,
                ..Typed::default()
            });
        };
        let set: Configuration = serde_json::from_str(&running.config).map_err(|error| StoreError::Inconsistent {
            column: "revision.config".to_owned(),
            why: error.to_string(),
        })?;
        let manifest = revision::manifest(&core.db, &running).await?;
        let name = running
            .profile
            .as_deref()
            .filter(|name| subject.profile(Some(name)).is_some());
        // Where the profile is not to be had any more, in the new package or since a key was revoked, all that it gave
        // stands in the form as if typed.
        let profiles = match package::open(core, &row.tenant, &running.digest).await {
            Ok((_, before)) => before.contents.profiles,
            Err(PackageError::Refused(_)) => Vec::new(),
            Err(error) => return Err(Oops::ours(&error)),
        };
        let profile = profiles.iter().find(|it| Some(it.name.as_str()) == name);
        let by_itself = |key: &str| {
            let of_profile = profile.and_then(|profile| profile.values.get(key));
            let field = manifest.as_ref().and_then(|manifest| manifest.config.field(key));
            of_profile.or(field.and_then(|field| field.default.as_ref())).cloned()
        };
        let own = set.iter().filter(|(key, value)| by_itself(key).as_ref() != Some(value));
        let (empty, own): (Vec<_>, Vec<_>) =
            own.partition(|(_, value)| matches!(value, ConfigValue::Text(text) if text.is_empty()));
        Ok(Typed {
            profile: name.map(str::to_owned),
            settings: own
                .into_iter()
                .map(|(key, value)| (key.clone(), written(value)))
                .collect(),
            empty: empty.into_iter().map(|(key, _)| key.clone()).collect(),
            reason: String::new(),
        })
    }

    fn text(&self, key: &str) -> &str {
        let found = self.settings.iter().find(|(own, _)| own == key);
        found.map_or("", |(_, text)| text)
    }
}

fn setting(key: &str, field: &ConfigField, form: &Typed) -> Setting {
    let typed = form.text(key);
    let by_default = match &field.default {
        Some(value) => format!("; leeg: volgens het profiel, anders {}", written(value)),
        None if field.required => "; leeg: volgens het profiel, dat haar dan moet noemen".to_owned(),
        None => "; leeg: volgens het profiel, anders niet ingesteld".to_owned(),
    };
    let words = match &field.kind {
        ConfigKind::Choice(choices) => choices.clone(),
        ConfigKind::Boolean => vec!["ja".to_owned(), "nee".to_owned()],
        ConfigKind::String | ConfigKind::Integer { .. } => Vec::new(),
    };
    // What the connector does not know any more is shown, and refused until another is chosen.
    let gone = !typed.is_empty() && !words.is_empty() && !words.iter().any(|word| word == typed);
    let words = words.into_iter().map(|word| (word.clone(), word));
    let gone = gone.then(|| (typed.to_owned(), format!("{typed} (kent deze connector niet)")));
    let choice = |(value, word): (String, String)| Choice {
        chosen: value == typed,
        value,
        word,
    };
    Setting {
        key: key.to_owned(),
        description: field.description.as_str().to_owned(),
        hint: format!("{}{by_default}", wanted(&field.kind)),
        typed: typed.to_owned(),
        choices: words.chain(gone).map(choice).collect(),
        may_be_empty: field.kind == ConfigKind::String,
        is_empty: form.empty.iter().any(|own| own == key),
    }
}

async fn ask(
    State(service): State<Service>,
    visitor: Visitor,
    Path((peer, digest)): Path<(String, String)>,
) -> Result<Response, Oops> {
    visitor.must_manage()?;
    let subject = Subject::of(&service, &visitor, (&peer, &digest)).await?;
    let typed = Typed::as_running(&service, &subject).await?;
    shown(&service, &visitor, subject, typed, None).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    subject: Subject,
    typed: Typed,
    said: Option<Said>,
) -> Result<Response, Oops> {
    let (status, notice) = match said {
        None => (StatusCode::OK, None),
        Some(said) => (said.status, Notice::refused(said.sentence)),
    };
    let title = format!("Nieuwe revisie: {}", subject.peer.name);
    let profiles = subject.profiles.iter().map(|profile| Choice {
        chosen: typed.profile.as_deref() == Some(profile.name.as_str()),
        value: profile.name.as_str().to_owned(),
        word: profile.title.as_str().to_owned(),
    });
    let fields = subject.manifest.config.fields();
    let revision_page = RevisionPage {
        shell: Shell::around(service, visitor, "/koppelingen", title, notice).await?,
        first: subject.is_first,
        profiles: profiles.collect(),
        settings: fields.map(|(key, field)| setting(key, field, &typed)).collect(),
        reason: typed.reason,
        package: named(&subject.package),
        digest: subject.package.digest,
        peer: subject.peer.id,
        peer_name: subject.peer.name,
    };
    page(status, &revision_page)
}

async fn make(
    State(service): State<Service>,
    Path((peer, digest)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let subject = Subject::of(&service, visitor, (&peer, &digest)).await?;
    let is_first = subject.is_first;
    let made = match subject.read(fields) {
        Err(said) => Err(said),
        Ok((profile, config)) => {
            let new = NewRevision {
                digest,
                profile,
                config,
                reason: fields.text("reden").to_owned(),
            };
            put(&service, visitor, &peer, &new, is_first).await?
        }
    };
    match made {
        Ok(()) if is_first => Ok(after(&format!("/koppelingen/{peer}"), "geinstalleerd")),
        Ok(()) => Ok(after(&format!("/koppelingen/{peer}"), "revisie")),
        Err(said) => shown(&service, visitor, subject, Typed::of(fields), Some(said)).await,
    }
}

/// Compiled and started once before it is made, so that one that does not load is never put to work.
async fn put(
    service: &Service,
    visitor: &Visitor,
    peer: &str,
    new: &NewRevision,
    is_first: bool,
) -> Result<Result<(), Said>, Oops> {
    let (core, connectors, tenant) = (&service.core, &service.connectors, visitor.tenant());
    if let Err(error) = connectors.try_package(tenant, &new.digest).await {
        return not_loaded(error).map(Err);
    }
    let made = match is_first {
        true => revision::install_first(core, tenant, visitor.id(), peer, new).await,
        false => revision::make(core, tenant, visitor.id(), peer, new).await,
    };
    let number = match made {
        Ok(number) => number,
        Err(error) => return error.in_dutch().map(Err),
    };
    if let Err(error) = connectors.warm(tenant, peer, number).await {
        // It is made all the same; whoever calls it hears.
        warn!(%tenant, %peer, revision = number, "revision {number} of peer `{peer}` can't be loaded: {error}");
    }
    Ok(Ok(()))
}

fn not_loaded(error: NotRunning) -> Result<Said, Oops> {
    match error {
        NotRunning::Store(error) => Err(error.into()),
        NotRunning::Sealed(error) => Err(Oops::ours(&error)),
        NotRunning::Package(error) => error.in_dutch(),
        other => Ok(Said::conflict(format!(
            "Deze connector kan niet worden geladen: {other}"
        ))),
    }
}
