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
    let page = |account: &'static str, path: &str| (account, path.to_owned());
    vec![
        page("", "/aanmelden"),
        page("fb", "/"),
        page("fb", "/koppelingen"),
        page("fb", "/koppelingen/toa"),
        page("fb", "/koppelingen/toa/wissel"),
        page("fb", "/koppelingen/toa/uitrol"),
        page("fb", "/koppelingen/toa/gezondheid"),
        page("fb", "/koppelingen/toa/opnamen"),
        page("fb", "/koppelingen/toa/wijzigingen?van=1&naar=2"),
        page("fb", "/uitrolstops"),
        page("fb", "/uitzonderingen"),
        page("fb", &format!("/uitzonderingen/{held}")),
        page("fb", &format!("/berichten/{letter}")),
        page("fb", "/werklijst"),
        page("fb", "/termijnen"),
        page("fb", "/kalender"),
        page("fb", "/zittingen?dag=2026-09-02"),
        page("fb", &format!("/zittingen/{sitting}")),
        page("fb", &format!("/deelnames/{}", deelnames[0])),
        page("fb", &format!("/deelnames/{}", deelnames[1])),
        page("fb", "/aansluitingen"),
        page("fb", "/aansluitingen/toa"),
        page("fb", "/pakketten"),
        page("fb", "/pakketten/bundel"),
        page("fb", &format!("/pakketten/{failed}")),
        page("fb", &format!("/koppelingen/toa/toelaten/{failed}")),
        page("fb", "/toelating"),
        page("fb", "/uitgevers"),
        page("fb", &format!("/uitgevers/{key}")),
        page("fb", "/accounts"),
        page("fb", "/accounts/ec"),
        page("fb", "/voorzieningen"),
        page("fb", "/voorzieningen/toa"),
        page("fb", "/toetsen/plannable"),
        page("fb", "/beleid"),
        page("fb", "/beleid?onderdeel=techniek"),
        page("fb", "/school"),
        page("fb", "/cesuren"),
        page("fb", "/cesuren/toa/rekenen"),
        page("fb", "/nergens"),
        page("ec", "/"),
        page("ec", "/uitzonderingen"),
        page("ec", &format!("/uitzonderingen/{held}")),
        page("ec", "/termijnen?functie=vaststellen"),
        page("ec", "/kalender"),
        page("ec", "/rapportage?van=2026-08-01&tot=2026-09-30"),
        page("ec", "/toetsen"),
        page("ec", "/toetsen/plannable"),
        page("ec", "/omzettingen"),
        page("ec", "/cesuren/toa/rekenen"),
        page("ec", "/beleid"),
        page("ec", "/school"),
        page("ec", "/uitzonderingen?van=niemand"),
        page("ec", &format!("/vaststellen/resultaat/{}", deelnames[0])),
        page("ec", "/vergelijken?dag=2026-09-01"),
        page("ec", "/vaststellen"),
        page("ec", &format!("/vaststellen/{sitting}")),
        page("bureau", "/morgen"),
        page("bureau", "/vergelijken"),
        page("bureau", &format!("/zittingen/{sitting}/vergelijking")),
        page("bureau", "/koppelingen/toa/uitrol"),
        page("bureau", "/voorzieningen/toa"),
        page("bureau", "/dubbelen"),
        page("bureau", "/bestanden"),
        page("bureau", "/koppelingen/kist"),
        page("bureau", "/koppelingen/kist/bestanden"),
        page("bureau", &format!("/koppelingen/kist/bestanden/{}", carried.brought)),
        page("bureau", &format!("/koppelingen/kist/bestanden/{}", carried.stored)),
        page("bureau", &format!("/deelnames/{}/voorzieningen", deelnames[0])),
    ]
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
