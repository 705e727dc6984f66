//! What a verb refused, in Dutch, to show with the form; our own faults become a page of their own.

use axum::http::StatusCode;

use super::keuring_words;
use super::oops::Oops;
use super::words;
use crate::app::Refused;
use crate::app::account::AccountError;
use crate::app::admission::AdmissionError;
use crate::app::package::PackageError;
use crate::app::publisher::PublisherError;
use crate::app::revision::RevisionError;
use crate::app::task::TaskError;
use crate::domain::keuring::WrongPolicy;
use crate::domain::label::{self, NoLabel};
use crate::domain::principal::{Duty, Refusal};
use crate::domain::rollout::{APPROVALS, NotNow};
use crate::jobs::letters::LetterError;
use crate::jobs::peers::PeerError;

/// A sentence to show with the form.
#[derive(Debug)]
pub struct Said {
    /// The answer's status.
    pub status: StatusCode,
    /// Dutch: what is the matter and what to do.
    pub sentence: String,
}

impl Said {
    /// The form says something that can't be.
    pub fn bad(sentence: impl Into<String>) -> Said {
        Said {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            sentence: sentence.into(),
        }
    }

    /// The state of things stands in the way.
    pub fn conflict(sentence: impl Into<String>) -> Said {
        Said {
            status: StatusCode::CONFLICT,
            sentence: sentence.into(),
        }
    }
}

/// An error of a verb as a person hears it.
pub trait InDutch {
    /// The sentence; or the page, when it is no fault of whoever filled in the form.
    fn in_dutch(self) -> Result<Said, Oops>;
}

/// What a verb of the chain refused; `not_now` is the page's own sentence for a state that stands in the way.
pub fn of_refused(refused: Refused, not_now: &str) -> Result<Said, Oops> {
    match refused {
        Refused::NotAllowed(refusal) => Ok(Said::conflict(of_duties(&refusal))),
        Refused::NotNow(_) => Ok(Said::conflict(not_now)),
        Refused::Unknown { .. } => Err(Oops::absent("Dit is er niet (meer).")),
        Refused::Commit(error) => Err(error.into()),
        Refused::Store(error) => Err(error.into()),
        other => Err(Oops::ours(&other)),
    }
}

/// A refusal by the separation of duties or a function that is not held.
#[must_use]
pub fn of_duties(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotHeld { duty, .. } => format!(
            "U hebt de functie ‘{}’ nu niet voor dit onderdeel van de school.",
            duty.name()
        ),
        Refusal::Incompatible { held, .. } => format!(
            "Niemand heeft tegelijk ‘beheren’ en ‘vaststellen’. Trek eerst de functie ‘{}’ van dit account in.",
            held.name()
        ),
        Refusal::UndatedMandate => {
            "Een mandaat van de examencommissie heeft een einddatum die na de begindatum ligt. Vul die in.".to_owned()
        }
        Refusal::NotMandated { .. } => format!(
            "Alleen ‘{}’ kan onder mandaat worden toegekend. Haal het vinkje bij mandaat weg.",
            Duty::Vaststellen.name()
        ),
        Refusal::Planned { .. } => {
            "U hebt deze zitting gepland. Wie plant, stelt de resultaten ervan niet vast: laat een ander lid dit doen."
                .to_owned()
        }
        Refusal::SamePerson { .. } => {
            "U was hier zelf al bij betrokken. Hiervoor zijn twee personen nodig: laat een ander lid dit doen."
                .to_owned()
        }
        Refusal::Assessed { .. } => {
            "U hebt bij deze zitting beoordeeld. Wie beoordeelt, stelt het resultaat niet vast: laat een ander lid dit \
             doen."
                .to_owned()
        }
    }
}

/// The state of a rollout stands in the way.
fn of_rollout(why: &NotNow) -> String {
    match why {
        NotNow::Ended(_) => "Deze uitrol is afgelopen. Begin een nieuwe.".to_owned(),
        NotNow::Paused => "Deze uitrol is gepauzeerd. Hervat haar eerst.".to_owned(),
        NotNow::NotPaused => "Deze uitrol is niet gepauzeerd.".to_owned(),
        NotNow::NoGo(duty) => format!(
            "Deze stap heeft nog geen Go. Die geeft iemand met de functie ‘{}’.",
            duty.name()
        ),
        NotNow::NoStep => {
            "Er is nog geen stap gezet: schakel eerst onderdelen in of een deel van de zittingen.".to_owned()
        }
        NotNow::NotMet(_) => {
            "De criteria van deze stap zijn niet gehaald. Wacht, of geef de Go ondanks dat: vink het dan aan."
                .to_owned()
        }
        NotNow::NotFast => "Deze uitrol gaat stap voor stap, niet langs de spoedroute.".to_owned(),
        NotNow::FastOnly => {
            "Deze uitrol gaat langs de spoedroute: eerst één zitting, dan wie de oude versie had.".to_owned()
        }
        NotNow::TriedAlready => {
            "De eerste zitting heeft al een Go. Nu komt wie de oude versie had aan de beurt.".to_owned()
        }
        NotNow::NotApproved(there) => format!(
            "Voor de spoedroute zijn {APPROVALS} goedkeuringen van verschillende personen nodig; er is er nu {there}."
        ),
        NotNow::Share { least } => {
            format!("Vul een heel percentage in van {least} tot 99. Voor iedereen is er de stap ‘iedereen’.")
        }
    }
}

/// A text that can't be a name.
#[must_use]
pub fn of_label(why: &NoLabel) -> String {
    match why {
        NoLabel::Empty => "Vul een naam in.".to_owned(),
        NoLabel::TooLong(length) => {
            format!("De naam is {length} tekens lang; {} is het meeste.", label::LONGEST)
        }
        NoLabel::Unseen(_) => {
            "De naam bevat een onzichtbaar teken dat verandert hoe de rest leest. Typ de naam opnieuw.".to_owned()
        }
    }
}

/// A reason was left out.
pub const NO_REASON: &str = "Geef een reden op, zodat anderen dit later kunnen volgen.";

impl InDutch for AccountError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            AccountError::BadName(name) => Said::bad(format!(
                "‘{name}’ kan geen naam zijn: gebruik 2 tot 40 kleine letters, cijfers en streepjes, te beginnen met een \
                 letter."
            )),
            AccountError::BadUnit(id) => Said::bad(format!(
                "‘{id}’ kan geen onderdeel aanduiden: gebruik 1 tot 255 tekens gewone tekst, en niet ‘*’, dat de hele \
                 school is."
            )),
            AccountError::BadLabel(why) => Said::bad(of_label(&why)),
            AccountError::NoReason => Said::bad(NO_REASON),
            AccountError::LastWithBeheren(_) => Said::conflict(
                "Dit is het laatste account met ‘beheren’ voor de hele school. Ken die functie eerst aan een ander toe.",
            ),
            AccountError::Disabled(_) => Said::conflict("Dit account is uitgeschakeld. Schakel het eerst weer in."),
            AccountError::PersonHasAccount { account, .. } => Said::conflict(format!(
                "Deze persoon heeft al account ‘{account}’. Eén persoon heeft één account; ken daar functies aan toe."
            )),
            AccountError::Exists { id, .. } => {
                Said::conflict(format!("‘{id}’ bestaat al. Kies een andere korte naam."))
            }
            AccountError::Unknown { kind: "unit", id } => {
                Said::bad(format!("Er is geen onderdeel ‘{id}’ in deze school."))
            }
            AccountError::Unknown { .. } => return Err(Oops::absent("Dit account of deze functie is er niet.")),
            AccountError::Refused(refusal) => Said::conflict(of_duties(&refusal)),
            AccountError::Commit(error) => return Err(error.into()),
            AccountError::Store(error) => return Err(error.into()),
        })
    }
}

impl InDutch for RevisionError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            RevisionError::UnknownPeer(_) => return Err(Oops::absent("Deze koppeling is er niet.")),
            RevisionError::UnknownRevision { number, .. } => {
                return Err(Oops::absent(format!("Deze koppeling heeft geen revisie {number}.")));
            }
            RevisionError::NoEarlier(_) => {
                Said::conflict("Deze koppeling heeft geen eerdere revisie: er is niets om naar terug te gaan.")
            }
            RevisionError::RunsAnother { .. } => {
                Said::conflict("Er is intussen een andere revisie in werking. Bekijk opnieuw wat er zou veranderen.")
            }
            RevisionError::AnotherStep => {
                Said::conflict("Er is intussen een andere stap gezet. Bekijk eerst waar die op uitkomt.")
            }
            RevisionError::NoWayBack { from, to } => Said::conflict(format!(
                "Revisie {to} is geen weg terug van revisie {from}: zij is nieuwer of heeft nooit gewerkt. Stel haar in \
                 werking met een uitrol."
            )),
            RevisionError::RunsAlready(number) => {
                Said::conflict(format!("Revisie {number} is al in werking. Er is niets gewijzigd."))
            }
            RevisionError::NoReason => Said::bad(NO_REASON),
            RevisionError::Obstacles(obstacles) => Said::conflict(keuring_words::obstacles(&obstacles)),
            RevisionError::Package(error) => return error.in_dutch(),
            RevisionError::UnknownProfile { .. } | RevisionError::Configuration(_) => {
                return Err(Oops::ours(&self));
            }
            RevisionError::Commit(error) => return Err(error.into()),
            RevisionError::Store(error) => return Err(error.into()),
            RevisionError::Follow(error) => return Err(Oops::ours(&error)),
            RevisionError::Frozen { name, until } => Said::conflict(format!(
                "Er wordt nu niets uitgerold: {name}, tot {}. Terugdraaien kan altijd.",
                words::moment(until)
            )),
            RevisionError::NotNow(why) => Said::conflict(of_rollout(&why)),
            RevisionError::NoRollout(_) => Said::conflict("Er is nog geen uitrol begonnen."),
            RevisionError::RollsOut(number) => Said::conflict(format!(
                "Revisie {number} wordt al uitgerold. Stop die uitrol eerst, of draai haar terug."
            )),
            RevisionError::NotTheFirst(number) => {
                Said::conflict(format!("Revisie {number} is intussen al gemaakt. Bekijk die eerst."))
            }
            RevisionError::NothingToFix => {
                Said::conflict("Er werkt nog niets bij deze koppeling. Begin een gewone uitrol.")
            }
            RevisionError::NobodyHas(number) => Said::conflict(format!(
                "Niemand heeft revisie {number} nog: die is intussen teruggedraaid. Stop deze uitrol en kijk wat er nu draait."
            )),
            RevisionError::OtherGrants(changes) => Said::conflict(format!(
                "De spoedroute is voor een pakket dat precies hetzelfde mag als wat nu werkt. Dit pakket verschilt op {} \
                 punt(en): neem de gewone uitrol.",
                changes.len()
            )),
            RevisionError::NoSitting(_) => {
                Said::bad("Kies een zitting bij deze leverancier die doorgaat en de oude versie heeft.")
            }
            RevisionError::ByFiles(_) => Said::conflict(
                "Deze leverancier werkt met bestanden, en die gaan over de hele school: één lijst heen, één bestand terug. \
                 Een onderdeel, deel of zitting kan daarom geen eigen revisie hebben. Kies de stap ‘iedereen’.",
            ),
            RevisionError::Units(_) => Said::bad("Kies minstens één onderdeel van de school, en minstens één stroom."),
            RevisionError::NotAllowed(refusal) => Said::conflict(of_duties(&refusal)),
        })
    }
}

impl InDutch for AdmissionError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            AdmissionError::Policy(WrongPolicy::Age(_)) => {
                Said::bad("Geef op hoeveel dagen een keuring geldt: 1 tot 3650.")
            }
            AdmissionError::Policy(WrongPolicy::Signatures(_)) => {
                Said::bad("Geef op hoeveel sleutels moeten tekenen: 1 tot 16.")
            }
            AdmissionError::UnknownPeer(_) => return Err(Oops::absent("Deze koppeling is er niet.")),
            AdmissionError::SeenOther => {
                Said::conflict("Wat dit pakket meer mag, is veranderd sinds u keek. Bekijk het hieronder opnieuw.")
            }
            AdmissionError::NothingToApprove => {
                Said::conflict("Dit pakket mag precies hetzelfde als wat nu werkt. Er is niets goed te keuren.")
            }
            AdmissionError::NoReason => Said::bad(NO_REASON),
            AdmissionError::NobodySigned(_) => {
                Said::bad("In dit bestand staat geen medeondertekening van een sleutel die hier wordt vertrouwd.")
            }
            AdmissionError::Package(error) => return error.in_dutch(),
            AdmissionError::Commit(error) => return Err(error.into()),
            AdmissionError::Store(error) => return Err(error.into()),
        })
    }
}

impl InDutch for PackageError {
    fn in_dutch(self) -> Result<Said, Oops> {
        match self {
            PackageError::Refused(refusal) => Ok(Said::conflict(format!(
                "Het pakket van deze revisie mag niet meer werken. De controle zegt: {refusal}"
            ))),
            PackageError::NotTaken(obstacle) => Ok(Said::conflict(keuring_words::obstacles(&[obstacle]))),
            PackageError::VersionTaken { name, version, .. } => Ok(Said::conflict(format!(
                "{name} {version} is hier al, met een andere inhoud. Een versie verandert nooit: vraag de uitgever de \
                 nieuwe inhoud een nieuw versienummer te geven."
            ))),
            PackageError::Unknown(_) => Err(Oops::absent("Dit pakket is er niet.")),
            other => Err(Oops::ours(&other)),
        }
    }
}

impl InDutch for PeerError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            PeerError::Unknown(_) => return Err(Oops::absent("Deze koppeling is er niet.")),
            PeerError::NoReason => Said::bad(NO_REASON),
            PeerError::Store(error) => return Err(error.into()),
            PeerError::Commit(error) => return Err(error.into()),
        })
    }
}

impl InDutch for LetterError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            LetterError::Unknown(_) => return Err(Oops::absent("Dit bericht is er niet.")),
            LetterError::NotDead { .. } => {
                Said::conflict("Dit bericht zit niet (meer) vast. Er is niets gewijzigd; bekijk de stand hieronder.")
            }
            LetterError::NoReason => Said::bad(NO_REASON),
            LetterError::Store(error) => return Err(error.into()),
            LetterError::Commit(error) => return Err(error.into()),
        })
    }
}

impl InDutch for TaskError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            TaskError::Unknown(_) => return Err(Oops::absent("Deze uitzondering is er niet.")),
            TaskError::Closed(_) => Said::conflict("Deze uitzondering is intussen al afgehandeld."),
            TaskError::Claimed { account, .. } => Said::conflict(format!(
                "{account} heeft deze uitzondering intussen opgepakt. Neem haar over als dat is afgesproken."
            )),
            TaskError::NotYours(_) => Said::conflict("U hebt deze uitzondering niet (meer) opgepakt."),
            TaskError::NoResolution => Said::bad("Schrijf op wat er is gedaan, zodat anderen dit later kunnen volgen."),
            TaskError::Refused(refusal) => return Err(Oops::forbidden(of_duties(&refusal))),
            TaskError::Commit(error) => return Err(error.into()),
            TaskError::Store(error) => return Err(error.into()),
        })
    }
}

impl InDutch for PublisherError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            PublisherError::Malformed(_) => Said::bad(
                "De naam of de sleutel is niet leesbaar. De naam bestaat uit kleine letters, cijfers en streepjes, zoals \
                 in connector.toml; de sleutel is de publieke sleutel zoals ‘oke connector keygen’ die schrijft.",
            ),
            PublisherError::OtherPublisher { publisher, .. } => Said::conflict(format!(
                "Deze sleutel is al bekend als die van ‘{publisher}’. Een sleutel hoort bij één uitgever."
            )),
            PublisherError::Revoked(_) => Said::conflict(
                "Deze sleutel is ingetrokken en wordt nooit meer vertrouwd. Vraag de uitgever om een nieuwe sleutel.",
            ),
            PublisherError::OtherRole(_) => Said::conflict(
                "Deze sleutel wordt al vertrouwd, maar om iets anders te ondertekenen. Gebruik één sleutel voor één doel.",
            ),
            PublisherError::Expired(_) => Said::conflict(
                "Een sleutel kan vanaf nu of later verlopen, niet met terugwerkende kracht. Trek de sleutel in als hij \
                 eerder in verkeerde handen kwam.",
            ),
            PublisherError::Unknown(_) => return Err(Oops::absent("Deze sleutel is hier niet bekend.")),
            PublisherError::NoReason => Said::bad(NO_REASON),
            PublisherError::Commit(error) => return Err(error.into()),
            PublisherError::Store(error) => return Err(error.into()),
        })
    }
}
