//! Dutch words for what the model calls by codes, and how times are written.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};

use crate::domain::association::UNLIMITED_MINUTES;
use crate::domain::attempt::Model;
use crate::domain::calendar::zone;
use crate::domain::model::{Attendance, ExamResult, Normed, PassState, ResultState, Role};
use crate::domain::result::{Decided, Hold, Judgement, Source};
use crate::domain::rollout::Environment;
use crate::domain::sending::{FinalConflict, SendPolicy};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec",
];

/// A moment at school: `di 1 sep 2026 09:30`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    format!("{} {}", day(at), clock(at))
}

/// A day at school: `di 1 sep 2026`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    let date = at.to_zoned(zone()).date();
    let weekday = match date.weekday() {
        Weekday::Monday => "ma",
        Weekday::Tuesday => "di",
        Weekday::Wednesday => "wo",
        Weekday::Thursday => "do",
        Weekday::Friday => "vr",
        Weekday::Saturday => "za",
        Weekday::Sunday => "zo",
    };
    let month = usize::from(date.month().unsigned_abs()).saturating_sub(1);
    format!(
        "{weekday} {} {} {}",
        date.day(),
        MONTHS.get(month).unwrap_or(&""),
        date.year()
    )
}

/// A time of day at school: `09:30`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%H:%M").to_string()
}

/// How long ago: `3 min`, `5 uur`, `2 dagen`.
#[must_use]
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(since).max(SignedDuration::ZERO).as_mins();
    match minutes {
        0 => "zojuist".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1_440 => format!("{} uur", minutes / 60),
        1_440..2_880 => "1 dag".to_owned(),
        _ => format!("{} dagen", minutes / 1_440),
    }
}

/// A duration: `40 ms`, `3,2 s`, `5 min`.
#[must_use]
pub fn millis(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{},{} s", millis / 1_000, millis % 1_000 / 100),
        120_000..7_200_000 => format!("{} min", millis / 60_000),
        _ => format!("{} uur", millis / 3_600_000),
    }
}

/// A size: `800 bytes`, `12 kB`, `3,4 MB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{},{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{},{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

/// A number of working days.
#[must_use]
pub fn working_days(days: u32) -> String {
    match days {
        1 => "1 werkdag".to_owned(),
        _ => format!("{days} werkdagen"),
    }
}

/// Name of a flow (`§3`).
#[must_use]
pub fn flow(flow: i64) -> &'static str {
    match flow {
        0 => "Toetscatalogus",
        1 => "Toetsdeelnemers",
        2 => "Zittingsplan",
        3 => "Resultaten",
        4 => "Zittingsverslag",
        5 => "Studentresultaat",
        6 => "Analyse",
        _ => "Overig",
    }
}

/// What a peer is.
#[must_use]
pub fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Test => "test",
        Environment::Acceptance => "acceptatie",
        Environment::Production => "productie",
    }
}

/// Role of a deelname (R16).
#[must_use]
pub fn role(role: &Role) -> String {
    match role {
        Role::Student => "student",
        Role::Coordinator => "afnameleider",
        Role::Invigilator => "surveillant",
        Role::Assessor => "beoordelaar",
        Role::Guest => "gast",
        Role::Other(other) => other,
    }
    .to_owned()
}

/// Attendance (R16).
#[must_use]
pub fn attendance(attendance: &Attendance) -> String {
    match attendance {
        Attendance::NotKnown => "nog onbekend",
        Attendance::NotPresent => "afwezig",
        Attendance::NotStarted => "aanwezig, niet begonnen",
        Attendance::NotFinished => "begonnen, niet ingeleverd",
        Attendance::Present => "aanwezig",
        Attendance::Other(other) => other,
    }
    .to_owned()
}

/// State of a result (R10).
#[must_use]
pub fn state(state: ResultState) -> &'static str {
    match state {
        ResultState::InProgress => "bezig",
        ResultState::Postponed => "uitgesteld",
        ResultState::Queued => "wacht op beoordeling",
        ResultState::Completed => "afgerond",
    }
}

/// Score or judgement, or a dash.
#[must_use]
pub fn score(result: &ExamResult) -> String {
    let pass = match result.pass {
        Some(PassState::Passed) => Some("behaald"),
        Some(PassState::Failed) => Some("niet behaald"),
        Some(PassState::Unknown) | None => None,
    };
    match (&result.score, pass) {
        (Some(score), Some(pass)) => format!("{score} ({pass})"),
        (Some(score), None) => score.clone(),
        (None, Some(pass)) => pass.to_owned(),
        (None, None) => "–".to_owned(),
    }
}

/// Whether the cesuur was applied.
#[must_use]
pub fn normed(normed: Normed) -> &'static str {
    match normed {
        Normed::Yes => "ja",
        Normed::No => "nee",
        Normed::Unknown => "onbekend",
    }
}

/// What became of a delivery.
#[must_use]
pub fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Accepted => "aanvaard",
        Judgement::Held(_) => "vastgehouden",
        Judgement::Aside => "terzijde gelegd",
    }
}

/// Why a delivery waits.
#[must_use]
pub fn why(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Accepted => "",
        Judgement::Aside => "tussenstand na een afgerond resultaat; wordt teruggelezen",
        Judgement::Held(hold) => match hold {
            Hold::NotNormed => "de cesuur is nog niet toegepast",
            Hold::OffScale => "de score past niet op de schaal van de toets",
            Hold::OffEnrolmentScale => "de score past niet op de schaal van de planbare toets",
            Hold::NoRowInMap => "de omzettingstabel heeft er geen regel voor",
            Hold::NoResultDate => "er is geen resultaatdatum",
            Hold::NoOutcome => "afgerond zonder score",
            Hold::ChangedAfterDecision => "gewijzigd na vaststelling",
            Hold::FinalWithdrawn => "definitief resultaat kwam terug als voorlopig",
        },
    }
}

/// Who has decided.
#[must_use]
pub fn decided(decided: Decided) -> &'static str {
    match decided {
        Decided::Undecided => "nog niet vastgesteld",
        Decided::Vastgesteld => "vastgesteld",
        Decided::Upstream => "elders vastgesteld",
        Decided::Withdrawn => "vaststelling ingetrokken",
    }
}

/// By which way a delivery came.
#[must_use]
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Push => "bericht van de leverancier",
        Source::Poll => "opgehaald bij de leverancier",
        Source::ReadBack => "teruggelezen bij de leverancier",
        Source::File => "uit een bestand van de leverancier",
    }
}

/// A text as one part of an address of a page, as `urlencode_strict` writes it in templates.
#[must_use]
pub fn in_address(part: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    part.bytes().map(byte).collect()
}

/// When flow 5 is sent.
#[must_use]
pub fn send(send: SendPolicy) -> &'static str {
    match send {
        SendPolicy::Attendance => "alleen aanwezigheid tot de vaststelling",
        SendPolicy::Provisional => "als voorlopig tot de vaststelling",
        SendPolicy::AfterVaststelling => "pas na de vaststelling",
    }
}

/// Which leads when a decision and `finalResultsAllowed` conflict.
#[must_use]
pub fn final_conflict(conflict: FinalConflict) -> &'static str {
    match conflict {
        FinalConflict::Downgrade => "als voorlopig versturen, met een melding",
        FinalConflict::Hold => "laten wachten, met een melding",
    }
}

/// Whether an absence counts as an attempt.
#[must_use]
pub fn no_show(counts: bool) -> &'static str {
    if counts {
        "telt als poging"
    } else {
        "telt niet als poging"
    }
}

/// How a student system keeps attempts (R8).
#[must_use]
pub fn attempts(model: Model) -> &'static str {
    match model {
        Model::OfferingPerOpportunity => "elke gelegenheid is een eigen planbare toets",
        Model::AssociationPerOpportunity => "elke poging is een eigen inschrijving op dezelfde toets",
        Model::AssociationWithAttempts => "één inschrijving houdt alle pogingen bij",
    }
}

/// Extra time (R15).
#[must_use]
pub fn extra_time(minutes: Option<u32>) -> String {
    match minutes {
        None | Some(0) => "–".to_owned(),
        Some(minutes) if minutes >= UNLIMITED_MINUTES => "onbeperkt".to_owned(),
        Some(minutes) => format!("{minutes} min"),
    }
}

/// An actor of the audit chain: `account:sanne`, `client:…` or `host`.
#[must_use]
pub fn actor(actor: &str) -> String {
    if actor == "host" {
        return "dit systeem".to_owned();
    }
    match actor.split_once(':') {
        Some(("account", id)) => id.to_owned(),
        Some(("client", id)) => format!("koppeling {id}"),
        _ => actor.to_owned(),
    }
}

/// A verb of the audit chain.
#[must_use]
pub fn verb(verb: &str) -> &str {
    match verb {
        "result.accept" => "resultaat ontvangen",
        "result.judge" => "resultaat opnieuw beoordeeld",
        "result.vaststellen" => "resultaat vastgesteld",
        "result.propose" => "wijziging van het besluit voorgesteld",
        "result.correct" => "correctie vastgesteld",
        "result.withdraw" => "vaststelling ingetrokken",
        "proposal.end" => "voorstel afgesloten",
        "result.confirm" => "door de deelnemerregistratie bevestigd",
        "deelname.plan" => "deelname gepland",
        "deelname.change" => "voorzieningen gewijzigd",
        "deelname.cancel" => "deelname geannuleerd",
        "deelname.confirm" => "deelname door de leverancier bevestigd",
        "message.hold" => "bericht vastgehouden",
        "message.refuse" => "bericht geweigerd",
        "document.fetch" => "document opgehaald",
        other => other,
    }
}

/// State of a job.
#[must_use]
pub fn job_state(state: crate::domain::lane::JobState) -> &'static str {
    use crate::domain::lane::JobState;
    match state {
        JobState::Ready => "wacht",
        JobState::Running => "onderweg",
        JobState::Done => "bezorgd",
        JobState::Dead => "vast",
        JobState::Dismissed => "afgewezen",
        JobState::Superseded => "ingehaald door een nieuwer bericht",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_at_school() {
        let late: Timestamp = "2026-09-01T22:30:00Z".parse().unwrap();
        assert_eq!(moment(late), "wo 2 sep 2026 00:30");
    }

    #[test]
    fn an_age_is_short_and_never_negative() {
        let now: Timestamp = "2026-09-03T12:00:00Z".parse().unwrap();
        let since = |text: &str| age(text.parse().unwrap(), now);
        assert_eq!(since("2026-09-03T12:00:30Z"), "zojuist");
        assert_eq!(since("2026-09-03T11:15:00Z"), "45 min");
        assert_eq!(since("2026-09-03T09:00:00Z"), "3 uur");
        assert_eq!(since("2026-09-01T12:00:00Z"), "2 dagen");
    }
}
