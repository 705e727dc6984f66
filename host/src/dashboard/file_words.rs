//! Files in words: how far one is, what a line comes to, and why one is refused.

use super::oops::Oops;
use super::refusal::{InDutch, Said, of_refused};
use super::words;
use crate::app::files::FileError;
use crate::app::files::preview::{self, Stated};
use crate::app::running::NotRunning;
use crate::connector::blame::Decision;
use crate::connector::files::Unwritable;
use crate::store::carried_file::{FileRow, FileState};

/// How far a file is, and the class of its badge.
pub fn state_word(row: &FileRow) -> (&'static str, &'static str) {
    match row.state {
        FileState::Previewed if row.erased_at.is_some() => ("niet opgeslagen", ""),
        FileState::Taken => ("meegenomen", "good"),
        FileState::Previewed => ("bekijken", "wait"),
        FileState::Storing => ("wordt opgeslagen", "wait"),
        FileState::Stored => ("opgeslagen", "good"),
    }
}

/// What a line comes to, and the class of its badge.
pub fn said_word(said: &preview::Said) -> (&'static str, &'static str) {
    match said {
        preview::Said::Result(_) | preview::Said::Test(_) => ("nemen", "good"),
        preview::Said::Known => ("al bekend", ""),
        preview::Said::Nothing => ("leeg", ""),
        preview::Said::Choice(_) => ("kiezen", "wait"),
        preview::Said::Refused { .. } => ("geweigerd", "bad"),
    }
}

/// What a line says.
pub fn said(said: &preview::Said) -> String {
    match said {
        preview::Said::Result(stated) if stated.label.is_empty() => stated_in_words(stated),
        preview::Said::Result(stated) => format!("{}: {}", stated.label, stated_in_words(stated)),
        preview::Said::Test(test) => format!("toets {}: {}", test.component_id, test.name),
        preview::Said::Known => "zegt niets nieuws".to_owned(),
        preview::Said::Nothing => "lege regel".to_owned(),
        preview::Said::Choice(_) => "kan meer dan één ding betekenen".to_owned(),
        preview::Said::Refused { message, .. } => message.clone(),
    }
}

/// A result in one line.
pub fn stated_in_words(stated: &Stated) -> String {
    let result = &stated.result;
    let mut parts = vec![
        words::attendance(&result.attendance),
        words::state(result.state).to_owned(),
    ];
    if result.score.is_some() || result.pass.is_some() {
        parts.push(format!("cijfer {}", words::score(result)));
    }
    if let Some(points) = result.raw_score {
        let most = result
            .max_raw_score
            .map_or_else(String::new, |most| format!(" van {most}"));
        parts.push(format!("{points}{most} punten"));
    }
    if let Some(versie) = &stated.examenversie {
        parts.push(format!("versie {versie}"));
    }
    if let Some(present) = &stated.present {
        let score = present.score.as_deref().unwrap_or("geen cijfer");
        let decided = if present.decided { ", vastgesteld" } else { "" };
        parts.push(format!("in plaats van {score} (versie {}{decided})", present.seq));
    }
    parts.join(", ")
}

/// A refusal where there is no form to show it with.
pub fn oops(error: FileError) -> Oops {
    match error.in_dutch() {
        Ok(said) => Oops::absent(said.sentence),
        Err(oops) => oops,
    }
}

impl InDutch for FileError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            FileError::Unreadable(why) => Said::bad(why.to_string()),
            FileError::Unwritable(Unwritable::NoCharacter { row, column, character }) => Said::conflict(format!(
                "De lijst kan niet in Windows-1252: regel {row}, kolom ‘{column}’ bevat ‘{character}’. Laat functioneel \
                 beheer de koppeling op UTF-8 of XML zetten, als de leverancier dat leest."
            )),
            FileError::NotRunning(error) => match error {
                NotRunning::Store(error) => return Err(error.into()),
                NotRunning::Sealed(error) => return Err(Oops::ours(&error)),
                other => Said::conflict(format!(
                    "De koppeling kan nu niet worden gebruikt. Vraag functioneel beheer ernaar te kijken. Reden: {other}."
                )),
            },
            FileError::Call(error) => match error.decision {
                Decision::Permanent { message, .. } => Said::bad(message),
                Decision::Unrepresentable { field, why } => Said::conflict(format!(
                    "De bestanden van deze leverancier hebben geen plaats voor iets uit de planning ({field}): {why}"
                )),
                _ => Said::conflict(format!(
                    "De koppeling kon dit nu niet doen. Probeer het later opnieuw. Reden: {}.",
                    error.detail
                )),
            },
            FileError::SeenOther => Said::conflict(
                "Er is sinds het voorbeeld iets veranderd: dit bestand doet nu iets anders. Bekijk het hieronder opnieuw.",
            ),
            FileError::NotPreviewed(state) => Said::conflict(match state {
                FileState::Storing => "Dit bestand wordt al opgeslagen.",
                _ => "Dit bestand is al opgeslagen. Breng het opnieuw om te zien of het nog iets nieuws zegt.",
            }),
            FileError::Erased(at) => Said::conflict(format!(
                "De inhoud van dit bestand is op {} gewist, aan het eind van de bewaartermijn.",
                words::moment(at)
            )),
            FileError::NothingToStore => Said::bad("Er is niets op te slaan: geen regel zegt iets nieuws."),
            FileError::TwoOfOne(one, other) => Said::bad(format!(
                "De regels {one} en {other} gaan over dezelfde deelname. Kies er één."
            )),
            FileError::NoSuchChoice(number) => Said::conflict(format!(
                "Regel {number} biedt deze keuze niet (meer). Bekijk het bestand hieronder opnieuw."
            )),
            FileError::NoSittings => Said::bad("Kies minstens één zitting voor de lijst."),
            FileError::TooMany => Said::bad(format!(
                "De lijst zou meer dan {} deelnames krijgen. Kies minder zittingen.",
                crate::app::files::plan::MOST_DEELNAMES
            )),
            FileError::Refused(refused) => return of_refused(refused, "Deze koppeling werkt nu niet met bestanden."),
        })
    }
}
