//! The private PostgreSQL, as its keeper starts and stops it. Says so and passes where PostgreSQL is not installed.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const KEEPER_VERB: &str = "keep-postgres";

struct Kept {
    keeper: Child,
    folder: PathBuf,
}

/// Starts a keeper and waits for its URL; `None` where PostgreSQL is not installed.
fn keep() -> Option<Kept> {
    let mut keeper = Command::new(env!("CARGO_BIN_EXE_oke-run"))
        .arg(KEEPER_VERB)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Out of reach of Ctrl-C, so that it tidies up when a test run is interrupted.
        .process_group(0)
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(keeper.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    if url.is_empty() {
        let mut why = String::new();
        keeper.stderr.take().unwrap().read_to_string(&mut why).unwrap();
        keeper.wait().unwrap();
        assert!(why.contains("not on this machine"), "the keeper failed: {why}");
        eprintln!("skipped: PostgreSQL is not installed");
        return None;
    }
    let folder = url
        .trim()
        .strip_prefix("postgres://oke@localhost/postgres?host=")
        .expect("the URL names a folder");
    Some(Kept {
        folder: folder.into(),
        keeper,
    })
}

/// Signs in as PostgreSQL's protocol has it (a start-up message, version 3.0) and returns the type and body of the
/// server's first answer.
fn sign_in(folder: &Path) -> (u8, Vec<u8>) {
    let mut socket = UnixStream::connect(folder.join(".s.PGSQL.5432")).unwrap();
    let parameters = b"user\0oke\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).unwrap();
    socket.write_all(&length.to_be_bytes()).unwrap();
    socket.write_all(&0x0003_0000_u32.to_be_bytes()).unwrap();
    socket.write_all(parameters).unwrap();
    let mut head = [0; 5];
    socket.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut body = vec![0; length - 4];
    socket.read_exact(&mut body).unwrap();
    (head[0], body)
}

#[test]
fn the_cluster_answers_without_a_password_and_is_gone_when_its_starter_is() {
    let Some(Kept { mut keeper, folder }) = keep() else {
        return;
    };
    assert_eq!(sign_in(&folder), (b'R', vec![0, 0, 0, 0]), "AuthenticationOk");

    // What the end of the starter does, be it by itself, by Ctrl-C or by kill -9.
    drop(keeper.stdin.take());

    assert!(keeper.wait().unwrap().success());
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn a_crashed_server_does_not_keep_the_keeper_from_tidying_up() {
    let Some(Kept { mut keeper, folder }) = keep() else {
        return;
    };
    let lock = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let server = lock.lines().next().unwrap();
    assert!(Command::new("kill").args(["-9", server]).status().unwrap().success());

    drop(keeper.stdin.take());

    keeper.wait().unwrap();
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn the_keeper_takes_no_arguments() {
    let output = Command::new(env!("CARGO_BIN_EXE_oke-run"))
        .args([KEEPER_VERB, "now"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
