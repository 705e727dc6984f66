//! `oke simulate sis|ta|tpl`: a system around the host, on loopback, until Ctrl-C.

use std::io::Write;
use std::net::SocketAddr;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::outcome::{Done, Outcome, Stop};
use crate::simulator::{
    Auth, Catalogue, Credentials, NeedsInFlow1, PeerAccess, ResultMode, SchoolPlan, Sis, SisOptions, Ta, TaOptions,
    Tpl, TplOptions,
};

/// The arguments of `oke simulate`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    system: System,
}

#[derive(Subcommand)]
enum System {
    /// A student information system: pushes flow 1, serves the DR face, takes flow 5
    Sis(SisArguments),
    /// A vendor's test platform: serves flow 0, takes flow 2, gives flows 3 and 4
    Ta(TaArguments),
    /// A planning system outside the host: plans at a TA face, takes flows 3 and 4
    Tpl(OutsideArguments),
}

#[derive(Args)]
struct SisArguments {
    /// Where to listen; loopback only, port 0 for any free port
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Decides every name, number and id of the school
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many teams the school has
    #[arg(long, default_value_t = 2, value_parser = at_most::<10_000>)]
    teams: usize,
    /// How many students the school has
    #[arg(long, default_value_t = 60, value_parser = at_most::<100_000>)]
    students: usize,
    /// A vendor whose first test every team plans; give it once per vendor
    #[arg(long = "vendor", value_name = "NAME", default_values = ["Toetsgilde", "Examenatelier"])]
    vendors: Vec<String>,
    /// Leave extra time and aids out of flow 1's toetsinschrijvingen, as the letter of the agreement has it
    #[arg(long)]
    needs_as_agreed: bool,
    /// The client id that callers show
    #[arg(long, default_value = "oke-tpl")]
    client_id: String,
    /// The secret that callers show
    #[arg(long, default_value = "sis-secret")]
    client_secret: String,
    #[command(flatten)]
    tpl: TplArguments,
}

#[derive(Args)]
struct TaArguments {
    /// Where to listen; loopback only, port 0 for any free port
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The vendor's name; it decides the ids in the catalogue
    #[arg(long, default_value = "Toetsgilde")]
    name: String,
    /// How results leave the platform
    #[arg(long, value_enum, default_value_t = Mode::Push)]
    mode: Mode,
    /// What callers show
    #[arg(long, value_enum, default_value_t = AuthKind::Bearer)]
    auth: AuthKind,
    /// The client id that callers show
    #[arg(long, default_value = "oke-tpl")]
    client_id: String,
    /// The secret, or with --auth api-key the key, that callers show
    #[arg(long, default_value = "ta-secret")]
    client_secret: String,
    #[command(flatten)]
    tpl: TplArguments,
}

#[derive(Args)]
struct OutsideArguments {
    /// Where to listen; loopback only, port 0 for any free port
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Its name; it decides every id that it makes
    #[arg(long, default_value = "Planwerk")]
    name: String,
    /// The client id that callers show
    #[arg(long, default_value = "oke-host")]
    client_id: String,
    /// The secret that callers show
    #[arg(long, default_value = "tpl-secret")]
    client_secret: String,
}

#[derive(Args)]
struct TplArguments {
    /// The address of the TPL face that this system sends to; may also be given later with POST /control/tpl
    #[arg(long, requires_all = ["tpl_token_url", "tpl_client_id", "tpl_client_secret"])]
    tpl_url: Option<String>,
    /// The TPL's token endpoint
    #[arg(long, requires = "tpl_url")]
    tpl_token_url: Option<String>,
    /// This system's client id at the TPL
    #[arg(long, requires = "tpl_url")]
    tpl_client_id: Option<String>,
    /// This system's secret at the TPL
    #[arg(long, requires = "tpl_url")]
    tpl_client_secret: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// Sent to the TPL
    Push,
    /// Left on the TA face to be read
    Poll,
}

#[derive(Clone, Copy, ValueEnum)]
enum AuthKind {
    /// A token of this platform's own endpoint
    Bearer,
    /// A fixed key in X-API-Key
    ApiKey,
}

impl TplArguments {
    fn access(self) -> Option<PeerAccess> {
        Some(PeerAccess {
            target: self.tpl_url?.trim_end_matches('/').to_owned(),
            token_url: self.tpl_token_url?,
            client_id: self.tpl_client_id?,
            client_secret: self.tpl_client_secret?,
        })
    }
}

/// Runs a simulator until Ctrl-C. Under `--json` standard output holds two values: where the system listens, at once,
/// and what it has seen, at the end.
pub(super) fn run(arguments: Arguments, as_json: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Stop::refused(
                "no-runtime",
                format!("could not start the threads that serve the simulator: {error}"),
            )
        })?;
    runtime.block_on(async {
        match arguments.system {
            System::Sis(arguments) => run_sis(arguments, as_json).await,
            System::Ta(arguments) => run_ta(arguments, as_json).await,
            System::Tpl(arguments) => run_tpl(arguments, as_json).await,
        }
    })
}

/// A number that fits in this machine's memory many times.
fn at_most<const MOST: usize>(text: &str) -> Result<usize, String> {
    let number = text
        .parse()
        .map_err(|_| format!("give a whole number from 1 to {MOST}"))?;
    if (1..=MOST).contains(&number) {
        return Ok(number);
    }
    Err(format!("give a number from 1 to {MOST}"))
}

async fn run_sis(arguments: SisArguments, as_json: bool) -> Outcome {
    let mut options = SisOptions::new(arguments.seed, arguments.teams, arguments.students);
    let vendors: Vec<&str> = arguments.vendors.iter().map(String::as_str).collect();
    options.plan.tests = SchoolPlan::one_test_of_each(&vendors);
    if arguments.needs_as_agreed {
        options.plan.needs = NeedsInFlow1::AsAgreed;
    }
    options.listen = arguments.listen;
    options.credentials = Credentials::new(arguments.client_id, arguments.client_secret);
    options.tpl = arguments.tpl.access();
    let sis = Sis::start(options).await.map_err(refused)?;

    let base = sis.base_url();
    let facts = json!({
        "system": "sis",
        "baseUrl": base,
        "tokenUrl": sis.token_url(),
        "clientId": sis.credentials().client_id,
        "clientSecret": sis.credentials().client_secret,
        "control": format!("{base}/control"),
    });
    let text = format!(
        "SIS listens at {base}\n{}\nTry:\n  \
         curl -s {base}/control/school\n  \
         curl -s {base}/control/push-flow-1 -d '{{\"target\":\"http://127.0.0.1:8080/oke/TENANT/tpl\",\
         \"tokenUrl\":\"http://127.0.0.1:8080/oauth2/token\",\"clientId\":\"…\",\"clientSecret\":\"…\",\"shuffleSeed\":7}}'\n  \
         curl -s {base}/control/misbehave -d '{{\"kind\":\"drop-after-applying\",\"count\":3,\"path\":\"/associations/\"}}'\n  \
         curl -s {base}/control/state\n\
         Ctrl-C stops it; it forgets everything.",
        token_hint(&sis.token_url(), sis.credentials()),
    );
    announce(&text, &facts, as_json);
    wait_for_interrupt().await?;
    let state = sis.state();
    sis.stop().await;
    let (applied, refused) = (state.applied.len(), state.refused.len());
    Done::new(
        format!("SIS stopped: {applied} messages of flow 5 applied, {refused} refused"),
        &json!({ "stopped": "sis", "applied": applied, "refused": refused }),
    )
}

async fn run_tpl(arguments: OutsideArguments, as_json: bool) -> Outcome {
    let mut options = TplOptions::new(arguments.name);
    options.listen = arguments.listen;
    options.credentials = Credentials::new(arguments.client_id, arguments.client_secret);
    let tpl = Tpl::start(options).await.map_err(refused)?;

    let base = tpl.base_url();
    let facts = json!({
        "system": "tpl",
        "baseUrl": base,
        "tokenUrl": tpl.token_url(),
        "clientId": tpl.credentials().client_id,
        "clientSecret": tpl.credentials().client_secret,
        "control": format!("{base}/control"),
    });
    let text = format!(
        "TPL listens at {base}\n{}\nTry:\n  \
         curl -s {base}/control/peer -d '{{\"target\":\"http://127.0.0.1:8080/oke/TENANT/ta/VENDOR\",\
         \"tokenUrl\":\"http://127.0.0.1:8080/oauth2/token\",\"clientId\":\"…\",\"clientSecret\":\"…\"}}'\n  \
         curl -s {base}/control/plan -d '{{\"componentId\":\"…\",\"start\":\"2026-11-15T09:00:00Z\",\"students\":5}}'\n  \
         curl -s {base}/control/cancel -d '{{\"id\":\"…\"}}'\n  \
         curl -s {base}/control/state\n\
         Ctrl-C stops it; it forgets everything.",
        token_hint(&tpl.token_url(), tpl.credentials()),
    );
    announce(&text, &facts, as_json);
    wait_for_interrupt().await?;
    let state = tpl.state();
    tpl.stop().await;
    let (sittings, deelnames) = (state.sittings.len(), state.deelnames.len());
    Done::new(
        format!("TPL stopped: {sittings} sittings and {deelnames} deelnames planned"),
        &json!({ "stopped": "tpl", "sittings": sittings, "deelnames": deelnames }),
    )
}

async fn run_ta(arguments: TaArguments, as_json: bool) -> Outcome {
    let mut options = TaOptions::new(arguments.name);
    options.listen = arguments.listen;
    options.mode = match arguments.mode {
        Mode::Push => ResultMode::Push,
        Mode::Poll => ResultMode::Poll,
    };
    options.auth = match arguments.auth {
        AuthKind::Bearer => Auth::Bearer(Credentials::new(arguments.client_id, arguments.client_secret)),
        AuthKind::ApiKey => Auth::ApiKey(arguments.client_secret),
    };
    options.tpl = arguments.tpl.access();
    let ta = Ta::start(options).await.map_err(refused)?;

    let base = ta.base_url();
    let (login, hint) = match ta.auth() {
        Auth::Bearer(client) => (
            json!({ "tokenUrl": ta.token_url(), "clientId": client.client_id, "clientSecret": client.client_secret }),
            token_hint(&ta.token_url(), client),
        ),
        Auth::ApiKey(key) => (json!({ "apiKey": key }), format!("Callers show: X-API-Key: {key}")),
    };
    let facts = json!({
        "system": "ta",
        "name": ta.name(),
        "baseUrl": base,
        "login": login,
        "control": format!("{base}/control"),
        "components": components(ta.catalogue()),
    });
    let text = format!(
        "{} listens at {base}\n{hint}\nTry:\n  \
         curl -s {base}/control/state\n  \
         curl -s {base}/control/attendance -d '{{\"offeringId\":\"…\",\"absent\":[]}}'\n  \
         curl -s {base}/control/results -d '{{\"offeringId\":\"…\",\"form\":\"percentage-as-score\"}}'\n  \
         curl -s {base}/control/cesuur -d '{{\"componentId\":\"{}\"}}'\n  \
         curl -s {base}/control/misbehave -d '{{\"kind\":\"too-many-requests\",\"retryAfter\":2,\"count\":5}}'\n\
         Ctrl-C stops it; it forgets everything.",
        ta.name(),
        ta.catalogue().first_active().id,
    );
    announce(&text, &facts, as_json);
    wait_for_interrupt().await?;
    let state = ta.state();
    ta.stop().await;
    let (sittings, deelnames) = (state.sittings.len(), state.deelnames.len());
    Done::new(
        format!(
            "{} stopped: it held {sittings} sittings and {deelnames} deelnames",
            state.name
        ),
        &json!({ "stopped": "ta", "name": state.name, "sittings": sittings, "deelnames": deelnames }),
    )
}

fn components(catalogue: &Catalogue) -> Vec<Value> {
    let component = |test: &crate::simulator::Test| {
        json!({ "componentId": test.id, "code": test.code, "name": test.name, "resultValueType": test.result_value_type,
                "active": test.active })
    };
    catalogue.tests().iter().map(component).collect()
}

fn token_hint(token_url: &str, client: &Credentials) -> String {
    format!(
        "Callers ask for a token:\n  curl -s -u '{}:{}' {token_url} -d grant_type=client_credentials",
        client.client_id, client.client_secret
    )
}

/// Says at once where the system is: who started it needs that while it runs.
fn announce(text: &str, facts: &Value, as_json: bool) {
    let mut output = std::io::stdout();
    // A reader that went away is no reason to stop serving.
    let _ = match as_json {
        true => writeln!(output, "{facts}"),
        false => writeln!(output, "{text}"),
    };
    let _ = output.flush();
}

async fn wait_for_interrupt() -> Result<(), Stop> {
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| Stop::refused("no-signals", format!("could not wait for Ctrl-C: {error}")))
}

fn refused(error: crate::simulator::SimulatorError) -> Stop {
    let source = std::error::Error::source(&error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    Stop::refused("simulator-did-not-start", format!("{error}{source}"))
}
