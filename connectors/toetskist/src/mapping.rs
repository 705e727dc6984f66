//! What the canonical model means to Toetskist, and back. Pure.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use oke_sdk::{
    Delivery, Error, Line, Reading, Row,
    model::{
        Association, AssociationState, Attendance, Code, Component, ComponentStatus, ExamResult, Normed, Offering,
        OfferingState, Person, ResultState, ResultValueType, Role,
    },
};

use crate::wire::{PlanRow, SittingRow};

/// Dutch time, as a rule: there is no database of zones in a component.
const DUTCH_TIME: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
/// Extra time of this many minutes is without end (R15).
const UNLIMITED_MIN: u32 = 10_000;
/// Our code for each aid, and Toetskist's.
const AIDS: [(&str, &str); 3] = [
    ("spoken", "voorlezen"),
    ("enlarged", "vergroot"),
    ("separate-room", "apart"),
];

/// The cells of a sitting.
///
/// # Errors
/// [`Error::Unrepresentable`] without times, or without the server that a school wants named (R19).
pub(crate) fn sitting(sitting: &Offering, needs_server: bool) -> Result<SittingRow, Error> {
    let (Some(start), Some(end)) = (sitting.start, sitting.end) else {
        return Err(cannot("startDateTime", "a sitting on the list has a start and an end"));
    };
    let server = sitting
        .other_codes
        .iter()
        .find(|code| code.code_type.eq_ignore_ascii_case("systemId"));
    if needs_server && server.is_none() {
        let why = format!(
            "sitting {} names no FAO server; set it in the plan",
            sitting.offering_id
        );
        return Err(cannot("otherCodes.systemId", why));
    }
    let minutes = sitting.duration_s.map(|seconds| seconds.div_ceil(60));
    Ok([
        sitting.offering_id.clone(),
        sitting.offered_id.clone().unwrap_or_default(),
        sitting.name.clone(),
        local(start)?,
        local(end)?,
        minutes.map_or_else(String::new, |minutes| minutes.to_string()),
        sitting.location_codes.join(", "),
        server.map_or_else(String::new, |code| code.value.clone()),
        standing(sitting.state == OfferingState::Canceled),
    ])
}

/// Whether a deelname stands on the list: students only.
pub(crate) fn is_listed(deelname: &Association) -> bool {
    deelname.role == Role::Student
}

/// The cells of a deelname.
///
/// # Errors
/// [`Error::Unrepresentable`]: no person although it stands, needs beyond the aids, extra time without a duration or end.
pub(crate) fn deelname(deelname: &Association, sitting: &Offering) -> Result<PlanRow, Error> {
    let canceled = deelname.state == AssociationState::Canceled || sitting.state == OfferingState::Canceled;
    let person = match &deelname.person {
        Some(person) => name(person),
        // Their data may be erased already (R5).
        None if canceled => [const { String::new() }; 4],
        None => return Err(cannot("person", "a student on the list has a name and a number (R14)")),
    };
    let aids: Result<Vec<&str>, Error> = deelname.personal_needs.iter().map(|need| aid(need)).collect();
    let [number, first, prefix, last] = person;
    Ok([
        deelname.association_id.clone(),
        standing(canceled),
        number,
        first,
        prefix,
        last,
        factor(deelname.additional_time_min.unwrap_or(0), sitting.duration_s)?,
        aids?.join(", "),
    ])
}

fn name(person: &Person) -> [String; 4] {
    let codes = std::iter::once(&person.primary_code).chain(&person.other_codes);
    let mut numbers = codes.filter(|code| code.code_type.eq_ignore_ascii_case("studentNumber"));
    let first = person.preferred_name.clone().or_else(|| person.given_name.clone());
    [
        numbers.next().map_or_else(String::new, |code| code.value.clone()),
        first.unwrap_or_default(),
        person.surname_prefix.clone().unwrap_or_default(),
        person.surname.clone().unwrap_or_else(|| person.display_name.clone()),
    ]
}

fn standing(canceled: bool) -> String {
    if canceled { "vervallen" } else { "gepland" }.to_owned()
}

/// `27-11-2026 09:00`, in Dutch time.
fn local(moment: Timestamp) -> Result<String, Error> {
    let zone = TimeZone::posix(DUTCH_TIME).map_err(|error| Error::Bug(format!("the rule of Dutch time: {error}")))?;
    Ok(moment.to_zoned(zone).strftime("%d-%m-%Y %H:%M").to_string())
}

/// Extra time as a factor of the duration, two decimals, rounded up: never less than was assigned (R15).
fn factor(extra_min: u32, duration_s: Option<u32>) -> Result<String, Error> {
    let refused = |why: &str| Err(cannot("additionalTimeInMin", why));
    let hundredths = match duration_s {
        _ if extra_min == 0 => 100,
        _ if extra_min >= UNLIMITED_MIN => return refused("extra time without end is no factor"),
        Some(seconds) if seconds > 0 => 100 + (u64::from(extra_min) * 6_000).div_ceil(u64::from(seconds)),
        _ => return refused("extra time is a factor of the duration, and the sitting has none"),
    };
    Ok(format!("{},{:02}", hundredths / 100, hundredths % 100))
}

fn aid(need: &str) -> Result<&'static str, Error> {
    let known = AIDS.iter().find(|(code, _)| *code == need);
    known
        .map(|(_, aid)| *aid)
        .ok_or_else(|| cannot("personalNeeds", format!("Toetskist has no aid for `{need}`")))
}

fn cannot(field: &str, why: impl Into<String>) -> Error {
    Error::Unrepresentable {
        field: field.to_owned(),
        why: why.into(),
    }
}

/// Why a row can't be taken: a stable code, and a sentence for the person who carries the file.
pub(crate) struct Refusal(&'static str, String);

impl From<Refusal> for Line {
    fn from(Refusal(code, sentence): Refusal) -> Self {
        Line::refused(code, sentence)
    }
}

fn refusal(code: &'static str, sentence: impl Into<String>) -> Refusal {
    Refusal(code, sentence.into())
}

/// What a row says, or why it can't be taken.
type Read = Result<Line, Refusal>;

/// A row of the toetsenlijst.
pub(crate) fn test(row: Row<'_>) -> Read {
    let scale = match row.text("schaal") {
        "" | "cijfer" => ResultValueType::DecimalToTen,
        "punten-100" => ResultValueType::ZeroToHundred,
        "ovg" => ResultValueType::InsufficientSatisfactoryGood,
        other => {
            return Err(refusal(
                "scale",
                format!("De schaal ‘{other}’ is geen cijfer, punten-100 of ovg."),
            ));
        }
    };
    let status = match row.text("actief") {
        "" | "ja" => ComponentStatus::Active,
        "nee" => ComponentStatus::Inactive,
        other => {
            return Err(refusal(
                "active",
                format!("Bij ‘actief’ staat ‘{other}’; dat is geen ja of nee."),
            ));
        }
    };
    let (id, name) = (needed(row, "toetscode")?, needed(row, "toetsnaam")?);
    let needs = AIDS.iter().map(|(code, _)| (*code).to_owned()).collect();
    Ok(Line::Component(Component {
        result_value_type: Some(scale),
        exam: Some(true),
        status,
        available_personal_needs: needs,
        ..Component::bare(id, Code::new("testCode", id), name)
    }))
}

/// A row of the uitslagenlijst. Points are no grade: without the cesuur there is no score (R11).
pub(crate) fn outcome(row: Row<'_>) -> Read {
    let (state, attendance, normed) = match row.text("status") {
        "bezig" => (ResultState::InProgress, Attendance::NotFinished, Normed::Unknown),
        "ingeleverd" => (ResultState::InProgress, Attendance::Present, Normed::Unknown),
        "nagekeken" => (ResultState::Completed, Attendance::Present, Normed::No),
        "genormeerd" => (ResultState::Completed, Attendance::Present, Normed::Yes),
        other => return Err(refusal("status", format!("De status ‘{other}’ is niet bekend."))),
    };
    let grade = row.text_opt("cijfer").map(decimal).transpose()?;
    match (normed, &grade) {
        (Normed::Yes, None) => {
            return Err(refusal("grade", "Bij een genormeerde uitslag ontbreekt het cijfer."));
        }
        (Normed::No | Normed::Unknown, Some(_)) => {
            return Err(refusal(
                "grade",
                "Er staat een cijfer bij een uitslag die niet is genormeerd.",
            ));
        }
        _ => {}
    }
    let result = ExamResult {
        score: grade,
        raw_score: points(row, "punten")?,
        max_raw_score: points(row, "maximum")?,
        result_date: row.text_opt("datum").map(day).transpose()?,
        ..ExamResult::bare(state, attendance)
    };
    Ok(Line::Result(reading(row, result, normed, "")?))
}

/// A row of the uitvallijst.
pub(crate) fn drop_out(row: Row<'_>) -> Read {
    // What is completed has the day on which it was determined (R12).
    let on = day(needed(row, "datum")?)?;
    let said = |state, attendance| ExamResult {
        result_date: Some(on),
        ..ExamResult::bare(state, attendance)
    };
    let absent = || said(ResultState::Completed, Attendance::NotPresent);
    let broken_off = || said(ResultState::Completed, Attendance::NotFinished);
    let later = || said(ResultState::Postponed, Attendance::NotFinished);
    let one = |result, label| reading(row, result, Normed::Unknown, label);
    Ok(match row.text("reden") {
        "afwezig" | "ziek" => Line::Result(one(absent(), "")?),
        "gestopt" => Line::Result(one(broken_off(), "")?),
        "storing" => Line::Choice(vec![
            one(later(), "door storing uitgesteld: er komt nog een uitslag")?,
            one(broken_off(), "niet afgemaakt: er komt geen uitslag meer")?,
        ]),
        "onbekend" => Line::Choice(vec![
            one(absent(), "niet verschenen")?,
            one(broken_off(), "niet afgemaakt")?,
        ]),
        other => return Err(refusal("reason", format!("De reden ‘{other}’ is niet bekend."))),
    })
}

fn reading(row: Row<'_>, result: ExamResult, normed: Normed, label: &str) -> Result<Reading, Refusal> {
    Ok(Reading {
        delivery: Delivery {
            deelname_peer_id: needed(row, "kenmerk")?.to_owned(),
            result,
            normed,
            examenversie: row.text_opt("versie").map(str::to_owned),
        },
        student_number: row.text_opt("studentnummer").map(str::to_owned),
        label: label.to_owned(),
    })
}

fn needed<'a>(row: Row<'a>, column: &str) -> Result<&'a str, Refusal> {
    row.text_opt(column)
        .ok_or_else(|| refusal("empty", format!("De cel ‘{column}’ is leeg.")))
}

/// A Dutch decimal: digits, and at most one comma with digits behind it.
fn decimal(text: &str) -> Result<String, Refusal> {
    let (whole, part) = text.split_once(',').unwrap_or((text, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match are_digits(whole) && are_digits(part) {
        true => Ok(text.replace(',', ".")),
        false => Err(refusal(
            "decimal",
            format!("‘{text}’ is geen getal met een komma, zoals 6,4."),
        )),
    }
}

fn points(row: Row<'_>, column: &str) -> Result<Option<i32>, Refusal> {
    let Some(text) = row.text_opt(column) else {
        return Ok(None);
    };
    let read = text.parse::<i32>().ok().filter(|points| *points >= 0);
    read.map(Some)
        .ok_or_else(|| refusal("points", format!("‘{text}’ bij ‘{column}’ is geen heel aantal punten.")))
}

/// `27-11-2026`, as Dutch lists write it, or `2026-11-27`, as a spreadsheet gives it.
fn day(text: &str) -> Result<Date, Refusal> {
    let read = Date::strptime("%d-%m-%Y", text).or_else(|_| Date::strptime("%Y-%m-%d", text));
    // A year of two digits is no year of an exam.
    let read = read.ok().filter(|day| day.year() >= 2000);
    read.ok_or_else(|| refusal("date", format!("‘{text}’ is geen datum, zoals 27-11-2026.")))
}
