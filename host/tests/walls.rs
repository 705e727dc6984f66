//! The walls between the rooms of `host/src`: which room may know which, and which libraries belong to one room only. A
//! line that crosses a wall is named with its file. `host/ARCHITECTURE.md` has the same table in words.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

use std::path::{Path, PathBuf};

/// A room, the rooms it may know, and the libraries it alone among its kind must not know.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
    never: &'static [&'static str],
}

/// What speaks to databases, sockets, processes or connectors.
const OUTSIDE: &[&str] = &["sqlx::", "axum::", "wasmtime::", "reqwest::"];

const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        knows: &[],
        never: &[
            "sqlx::",
            "axum::",
            "wasmtime::",
            "reqwest::",
            "serde_json::",
            "tokio::",
            "Timestamp::now",
            "SystemTime::now",
            "Instant::now",
            "std::env",
        ],
    },
    Room {
        name: "store",
        knows: &["domain"],
        never: &["axum::", "wasmtime::", "reqwest::", "Timestamp::now"],
    },
    Room {
        name: "audit",
        knows: &["domain", "store", "app"],
        never: OUTSIDE,
    },
    Room {
        name: "connector",
        knows: &["domain"],
        never: &["sqlx::", "axum::"],
    },
    Room {
        name: "app",
        knows: &["domain", "store", "audit", "connector", "jobs"],
        never: OUTSIDE,
    },
    Room {
        name: "jobs",
        knows: &["domain", "store", "connector", "conformance", "app", "telemetry"],
        never: OUTSIDE,
    },
    Room {
        name: "oke",
        knows: &["domain", "store", "app", "api", "telemetry"],
        never: &["sqlx::", "wasmtime::", "reqwest::"],
    },
    Room {
        name: "api",
        knows: &["domain", "store", "app", "connector", "jobs", "telemetry"],
        never: &["sqlx::", "wasmtime::", "reqwest::"],
    },
    Room {
        name: "dashboard",
        knows: &["domain", "store", "app", "api", "connector", "jobs", "telemetry"],
        never: &["sqlx::", "wasmtime::", "reqwest::"],
    },
    // Tries a connector against the simulators; what comes of it is for others to keep.
    Room {
        name: "conformance",
        knows: &["domain", "connector", "simulator"],
        never: &["sqlx::", "axum::", "wasmtime::"],
    },
    // Of the host it knows the clock only: it stands outside, and speaks to the host over sockets.
    Room {
        name: "simulator",
        knows: &["domain"],
        never: &["sqlx::", "wasmtime::"],
    },
];

/// Who reads the time of day, the environment and chance: everybody else is given them.
const MACHINE: &[&str] = &["app/machine.rs"];

#[test]
fn no_room_reaches_over_a_wall() {
    let mut crossed = Vec::new();
    for room in ROOMS {
        let mut lines = 0;
        for (file, number, line) in code_of(room.name) {
            lines += 1;
            for other in rooms_named(&line).filter(|other| *other != room.name && !room.knows.contains(other)) {
                crossed.push(format!("{file}:{number}: {} may not know {other}: {line}", room.name));
            }
            for library in room.never.iter().filter(|library| uses(&line, library)) {
                crossed.push(format!("{file}:{number}: {} may not use {library}: {line}", room.name));
            }
        }
        assert!(lines > 100, "{} has moved: this test reads nothing of it", room.name);
    }
    assert!(crossed.is_empty(), "{}", crossed.join("\n"));
}

/// The clock, chance and ids are arguments, so that tests can move them and a run can be repeated.
#[test]
fn only_the_machine_reads_the_clock_in_rooms_that_decide() {
    let mut crossed = Vec::new();
    for room in ["domain", "store", "app", "jobs", "audit"] {
        for (file, number, line) in code_of(room) {
            let reads = ["Timestamp::now", "SystemTime::now", "Uuid::new_v4", "Zoned::now"];
            if reads.iter().any(|reads| line.contains(reads)) && !MACHINE.contains(&file.as_str()) {
                crossed.push(format!("{file}:{number}: {line}"));
            }
        }
    }
    assert!(crossed.is_empty(), "{}", crossed.join("\n"));
}

/// Rooms that a line of code names by `crate::`.
fn rooms_named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        let is_room = ROOMS.iter().any(|room| room.name == name) || ["server", "cli", "demo", "config"].contains(&name);
        is_room.then_some(name)
    })
}

/// Whether a line names a library's path, not one of our own modules of that name.
fn uses(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    })
}

/// The lines of a room's program code with their file and number: no comments, no tests.
fn code_of(room: &str) -> Vec<(String, usize, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    gather(&source.join(room), &mut files);
    files.push(source.join(format!("{room}.rs")));
    let mut code = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file.strip_prefix(&source).unwrap().display().to_string();
        if is_test(&name) {
            continue;
        }
        let text = std::fs::read_to_string(file).unwrap();
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (at, line) in program.lines().enumerate() {
            let line = line.trim();
            if !line.starts_with("//") {
                code.push((name.clone(), at + 1, line.to_owned()));
            }
        }
    }
    code
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => gather(&path, files),
            false => files.extend(path.extension().is_some_and(|it| it == "rs").then_some(path)),
        }
    }
}

/// Files that only tests are made of: by their names, as the house has them.
fn is_test(name: &str) -> bool {
    name.split(['/', '.'])
        .any(|part| part.ends_with("tests") || part.ends_with("stories") || part == "testing" || part == "fixture")
}
