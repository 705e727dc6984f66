//! `oke connector keygen`: a publisher's key pair.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::could_not;
use crate::app::World;
use crate::cli::outcome::{Done, Outcome, Stop};
use crate::connector::manifest::Slug;
use crate::connector::signature::SigningKey;
use crate::connector::signature::key_file::PrivateKeyFile;

/// Make a publisher's key pair (Ed25519).
///
/// Writes NAME.key, which only you may read, and NAME.pub, to hand out. An existing key is never overwritten. Keep a
/// copy of NAME.key in a safe: without it you must ask every school to trust a new key.
#[derive(Args)]
#[command(after_help = "\
Example:
  oke connector keygen --name my-company --out keys")]
pub(super) struct Arguments {
    /// The publisher, as in connector.toml
    #[arg(long, value_name = "PUBLISHER")]
    name: Slug,
    /// The folder to write to; made when it isn't there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    std::fs::create_dir_all(&arguments.out).map_err(|error| could_not("make", &arguments.out, &error))?;
    let private_path = arguments.out.join(format!("{}.key", arguments.name));
    let public_path = arguments.out.join(format!("{}.pub", arguments.name));
    for path in [&private_path, &public_path] {
        if path.exists() {
            return Err(Stop::refused(
                "exists",
                format!(
                    "`{}` exists already; a key is never overwritten: choose another `--out`",
                    path.display()
                ),
            ));
        }
    }
    let world = World::of_this_machine();
    let file = PrivateKeyFile {
        publisher: arguments.name.clone(),
        key: SigningKey::generate(world.random.as_ref()),
    };
    let public = file.public();
    file.write(&private_path)?;
    public.write(&public_path)?;
    let text = format!(
        "made key {id} of {publisher}\n  private: {private}   keep it secret, and a copy in a safe\n  public:  {public_file}\n\n\
         whoever trusts you adds this to a trust file:\n\n[[publisher]]\nname = \"{publisher}\"\n\n[[publisher.key]]\n\
         id = \"{id}\"\npublic = \"{key}\"\ntrusted-since = \"{now}\"",
        id = public.id,
        publisher = public.publisher,
        private = private_path.display(),
        public_file = public_path.display(),
        key = public.public,
        now = world.clock.now().strftime("%Y-%m-%dT00:00:00Z"),
    );
    Done::new(
        text,
        &json!({
            "publisher": public.publisher,
            "id": public.id,
            "public": public.public,
            "private_file": private_path,
            "public_file": public_path,
        }),
    )
}
