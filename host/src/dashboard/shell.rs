//! What stands around every page: the school, who is signed in, where one can go, and what was just done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::oops::Oops;
use super::session::Visitor;
use crate::api::Service;
use crate::domain::principal::Duty;
use crate::store::overview;

/// A group of places in the navigation: its name, and the places in it, by address and name.
type Group = (&'static str, Vec<(&'static str, &'static str)>);

/// A place in the navigation, or a group of them, which leads to the first.
pub struct Place {
    /// Where.
    pub href: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether the visitor is there.
    pub here: bool,
    /// How much waits there; nothing is shown for 0.
    pub waiting: i64,
}

/// A sentence above the page.
pub struct Notice {
    /// Whether something was refused.
    pub bad: bool,
    /// Dutch.
    pub sentence: String,
}

impl Notice {
    /// Something was refused.
    pub fn refused(sentence: impl Into<String>) -> Option<Notice> {
        Some(Notice {
            bad: true,
            sentence: sentence.into(),
        })
    }

    /// Something was done.
    pub fn done(sentence: impl Into<String>) -> Option<Notice> {
        Some(Notice {
            bad: false,
            sentence: sentence.into(),
        })
    }
}

/// What was just done, by a word in the address (`?gedaan=`), so that reloading a page repeats nothing.
#[derive(Debug, Default, Deserialize)]
pub struct JustDone {
    /// The word.
    #[serde(default)]
    pub gedaan: String,
}

impl JustDone {
    /// Its sentence; nothing for a word we never made.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        let sentence = match self.gedaan.as_str() {
            "gewisseld" => "De revisie is gewisseld. Nieuwe aanroepen gaan vanaf nu langs deze revisie.",
            "revisie" => "De revisie is gemaakt; nog niemand heeft haar. Rol haar uit per onderdeel, of voor iedereen.",
            "geinstalleerd" => "De revisie is gemaakt en werkt vanaf nu.",
            "uitrol" => "De uitrol is begonnen; nog niemand heeft de revisie.",
            "uitrolstap" => "De stap is gezet en geldt meteen.",
            "overgenomen" => "Overgenomen. Wat de leverancier anders heeft, wordt nu vergeleken.",
            "afbouw" => "Hier wordt niets nieuws meer gepland; wat gepland is, blijft bediend.",
            "afbouw-klaar" => "Uitgeschakeld. Wat nog openstond is een uitzondering per zitting.",
            "weer-ingeschakeld" => "Weer ingeschakeld; wat wachtte, gaat verder.",
            "stilgezet" => "De uitrolstop is ingevoerd.",
            "stop-vervallen" => "De uitrolstop is ingetrokken.",
            "aansluiting" => "Het systeem is toegevoegd. Vul nu in waar het te bereiken is.",
            "adres" => "Het adres is bewaard en geldt vanaf de volgende aanroep.",
            "client-uit" => "De client is uitgeschakeld; zijn tokens gelden niet meer.",
            "webhook" => "Het geheim is bewaard.",
            "landschap" => "Het landschap is bewaard en geldt meteen.",
            "schrijfwijze" => "De schrijfwijze is bewaard en geldt vanaf het volgende bericht.",
            "toetsdeelnemers" => "De wijze waarop toetsdeelnemers komen is bewaard.",
            "ophalen" => "Het ophalen begint. Ververs deze pagina om te zien hoe ver het is.",
            "opname" => "De instelling is bewaard en geldt vanaf de volgende aanroep.",
            "omgeving" => "De omgeving is bewaard.",
            "gepauzeerd" => "De koppeling is gepauzeerd. Berichten wachten en gaan niet verloren.",
            "hervat" => "De koppeling is hervat. Wachtende berichten gaan weer.",
            "opgepakt" => "U hebt deze uitzondering opgepakt; anderen zien dat.",
            "teruggegeven" => "U hebt deze uitzondering teruggegeven; een ander kan haar oppakken.",
            "contact" => "Het contactadres is bewaard; andere systemen zien het meteen.",
            "pogingen" => "De wijze waarop pogingen worden bijgehouden is bewaard.",
            "cesuur" => "De cesuur is vastgelegd. De resultaten van deze examenversie worden opnieuw beoordeeld.",
            "afgehandeld" => "De uitzondering is afgehandeld.",
            "vertaald" => "De voorzieningen zijn bewaard; wat verandert, gaat vanzelf naar de leverancier.",
            "samengevoegd" => "De inschrijvingen zijn samengevoegd: het resultaat gaat naar beide.",
            "apart" => "De inschrijvingen blijven apart en worden niet meer als dubbel getoond.",
            "gesplitst" => "De inschrijvingen zijn gesplitst; de meegediende kan weer zelf worden gepland.",
            "opnieuw" => "Het bericht staat weer in de rij.",
            "afgewezen" => "Het bericht is afgewezen; latere berichten over hetzelfde gaan door.",
            "binnengehaald" => "Het pakket is binnengehaald. Er werkt nog niets van.",
            "bundel" => "De bundel is binnengehaald. Van de pakketten erin werkt nog niets.",
            "gekeurd" => "De keuring is gevraagd. Ververs deze pagina om te zien hoe ver die is.",
            "toegelaten" => "Goedgekeurd, met uw naam en reden.",
            "toelatingsbeleid" => {
                "Het toelatingsbeleid is bewaard en geldt voor wat vanaf nu in werking wordt gesteld."
            }
            "verloopt" => "De sleutel verloopt op dat moment. Wat eerder is binnengehaald, blijft werken.",
            "vertrouwd" => "De sleutel wordt vanaf nu vertrouwd.",
            "ingetrokken" => "De sleutel is ingetrokken.",
            "zittingslijst" => "De lijst is gemaakt en staat hieronder klaar. Wat erop staat, geldt als meegenomen.",
            "bestand" => {
                "Het bestand wordt opgeslagen, precies zoals het voorbeeld liet zien. Ververs deze pagina voor de stand."
            }
            "cesuur-gepland" => "De cesuur is gepland; de termijn volgt.",
            "termijnen" => "De termijnen zijn bewaard en gelden meteen.",
            "vrije-dagen" => "De vrije dagen tellen vanaf nu niet als werkdag.",
            "vervallen" => "Die dagen tellen weer als werkdag.",
            "uitgeschakeld" => "Het account is uitgeschakeld; wie ermee was aangemeld, is afgemeld.",
            "ingeschakeld" => "Het account is weer ingeschakeld.",
            "toegekend" => "De functie is toegekend.",
            "voorgesteld" => "Het voorstel ligt er. Een tweede persoon bevestigt het of wijst het af.",
            "bevestigd" => {
                "Het voorstel is bevestigd; de deelnemerregistratie krijgt het resultaat zoals het nu geldt."
            }
            "verworpen" => "Het voorstel is afgewezen. Wat was vastgesteld, blijft gelden.",
            "beleid" => "Het beleid is gewijzigd. Resultaten die nu mogen gaan, worden verstuurd.",
            "getrokken" => "De steekproef is getrokken en met haar startgetal bewaard.",
            "goedgekeurd" => "De tabel is goedgekeurd. De resultaten waar zij voor geldt worden opnieuw beoordeeld.",
            "afgekeurd" => "De tabel is afgekeurd. Er is niets omgezet.",
            "vergelijken" => "De vergelijking is gevraagd. Ververs deze pagina om te zien wat eruit komt.",
            "hersteld" => {
                "Het herstel is onderweg; daarna wordt opnieuw vergeleken. Ververs deze pagina voor de stand."
            }
            "nagekeken" => "De dag is nagekeken, met uw naam en het tijdstip erbij.",
            "ontnomen" => "De functie is ingetrokken.",
            _ => return None,
        };
        Notice::done(sentence)
    }
}

/// What stands around a page.
pub struct Shell {
    /// Title of the page.
    pub title: String,
    /// The school.
    pub school: String,
    /// Who is signed in.
    pub name: String,
    /// The word for forms.
    pub csrf: String,
    /// The groups of places; the visitor is in one of them.
    pub groups: Vec<Place>,
    /// Name of that group, and the places in it.
    pub group: &'static str,
    /// Those places.
    pub places: Vec<Place>,
    /// A sentence above the page.
    pub notice: Option<Notice>,
}

impl Shell {
    /// For a visitor at `here`, one of the places.
    pub async fn around(
        service: &Service,
        visitor: &Visitor,
        here: &str,
        title: impl Into<String>,
        notice: Option<Notice>,
    ) -> Result<Shell, Oops> {
        let db = &service.core.db;
        let school = db.tenant(visitor.tenant()).await?;
        let exceptions = overview::open_tasks(db, visitor.tenant()).await?;
        let waiting = exceptions.iter().map(|(_, count)| count).sum();
        let all = groups(visitor);
        let is_here = |(_, places): &&Group| places.iter().any(|(href, _)| *href == here);
        let (group, within) = all.iter().find(is_here).cloned().unwrap_or_default();
        let groups = all.into_iter().filter_map(|(name, places)| {
            let (href, _) = *places.first()?;
            Some(Place {
                href,
                name,
                here: name == group,
                waiting: if href == "/uitzonderingen" { waiting } else { 0 },
            })
        });
        let places = within.into_iter().map(|(href, name)| Place {
            href,
            name,
            here: href == here,
            waiting: 0,
        });
        Ok(Shell {
            title: title.into(),
            school: school.map_or_else(String::new, |school| school.name),
            name: visitor.who.name.clone(),
            csrf: visitor.csrf.clone(),
            groups: groups.collect(),
            group,
            places: places.collect(),
            notice,
        })
    }
}

/// Where this visitor can go.
fn groups(visitor: &Visitor) -> Vec<Group> {
    let (plans, manages) = (visitor.holds(Duty::Plannen), visitor.holds(Duty::Beheren));
    let decides = visitor.holds(Duty::Vaststellen);
    let mut planning = vec![("/zittingen", "Zittingen")];
    if plans {
        planning.push(("/dubbelen", "Dubbelen"));
        planning.push(("/bestanden", "Bestanden"));
    }
    if plans || manages {
        planning.push(("/voorzieningen", "Voorzieningen"));
    }
    let mut exams = vec![("/toetsen", "Toetsen")];
    if decides {
        exams.push(("/vaststellen", "Vaststellen"));
        exams.push(("/cesuren", "Cesuren"));
        exams.push(("/omzettingen", "Omzettingen"));
        exams.push(("/rapportage", "Rapportage"));
    }
    let mut management = vec![("/koppelingen", "Koppelingen")];
    if visitor.manages() {
        management.push(("/aansluitingen", "Aansluitingen"));
        management.push(("/pakketten", "Pakketten"));
        management.push(("/uitgevers", "Uitgevers"));
        management.push(("/accounts", "Accounts"));
    }
    management.push(("/beleid", "Beleid"));
    management.push(("/kalender", "Werkdagen"));
    management.push(("/school", "School"));
    vec![
        (
            "Vandaag",
            vec![
                ("/", "De keten vandaag"),
                ("/morgen", "Morgen"),
                ("/werklijst", "Werklijst"),
                ("/termijnen", "Termijnen"),
                ("/vergelijken", "Vergelijken"),
            ],
        ),
        ("Plannen", planning),
        ("Examens", exams),
        ("Uitzonderingen", vec![("/uitzonderingen", "Uitzonderingen")]),
        ("Beheer", management),
    ]
}

/// A page as an answer.
pub fn page(status: StatusCode, template: &impl Template) -> Result<Response, Oops> {
    Ok((status, Html(template.render()?)).into_response())
}

/// After something was done: to a page by GET, with its word.
pub fn after(place: &str, word: &str) -> Response {
    Redirect::to(&format!("{place}?gedaan={word}")).into_response()
}
