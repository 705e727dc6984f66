//! `oke simulate` as a person or a script starts it: says where it listens, answers there, ends on Ctrl-C.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Running {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    facts: Value,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oke"));
        command
            .args(["--json", "simulate"])
            .args(arguments)
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary was built for this test");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it says where it listens");
        let facts = serde_json::from_str(&line).expect("it says so in JSON");
        Self { child, output, facts }
    }

    fn get(&self, path: &str) -> String {
        let base = self.facts["baseUrl"].as_str().expect("it says where it listens");
        let address = base.strip_prefix("http://").expect("it speaks HTTP");
        let mut stream = TcpStream::connect(address).expect("it listens where it says");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("it reads a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers in text");
        answer
    }

    /// Presses Ctrl-C; gives the exit code and what was said at the end.
    fn interrupt(mut self) -> (Option<i32>, Value) {
        let pid = self.child.id().to_string();
        let pressed = Command::new("kill").args(["-INT", &pid]).status();
        assert!(pressed.is_ok_and(|status| status.success()));
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it ends in text");
        let code = self.child.wait().expect("it is our own child").code();
        (code, serde_json::from_str(&rest).expect("it ends in JSON"))
    }
}

/// A story that fails leaves nothing running.
impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_sis_says_where_it_listens_answers_there_and_ends_on_ctrl_c() {
    let sis = Running::start(&["sis", "--seed", "7", "--students", "4"]);
    let answer = sis.get("/control/school");
    assert!(
        answer.starts_with("HTTP/1.0 200") && answer.contains("\"students\":4"),
        "{answer}"
    );
    assert!(sis.facts["tokenUrl"].as_str().unwrap().ends_with("/oauth2/token"));
    let (code, end) = sis.interrupt();
    assert_eq!((code, &end["stopped"]), (Some(0), &Value::from("sis")));
}

#[test]
fn a_platform_with_a_key_lists_its_tests_and_asks_for_the_key() {
    let arguments = [
        "ta",
        "--name",
        "Toetsgilde",
        "--mode",
        "poll",
        "--auth",
        "api-key",
        "--client-secret",
        "sleutel",
    ];
    let ta = Running::start(&arguments);
    assert_eq!(ta.facts["login"]["apiKey"], "sleutel");
    assert_eq!(ta.facts["components"].as_array().unwrap().len(), 6);
    assert!(ta.get("/components").starts_with("HTTP/1.0 401"));
    assert_eq!(ta.interrupt().0, Some(0));
}

#[test]
fn an_address_beyond_this_machine_is_refused_and_half_a_peer_is_a_usage_mistake() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_oke"))
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, refusal) = run(&["simulate", "sis", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(refusal.contains("loopback only"), "{refusal}");
    let (code, mistake) = run(&["simulate", "ta", "--tpl-url", "http://127.0.0.1:1/tpl"]);
    assert_eq!(code, Some(2));
    assert!(mistake.contains("--tpl-token-url"), "{mistake}");
}
