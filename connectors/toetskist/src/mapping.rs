//! What the canonical model means to Toetskist, and back. Pure.

use jiff::Timestamp;
use oke_sdk::{
    Delivery, Error, Line, Reading, Refusal, Row, dutch, extra_time,
    model::{
        Association, AssociationState, Attendance, Code, Component, ComponentStatus, ExamResult, Normed, Offering,
        OfferingState, Person, ResultState, ResultValueType, Role,
    },
    needs::NeedTable,
};

use crate::wire::{PlanRow, SittingRow};

/// Toetskist's word for each aid.
const AIDS: NeedTable<&str> = NeedTable(&[
    ("spoken", "voorlezen"),
    ("enlarged", "vergroot"),
    ("separate-room", "apart"),
]);

/// The cells of a sitting.
///
/// # Errors
/// [`Error::Unrepresentable`] without times, or without the server that a school wants named (R19).
pub(crate) fn sitting(sitting: &Offering, needs_server: bool) -> Result<SittingRow, Error> {
    let (Some(start), Some(end)) = (sitting.start, sitting.end) else {
        return Err(Error::unrepresentable(
            "startDateTime",
            "a sitting on the list has a start and an end",
        ));
    };
    let server = sitting.code("systemId");
    if needs_server && server.is_none() {
        let why = format!(
            "sitting {} names no FAO server; set it in the plan",
            sitting.offering_id
        );
        return Err(Error::unrepresentable("otherCodes.systemId", why));
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
        server.unwrap_or_default().to_owned(),
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
        None => {
            return Err(Error::unrepresentable(
                "person",
                "a student on the list has a name and a number (R14)",
            ));
        }
    };
    let [number, first, prefix, last] = person;
    let hundredths = extra_time::factor(deelname.additional_time_min.unwrap_or(0), sitting.duration_s)?;
    Ok([
        deelname.association_id.clone(),
        standing(canceled),
        number,
        first,
        prefix,
        last,
        format!("{},{:02}", hundredths / 100, hundredths % 100),
        AIDS.words(&deelname.personal_needs)?.join(", "),
    ])
}

fn name(person: &Person) -> [String; 4] {
    let parts = [
        person.student_number(),
        person.first_name(),
        person.surname_prefix.as_deref(),
    ];
    let [number, first, prefix] = parts.map(|part| part.unwrap_or_default().to_owned());
    [number, first, prefix, person.last_name().to_owned()]
}

fn standing(canceled: bool) -> String {
    if canceled { "vervallen" } else { "gepland" }.to_owned()
}

/// `27-11-2026 09:00`, in Dutch time.
fn local(moment: Timestamp) -> Result<String, Error> {
    Ok(dutch::clock(moment)?.strftime("%d-%m-%Y %H:%M").to_string())
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
            return Err(Refusal::new(
                "scale",
                format!("De schaal ‘{other}’ is geen cijfer, punten-100 of ovg."),
            ));
        }
    };
    let status = match row.text("actief") {
        "" | "ja" => ComponentStatus::Active,
        "nee" => ComponentStatus::Inactive,
        other => {
            return Err(Refusal::new(
                "active",
                format!("Bij ‘actief’ staat ‘{other}’; dat is geen ja of nee."),
            ));
        }
    };
    let (id, name) = (row.needed("toetscode")?, row.needed("toetsnaam")?);
    Ok(Line::Component(Component {
        result_value_type: Some(scale),
        exam: Some(true),
        status,
        available_personal_needs: AIDS.codes(),
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
        other => return Err(Refusal::new("status", format!("De status ‘{other}’ is niet bekend."))),
    };
    let grade = row.decimal_opt("cijfer")?;
    match (normed, &grade) {
        (Normed::Yes, None) => {
            return Err(Refusal::new(
                "grade",
                "Bij een genormeerde uitslag ontbreekt het cijfer.",
            ));
        }
        (Normed::No | Normed::Unknown, Some(_)) => {
            return Err(Refusal::new(
                "grade",
                "Er staat een cijfer bij een uitslag die niet is genormeerd.",
            ));
        }
        _ => {}
    }
    let result = ExamResult {
        score: grade,
        raw_score: row.points_opt("punten")?,
        max_raw_score: row.points_opt("maximum")?,
        result_date: row.day_opt("datum")?,
        ..ExamResult::bare(state, attendance)
    };
    Ok(Line::Result(reading(row, result, normed, "")?))
}

/// A row of the uitvallijst.
pub(crate) fn drop_out(row: Row<'_>) -> Read {
    // What is completed has the day on which it was determined (R12).
    row.needed("datum")?;
    let on = row.day_opt("datum")?;
    let said = |state, attendance| ExamResult {
        result_date: on,
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
        other => return Err(Refusal::new("reason", format!("De reden ‘{other}’ is niet bekend."))),
    })
}

fn reading(row: Row<'_>, result: ExamResult, normed: Normed, label: &str) -> Result<Reading, Refusal> {
    Ok(Reading {
        delivery: Delivery {
            deelname_peer_id: row.needed("kenmerk")?.to_owned(),
            result,
            normed,
            examenversie: row.text_opt("versie").map(str::to_owned),
        },
        student_number: row.text_opt("studentnummer").map(str::to_owned),
        label: label.to_owned(),
    })
}
