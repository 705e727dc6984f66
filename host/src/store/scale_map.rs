//! Scale maps; the map is written once, and its standing changes once.

use oke_codec::scale;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row, Value};
use super::write_set::{Table, Write};
use crate::domain::model::ResultValueType;
use crate::domain::scale_map::{Basis, Number, Rule, ScaleMap, Standing};
use crate::values;

/// The table.
pub static SCALE_MAP: Table = Table {
    name: "scale_map",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "peer",
        "component",
        "examenversie",
        "to_scale",
        "number",
        "basis",
        "rule",
        "author",
        "source",
        "made_at",
        "standing",
        "settled_by",
        "settled_at",
        "settled_reason",
        "version",
    ],
};

/// [`Rule`] as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kept {
    AsIs,
    Steps {
        steps: Vec<(String, String)>,
        up_to: String,
    },
    Words(Vec<(String, String)>),
}

fn kept(rule: &Rule) -> String {
    body::text(&match rule {
        Rule::AsIs => Kept::AsIs,
        Rule::Steps { steps, up_to } => Kept::Steps {
            steps: steps
                .iter()
                .map(|(begins, value)| (begins.to_string(), value.clone()))
                .collect(),
            up_to: up_to.to_string(),
        },
        Rule::Words(words) => Kept::Words(words.clone()),
    })
}

fn number(text: &str) -> Result<Number, StoreError> {
    Number::read(text).ok_or_else(|| StoreError::unknown_word("rule", text))
}

fn rule_from(text: &str) -> Result<Rule, StoreError> {
    Ok(match body::parse("scale_map.rule", text)? {
        Kept::AsIs => Rule::AsIs,
        Kept::Steps { steps, up_to } => Rule::Steps {
            steps: steps
                .into_iter()
                .map(|(begins, value)| Ok((number(&begins)?, value)))
                .collect::<Result<_, StoreError>>()?,
            up_to: number(&up_to)?,
        },
        Kept::Words(words) => Rule::Words(words),
    })
}

/// Writes it as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, map: &ScaleMap) -> Write {
    let settled = map.settled.as_ref();
    Write {
        table: &SCALE_MAP,
        values: values![
            tenant,
            &map.id,
            &map.peer,
            &map.component,
            map.examenversie.as_deref().unwrap_or(""),
            scale::name(&map.to),
            map.number,
            map.basis.name(),
            kept(&map.rule),
            &map.author,
            &map.source,
            map.made_at,
            map.standing.name(),
            settled.map(|(by, _, _)| by.as_str()),
            settled.map(|(_, at, _)| *at),
            settled.map(|(_, _, reason)| reason.as_str()),
            map.version + 1,
        ],
    }
}

fn from_row(row: &Row) -> Result<ScaleMap, StoreError> {
    let (basis, standing) = (row.text("basis")?, row.text("standing")?);
    let settled = match (row.text_opt("settled_by")?, row.moment_opt("settled_at")?) {
        (Some(by), Some(at)) => Some((by, at, row.text_opt("settled_reason")?.unwrap_or_default())),
        _ => None,
    };
    Ok(ScaleMap {
        id: row.text("id")?,
        peer: row.text("peer")?,
        component: row.text("component")?,
        examenversie: Some(row.text("examenversie")?).filter(|code| !code.is_empty()),
        to: scale::from_name(&row.text("to_scale")?),
        number: row.int("number")?,
        basis: Basis::from_name(&basis).ok_or_else(|| StoreError::unknown_word("basis", &basis))?,
        rule: rule_from(&row.text("rule")?)?,
        author: row.text("author")?,
        source: row.text("source")?,
        made_at: row.moment("made_at")?,
        standing: Standing::from_name(&standing).ok_or_else(|| StoreError::unknown_word("standing", &standing))?,
        settled,
        version: row.int("version")?,
    })
}

/// A map.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<ScaleMap>, StoreError> {
    let sql = "SELECT * FROM scale_map WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The maps of a component, newest first; of all vendors' components when none is named. At most 1,000.
///
/// # Errors
/// What the database says.
pub async fn of_component(
    db: &Database,
    tenant: &str,
    component: Option<(&str, &str)>,
) -> Result<Vec<ScaleMap>, StoreError> {
    let (peer, component) = component.unwrap_or(("", ""));
    let sql = "SELECT * FROM scale_map
        WHERE tenant = $1 AND ($2 = '' OR (peer = $2 AND component = $3))
        ORDER BY made_at DESC, id DESC LIMIT 1000";
    let rows = db.rows(sql, values![tenant, peer, component]).await?;
    rows.iter().map(from_row).collect()
}

/// The approved maps of these components, each with its school: of their examenversies and of the whole component.
/// Of each purpose the newest version comes first.
///
/// # Errors
/// What the database says.
pub async fn approved_of(db: &Database, components: &[Vec<Value>]) -> Result<Vec<(String, ScaleMap)>, StoreError> {
    let sql = "SELECT map.* FROM {asked} CROSS JOIN scale_map map
        WHERE map.tenant = asked.column1 AND map.peer = asked.column2 AND map.component = asked.column3
          AND map.standing = 'approved'
        ORDER BY map.examenversie, map.to_scale, map.number DESC";
    let rows = db.rows_of_keys(sql, components).await?;
    rows.iter()
        .map(|row| Ok((row.text("tenant")?, from_row(row)?)))
        .collect()
}

/// The newest version's number for one purpose; 0 when there is none.
///
/// # Errors
/// What the database says.
pub async fn last_number(
    db: &Database,
    tenant: &str,
    (peer, component, examenversie): (&str, &str, &str),
    to: &ResultValueType,
) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(MAX(number), 0) AS last FROM scale_map
        WHERE tenant = $1 AND peer = $2 AND component = $3 AND examenversie = $4 AND to_scale = $5";
    let values = values![tenant, peer, component, examenversie, scale::name(to)];
    let row = db.row(sql, values).await?;
    row.map_or(Ok(0), |row| row.int("last"))
}
