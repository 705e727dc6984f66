//! Conformance: the connectors of this repository keep to the contract in every scenario, and guests that do not are
//! told from those that do.

use std::path::Path;
use std::sync::Arc;

use oke_host::app::World;
use oke_host::conformance::Trial;
use oke_host::conformance::replay::Recorded;
use oke_host::connector::build::componentize;
use oke_host::connector::contract::read_surface;
use oke_host::connector::engine::Engine;
use oke_host::connector::manifest::Manifest;
use oke_host::connector::package::{Examined, Package};
use oke_host::connector::recorder::{Asked, Body, Exchanged};
use oke_host::connector::sbom::Sbom;
use oke_host::demo::packages;
use oke_host::domain::keuring::{Outcome, Verdict, passed};

use super::stage::{component, guests, settings};

const NOW: &str = "2026-06-01T07:00:00Z";

/// A connector of this repository, unsigned.
fn packed(connectors: &Path, guests: &Path, name: &str) -> Vec<u8> {
    let module = std::fs::read(guests.join(format!("{}.wasm", name.replace('-', "_")))).unwrap();
    let component = componentize(&module).unwrap();
    let package = Package::from_folder(&connectors.join(name), component.into(), SBOM.into()).unwrap();
    package.to_bytes()
}

const SBOM: &str =
    r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"oke-sdk","version":"0.1.0"}]}"#;

async fn outcomes(engine: &Arc<Engine>, component: &[u8], contents: &Examined) -> Vec<Outcome> {
    let trial = Trial::of(engine, component, contents, NOW.parse().unwrap())
        .await
        .unwrap();
    let mut playing = trial.begin().await.unwrap();
    let mut outcomes = Vec::new();
    while let Some(outcome) = playing.next().await {
        outcomes.push(outcome);
    }
    assert_eq!(outcomes.len(), playing.total());
    outcomes
}

fn listed(outcomes: &[Outcome], verdict: Verdict) -> Vec<String> {
    let of_verdict = outcomes.iter().filter(|one| one.verdict == verdict);
    of_verdict
        .map(|one| {
            format!(
                "{} {}: {}",
                one.interface,
                one.scenario,
                one.why.as_deref().unwrap_or("")
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connectors_of_this_repository_pass_every_scenario() {
    let Some(guests) = guests() else { return };
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
    let published = packages::publish(&connectors, &guests, &*World::of_this_machine().random).unwrap();
    let engine = Engine::start(settings()).unwrap();
    let tpl = packed(&connectors, &guests, "ooapi-tpl");
    for (bytes, tried) in [(published.ta, 63), (published.dr, 33), (tpl, 22)] {
        let package = Package::read(bytes).unwrap();
        let contents = package.examine().unwrap();
        let outcomes = outcomes(&engine, package.component(), &contents).await;
        assert_eq!(listed(&outcomes, Verdict::Failed), [""; 0]);
        assert_eq!(listed(&outcomes, Verdict::NotTried), [""; 0]);
        assert_eq!(outcomes.len(), tried);
        assert!(passed(&outcomes));
    }
    assert_eq!(engine.metrics().in_use, 0);
}

/// A guest of the tests with a manifest around it.
fn around(component: &[u8], interfaces: &str, conformance: &str) -> Examined {
    let manifest = format!(
        "[connector]\nname = \"guest\"\nversion = \"1.0.0\"\npublisher = \"tests\"\ntitle = \"Guest\"\ncontract = \
         \"0.1\"\ninterfaces = [{interfaces}]\n\n[limits]\nbudget-ms = 500\n\n[conformance]\n{conformance}\n\n\
         [[endpoint]]\nname = \"api\"\ndescription = \"API\"\nallow = [\"GET /components\", \"GET /components/*\", \
         \"GET /associations/*\"]\n"
    );
    Examined {
        manifest: Manifest::parse(manifest.as_bytes()).unwrap(),
        surface: read_surface(component).unwrap(),
        notes: "Test".to_owned(),
        sbom: Sbom::parse(SBOM.as_bytes()).unwrap(),
        profiles: Vec::new(),
    }
}

/// It answers from its own head: a catalogue that is not the platform's, and success where the platform failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_makes_its_answers_up_fails_where_the_other_end_fails() {
    let Some(guests) = guests() else { return };
    let component = component(&guests, "good");
    let contents = around(&component, "\"ta-toetscatalogus\", \"ta-resultaten\"", "");
    let engine = Engine::start(settings()).unwrap();
    let outcomes = outcomes(&engine, &component, &contents).await;
    assert!(!passed(&outcomes));
    let failed = listed(&outcomes, Verdict::Failed).join("\n");
    for expected in [
        "ta-toetscatalogus whole-catalogue: step 1: WholeCatalogue must end in Works",
        "ta-toetscatalogus server-error: step 1: OneTest during ServerError must end in PassingFailure, but it worked",
        "ta-resultaten unknown-deelname: step 1: ReadUnknownResult must end in Nothing",
    ] {
        assert!(failed.contains(expected), "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_traps_fails_and_its_trial_ends() {
    let Some(guests) = guests() else { return };
    let component = component(&guests, "trap");
    let surface = read_surface(&component).unwrap();
    let interfaces: Vec<String> = surface.exports.iter().map(|one| format!("\"{one}\"")).collect();
    let contents = around(&component, &interfaces.join(", "), "");
    let engine = Engine::start(settings()).unwrap();
    let outcomes = outcomes(&engine, &component, &contents).await;
    assert!(!passed(&outcomes));
    assert!(listed(&outcomes, Verdict::Failed).iter().any(|one| one.contains("bug")));
    assert_eq!(engine.metrics().in_use, 0);
}

/// A system that does not speak OKE is known by no simulator: what would need one is said not to be tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_with_a_format_of_its_own_meets_trouble_only() {
    let Some(guests) = guests() else { return };
    let component = component(&guests, "good");
    let contents = around(
        &component,
        "\"ta-toetscatalogus\", \"ta-resultaten\"",
        "speaks = \"own\"",
    );
    let engine = Engine::start(settings()).unwrap();
    let outcomes = outcomes(&engine, &component, &contents).await;
    let not_tried = listed(&outcomes, Verdict::NotTried).join("\n");
    assert!(
        not_tried.contains("whole-catalogue: the connector speaks a format of its own"),
        "{not_tried}"
    );
    assert!(
        outcomes
            .iter()
            .any(|one| one.scenario == "server-error" && one.verdict == Verdict::Failed)
    );
}

/// A recorded call is played again with the vendor's own answers: what the candidate asks otherwise is told, masked, and
/// one that fails where the running version worked fails its keuring.
#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_call_is_played_again_and_what_differs_is_told() {
    let Some(guests) = guests() else { return };
    let component = component(&guests, "good");
    let contents = around(&component, "\"ta-toetscatalogus\", \"ta-resultaten\"", "");
    let engine = Engine::start(settings()).unwrap();
    let now = NOW.parse().unwrap();
    let trial = Trial::of(&engine, &component, &contents, now).await.unwrap();
    let recorded = |path: &str, answer: &[u8], outcome: &str| Recorded {
        is_partial: false,
        asked: Asked::GetComponent("http:abc".to_owned()),
        exchanged: vec![Exchanged {
            endpoint: "api".to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            status: Some(200),
            received: Body::of(answer),
            ..Exchanged::default()
        }],
        outcome: outcome.to_owned(),
        at: now,
        config: Default::default(),
    };
    let same = trial.replay(&recorded("/components/abc", b"abc", "done")).await;
    assert_eq!((same.verdict, same.why), (Verdict::Passed, None));
    let mended = trial
        .replay(&recorded("/components/abc", b"abc", "bug (connector)"))
        .await;
    assert_eq!(mended.verdict, Verdict::Passed);
    assert!(mended.why.unwrap().contains("ended as done, and then as bug"));
    // The guest makes a name of the answer, and no name is longer than the model allows.
    let broken = trial.replay(&recorded("/components/abc", b"", "done")).await;
    assert_eq!(broken.verdict, Verdict::Failed, "{broken:?}");
    let elsewhere = trial.replay(&recorded("/components/s123", b"abc", "done")).await;
    let why = elsewhere.why.unwrap();
    assert!(why.contains("GET /components/xxx was not asked then"), "{why}");
    assert!(why.contains("GET /components/x999 is not asked any more"), "{why}");
    let partial = Recorded {
        is_partial: true,
        ..recorded("/components/abc", b"abc", "done")
    };
    let cut = trial.replay(&partial).await;
    assert_eq!(cut.verdict, Verdict::NotTried, "{cut:?}");
    assert_eq!(engine.metrics().in_use, 0);
}
