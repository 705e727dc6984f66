//! What holds for every page: no serious breach of accessibility, nothing beside a phone's screen, every control within
//! reach of the Tab key and visible when it has the focus.

use serde_json::{Value, json};

use super::chromium::{self, Screen, TAB};
use super::pages;
use super::visit::Visit;

/// Breaches that keep somebody from using a page, each with where and why.
const CHECK: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(found => done(found.violations
        .filter(breach => ['serious', 'critical'].includes(breach.impact))
        .map(breach => ({ rule: breach.id, help: breach.help,
            where: breach.nodes.slice(0, 3).map(node => node.html + ' ' + node.failureSummary) }))));";

/// Counts the controls of a page, and listens what gets the focus and how it looks then.
const LISTEN: &str = "
    const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
    window.unseen = new Set([...document.querySelectorAll(controls)].filter(it => !it.disabled && it.checkVisibility()));
    window.faint = [];
    document.addEventListener('focusin', event => {
        const it = event.target, style = getComputedStyle(it), box = it.getBoundingClientRect();
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        const onScreen = box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0
            && box.left < innerWidth && box.top < innerHeight;
        window.unseen.delete(it);
        // Of radio buttons Tab reaches one; the arrow keys go on from there.
        if (it.type === 'radio') for (const other of [...window.unseen])
            if (other.type === 'radio' && other.name === it.name && other.form === it.form) window.unseen.delete(other);
        if (!outlined || !onScreen) window.faint.push(it.outerHTML);
    });
    return window.unseen.size;";

/// Visits every page of the list, each as its visitor.
async fn on_every_page(visit: &Visit, screens: &[Screen], look: impl AsyncFn(&Visit, &str, Screen)) {
    let mut signed_in = String::new();
    for (account, path) in pages::all(&visit.stage).await {
        if !account.is_empty() && account != signed_in {
            visit.browser.show_on(Screen::Laptop).await;
            visit.sign_in(account).await;
            signed_in = account.to_owned();
        }
        for screen in screens {
            visit.browser.show_on(*screen).await;
            visit.go(&path).await;
            visit.keep_picture(account, *screen).await;
            look(visit, &path, *screen).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accessibility_checker_finds_no_serious_breach_on_any_page() {
    let (Some(checker), Some(visit)) = (chromium::accessibility_checker(), Visit::begin().await) else {
        return;
    };
    let breaches = std::sync::Mutex::new(Vec::new());
    // Light and dark differ in contrast, wide and narrow in layout: two visits see all four.
    on_every_page(
        &visit,
        &[Screen::Laptop, Screen::DarkPhone],
        async |visit, path, screen| {
            visit.browser.run(&checker, json!([])).await;
            let found = visit.browser.run_until_called(CHECK, json!([])).await;
            for breach in found.as_array().unwrap() {
                breaches
                    .lock()
                    .unwrap()
                    .push(format!("{path} on {screen:?}: {breach:#}"));
            }
        },
    )
    .await;
    let breaches = breaches.into_inner().unwrap();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// The checker itself: it would find a breach if there were one.
#[tokio::test(flavor = "multi_thread")]
async fn the_accessibility_checker_finds_what_is_wrong() {
    let (Some(checker), Some(visit)) = (chromium::accessibility_checker(), Visit::begin().await) else {
        return;
    };
    visit.go("/aanmelden").await;
    let spoil = "document.querySelector('label').remove(); document.querySelector('p.hint').style.color = '#ddd';";
    visit.browser.run(spoil, json!([])).await;
    visit.browser.run(&checker, json!([])).await;
    let found = visit.browser.run_until_called(CHECK, json!([])).await;
    let rules: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["rule"].as_str())
        .collect();
    assert!(
        rules.contains(&"color-contrast") && rules.contains(&"label"),
        "{rules:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_wider_than_a_phone() {
    let Some(visit) = Visit::begin().await else {
        return;
    };
    let wide = std::sync::Mutex::new(Vec::new());
    on_every_page(&visit, &[Screen::Phone], async |visit, path, screen| {
        let measured = visit
            .browser
            .run("return document.scrollingElement.scrollWidth", json!([]))
            .await;
        if measured.as_u64().unwrap() > u64::from(screen.width()) {
            wide.lock().unwrap().push(format!("{path} is {measured} px wide"));
        }
    })
    .await;
    assert_eq!(wide.into_inner().unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_is_reached_by_tab_and_shows_its_focus() {
    let Some(visit) = Visit::begin().await else {
        return;
    };
    let wrong = std::sync::Mutex::new(Vec::new());
    on_every_page(&visit, &[Screen::Laptop, Screen::Phone], async |visit, path, screen| {
        let controls = visit.browser.run(LISTEN, json!([])).await.as_u64().unwrap();
        // Fields for days and times take several: one for each of their parts.
        let presses = usize::try_from(controls).unwrap() * 2 + 16;
        // By portions: one long call would outlast the patience of whoever sends it.
        for portion in vec![TAB; presses].chunks(24) {
            visit.browser.press(&portion.concat()).await;
        }
        let left = "return [[...window.unseen].map(it => it.outerHTML), window.faint]";
        let left = visit.browser.run(left, json!([])).await;
        if left != json!([[], []]) {
            wrong.lock().unwrap().push(format!("{path} on {screen:?}: {left:#}"));
        }
    })
    .await;
    let wrong: Vec<String> = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "not reached, or not visible with the focus: {}",
        wrong.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_are_really_off_when_they_are_switched_off() {
    let Some(visit) = Visit::begin().await else {
        return;
    };
    let page = "data:text/html,<title>off</title><script>document.title = 'on'</script>";
    let title = async || visit.browser.run("return document.title", json!([])).await;
    visit.browser.go(page).await;
    assert_eq!(title().await, Value::from("on"));
    visit.browser.switch_scripts_off().await;
    visit.browser.go(page).await;
    assert_eq!(title().await, Value::from("off"));
}
