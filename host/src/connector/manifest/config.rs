//! `[config.KEY]`: what an operator can set, flat and typed, and the check of what was set.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::identity::{Slug, Title};

/// The settings a connector knows, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct ConfigSchema(BTreeMap<Slug, ConfigField>);

/// Values for every key of a schema that has one, defaults filled in: what a call's context carries.
pub type Configuration = BTreeMap<String, ConfigValue>;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "WrittenField", into = "WrittenField")]
pub struct ConfigField {
    /// What it does, for the person who sets it.
    pub description: Title,
    /// It must be set: there is no default.
    pub required: bool,
    /// Value when it is not set.
    pub default: Option<ConfigValue>,
    /// What it may be set to.
    pub kind: ConfigKind,
}

/// What a setting may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigKind {
    /// Text of at most 4,000 characters.
    String,
    /// A whole number between bounds, both included.
    Integer {
        /// Least value.
        minimum: i64,
        /// Greatest value.
        maximum: i64,
    },
    /// True or false.
    Boolean,
    /// One of these texts.
    Choice(Vec<String>),
}

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ConfigValue {
    /// Text, also for a choice.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

/// One value that the schema does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// The key it is about.
    pub key: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.key, self.message)
    }
}

impl ConfigSchema {
    /// Keys and fields, in order of key.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &ConfigField)> {
        self.0.iter().map(|(key, field)| (key.as_str(), field))
    }

    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&ConfigField> {
        self.0.get(key)
    }

    /// No settings at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks what was set and fills in the defaults. Gives every problem at once.
    pub fn complete(&self, set: &Configuration) -> Result<Configuration, Vec<ConfigProblem>> {
        let mut problems = self.problems_with(set);
        let mut complete = set.clone();
        for (key, field) in self.fields() {
            match (&field.default, complete.contains_key(key)) {
                (_, true) => {}
                (Some(default), false) => {
                    complete.insert(key.to_owned(), default.clone());
                }
                (None, false) if field.required => problems.push(ConfigProblem {
                    key: key.to_owned(),
                    message: format!("must be set: {}", field.description),
                }),
                (None, false) => {}
            }
        }
        match problems.is_empty() {
            true => Ok(complete),
            false => Err(problems),
        }
    }

    /// Checks values that are only part of a configuration, as a profile's are.
    pub fn problems_with(&self, set: &Configuration) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (key, value) in set {
            let message = match self.field(key) {
                None => Some(format!(
                    "is no setting of this connector; it knows {}",
                    self.known_keys()
                )),
                Some(field) => field.kind.refuses(value),
            };
            problems.extend(message.map(|message| ConfigProblem {
                key: key.clone(),
                message,
            }));
        }
        problems
    }

    fn known_keys(&self) -> String {
        match self.is_empty() {
            true => "none".to_owned(),
            false => self.0.keys().map(Slug::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

impl ConfigKind {
    /// Name of the type in the manifest.
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer { .. } => "integer",
            Self::Boolean => "boolean",
            Self::Choice(_) => "choice",
        }
    }

    /// Why this value is not taken, or nothing.
    fn refuses(&self, value: &ConfigValue) -> Option<String> {
        match (self, value) {
            (Self::String, ConfigValue::Text(text)) => {
                (text.chars().count() > 4_000).then(|| "is longer than 4000 characters".to_owned())
            }
            (Self::Integer { minimum, maximum }, ConfigValue::Number(number)) => (!(minimum..=maximum)
                .contains(&number))
            .then(|| format!("is {number}; it must be from {minimum} to {maximum}")),
            (Self::Boolean, ConfigValue::Flag(_)) => None,
            (Self::Choice(choices), ConfigValue::Text(text)) => (!choices.contains(text))
                .then(|| format!("is `{}`; choose one of {}", text.escape_debug(), choices.join(", "))),
            (kind, value) => Some(format!("is {}; it must be a {}", value.kind(), kind.name())),
        }
    }
}

impl ConfigValue {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Number(_) => "a whole number",
            Self::Flag(_) => "true or false",
        }
    }
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(out, "\"{}\"", text.escape_debug()),
            Self::Number(number) => write!(out, "{number}"),
            Self::Flag(flag) => write!(out, "{flag}"),
        }
    }
}

impl<'de> Deserialize<'de> for ConfigValue {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct AnyValue;

        impl serde::de::Visitor<'_> for AnyValue {
            type Value = ConfigValue;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text, a whole number, or true or false")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Text(text.to_owned()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<ConfigValue, E> {
                i64::try_from(number)
                    .map(ConfigValue::Number)
                    .map_err(|_| E::custom(format!("{number} is too large a number")))
            }

            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Flag(flag))
            }
        }

        from.deserialize_any(AnyValue)
    }
}

/// A field as it stands in the file.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenField {
    r#type: WrittenType,
    description: Title,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<ConfigValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenType {
    String,
    Integer,
    Boolean,
    Choice,
}

impl TryFrom<WrittenField> for ConfigField {
    type Error = String;

    fn try_from(written: WrittenField) -> Result<Self, String> {
        let bounded = written.minimum.is_some() || written.maximum.is_some();
        if bounded && written.r#type != WrittenType::Integer {
            return Err("`minimum` and `maximum` belong to the type integer; drop them".to_owned());
        }
        if written.choices.is_some() && written.r#type != WrittenType::Choice {
            return Err("`choices` belongs to the type choice; drop it or change the type".to_owned());
        }
        let kind = match written.r#type {
            WrittenType::String => ConfigKind::String,
            WrittenType::Boolean => ConfigKind::Boolean,
            WrittenType::Integer => ConfigKind::Integer {
                minimum: written.minimum.unwrap_or(i64::MIN),
                maximum: written.maximum.unwrap_or(i64::MAX),
            },
            WrittenType::Choice => ConfigKind::Choice(written.choices.unwrap_or_default()),
        };
        match &kind {
            ConfigKind::Choice(choices) if choices.is_empty() => {
                return Err("a choice needs `choices = [\"…\", \"…\"]`".to_owned());
            }
            ConfigKind::Integer { minimum, maximum } if minimum > maximum => {
                return Err(format!("`minimum` {minimum} is greater than `maximum` {maximum}"));
            }
            _ => {}
        }
        if written.required && written.default.is_some() {
            return Err("is both `required` and has a `default`; drop one of them".to_owned());
        }
        if let Some(problem) = written.default.as_ref().and_then(|default| kind.refuses(default)) {
            return Err(format!("the `default` {problem}"));
        }
        Ok(Self {
            description: written.description,
            required: written.required,
            default: written.default,
            kind,
        })
    }
}

impl From<ConfigField> for WrittenField {
    fn from(field: ConfigField) -> Self {
        let mut written = Self {
            r#type: WrittenType::String,
            description: field.description,
            required: field.required,
            default: field.default,
            choices: None,
            minimum: None,
            maximum: None,
        };
        match field.kind {
            ConfigKind::String => {}
            ConfigKind::Boolean => written.r#type = WrittenType::Boolean,
            ConfigKind::Choice(choices) => {
                written.r#type = WrittenType::Choice;
                written.choices = Some(choices);
            }
            ConfigKind::Integer { minimum, maximum } => {
                written.r#type = WrittenType::Integer;
                written.minimum = (minimum != i64::MIN).then_some(minimum);
                written.maximum = (maximum != i64::MAX).then_some(maximum);
            }
        }
        written
    }
}
