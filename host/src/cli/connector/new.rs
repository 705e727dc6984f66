//! `oke connector new`: a working skeleton, to change rather than to write from nothing.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::could_not;
use crate::cli::outcome::{Done, Outcome, Stop};
use crate::connector::manifest::Slug;

/// Start a connector: a folder that builds, with its manifest, notes and a first mapping.
///
/// The skeleton serves the catalogue (flow 0) of an imaginary vendor. The mapping is plain Rust and is tested with
/// `cargo test`; the glue that makes it a component is one line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector new my-vendor --publisher my-company
  oke connector new my-vendor --publisher my-company --in connectors --sdk ../oke-host/sdk/guest")]
pub(super) struct Arguments {
    /// Name of the connector, and of its folder: lower-case letters, digits and hyphens
    name: Slug,
    /// Who will sign it
    #[arg(long, value_name = "NAME", default_value = "my-company")]
    publisher: Slug,
    /// The folder in which to make the connector's folder
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    parent: PathBuf,
    /// Folder of the guest crate `oke-sdk`, when it doesn't come from the registry
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,
}

/// The skeleton: path below the connector's folder, and text with `{{…}}` to fill in.
const FILES: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("skeleton/Cargo.toml.txt")),
    ("connector.toml", include_str!("skeleton/connector.toml")),
    ("src/lib.rs", include_str!("skeleton/lib.rs.txt")),
    ("src/mapping.rs", include_str!("skeleton/mapping.rs.txt")),
    ("NOTES.md", include_str!("skeleton/NOTES.md")),
    ("README.md", include_str!("skeleton/README.md")),
    (".gitignore", "/target\n"),
];

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let folder = arguments.parent.join(arguments.name.as_str());
    let sdk = sdk_dependency(arguments.sdk.as_deref())?;
    if folder.exists() {
        return Err(Stop::refused(
            "exists",
            format!(
                "`{}` exists already; choose another name or another `--in`",
                folder.display()
            ),
        ));
    }
    for (path, text) in FILES {
        let text = text
            .replace("{{name}}", arguments.name.as_str())
            .replace("{{publisher}}", arguments.publisher.as_str())
            .replace("{{sdk}}", &sdk);
        write_new(&folder.join(path), &text)?;
    }
    let shown = folder.display();
    let text = format!(
        "made {shown}\n\nnext:\n  edit {shown}/connector.toml and {shown}/src/mapping.rs\n  (cd {shown} && cargo test)\n  \
         oke connector build {shown}"
    );
    let files: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
    Done::new(
        text,
        &json!({ "name": arguments.name, "folder": folder, "files": files }),
    )
}

/// The right-hand side of `oke-sdk = …`.
fn sdk_dependency(path: Option<&Path>) -> Result<String, Stop> {
    let Some(path) = path else {
        return Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION")));
    };
    let manifest = path.join("Cargo.toml");
    let is_the_sdk = std::fs::read_to_string(&manifest).is_ok_and(|text| text.contains("name = \"oke-sdk\""));
    if !is_the_sdk {
        return Err(Stop::refused(
            "no-sdk",
            format!(
                "`{}` is not the guest crate `oke-sdk`; give the folder that holds its Cargo.toml",
                path.display()
            ),
        ));
    }
    let absolute = path.canonicalize().map_err(|error| could_not("find", path, &error))?;
    let text = toml::Value::String(absolute.display().to_string());
    Ok(format!("{{ path = {text} }}"))
}

fn write_new(path: &Path, text: &str) -> Result<(), Stop> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| could_not("write", path, &error))
}
