//! Stories of what is entered on pages about the school and its exams: policy, attempts, cesuur, contact.

use axum::http::StatusCode;

use super::stage::{SCHOOL, Stage};
use crate::app::policy::{self, Scope};
use crate::app::{attempt, contact};
use crate::domain::attempt::Model;
use crate::domain::model::Normed;
use crate::domain::sending::{FinalConflict, SendPolicy};
use crate::store::examenversie;

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_sets_the_policy_of_school_and_unit_through_the_page() {
    let stage = Stage::set().await;
    let (fb, ec) = (stage.browser("fb").await, stage.browser("ec").await);
    let form = fb.get("/beleid?onderdeel=*").await;
    assert!(form.text.contains("Beleid: hele school") && form.text.contains("College Techniek"));
    let of_school = [("onderdeel", "*"), ("versturen", "attendance"), ("definitief", "hold")];
    assert_eq!(fb.post("/beleid", &of_school).await.location, "/beleid?gedaan=beleid");
    let of_unit = [
        ("onderdeel", "techniek"),
        ("versturen", "after-vaststelling"),
        ("afwezig", "nee"),
    ];
    assert_eq!(fb.post("/beleid", &of_unit).await.location, "/beleid?gedaan=beleid");
    let db = &stage.core.db;
    let said = policy::said_by(db, SCHOOL, &Scope::School).await.unwrap();
    assert_eq!(
        (said.send, said.final_conflict, said.no_show_counts),
        (Some(SendPolicy::Attendance), Some(FinalConflict::Hold), None)
    );
    let page = ec.get("/beleid?onderdeel=techniek").await;
    assert!(page.text.contains("pas na de vaststelling") && page.text.contains("telt niet als poging"));
    assert!(!page.text.contains("Beleid opslaan"), "shown, not theirs to change");
    let exam = ec.get("/toetsen/plannable").await;
    assert!(
        exam.text.contains("College Techniek") && exam.text.contains("laten wachten"),
        "{}",
        exam.text
    );

    assert_eq!(ec.post("/beleid", &of_unit).await.status, StatusCode::CONFLICT);
    let unknown = fb.post("/beleid", &[("onderdeel", "elders")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let nonsense = fb.post("/beleid", &[("onderdeel", "*"), ("versturen", "soms")]).await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_says_how_a_student_system_keeps_attempts() {
    let stage = Stage::set().await;
    let (fb, bureau) = (stage.browser("fb").await, stage.browser("bureau").await);
    let form = [("systeem", "osiris"), ("wijze", "association-with-attempts")];
    assert_eq!(
        fb.post("/beleid/pogingen", &form).await.location,
        "/beleid?gedaan=pogingen"
    );
    let model = attempt::model(&stage.core.db, SCHOOL, "osiris").await.unwrap();
    assert_eq!(model, Model::AssociationWithAttempts);
    assert!(
        bureau
            .get("/beleid")
            .await
            .text
            .contains("één inschrijving houdt alle pogingen bij")
    );
    assert_eq!(
        bureau.post("/beleid/pogingen", &form).await.status,
        StatusCode::CONFLICT
    );
    let no_student_system = [("systeem", "toa"), ("wijze", "association-with-attempts")];
    assert_eq!(
        fb.post("/beleid/pogingen", &no_student_system).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cesuur_is_entered_with_its_source_and_shows_where_it_came_from() {
    let stage = Stage::set().await;
    let (fb, ec) = (stage.browser("fb").await, stage.browser("ec").await);
    assert!(
        ec.get("/cesuren?zoek=reken")
            .await
            .text
            .contains("/cesuren/toa/rekenen")
    );
    assert!(
        ec.get("/cesuren?zoek=taal")
            .await
            .text
            .contains("geen examen met deze naam")
    );
    let path = "/cesuren/toa/rekenen";
    let before = ec.get(path).await;
    assert!(
        before.text.contains("zonder versie") && before.text.contains("nog niet bekend"),
        "{}",
        before.text
    );
    let form = |normed: &'static str, source: &'static str| [("versie", ""), ("genormeerd", normed), ("bron", source)];
    let nothing = ec.post(path, &form("ja", " ")).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("Vul de bron in"));
    assert_eq!(fb.post(path, &form("ja", "brief")).await.status, StatusCode::CONFLICT);
    let done = ec.post(path, &form("ja", "brief van 3 maart")).await;
    assert_eq!(done.location, "/cesuren/toa/rekenen?gedaan=cesuur");
    ec.post(path, &form("nee", "brief was van vorig jaar")).await;
    let row = examenversie::find(&stage.core.db, SCHOOL, "toa", "rekenen", "rekenen").await;
    assert_eq!(row.unwrap().unwrap().normed, Normed::No);
    let after = fb.get(path).await;
    for text in [
        "ingevoerd: de cesuur is er nog niet, door Els de Wit",
        "brief van 3 maart",
        "brief was van vorig jaar",
    ] {
        assert!(after.text.contains(text), "says `{text}`: {}", after.text);
    }
    assert!(!after.text.contains("Cesuur vastleggen"), "not theirs to enter");
    assert_eq!(ec.get("/cesuren/toa/onbekend").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contact_address_has_a_place_on_the_pages() {
    let stage = Stage::set().await;
    let (fb, bureau) = (stage.browser("fb").await, stage.browser("bureau").await);
    let wrong = fb.post("/school", &[("adres", "roc.nl")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Dat is geen mailadres") && wrong.text.contains("value=\"roc.nl\""));
    let done = fb.post("/school", &[("adres", "oke@roc.nl")]).await;
    assert_eq!(done.location, "/school?gedaan=contact");
    let shown = bureau.get("/school").await;
    assert!(shown.text.contains("oke@roc.nl") && !shown.text.contains("Contactadres opslaan"));
    assert_eq!(
        bureau.post("/school", &[("adres", "")]).await.status,
        StatusCode::CONFLICT
    );
    fb.post("/school", &[("adres", "")]).await;
    let row = stage.core.db.tenant(SCHOOL).await.unwrap().unwrap();
    assert_eq!(contact::email_of(&row).unwrap(), None);
}

/// Who is at it shows, and in the list one finds one's own.
#[tokio::test(flavor = "multi_thread")]
async fn an_exception_is_taken_up_through_the_page_and_others_see_it() {
    let stage = Stage::set().await;
    let held = crate::store::task::open_tasks(&stage.core.db, SCHOOL, 9)
        .await
        .unwrap()
        .remove(0);
    let (first, second) = (stage.browser("ec").await, stage.browser("ec2").await);
    let path = format!("/uitzonderingen/{}", held.id);
    assert!(
        first
            .get("/uitzonderingen?van=niemand")
            .await
            .text
            .contains(&held.about.title)
    );
    let done = first.post(&format!("{path}/oppakken"), &[]).await;
    assert_eq!(done.location, format!("{path}?gedaan=opgepakt"));
    assert!(
        first
            .get("/uitzonderingen?van=mij")
            .await
            .text
            .contains(&held.about.title)
    );
    assert!(
        !second
            .get("/uitzonderingen?van=mij")
            .await
            .text
            .contains(&held.about.title)
    );
    assert!(
        !second
            .get("/uitzonderingen?van=niemand")
            .await
            .text
            .contains(&held.about.title)
    );
    let seen = second.get(&path).await;
    assert!(
        seen.text.contains("Els de Wit, sinds di 1 sep 2026") && seen.text.contains("Ik neem dit over"),
        "{}",
        seen.text
    );
    let taken = second.post(&format!("{path}/oppakken"), &[]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT, "not without saying so");
    let over = second.post(&format!("{path}/oppakken"), &[("overnemen", "ja")]).await;
    assert_eq!(over.status, StatusCode::SEE_OTHER);
    assert_eq!(
        first.post(&format!("{path}/teruggeven"), &[]).await.status,
        StatusCode::CONFLICT
    );
    let back = second.post(&format!("{path}/teruggeven"), &[]).await;
    assert_eq!(back.location, format!("{path}?gedaan=teruggegeven"));
    assert!(first.get(&path).await.text.contains("<dd>niemand</dd>"));
    let fb = stage.browser("fb").await;
    let theirs = fb.post(&format!("{path}/oppakken"), &[]).await;
    assert_eq!(theirs.status, StatusCode::FORBIDDEN, "it is the examencommissie's");
}

/// The menu has a handful of groups; within one, its places.
#[tokio::test(flavor = "multi_thread")]
async fn the_menu_names_groups_and_the_places_of_the_group_one_is_in() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let page = fb.get("/accounts").await;
    let (_, menu) = page.text.split_once("aria-label=\"Hoofdmenu\"").unwrap();
    let (groups, rest) = menu.split_once("</nav>").unwrap();
    assert_eq!(groups.matches("<a href").count(), 5, "{groups}");
    assert!(groups.contains("aria-current=\"true\">Beheer"), "{groups}");
    let (_, within) = rest.split_once("aria-label=\"Beheer\"").unwrap();
    let (within, _) = within.split_once("</nav>").unwrap();
    assert!(within.contains("href=\"/accounts\" aria-current=\"page\""), "{within}");
    assert!(!within.contains("/zittingen"), "{within}");
    assert!(
        !fb.get("/toetsen").await.text.contains("href=\"/vaststellen\""),
        "not theirs"
    );
    let ec = stage.browser("ec").await;
    assert!(ec.get("/toetsen").await.text.contains("href=\"/vaststellen\""));
}
