//! Dutch words for what the trial of an endpoint found.

use crate::app::connection::{Fault, Found, NotTried, Step};
use crate::connector::egress::Unreached;

/// A step as the page shows it.
pub struct TriedLine {
    /// What was tried.
    pub step: &'static str,
    /// `good`, `bad` or nothing.
    pub class: &'static str,
    /// In a word.
    pub outcome: &'static str,
    /// What was seen, or what to do.
    pub detail: String,
}

/// The steps of a trial.
pub fn tried(found: Vec<(Step, Found)>) -> Vec<TriedLine> {
    found.into_iter().map(|(step, found)| line(step, &found)).collect()
}

fn line(step: Step, found: &Found) -> TriedLine {
    let (class, outcome, detail) = match found {
        Found::Fine(seen) => ("good", "goed", fine(step, seen)),
        Found::Fails(fault) => ("bad", "mislukt", of_fault(fault)),
        Found::NotTried(why) => ("", "niet geprobeerd", not_tried(*why).to_owned()),
    };
    TriedLine {
        step: match step {
            Step::Address => "Adres en TLS",
            Step::Token => "Token",
            Step::Version => "Versie",
            Step::Scope => "Scope",
            Step::Sample => "Proef lezen",
        },
        class,
        outcome,
        detail,
    }
}

fn fine(step: Step, seen: &str) -> String {
    match step {
        Step::Version => format!("OKE {seen}"),
        Step::Sample => format!("gelezen: {seen}"),
        Step::Address | Step::Token | Step::Scope => String::new(),
    }
}

fn not_tried(why: NotTried) -> &'static str {
    match why {
        NotTried::AfterFailure => "een eerdere stap mislukte",
        NotTried::NotNeeded => "voor dit adres is geen token nodig",
        NotTried::NotOke => "dit systeem spreekt een eigen taal, die alleen de connector kent",
        NotTried::NothingToRead => "bij zo’n systeem is volgens de afspraak niets te lezen",
    }
}

fn of_fault(fault: &Fault) -> String {
    match fault {
        Fault::Unreached(unreached) => of_unreached(unreached),
        Fault::NotTaken => "Het systeem antwoordt 401: het neemt ons token of onze sleutel niet aan.".to_owned(),
        Fault::NotAllowed => {
            "Het systeem antwoordt 403: vraag de beheerder daar om de scope van deze stroom.".to_owned()
        }
        Fault::Status(status) => {
            format!("Het systeem antwoordt {status} in plaats van 200. Klopt het pad van het adres?")
        }
        Fault::Unreadable(why) => format!("Het antwoord is niet als OKE te lezen: {why}"),
        Fault::NoCommonVersion(named) => {
            format!("Het systeem spreekt geen versie van nl-test-admin die wij spreken; het noemt: {named}.")
        }
    }
}

fn of_unreached(unreached: &Unreached) -> String {
    match unreached {
        Unreached::ForbiddenAddress => {
            "Het adres is privé of bijzonder en staat niet bij de toegestane privé-adressen.".to_owned()
        }
        Unreached::NoConnection(_) => {
            "Op dit adres antwoordt niemand. Klopt het, en laat de firewall ons door?".to_owned()
        }
        Unreached::Tls(why) => format!("Het certificaat wordt niet vertrouwd ({why})."),
        Unreached::TokenRefused => "Het token-adres weigert de client-id, het geheim of de scope.".to_owned(),
        Unreached::NoToken(_) => "Het token-adres gaf geen bruikbaar token.".to_owned(),
    }
}
