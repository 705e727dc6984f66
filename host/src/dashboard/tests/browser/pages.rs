//! Every page there is, and who visits it. A page that is not in the list fails a test.

use super::super::files::carry;
use super::super::stage::{SCHOOL, Stage};
use crate::store::task;

/// All pages: the account that visits (nobody: not signed in), and the path. One account's pages stand together.
pub async fn all(stage: &Stage) -> Vec<(&'static str, String)> {
    let db = &stage.core.db;
    let held = task::open_tasks(db, SCHOOL, 9).await.unwrap().remove(0).id;
    let key = db.publisher_keys(SCHOOL).await.unwrap().remove(0).key_id;
    let (sitting, deelnames) = (&stage.sitting, &stage.deelnames);
    let letter = stage.dead_letter().await;
    let failed = stage.failed_package().await;
    let carried = carry(stage).await;
    stage.begin_rollout().await;
    stage.fail().await;
    stage.record().await;
    stage.find_differences().await;
    stage.let_days_pass().await;
    let (first, second) = (&deelnames[0], &deelnames[1]);
    let (brought, stored) = (&carried.brought, &carried.stored);
    [
        ("", "/aanmelden".to_owned()),
        (
            "fb",
            format!(
                "/ /koppelingen /koppelingen/toa /koppelingen/toa/wissel /koppelingen/toa/uitrol \
                 /koppelingen/toa/afbouw /koppelingen/toa/overnemen /koppelingen/toa/gezondheid /koppelingen/toa/opnamen \
                 /koppelingen/toa/wijzigingen?van=1&naar=2 /uitrolstops /uitzonderingen \
                 /uitzonderingen/{held} /berichten/{letter} /werklijst /termijnen /kalender \
                 /zittingen?dag=2026-09-02 /zittingen/{sitting} /deelnames/{first} /deelnames/{second} \
                 /aansluitingen /aansluitingen/toa /aansluitingen/osiris /pakketten /pakketten/bundel /pakketten/{failed} \
                 /koppelingen/toa/toelaten/{failed} /koppelingen/toa/revisie/{failed} /toelating /uitgevers /uitgevers/{key} /accounts \
                 /accounts/ec /voorzieningen /voorzieningen/toa /toetsen/plannable /beleid \
                 /beleid?onderdeel=techniek /school /cesuren /cesuren/toa/rekenen /nergens"
            ),
        ),
        (
            "ec",
            format!(
                "/ /uitzonderingen /uitzonderingen/{held} /termijnen?functie=vaststellen /kalender \
                 /rapportage?van=2026-08-01&tot=2026-09-30 /toetsen /toetsen/plannable /omzettingen \
                 /cesuren/toa/rekenen /beleid /school /uitzonderingen?van=niemand \
                 /vaststellen/resultaat/{first} /vergelijken?dag=2026-09-01 /vaststellen \
                 /vaststellen/{sitting}"
            ),
        ),
        (
            "bureau",
            format!(
                "/morgen /vergelijken /zittingen/{sitting}/vergelijking /koppelingen/toa/uitrol \
                 /voorzieningen/toa /dubbelen /bestanden /koppelingen/kist /koppelingen/kist/bestanden \
                 /koppelingen/kist/bestanden/{brought} /koppelingen/kist/bestanden/{stored} \
                 /deelnames/{first}/voorzieningen"
            ),
        ),
    ]
    .into_iter()
    .flat_map(|(account, paths)| {
        paths
            .split(' ')
            .map(|path| (account, path.to_owned()))
            .collect::<Vec<_>>()
    })
    .collect()
}

/// The patterns of the pages that the sources route to by GET.
fn routed() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dashboard");
    let mut patterns = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() || path.ends_with("statics.rs") {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        for route in source.split(".route(").skip(1) {
            let mut quoted = route.splitn(3, '"');
            let (Some(_), Some(pattern), Some(rest)) = (quoted.next(), quoted.next(), quoted.next()) else {
                continue;
            };
            let method = rest.trim_start_matches([',', ' ', '\n', '\r', '\t']);
            if pattern.starts_with('/') && method.starts_with("get(") {
                patterns.push(pattern.to_owned());
            }
        }
    }
    patterns
}

fn fits(pattern: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_names_every_page() {
    let stage = Stage::set().await;
    let pages = all(&stage).await;
    let patterns = routed();
    assert!(patterns.len() >= 15, "the sources are read: {patterns:?}");
    for pattern in patterns {
        // What is downloaded is no page.
        if pattern.ends_with(".csv") || pattern.ends_with(".json") {
            continue;
        }
        let visited = pages.iter().any(|(_, path)| fits(&pattern, path));
        assert!(
            visited,
            "`{pattern}` is in no line of dashboard/tests/browser/pages.rs: add one"
        );
    }
}
