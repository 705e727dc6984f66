//! `/omzettingen`: scale maps, proposed by one person who decides on results and approved by another.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use oke_codec::scale;

use super::form::{Fields, Form};
use super::oops::Oops;
use super::refusal::{NO_REASON, Said, of_refused};
use super::session::Visitor;
use super::shell::{JustDone, Notice, Shell, after, page};
use super::words;
use crate::api::Service;
use crate::app::scale_map::{self, NewMap};
use crate::domain::model::ResultValueType;
use crate::domain::principal::Duty;
use crate::domain::scale_map::{Basis, Number, Rule, ScaleMap, Standing, WrongMap};
use crate::store::{component, peer, scale_map as store};

/// The routes.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/omzettingen", get(list).post(propose))
        .route("/omzettingen/{map}", post(settle))
}

fn must_decide(visitor: &Visitor) -> Result<(), Oops> {
    if visitor.holds(Duty::Vaststellen) {
        return Ok(());
    }
    Err(Oops::forbidden(
        "Omzettingstabellen zijn van de examencommissie: een lid, of iemand met een mandaat.",
    ))
}

struct Line {
    id: String,
    what: String,
    to: String,
    rows: Vec<String>,
    standing: &'static str,
    by: String,
    source: String,
    waits: bool,
    own: bool,
}

#[derive(Template)]
#[template(path = "scale_maps.html")]
struct MapsPage<'a> {
    shell: Shell,
    lines: Vec<Line>,
    components: Vec<(String, String)>,
    scales: Vec<String>,
    typed: &'a Fields,
}

const SCALES: [ResultValueType; 8] = [
    ResultValueType::DecimalToTen,
    ResultValueType::ZeroToTen,
    ResultValueType::ZeroToHundred,
    ResultValueType::PassOrFail,
    ResultValueType::InsufficientSatisfactoryGood,
    ResultValueType::ReferenceLevelRktr,
    ResultValueType::ReferenceLevelErk,
    ResultValueType::UsLetter,
];

async fn list(
    State(service): State<Service>,
    visitor: Visitor,
    Query(done): Query<JustDone>,
) -> Result<Response, Oops> {
    must_decide(&visitor)?;
    shown(&service, &visitor, (StatusCode::OK, done.notice()), &Fields::default()).await
}

async fn shown(
    service: &Service,
    visitor: &Visitor,
    (status, notice): (StatusCode, Option<Notice>),
    typed: &Fields,
) -> Result<Response, Oops> {
    let (db, tenant) = (&service.core.db, visitor.tenant());
    let mut components = Vec::new();
    for vendor in peer::all(db, tenant).await? {
        for row in component::of_peer(db, tenant, &vendor.id).await? {
            let (id, name) = (row.facts.component_id, row.facts.name);
            components.push((format!("{}/{id}", vendor.id), format!("{name} ({})", vendor.name)));
        }
    }
    let maps = store::of_component(db, tenant, None).await?;
    let maps_page = MapsPage {
        shell: Shell::around(service, visitor, "/omzettingen", "Omzettingstabellen", notice).await?,
        lines: maps.into_iter().map(|map| line(map, visitor)).collect(),
        components,
        scales: SCALES.iter().map(scale::name).collect(),
        typed,
    };
    page(status, &maps_page)
}

fn line(map: ScaleMap, visitor: &Visitor) -> Line {
    let rows = match &map.rule {
        Rule::AsIs => vec!["geen omzetting: wat de leverancier levert, staat al op deze schaal".to_owned()],
        Rule::Steps { steps, up_to } => {
            let rows = steps.iter().map(|(begins, value)| format!("vanaf {begins}: {value}"));
            rows.chain([format!("tot en met {up_to}")]).collect()
        }
        Rule::Words(words) => words.iter().map(|(word, value)| format!("{word}: {value}")).collect(),
    };
    let versie = map.examenversie.as_deref().unwrap_or("alle examenversies");
    let basis = match map.basis {
        Basis::Score => "score",
        Basis::Points => "punten",
    };
    let by = match &map.settled {
        None => format!("gemaakt door {}", map.author),
        Some((second, at, why)) => format!(
            "gemaakt door {}, beoordeeld door {second} op {}: {why}",
            map.author,
            words::moment(*at)
        ),
    };
    Line {
        what: format!(
            "{} {} ({versie}), {basis}, versie {}",
            map.peer, map.component, map.number
        ),
        to: scale::name(&map.to),
        rows,
        standing: match map.standing {
            Standing::Proposed => "wacht op een tweede persoon",
            Standing::Approved => "goedgekeurd",
            Standing::Rejected => "afgekeurd",
        },
        waits: map.standing == Standing::Proposed,
        own: map.author == visitor.id(),
        by,
        source: map.source,
        id: map.id,
    }
}

/// One row per line: `55 = 5.5`, or `goed = good`; the last one of steps is `tot 100`.
fn rule(text: &str) -> Result<Rule, String> {
    let (mut rows, mut up_to) = (Vec::new(), None);
    for (place, row) in text.lines().map(str::trim).filter(|row| !row.is_empty()).enumerate() {
        if let Some(last) = row.strip_prefix("tot ") {
            up_to = Some(number(last).ok_or_else(|| format!("Regel {}: ‘{last}’ is geen getal.", place + 1))?);
            continue;
        }
        let (from, value) = row
            .split_once('=')
            .ok_or_else(|| format!("Regel {}: schrijf ‘55 = 5.5’ of ‘goed = good’.", place + 1))?;
        rows.push((from.trim().to_owned(), value.trim().to_owned()));
    }
    let Some(up_to) = up_to else {
        return Ok(Rule::Words(rows));
    };
    let step = |(from, value): (String, String)| match number(&from) {
        Some(begins) => Ok((begins, value)),
        None => Err(format!("‘{from}’ is geen getal met ten hoogste drie decimalen.")),
    };
    let steps = rows.into_iter().map(step).collect::<Result<_, String>>()?;
    Ok(Rule::Steps { steps, up_to })
}

fn number(text: &str) -> Option<Number> {
    Number::read(text)
}

fn in_dutch(wrong: &WrongMap) -> String {
    match wrong {
        WrongMap::Rows(rows) => format!("Een tabel heeft 1 tot 500 regels; deze heeft er {rows}."),
        WrongMap::Order { row, begins } => {
            format!("Regel {row} begint bij {begins}, en dat ligt niet boven de regel ervoor. Zet ze op volgorde.")
        }
        WrongMap::UpTo { up_to, last } => format!("‘tot {up_to}’ ligt onder het begin van de laatste regel ({last})."),
        WrongMap::Twice { row, word } => format!("Regel {row} noemt ‘{word}’ nog eens; elk woord staat er één keer."),
        WrongMap::OffScale { row, value, .. } => {
            format!("Regel {row} geeft ‘{value}’, en dat is geen waarde van de gekozen schaal.")
        }
        WrongMap::WordsOfPoints => "Punten zijn getallen: schrijf grenzen, met als laatste regel ‘tot 40’.".to_owned(),
    }
}

fn read(fields: &Fields) -> Result<NewMap, String> {
    let (peer, component) = fields
        .text("toets")
        .split_once('/')
        .ok_or_else(|| "Kies de toets van de leverancier.".to_owned())?;
    if fields.text("bron").is_empty() {
        return Err("Schrijf op waar de tabel vandaan komt, zoals de brief of pagina van de leverancier.".to_owned());
    }
    let to = scale::from_name(fields.text("schaal"));
    if !SCALES.contains(&to) {
        return Err("Kies de schaal van de planbare toets.".to_owned());
    }
    let basis = match fields.text("basis") {
        "punten" => Basis::Points,
        _ => Basis::Score,
    };
    let rule = match fields.text("regels") {
        "" => Rule::AsIs,
        text => rule(text)?,
    };
    rule.check(basis, &to).map_err(|wrong| in_dutch(&wrong))?;
    Ok(NewMap {
        peer: peer.to_owned(),
        component: component.to_owned(),
        examenversie: fields.text_opt("examenversie").map(str::to_owned),
        to,
        basis,
        rule,
        source: fields.text("bron").to_owned(),
    })
}

const MEANWHILE: &str = "Over deze tabel is intussen al besloten. Bekijk de stand hieronder.";

async fn propose(State(service): State<Service>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    must_decide(visitor)?;
    let said = match read(fields) {
        Err(sentence) => Said::bad(sentence),
        Ok(map) => match scale_map::propose(&service.core, visitor.tenant(), &visitor.who.account, &map).await {
            Ok(_) => return Ok(after("/omzettingen", "voorgesteld")),
            Err(refused) => of_refused(refused, MEANWHILE)?,
        },
    };
    shown(&service, visitor, (said.status, Notice::refused(said.sentence)), fields).await
}

async fn settle(State(service): State<Service>, Path(id): Path<String>, form: Form) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    must_decide(visitor)?;
    let approve = match fields.text("antwoord") {
        "goedkeuren" => true,
        "afkeuren" => false,
        _ => {
            return Err(Oops::Unreadable(
                "Het formulier geeft geen antwoord op de tabel.".to_owned(),
            ));
        }
    };
    let reason = fields.text("reden");
    let said = if reason.is_empty() {
        Said::bad(NO_REASON)
    } else {
        let account = &visitor.who.account;
        match scale_map::settle(&service.core, visitor.tenant(), account, &id, approve, reason).await {
            Ok(()) if approve => return Ok(after("/omzettingen", "goedgekeurd")),
            Ok(()) => return Ok(after("/omzettingen", "afgekeurd")),
            Err(refused) => of_refused(refused, MEANWHILE)?,
        }
    };
    shown(
        &service,
        visitor,
        (said.status, Notice::refused(said.sentence)),
        &Fields::default(),
    )
    .await
}
