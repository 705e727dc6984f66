//! A school whose students have all taken the same exam, waiting for its cesuur: a student system on a socket, reached
//! through the real connector, its students and enrolments brought by flow 1, their results delivered by the vendor and
//! held until the cesuur is set. Beside it another exam, for other traffic.

use std::net::SocketAddr;
use std::path::Path;

use oke_host::app::planning::deelname::{For, NewDeelname};
use oke_host::app::planning::{Planner, deelname, sitting};
use oke_host::app::{Core, World, account, policy};
use oke_host::config::Settings;
use oke_host::demo::client::{Client, list, text};
use oke_host::demo::packages;
use oke_host::domain::association::Association;
use oke_host::domain::principal::Duty;
use oke_host::domain::sending::{Said, SendPolicy};
use oke_host::server::Host;
use oke_host::simulator::{Catalogue, Flow1Push, PeerAccess, Sis, SisOptions, TestToPlan};
use oke_host::store::testing::{TestDatabase, without_keuring};
use oke_host::store::{Sealer, association as association_store};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::school::{self, FB, TENANT, VENDOR};

const SIS: &str = "sis";

/// The school, and what its load needs to know.
pub struct Waiting {
    /// Where the host listens.
    pub address: SocketAddr,
    /// The host's core, to count in its database.
    pub core: Core,
    /// The student system.
    pub sis: Sis,
    /// A vendor's token.
    pub token: String,
    /// The examencommissie, signed in at the API.
    pub commission: Client,
    /// The exam that waits for its cesuur.
    pub awaited: Exam,
    /// The exam of the other traffic.
    pub other: Exam,
    /// Stops the host.
    pub stop: CancellationToken,
}

/// An exam that all students take.
pub struct Exam {
    /// The vendor's component.
    pub component: String,
    /// The deelname of each student.
    pub deelnames: Vec<String>,
}

/// Stages it all, with so many students. `compiler` is the `oke` binary, `guests` the folder of the connectors' modules.
///
/// # Panics
/// When something of the staging fails.
pub async fn stage(
    database: &TestDatabase,
    folder: &Path,
    (compiler, guests): (&Path, &Path),
    students: usize,
) -> Waiting {
    let core = Core::start(database.db.clone(), World::of_this_machine(), Sealer::new(&[7; 32]));
    let beheer = account::init(&core, TENANT, "ROC", FB, "Functioneel beheer")
        .await
        .expect("a school is made");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a socket opens");
    let address = listener.local_addr().expect("a socket has an address");
    let settings = Settings::within(folder, address);
    let host = Host::assemble(core.clone(), &settings, compiler.to_owned(), None).expect("the host starts");
    let stop = CancellationToken::new();
    tokio::spawn(host.serve(listener, stop.clone()));

    let beheer = Client::new(&format!("http://{address}"), beheer.reveal());
    let sis = Sis::start(options(students)).await.expect("a student system starts");
    connect(&core, &beheer, &sis, guests, address).await;
    let client = made_client(&beheer, VENDOR, "nl-test-admin-flow-2-3-4").await;
    let token = school::token(address, &client.client_id, &client.client_secret).await;
    let commission = person(&beheer, "commissie", "vaststellen").await;

    let push = Flow1Push {
        shuffle_seed: None,
        parallel: Some(16),
    };
    let report = sis.push_flow_1(&push).await.expect("flow 1 is sent");
    assert!(report.all_accepted(), "flow 1: {:?}", report.failed.first());
    let exams: Vec<_> = sis.school().plannable_tests.iter().map(|one| one.id.clone()).collect();
    let mut taken = Vec::with_capacity(exams.len());
    for plannable in exams {
        taken.push(take(&core, &sis, &plannable).await);
    }
    let other = taken.pop().expect("there are two exams");
    let awaited = taken.pop().expect("there are two exams");
    Waiting {
        address,
        core,
        sis,
        token,
        commission,
        awaited,
        other,
        stop,
    }
}

fn options(students: usize) -> SisOptions {
    let catalogue = Catalogue::of("Toetsgilde");
    let mut options = SisOptions::new(2026, 1, students);
    let graded = catalogue
        .tests()
        .iter()
        .filter(|test| test.result_value_type == "0.0-10.0");
    options.plan.tests = graded
        .take(2)
        .map(|test| TestToPlan {
            name: test.name.clone(),
            test_provider: "Toetsgilde".to_owned(),
            component_id: test.id.clone(),
            result_value_type: test.result_value_type.clone(),
        })
        .collect();
    assert_eq!(options.plan.tests.len(), 2, "two exams with grades");
    options.plan.assessor_in_sis = false;
    options
}

/// Units, the peers, the student system's connector, and the policy: results wait for vaststelling.
async fn connect(core: &Core, beheer: &Client, sis: &Sis, guests: &Path, address: SocketAddr) {
    let must = "the API takes it";
    for unit in &sis.school().organizations {
        let id = text(unit, "organizationId").expect("a unit has an id");
        let new = json!({ "name": unit["shortName"], "parent": unit["parent"] });
        beheer.put(&format!("/units/{id}"), &new).await.expect(must);
    }
    // What is measured begins after the keuring.
    without_keuring(core, TENANT).await;
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let published = packages::publish(&connectors, guests, &*core.world.random).expect("the connectors are packed");
    let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
    beheer.post("/publishers", &trust).await.expect(must);
    let package = beheer.upload("/packages", published.dr).await.expect(must);
    for (id, hat) in [(SIS, "dr"), (VENDOR, "ta")] {
        let peer = json!({ "id": id, "hat": hat, "name": id });
        beheer.post("/peers", &peer).await.expect(must);
    }
    let credentials = sis.credentials();
    let reach = json!({
        "baseUrl": sis.base_url(), "allowedAddresses": ["127.0.0.1"],
        "signIn": { "kind": "bearer", "tokenUrl": sis.token_url(), "clientId": credentials.client_id,
            "secret": credentials.client_secret },
    });
    beheer
        .put(&format!("/peers/{SIS}/endpoints/api"), &reach)
        .await
        .expect(must);
    let install = json!({ "digest": package["digest"], "profile": "oke-1-0-1", "reason": "inrichting" });
    beheer
        .post(&format!("/peers/{SIS}/revisions"), &install)
        .await
        .expect(must);
    let mut access = made_client(beheer, SIS, "nl-test-admin-flow-1-5").await;
    access.target = format!("http://{address}/oke/{TENANT}/tpl");
    sis.connect_tpl(access);
    let after = Said {
        send: Some(SendPolicy::AfterVaststelling),
        ..Said::default()
    };
    policy::set(
        core,
        TENANT,
        &school::holding(FB, Duty::Beheren),
        &policy::Scope::School,
        after,
    )
    .await
    .expect("the policy is set");
}

async fn made_client(beheer: &Client, peer: &str, scope: &str) -> PeerAccess {
    let made = beheer
        .post(&format!("/peers/{peer}/clients"), &json!({ "scopes": [scope] }))
        .await;
    let made = made.expect("a client is made");
    let field = |name| text(&made, name).expect("a client has it");
    PeerAccess {
        target: String::new(),
        token_url: field("tokenUrl"),
        client_id: field("clientId"),
        client_secret: field("clientSecret"),
    }
}

async fn person(beheer: &Client, id: &str, duty: &str) -> Client {
    let made = beheer.post("/accounts", &json!({ "id": id, "name": id })).await;
    let token = text(&made.expect("an account is made"), "token").expect("it has a token");
    let assignment = json!({ "duty": duty, "unit": "*" });
    beheer
        .post(&format!("/accounts/{id}/assignments"), &assignment)
        .await
        .expect("the function is granted");
    beheer.as_other(&token)
}

/// Every student takes an exam: the first deelname is planned, the others are like it.
async fn take(core: &Core, sis: &Sis, plannable: &str) -> Exam {
    let exam = sis.school().plannable_tests.iter().find(|one| one.id == plannable);
    let component = exam.expect("the exam is there").test.component_id.clone();
    school::keep_component(core, &component).await;
    let students: Vec<_> = sis.school().student_registrations(plannable).collect();
    let (first, rest) = students.split_first().expect("there are students");
    let account = school::holding("bureau", Duty::Plannen);
    let planner = Planner {
        tenant: TENANT,
        account: &account,
    };
    let new = school::new_sitting(core, plannable, &component);
    let sitting = sitting::plan(core, planner, &new)
        .await
        .expect("the sitting is planned");
    let candidate = NewDeelname {
        candidate: For::Enrolment {
            id: first.id.clone(),
            extra_attempt: false,
            confirmed: false,
        },
        needs: None,
    };
    let made = deelname::add(core, planner, &sitting, &[candidate])
        .await
        .expect("the sitting takes a deelname");
    let id = made.into_iter().next().expect("one answer").expect("a deelname");
    let model = association_store::find(&core.db, TENANT, &id)
        .await
        .expect("the database answers");
    let model: Association = model.expect("the deelname is there");
    let others = rest.iter().map(|one| (one.id.clone(), one.person_id.clone())).collect();
    let mut deelnames = school::take_too(core, &model, others).await;
    deelnames.push(id);
    Exam { component, deelnames }
}

/// Decides on results, 200 at a time as a person does with a page of them.
///
/// # Panics
/// When one is refused.
pub async fn decide(commission: &Client, deelnames: &[String]) {
    for some in deelnames.chunks(200) {
        let seen: Vec<Value> = some.iter().map(|id| json!({ "deelname": id, "seq": 1 })).collect();
        let body = json!({ "results": seen, "reason": "vergadering examencommissie" });
        let answers = commission
            .post("/decisions", &body)
            .await
            .and_then(list)
            .expect("the API decides");
        let refused = answers.iter().find(|one| !one["refused"].is_null());
        assert!(refused.is_none(), "refused: {refused:?}");
    }
}
