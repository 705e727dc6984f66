//! Functioneel beheer and the examenbureau with a browser and no shell, by keyboard alone: a connector comes in, is tried,
//! approved, made a revision of, rolled out by team and taken back while messages flow, and what differs is repaired.

use std::collections::BTreeSet;
use std::sync::Arc;

use oke_host::app::account;
use oke_host::app::{admission, publisher};
use oke_host::connector::signature::SigningKey;
use oke_host::domain::keuring::AdmissionPolicy;
use oke_host::domain::principal::WHOLE_SCHOOL;
use oke_host::simulator::Auth;
use serde_json::json;

use crate::chromium::{Chromium, SPACE};
use crate::comparison::behind_our_back;
use crate::desk::hire;
use crate::house::{Come, FB, House, PUBLISHER, PUBLISHERS_KEY, SIS, TENANT, VENDOR, VENDOR_NAME, packed};
use crate::rollout::{confirmed, delivered_by, make_teams};
use crate::window::Window;

/// A house in which the vendor's connector is still to come, and a browser; `None` where there are no guests or is no
/// browser.
async fn before_the_connector() -> Option<(House, Window)> {
    let browser = Chromium::start().await?;
    let house = House::with_nothing_installed(Come::Pushed).await?;
    make_teams(&house).await;
    house.install(SIS, "ooapi-dr", None, &[]).await;
    admission::set_policy(&house.core, TENANT, FB, AdmissionPolicy::default())
        .await
        .unwrap();
    let key = SigningKey::from_seed(PUBLISHERS_KEY).public().to_string();
    publisher::trust(&house.core, TENANT, FB, PUBLISHER, &key)
        .await
        .unwrap();
    let window = Window {
        browser,
        base: house.base.clone(),
    };
    Some((house, window))
}

/// Brings the package in, has it tried, approves it and makes the first revision of it.
async fn install(house: &House, window: &Window) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ooapi-ta.oke");
    let package = packed("ooapi-ta", &SigningKey::from_seed(PUBLISHERS_KEY));
    std::fs::write(&file, package.to_bytes()).unwrap();
    window.go("/pakketten").await;
    window.choose_file("Bestand", &file).await;
    let place = window.push("Binnenhalen", "/pakketten/").await;
    window.reads(&["Het pakket is binnengehaald", "ooapi-ta 0.1.0"]).await;
    house.work().await;
    let place = place.split('?').next().unwrap().to_owned();
    window.go(&place).await;
    window.reads(&["goedgekeurd", "door deze host verzegeld"]).await;

    let admitting = format!("/koppelingen/{VENDOR}/toelaten/");
    window.follow(VENDOR_NAME, &admitting).await;
    window.reads(&["Hier werkt nog geen connector: alles is nieuw"]).await;
    window.fill("Reden", "gezien").await;
    window.push("Goedkeuren", &admitting).await;
    window.reads(&["Deze connector mag in werking worden gesteld"]).await;
    window
        .follow("Revisie maken", &format!("/koppelingen/{VENDOR}/revisie/"))
        .await;
    window.fill("Reden", "inrichting").await;
    window
        .push("Maken en in werking stellen", &format!("/koppelingen/{VENDOR}?"))
        .await;
    window.reads(&["De revisie is gemaakt en werkt vanaf nu"]).await;
    house.work().await;
    house.flow_1().await;
}

/// Makes another revision with a smaller page, and brings it to team A.
async fn bring_to_team_a(window: &Window) {
    window
        .follow(
            "Instellingen wijzigen in een nieuwe revisie",
            &format!("/koppelingen/{VENDOR}/revisie/"),
        )
        .await;
    window.tab_to("textbox", "Om de hoeveel seconden").await;
    window.browser.press("twintig").await;
    window.fill("Reden", "kleinere bladzijden").await;
    window
        .push("Revisie maken", &format!("/koppelingen/{VENDOR}/revisie/"))
        .await;
    window
        .reads(&["De instelling ‘poll-seconds’ is een geheel getal van 1 tot en met"])
        .await;
    // What was typed is still there, to be mended.
    window
        .tab_to("combobox", "Aantal deelnames per opgehaalde pagina")
        .await;
    window.browser.press("20").await;
    window.tab_to("textbox", "Om de hoeveel seconden").await;
    window.browser.press("90").await;
    window.push("Revisie maken", &format!("/koppelingen/{VENDOR}?")).await;
    window.reads(&["De revisie is gemaakt; nog niemand heeft haar"]).await;

    let rollout = format!("/koppelingen/{VENDOR}/uitrol");
    window.follow("Uitrol per onderdeel", &rollout).await;
    window.fill("Reden", "kleinere bladzijden").await;
    window.push("Beginnen", &rollout).await;
    window.tab_to("checkbox", "team-a").await;
    window.browser.press(SPACE).await;
    window.fill("Reden", "eerst team A").await;
    window.push("Inschakelen", &rollout).await;
    window.reads(&["ingeschakeld: team-a"]).await;
}

/// DESIGN §7, for people with a browser: nothing in it needs a shell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_comes_in_is_tried_rolled_out_and_taken_back_with_a_browser_while_messages_flow() {
    let Some((house, window)) = before_the_connector().await else {
        return;
    };
    let fb = account::renew(&house.core, TENANT, FB, FB).await.unwrap();
    let bureau = hire(&house, "bureau", WHOLE_SCHOOL).await;
    window.sign_in_with(fb.reveal()).await;
    install(&house, &window).await;
    bring_to_team_a(&window).await;
    let (of_a, _) = house.plan_for(Some("team-a"), 0..1).await;
    let (of_b, deelnames_of_b) = house.plan_for(Some("team-b"), 1..3).await;
    house.work().await;
    assert_eq!(
        (delivered_by(&house, &of_a).await, delivered_by(&house, &of_b).await),
        (2, 1)
    );

    // The Go is the examenbureau's; then everybody, and back, while sittings are planned and delivered.
    let rollout = format!("/koppelingen/{VENDOR}/uitrol");
    window.sign_in_with(&bureau).await;
    window.go(&rollout).await;
    window.fill("Reden", "team A kan ermee werken").await;
    window.tab_to("checkbox", "Go, ook al").await;
    window.browser.press(SPACE).await;
    window.push("Go", &rollout).await;
    window.sign_in_with(fb.reveal()).await;
    let house = Arc::new(house);
    let load = Load::begin(&house);
    window.go(&rollout).await;
    window.tab_to("spinbutton", "Percentage").await;
    window.fill("Reden", "x").await;
    window.fill("Reden", "iedereen").await;
    window.push("Voor iedereen in werking stellen", &rollout).await;
    window.reads(&["afgerond: iedereen heeft deze revisie"]).await;
    assert_eq!(planned_by(&house, &load).await, 2, "new calls take the new one at once");
    window.go(&format!("/koppelingen/{VENDOR}/wissel")).await;
    window.reads(&["Wat revisie 2 al heeft gedaan"]).await;
    window.fill("Reden", "te veel aanroepen").await;
    window
        .push("Terugdraaien", &format!("/koppelingen/{VENDOR}?gedaan="))
        .await;
    assert_eq!(planned_by(&house, &load).await, 1, "and the old one after going back");
    load.ends_well(&house).await;

    // Somebody cancels a deelname at the vendor: the examenbureau sees it and has it told again.
    let Auth::Bearer(credentials) = house.ta.auth() else {
        panic!("this house's vendor takes tokens");
    };
    let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
    let path = format!("/associations/{}", deelnames_of_b[0]);
    behind_our_back(house.ta.base_url(), &house.ta.token_url(), credentials, &path, &cancel).await;
    window.sign_in_with(&bureau).await;
    let comparison = format!("/zittingen/{of_b}/vergelijking");
    window.go(&comparison).await;
    window.push("Nu vergelijken", &comparison).await;
    house.work().await;
    window.go(&comparison).await;
    window.reads(&["anders"]).await;
    window.push("Zitting en deelnames opnieuw bezorgen", &comparison).await;
    house.work().await;
    house.later(jiff::SignedDuration::from_mins(2)).await;
    window.go(&comparison).await;
    let text = window.browser.text().await;
    assert!(
        !text.contains("anders") && !text.contains("opnieuw bezorgen"),
        "repaired: {text}"
    );
}

/// Sittings that are planned and delivered meanwhile.
struct Load {
    stop: tokio::sync::oneshot::Sender<()>,
    working: tokio::task::JoinHandle<()>,
    planning: tokio::task::JoinHandle<Vec<String>>,
    enough: tokio_util::sync::CancellationToken,
}

impl Load {
    fn begin(house: &Arc<House>) -> Load {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let jobs = house.host.service.jobs.clone();
        let working = tokio::spawn(async move { jobs.run(async { stopped.await.unwrap_or_default() }).await });
        let enough = tokio_util::sync::CancellationToken::new();
        let (house, ends) = (house.clone(), enough.clone());
        let planning = tokio::spawn(async move {
            let mut planned = Vec::new();
            while !ends.is_cancelled() {
                let (sitting, _) = house.plan_for(Some("team-b"), 0..0).await;
                confirmed(&house, &sitting).await;
                planned.push(sitting);
            }
            planned
        });
        Load {
            stop,
            working,
            planning,
            enough,
        }
    }

    /// Everything planned was confirmed, at the first try and by one of the two.
    async fn ends_well(self, house: &House) {
        self.enough.cancel();
        let planned = self.planning.await.unwrap();
        assert!(!planned.is_empty());
        let mut by = BTreeSet::new();
        for sitting in &planned {
            let lane = house.jobs_in_lane(&format!("2/offering/{sitting}")).await;
            assert!(lane.iter().all(|job| job.last_error.is_none()), "{lane:#?}");
            by.extend(lane.iter().filter_map(|job| job.revision));
        }
        assert_eq!(
            by,
            BTreeSet::from([1, 2]),
            "some between the switches, some before or after"
        );
        drop(self.stop);
        self.working.await.unwrap();
        let state = house.ta.state();
        assert!(state.refused.is_empty(), "{:?}", state.refused);
        assert!(state.sittings.iter().all(|one| one.creates == 1), "none twice");
    }
}

/// Plans a sitting now, and says which revision told the vendor first.
async fn planned_by(house: &House, _under: &Load) -> i64 {
    let (sitting, _) = house.plan_for(Some("team-b"), 0..0).await;
    confirmed(house, &sitting).await;
    let lane = house.jobs_in_lane(&format!("2/offering/{sitting}")).await;
    lane[0].revision.unwrap()
}
