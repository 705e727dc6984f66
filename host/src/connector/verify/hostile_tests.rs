//! Packages that are broken or mean harm: each is refused with the reason that names the cause, in under a second, in
//! bounded memory. `app/hostile_stories.rs` holds that nothing of them stays behind in the database.

mod archives;
mod components;
mod manifests;
mod mutations;
mod signatures;

use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;

use super::verify;
use crate::connector::fixture::{contents, contents_with, publisher_key, signed_unchecked, slug, trusted};
use crate::connector::package::Contents;
use crate::connector::signature::SigningKey;
use crate::connector::trust::{TrustStore, TrustedKey, TrustedPublisher};

/// A package to be refused: what it is, its bytes, and the reason that must come (one of these).
pub(crate) struct Hostile {
    pub name: String,
    pub bytes: Vec<u8>,
    pub reasons: &'static [&'static str],
}

/// Most time of a processor that judging one may take.
const WITHIN: Duration = Duration::from_secs(1);
/// Most memory that judging one may take, beyond its own bytes, in KiB.
const MOST_KIB: u64 = 192 * 1024;

/// The moment at which they come.
pub(crate) fn at() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().unwrap()
}

fn seeded(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

/// The publisher's keys: the good one, one revoked, one expired, one trusted too late, one for counter-signing only; and
/// a key of another publisher.
pub(crate) fn trust() -> TrustStore {
    let changed = |seed, change: fn(&mut TrustedKey)| {
        let mut key = trusted(&seeded(seed), None);
        change(&mut key);
        key
    };
    let keys = vec![
        trusted(&publisher_key(), None),
        changed(31, |key| {
            key.revoked_since = Some("2026-05-01T00:00:00Z".parse().unwrap())
        }),
        changed(32, |key| key.expires = Some("2026-05-01T00:00:00Z".parse().unwrap())),
        changed(33, |key| key.trusted_since = "2026-10-01T00:00:00Z".parse().unwrap()),
        changed(34, |key| key.counter_only = true),
    ];
    let other = TrustedPublisher {
        name: slug("ander"),
        keys: vec![trusted(&seeded(35), None)],
    };
    let publisher = TrustedPublisher {
        name: slug("voorbeeld-examens"),
        keys,
    };
    TrustStore::of([publisher, other]).unwrap()
}

/// Every one of them.
pub(crate) fn all() -> Vec<Hostile> {
    let mut all = Vec::new();
    for add in [
        archives::cut_off,
        archives::archives,
        archives::paths,
        signatures::envelopes,
        signatures::signatures,
        signatures::statements,
        manifests::unreadable,
        manifests::lying,
        manifests::papers,
        components::broken,
        components::bombs,
        components::foreign,
    ] {
        add(&mut all);
    }
    all
}

struct Add<'a>(&'a mut Vec<Hostile>);

impl Add<'_> {
    fn bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>, reasons: &'static [&'static str]) {
        self.0.push(Hostile {
            name: name.into(),
            bytes,
            reasons,
        });
    }

    fn contents(&mut self, name: &str, contents: Contents, reasons: &'static [&'static str]) {
        self.bytes(name, signed_unchecked(contents, &publisher_key()).to_bytes(), reasons);
    }

    fn manifest(&mut self, name: &str, text: &str, instead_of: &str, reasons: &'static [&'static str]) {
        self.contents(name, contents_with(text, instead_of), reasons);
    }

    fn component(&mut self, name: &str, component: Vec<u8>, reasons: &'static [&'static str]) {
        let contents = Contents {
            component: Bytes::from(component),
            ..contents()
        };
        self.contents(name, contents, reasons);
    }
}

#[test]
fn each_hostile_package_is_refused_with_its_cause_in_under_a_second() {
    let all = all();
    assert!(all.len() >= 60, "{}", all.len());
    let trust = trust();
    let mut wrong = Vec::new();
    for one in all {
        // On a small stack, as the verifier's own thread may have: no reader recurses without end.
        let (bytes, trust) = (Bytes::from(one.bytes), trust.clone());
        let judging = std::thread::Builder::new().stack_size(1 << 20);
        let judged = judging
            .spawn(move || {
                let started = worked();
                let judged = verify(bytes, &trust, at()).map(drop);
                (judged, worked().saturating_sub(started))
            })
            .unwrap()
            .join();
        let name = one.name;
        let took = judged.as_ref().map_or(Duration::ZERO, |(_, took)| *took);
        match judged.map(|(judged, _)| judged) {
            Err(_) => wrong.push(format!("{name}: the verifier panicked")),
            Ok(Ok(())) => wrong.push(format!("{name}: was taken")),
            Ok(Err(refusal)) => {
                if !one.reasons.contains(&refusal.reason()) {
                    wrong.push(format!(
                        "{name}: {} ({refusal}), not one of {:?}",
                        refusal.reason(),
                        one.reasons
                    ));
                }
                if refusal.to_string().len() > 2_000 {
                    wrong.push(format!(
                        "{name}: its refusal is {} bytes long",
                        refusal.to_string().len()
                    ));
                }
                if refusal.to_string().chars().any(|c| c.is_control() && c != '\n') {
                    wrong.push(format!("{name}: its refusal would steer a terminal"));
                }
            }
        }
        if took > WITHIN {
            wrong.push(format!("{name}: took {took:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How long this thread has been on a processor: a busy machine makes nobody slower. Elsewhere than on Linux the clock.
fn worked() -> Duration {
    static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse::<u64>().ok());
    nanos.map_or_else(|| BEGIN.elapsed(), Duration::from_nanos)
}

/// A number of `/proc/self/status`, in KiB.
fn status_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Where the child finds the package that it judges.
const CHILD: &str = "OKE_HOSTILE_PACKAGE";

/// Not a test of its own: what the next one runs in a process of its own, so that a peak is that package's own.
#[test]
fn child_that_judges_one_package_and_tells_its_peak() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    let trust = trust();
    let before = status_kib("VmHWM:");
    let _refused = verify(bytes, &trust, at()).map(drop);
    println!("peak {} KiB", status_kib("VmHWM:").saturating_sub(before));
}

#[cfg(target_os = "linux")]
#[test]
fn no_hostile_package_takes_more_memory_than_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    // Judged by size and kind: those that are large, deep or many.
    let heavy = [
        "million",
        "100,000",
        "doubles",
        "thousand",
        "more than any",
        "claims",
        "brackets",
        "levels",
    ];
    let all = all()
        .into_iter()
        .filter(|one| heavy.iter().any(|word| one.name.contains(word)));
    let mut judged = 0;
    for one in all {
        let path = folder.path().join("package.oke");
        std::fs::write(&path, &one.bytes).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("connector::verify::hostile_tests::child_that_judges_one_package_and_tells_its_peak")
            .env(CHILD, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        let peak = said.split("peak ").nth(1).and_then(|rest| rest.split(' ').next());
        match peak.and_then(|peak| peak.parse::<u64>().ok()) {
            Some(peak) if child.status.success() => {
                judged += 1;
                if peak > MOST_KIB {
                    wrong.push(format!("{}: {peak} KiB", one.name));
                }
            }
            _ => wrong.push(format!(
                "{}: {said} {}",
                one.name,
                String::from_utf8_lossy(&child.stderr)
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged >= 8, "{judged}");
}
