//! What goes out, and what each row that comes back means.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

use oke_sdk::{
    ConfigValue, Context, Error, FileContent, Files as _, Line, Piece, Planned, Table,
    model::{
        Association, AssociationState, Attendance, Code, Normed, Offering, Person, ResultState, ResultValueType, Role,
    },
    testing::{ConnectorFolder, FakeHost},
};
use toetskist::Toetskist;

const FOLDER: ConnectorFolder = ConnectorFolder::at(env!("CARGO_MANIFEST_DIR"));

fn context(form: &str) -> Context {
    FOLDER.host(None).with_text("form", form).context()
}

fn sitting() -> Offering {
    Offering {
        offered_id: Some("4711".to_owned()),
        start: Some("2026-11-27T08:00:00Z".parse().unwrap()),
        end: Some("2026-11-27T10:00:00Z".parse().unwrap()),
        duration_s: Some(90 * 60),
        location_codes: vec!["B2.17".to_owned()],
        other_codes: vec![Code::new("systemId", "FAO-17")],
        ..Offering::bare("z-1", Code::new("offeringCode", "Z1"), "Rekenen & taal")
    }
}

fn deelname() -> Association {
    Association {
        additional_time_min: Some(25),
        personal_needs: vec!["spoken".to_owned()],
        person: Some(Person {
            person_id: "p-1".to_owned(),
            primary_code: Code::new("studentNumber", "123456"),
            other_codes: Vec::new(),
            given_name: Some("Noor".to_owned()),
            surname_prefix: Some("van der".to_owned()),
            surname: Some("Linden".to_owned()),
            display_name: "Noor van der Linden".to_owned(),
            preferred_name: None,
            id_check_name: None,
            mail: None,
            affiliations: Vec::new(),
            languages: Vec::new(),
            assigned_needs: Vec::new(),
            opaque: None,
        }),
        ..Association::bare("d-1", "p-1", "z-1")
    }
}

fn written(plan: &[Planned]) -> Table {
    let mut files = Toetskist::write_plan(&context("csv-windows"), plan).unwrap();
    match files.remove(0).content {
        FileContent::Table(table) => table,
        FileContent::Bytes(_) => panic!("CSV was asked for"),
    }
}

/// R14, R15, R19: who, with a factor that gives no less than 25 minutes of 90, on which server; in Dutch time.
#[test]
fn the_list_has_a_row_per_student_with_its_sitting() {
    let cancelled = Association {
        state: AssociationState::Canceled,
        person: None,
        ..Association::bare("d-2", "p-2", "z-1")
    };
    let leader = Association {
        role: Role::Coordinator,
        ..Association::bare("d-3", "p-3", "z-1")
    };
    let table = written(&[Planned {
        sitting: sitting(),
        deelnames: vec![deelname(), cancelled, leader],
    }]);

    assert_eq!(table.columns[0..3], ["zitting", "toets", "naam"]);
    let rows: Vec<String> = table.rows.iter().map(|row| row.join(";")).collect();
    assert_eq!(
        rows,
        [
            "z-1;4711;Rekenen & taal;27-11-2026 09:00;27-11-2026 11:00;90;B2.17;FAO-17;gepland;\
             d-1;gepland;123456;Noor;van der;Linden;1,28;voorlezen",
            "z-1;4711;Rekenen & taal;27-11-2026 09:00;27-11-2026 11:00;90;B2.17;FAO-17;gepland;\
             d-2;vervallen;;;;;1,00;",
        ]
    );
}

#[test]
fn a_summer_sitting_is_in_summer_time_and_one_without_students_has_a_row() {
    let summer = Offering {
        start: Some("2026-06-01T08:00:00Z".parse().unwrap()),
        ..sitting()
    };
    let table = written(&[Planned {
        sitting: summer,
        deelnames: Vec::new(),
    }]);
    assert_eq!(table.rows[0][3], "01-06-2026 10:00");
    assert_eq!(table.rows[0].len(), table.columns.len());
}

#[test]
fn the_xml_form_escapes_what_it_carries() {
    let plan = [Planned {
        sitting: sitting(),
        deelnames: vec![deelname()],
    }];
    let files = Toetskist::write_plan(&context("xml"), &plan).unwrap();
    let FileContent::Bytes(bytes) = &files[0].content else {
        panic!("XML was asked for")
    };
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(
        text.contains(r#"<zittingslijst xmlns="urn:toetskist:zittingslijst:1">"#),
        "{text}"
    );
    assert!(text.contains(r#"naam="Rekenen &amp; taal""#), "{text}");
    assert!(
        text.contains(r#"<deelname kenmerk="d-1" status="gepland" studentnummer="123456""#),
        "{text}"
    );
}

/// R15, R19: never silently less, never silently without.
#[test]
fn what_the_list_has_no_cell_for_is_refused() {
    let refused = |change: fn(&mut Offering, &mut Association)| {
        let (mut sitting, mut deelname) = (sitting(), deelname());
        change(&mut sitting, &mut deelname);
        let plan = [Planned {
            sitting,
            deelnames: vec![deelname],
        }];
        match Toetskist::write_plan(&context("csv"), &plan) {
            Err(Error::Unrepresentable { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|sitting, _| sitting.other_codes.clear()), "otherCodes.systemId");
    assert_eq!(refused(|sitting, _| sitting.start = None), "startDateTime");
    assert_eq!(refused(|sitting, _| sitting.duration_s = None), "additionalTimeInMin");
    assert_eq!(
        refused(|_, it| it.additional_time_min = Some(10_000)),
        "additionalTimeInMin"
    );
    assert_eq!(
        refused(|_, it| it.personal_needs.push("braille".to_owned())),
        "personalNeeds"
    );
    assert_eq!(refused(|_, it| it.person = None), "person");
}

#[test]
fn a_school_may_do_without_the_server() {
    let ctx = FakeHost::new()
        .with_config("fao-required", ConfigValue::Flag(false))
        .context();
    let plan = [Planned {
        sitting: Offering {
            other_codes: Vec::new(),
            ..sitting()
        },
        deelnames: Vec::new(),
    }];
    assert!(Toetskist::write_plan(&ctx, &plan).is_ok());
}

fn piece(text: &str) -> Piece {
    let mut rows = text
        .lines()
        .map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    Piece {
        columns: rows.next().unwrap(),
        rows: rows.collect(),
    }
}

fn read(text: &str) -> Vec<Line> {
    Toetskist::read_piece(&context("csv"), &piece(text)).unwrap()
}

fn code(line: &Line) -> &str {
    match line {
        Line::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// R11: points are no grade. Each bad row has its reason, and costs only itself.
#[test]
fn points_are_not_normed_and_a_grade_is() {
    let lines = read(include_str!("fixtures/uitslagenlijst.csv"));
    let Line::Result(points) = &lines[0] else {
        panic!("{:?}", lines[0])
    };
    assert_eq!(
        (
            points.delivery.normed,
            points.delivery.result.score.as_deref(),
            points.delivery.result.raw_score
        ),
        (Normed::No, None, Some(37))
    );
    let Line::Result(grade) = &lines[1] else {
        panic!("{:?}", lines[1])
    };
    assert_eq!(
        (grade.delivery.normed, grade.delivery.result.score.as_deref()),
        (Normed::Yes, Some("6.4"))
    );
    assert_eq!(grade.delivery.examenversie.as_deref(), Some("2026-A"));
    assert_eq!(grade.student_number.as_deref(), Some("123456"));
    let Line::Result(busy) = &lines[2] else {
        panic!("{:?}", lines[2])
    };
    assert_eq!(busy.delivery.result.state, ResultState::InProgress);
    let codes: Vec<&str> = lines[3..9].iter().map(code).collect();
    assert_eq!(codes, ["empty", "grade", "points", "decimal", "grade", "date"]);
    assert_eq!(lines[9], Line::Nothing);
}

#[test]
fn uitval_is_absence_or_a_choice_for_a_person() {
    let lines = read(include_str!("fixtures/uitvallijst.csv"));
    let Line::Result(absent) = &lines[0] else {
        panic!("{:?}", lines[0])
    };
    assert_eq!(absent.delivery.result.attendance, Attendance::NotPresent);
    let Line::Choice(readings) = &lines[2] else {
        panic!("{:?}", lines[2])
    };
    let states: Vec<ResultState> = readings.iter().map(|one| one.delivery.result.state).collect();
    assert_eq!(states, [ResultState::Postponed, ResultState::Completed]);
    assert!(readings.iter().all(|one| !one.label.is_empty()));
    assert_eq!((code(&lines[3]), code(&lines[4])), ("reason", "empty"));
}

#[test]
fn the_list_of_tests_is_the_catalogue() {
    let lines = read(include_str!("fixtures/toetsenlijst.csv"));
    let Line::Component(test) = &lines[0] else {
        panic!("{:?}", lines[0])
    };
    assert_eq!((test.component_id.as_str(), test.name.as_str()), ("4711", "Rekenen 2F"));
    assert_eq!(test.result_value_type, Some(ResultValueType::DecimalToTen));
    assert_eq!(code(&lines[2]), "scale");
}

#[test]
fn a_file_that_is_none_of_the_lists_is_refused_as_a_whole() {
    let read = |columns: &str| Toetskist::read_piece(&context("csv"), &piece(columns));
    assert!(matches!(read("kenmerk;cijfer"), Err(Error::Rejected { code, .. }) if code == "missing-column"));
    assert!(matches!(read("naam;klas"), Err(Error::Rejected { .. })));
}
