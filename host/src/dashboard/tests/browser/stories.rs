//! What people do on the pages, by keyboard only and with scripts switched off.

use super::super::stage::SCHOOL;
use super::chromium::{ENTER, SPACE};
use super::visit::Visit;
use crate::domain::result::Decided;
use crate::store::{peer, result, task};

async fn begin() -> Option<Visit> {
    let visit = Visit::begin().await?;
    visit.browser.switch_scripts_off().await;
    Some(visit)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examenbureau_walks_from_today_to_the_life_of_a_result() {
    let Some(visit) = begin().await else {
        return;
    };
    visit.go("/zittingen").await;
    assert!(visit.place().await.starts_with("/aanmelden"), "nobody is signed in yet");
    visit.browser.press(visit.stage.token("bureau")).await;
    assert_eq!(
        visit.enter("/zittingen").await,
        "/zittingen",
        "one comes to where one was going"
    );
    visit.follow("Vandaag", "/").await;
    visit
        .reads(&["De keten vandaag", "TOA", "Osiris", "open uitzondering"])
        .await;
    visit.follow("Plannen", "/zittingen").await;
    visit.follow("Rekenen, groep 1", "/zittingen/").await;
    visit.reads(&["Jip Jansen", "7.5", "Brandalarm om 10:05"]).await;
    visit.follow("Jip Jansen", "/deelnames/").await;
    // Who, what, when, by which message.
    visit
        .reads(&[
            "Versie 1: aanvaard",
            "bericht van de leverancier",
            "2 september 2026",
            "koppeling client-of-toa",
        ])
        .await;
    visit.push("Afmelden", "/aanmelden").await;
    visit.go("/zittingen").await;
    assert!(visit.place().await.starts_with("/aanmelden"), "signed out");
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_sees_what_is_late_and_gives_a_longer_term() {
    let Some(visit) = begin().await else {
        return;
    };
    visit.stage.let_days_pass().await;
    visit.sign_in("fb").await;
    visit.follow("Termijnen", "/termijnen").await;
    visit
        .reads(&["3 september 2026", "1 werkdag te laat", "Wacht", "3 werkdagen"])
        .await;
    visit.follow("Werkdagen en termijnen", "/kalender").await;
    visit.tab_to("spinbutton", "Uitwisselen").await;
    visit.browser.press("4").await;
    visit.push("Bewaren", "/kalender?gedaan=").await;
    visit.reads(&["De termijnen zijn bewaard", "Tweede kerstdag"]).await;
    visit.follow("Vandaag", "/").await;
    visit.follow("Termijnen", "/termijnen").await;
    visit.reads(&["7 september 2026", "over 1 werkdag"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_is_opened_and_solved() {
    let Some(visit) = begin().await else {
        return;
    };
    let held = task::open_tasks(&visit.stage.core.db, SCHOOL, 9)
        .await
        .unwrap()
        .remove(0);
    visit.sign_in("ec").await;
    visit.follow("Uitzonderingen", "/uitzonderingen").await;
    visit.follow("Score past niet op de schaal", "/uitzonderingen/").await;
    visit.reads(&["Volgende stap", "Eigenaar", "vaststellen"]).await;
    visit.push("Ik pak dit op", "/uitzonderingen/").await;
    visit.reads(&["U hebt deze uitzondering opgepakt", "u, sinds"]).await;
    visit.fill("Wat is er gedaan?", "leverancier gebeld").await;
    visit.push("Afhandelen", "/uitzonderingen?gedaan=").await;
    visit.reads(&["De uitzondering is afgehandeld."]).await;
    let row = task::find(&visit.stage.core.db, SCHOOL, &held.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.closed.unwrap().resolution, "leverancier gebeld");
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_rolls_a_connector_back_with_a_reason() {
    let Some(visit) = begin().await else {
        return;
    };
    visit.sign_in("fb").await;
    visit.follow("Beheer", "/koppelingen").await;
    visit.follow("TOA", "/koppelingen/toa").await;
    visit
        .follow("Terug naar de vorige revisie", "/koppelingen/toa/wissel")
        .await;
    visit.reads(&["Wat er verandert", "voorbeeld-ta 1.2.0"]).await;
    // Without a reason the browser itself refuses to send the form.
    visit.tab_to("button", "Terugdraaien").await;
    visit.browser.press(ENTER).await;
    assert_eq!(visit.place().await, "/koppelingen/toa/wissel");
    visit.fill("Reden", "resultaten kwamen dubbel").await;
    visit.push("Terugdraaien", "/koppelingen/toa?gedaan=").await;
    visit
        .reads(&["De revisie is gewisseld", "teruggedraaid", "resultaten kwamen dubbel"])
        .await;
    let row = peer::find(&visit.stage.core.db, SCHOOL, "toa").await.unwrap().unwrap();
    assert_eq!(row.revision, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_the_examencommissie_decides() {
    let Some(visit) = begin().await else {
        return;
    };
    visit.sign_in("ec").await;
    visit.follow("Examens", "/toetsen").await;
    visit.follow("Vaststellen", "/vaststellen").await;
    visit.follow("Rekenen, groep 1", "/vaststellen/").await;
    visit
        .reads(&["Onregelmatigheden bij de zitting", "Brandalarm om 10:05", "Jip Jansen"])
        .await;
    visit.tab_to("checkbox", "Jip Jansen").await;
    visit.browser.press(SPACE).await;
    visit.fill("Motivering", "akkoord").await;
    visit.push("Aangevinkte resultaten vaststellen", "/vaststellen/").await;
    visit.reads(&["Vastgesteld: 1."]).await;
    let deelname = &visit.stage.deelnames[0];
    let head = result::head(&visit.stage.core.db, SCHOOL, deelname)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(head.decided, Decided::Vastgesteld);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_the_examencommissie_decides_on_a_whole_exam() {
    let Some(visit) = begin().await else {
        return;
    };
    visit.sign_in("ec").await;
    visit.follow("Examens", "/toetsen").await;
    visit.follow("Rekenen 3F", "/toetsen/plannable").await;
    visit.reads(&["vast te stellen (1)", "1 tot en met 2 van 2"]).await;
    visit.tab_to("checkbox", "Ik stel dit ene resultaat vast").await;
    visit.browser.press(SPACE).await;
    visit
        .push("Alles vaststellen (1)", "/toetsen/plannable/vaststellen")
        .await;
    visit.reads(&["Vastgesteld: 1."]).await;
    let deelname = &visit.stage.deelnames[0];
    let head = result::head(&visit.stage.core.db, SCHOOL, deelname).await;
    assert_eq!(head.unwrap().unwrap().decided, Decided::Vastgesteld);
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_rolls_out_by_team_on_a_go_and_back() {
    let Some(visit) = begin().await else {
        return;
    };
    let third = visit.stage.make_revision().await;
    let uitrol = "/koppelingen/toa/uitrol";
    visit.sign_in("fb").await;
    visit.follow("Beheer", "/koppelingen").await;
    visit.follow("TOA", "/koppelingen/toa").await;
    visit.follow("Uitrol per onderdeel", uitrol).await;
    visit.fill("Reden", "nieuwe bladzijden").await;
    visit.push("Beginnen", uitrol).await;
    visit.reads(&["nog niemand heeft de revisie", "Revisie 3"]).await;
    visit.tab_to("checkbox", "College Techniek").await;
    visit.browser.press(SPACE).await;
    visit.fill("Reden", "eerst techniek").await;
    visit.push("Inschakelen", uitrol).await;
    visit
        .reads(&["ingeschakeld: College Techniek", "nog te weinig gegevens", "revisie 3"])
        .await;
    visit.push("Afmelden", "/aanmelden").await;

    // The Go is the examenbureau's.
    visit.sign_in("bureau").await;
    visit.follow("Beheer", "/koppelingen").await;
    visit.follow("TOA", "/koppelingen/toa").await;
    visit.follow("Uitrol per onderdeel", uitrol).await;
    visit.fill("Reden", "een dag zonder storing").await;
    visit.tab_to("checkbox", "Go, ook al").await;
    visit.browser.press(SPACE).await;
    visit.push("Go", uitrol).await;
    visit.reads(&["Go (nog te weinig gegevens)"]).await;
    visit.push("Afmelden", "/aanmelden").await;

    visit.sign_in("fb").await;
    visit.go(uitrol).await;
    visit.tab_to("spinbutton", "Percentage").await;
    visit.fill("Reden", "x").await;
    visit.fill("Reden", "iedereen").await;
    visit.push("Voor iedereen in werking stellen", uitrol).await;
    visit.reads(&["afgerond: iedereen heeft deze revisie"]).await;
    let running = async || {
        let row = peer::find(&visit.stage.core.db, SCHOOL, "toa").await.unwrap().unwrap();
        row.revision
    };
    assert_eq!(running().await, Some(third));

    visit.go("/koppelingen/toa/wissel").await;
    visit
        .reads(&["Wat revisie 3 al heeft gedaan", "Instelling ‘page-size’"])
        .await;
    visit.fill("Reden", "te traag").await;
    visit.push("Terugdraaien", "/koppelingen/toa?gedaan=").await;
    assert_eq!(running().await, Some(2));
    visit.push("Afmelden", "/aanmelden").await;

    // The examenbureau hears of it, and sees which sittings are sure.
    visit.sign_in("bureau").await;
    visit.follow("Uitzonderingen", "/uitzonderingen").await;
    visit.reads(&["is teruggedraaid van revisie 3 naar 2"]).await;
    visit.follow("Vandaag", "/").await;
    visit.follow("Morgen", "/morgen").await;
    visit.reads(&["Rekenen, groep 1", "niet zeker"]).await;
}
