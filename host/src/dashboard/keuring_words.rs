//! Dutch words for keuringen: scenarios, outcomes, what stands in the way, and what a connector may do.

use super::words;
use crate::connector::capability::Change;
use crate::domain::interface::Interface;
use crate::domain::keuring::{Obstacle, Tried, Verdict};

/// What an interface is for.
pub fn interface(interface: Interface) -> &'static str {
    match interface {
        Interface::TaToetscatalogus => "Toetscatalogus (stroom 0)",
        Interface::TaZittingsplan => "Zittingsplan (stroom 2)",
        Interface::TaResultaten => "Resultaten ophalen (stroom 3)",
        Interface::TaZittingsverslag => "Zittingsverslag ophalen (stroom 4)",
        Interface::TplToetsdeelnemers => "Toetsdeelnemers naar planning (stroom 1)",
        Interface::TplResultaten => "Resultaten naar planning (stroom 3)",
        Interface::TplZittingsverslag => "Zittingsverslag naar planning (stroom 4)",
        Interface::DrToetsdeelnemers => "Toetsdeelnemers ophalen (stroom 1)",
        Interface::DrStudentresultaat => "Resultaat naar deelnemerregistratie (stroom 5)",
        Interface::DrAnalyse => "Analyse (stroom 6)",
        Interface::Webhook => "Wat de leverancier stuurt",
        Interface::Files => "Bestanden van de leverancier",
    }
}

/// What a scenario tries; its own name when there are no words for it yet.
pub fn scenario(name: &str) -> &str {
    match name {
        "server-error" => "De andere kant geeft een fout (500)",
        "too-many-requests" => "De andere kant vraagt te wachten (429)",
        "cut" => "De verbinding breekt af",
        "slow" => "Het antwoord komt veel te laat",
        "wrong-secret" => "Het geheim is niet het goede",
        "wrong-scope" => "Het token geldt voor iets anders (403)",
        "withdrawn-token" => "Het token wordt tussentijds ingetrokken",
        "garbage" => "Het antwoord is half en onleesbaar",
        "html" => "Het antwoord is een webpagina",
        "recovers" => "Na een fout gaat het weer goed",
        "whole-catalogue" => "De hele catalogus, pagina voor pagina",
        "one-test" => "Eén toets uit de catalogus",
        "unknown-test" => "Een toets die er niet is",
        "plan-and-read-back" => "Een zitting plannen en teruglezen",
        "same-again" => "Twee keer hetzelfde is één keer",
        "moved" => "Een zitting verzetten",
        "answer-lost" => "Het antwoord ging verloren: nog eens is niet dubbel",
        "found-after-lost-answer" => "Na een verloren antwoord wordt de zitting gevonden",
        "cancelled" => "Een zitting intrekken",
        "unknown-sitting" => "Een zitting die er niet is",
        "deelname" => "Een deelname met de hele persoon",
        "deelname-answer-lost" => "Het antwoord op een deelname ging verloren",
        "needs" => "Extra tijd en voorzieningen",
        "deelname-cancelled" => "Een deelname intrekken",
        "start-link" => "De startlink van een student",
        "polled" => "Nieuwe resultaten ophalen",
        "one-result" => "Eén resultaat ophalen",
        "no-result-yet" => "Er is nog geen resultaat",
        "unknown-deelname" => "Een deelname die er niet is",
        "document" => "Een document, byte voor byte",
        "sitting-list" => "Een zittingslijst waar elke deelname op is terug te vinden",
        "cancelled-on-the-list" => "Een ingetrokken zitting op de lijst",
        "foreign-rows" => "Een bestand dat niet van deze leverancier is",
        "report" => "Het verslag van een zitting",
        "no-report-yet" => "Er is nog geen verslag",
        "offering" => "Een planbare toets ophalen",
        "person" => "Een persoon ophalen",
        "unknown-person" => "Een persoon die er niet is",
        "enrolment" => "Een inschrijving ophalen",
        "all-offerings" => "Alle planbare toetsen, pagina voor pagina",
        "all-enrolments" => "Alle inschrijvingen voor een planbare toets, pagina voor pagina",
        "enrolments-of-unknown" => "Inschrijvingen voor een planbare toets die er niet is",
        "all-groups" => "Alle toetsgroepen en hun leden, pagina voor pagina",
        "delivered-and-read-back" => "Een resultaat afleveren en teruglezen",
        "extra-attempt" => "Een extra poging afleveren",
        "delivered" => "Afleveren bij de toetsplanning",
        "refused" => "De toetsplanning kent het niet en weigert",
        "unknown-enrolment" => "Een inschrijving die er niet is",
        "replay" => "Een opgenomen aanroep, opnieuw gespeeld met de antwoorden van de leverancier",
        other => other,
    }
}

/// How a scenario ended: its word, and the class of its badge.
pub fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("goed", "good"),
        Verdict::Failed => ("niet goed", "bad"),
        Verdict::NotTried => ("niet geprobeerd", "wait"),
    }
}

/// How a package fared.
pub fn tried(tried: Tried) -> String {
    match tried {
        Tried::Never => "nog niet gekeurd".to_owned(),
        Tried::UnderWay => "wordt gekeurd".to_owned(),
        Tried::Failed => "afgekeurd".to_owned(),
        Tried::Passed(at) => format!("goedgekeurd op {}", words::moment(at)),
    }
}

/// What stands in the way, and what to do.
pub fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Publisher(publisher) => {
            format!("Het toelatingsbeleid neemt geen pakketten van ‘{publisher}’ aan. Voeg de uitgever daar eerst toe.")
        }
        Obstacle::TooOld { name, version, lowest } => format!(
            "{name} {version} is ouder dan {lowest}, de laagste versie die het toelatingsbeleid aanneemt. Vraag een \
             nieuwere versie."
        ),
        Obstacle::Signatures { there, demanded } => format!(
            "Het pakket is door {there} vertrouwde sleutel(s) ondertekend; het toelatingsbeleid vraagt er {demanded}."
        ),
        Obstacle::CounterSignature => {
            "Het pakket is niet medeondertekend, en het toelatingsbeleid vraagt dat wel.".to_owned()
        }
        Obstacle::NotTried => "Het pakket is nog niet gekeurd. Laat het keuren.".to_owned(),
        Obstacle::UnderWay => "De keuring van het pakket loopt nog. Wacht tot die klaar is.".to_owned(),
        Obstacle::Failed => {
            "Het pakket is afgekeurd. Bekijk de uitkomsten en vraag de uitgever om een nieuwe versie.".to_owned()
        }
        Obstacle::Stale { passed, days } => format!(
            "De keuring van {} is te oud: een keuring geldt {days} dag(en). Laat het pakket opnieuw keuren.",
            words::day(*passed)
        ),
        Obstacle::NotApproved => {
            "Nog niemand heeft goedgekeurd wat deze connector meer of anders mag dan wat nu werkt.".to_owned()
        }
    }
}

/// The same for several, in one paragraph.
pub fn obstacles(all: &[Obstacle]) -> String {
    let said: Vec<String> = all.iter().map(obstacle).collect();
    said.join(" ")
}

/// What changes in what a connector may do.
pub fn change(change: &Change) -> String {
    let word = |gained: &bool| if *gained { "erbij" } else { "niet meer" };
    match change {
        Change::Interface { interface: one, gained } => format!("Taak {}: {}", word(gained), interface(*one)),
        Change::Request {
            endpoint,
            request,
            gained,
        } => format!("Verzoek {} bij adres ‘{endpoint}’: {request}", word(gained)),
        Change::Memory { from, to } => format!("Geheugen per aanroep: van {from} naar {to} MiB"),
        Change::Budget { from, to } => format!("Tijd per aanroep: van {from} naar {to} ms"),
        Change::Webhook { name, gained } => format!("Berichten van de leverancier {}: ‘{name}’", word(gained)),
        Change::Need { code, gained } => format!("Voorziening {}: ‘{code}’", word(gained)),
        Change::ExtraTime { from, to } => {
            let how = |how: &Option<String>| how.as_deref().map_or_else(|| "niet".to_owned(), extra_time);
            format!("Extra tijd doorgeven: van {} naar {}", how(from), how(to))
        }
    }
}

fn extra_time(how: &str) -> String {
    how.replace("by ", "per ")
        .replace("minutes", "minuten")
        .replace("percent", "procent")
        .replace("at most", "hoogstens")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_words() {
        for one in &crate::conformance::scenario::ALL {
            assert_ne!(scenario(one.name), one.name, "{} {}", one.interface, one.name);
        }
    }
}
