//! `[[endpoint]]`: where a connector wants to send requests, as methods and path patterns. Never a URL: the operator's
//! grant adds base URL and credentials, and only what both manifest and grant name goes out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::identity::{Slug, Title};

/// One endpoint that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Endpoint {
    /// The name the connector uses in its requests.
    pub name: Slug,
    /// What it is for; read by the person who approves the grant.
    pub description: Title,
    /// Methods and path patterns asked for, such as `GET /offerings/*`.
    #[serde(deserialize_with = "some_rules")]
    pub allow: Vec<Allow>,
}

impl Endpoint {
    /// Whether a request with this method and path (without query) is among those asked for.
    pub fn allows(&self, method: Method, path: &str) -> bool {
        self.allow
            .iter()
            .any(|rule| rule.method == method && rule.path.matches(path))
    }
}

fn some_rules<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Allow>, D::Error> {
    let rules = Vec::<Allow>::deserialize(from)?;
    if rules.is_empty() || rules.len() > 100 {
        return Err(serde::de::Error::custom(format!(
            "`allow` holds {} rules; write 1 to 100 rules such as \"GET /offerings/*\"",
            rules.len()
        )));
    }
    Ok(rules)
}

/// HTTP methods the contract knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Replace or create.
    Put,
    /// Do.
    Post,
    /// Change in part.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// As written in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Get, Self::Put, Self::Post, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a method; use GET, PUT, POST, PATCH or DELETE"))
    }
}

/// One rule: a method and a path pattern, written `GET /offerings/*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Allow {
    /// The method.
    pub method: Method,
    /// The paths.
    pub path: PathPattern,
}

impl TryFrom<String> for Allow {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (method, path) = text
            .split_once(' ')
            .ok_or_else(|| format!("`{text}` is not a rule; write a method and a path, such as `GET /offerings/*`"))?;
        Ok(Self {
            method: method.parse()?,
            path: path.parse()?,
        })
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method.as_str(), self.path)
    }
}

impl From<Allow> for String {
    fn from(rule: Allow) -> Self {
        rule.to_string()
    }
}

/// A path pattern below the endpoint's base URL. `*` stands for exactly one segment, `**` (only last) for one or more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPattern(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Segment {
    Literal(String),
    One,
    Rest,
}

impl PathPattern {
    /// Whether `path` (beginning with `/`, without query) is covered. A path that a server could read in another way
    /// than we do is never covered: empty, `.` or `..` segments, backslashes, encoded separators or dots, and
    /// anything beyond visible ASCII.
    pub fn matches(&self, path: &str) -> bool {
        let Some(below) = path.strip_prefix('/') else {
            return false;
        };
        if !is_unambiguous(path) {
            return false;
        }
        if below.is_empty() {
            return self.0.is_empty();
        }
        let segments: Vec<&str> = below.split('/').collect();
        if segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
            return false;
        }
        for (position, wanted) in self.0.iter().enumerate() {
            let fits = match (wanted, segments.get(position)) {
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(_)) => true,
                (Segment::Literal(literal), Some(segment)) => literal == segment,
                (_, None) => false,
            };
            if !fits {
                return false;
            }
        }
        segments.len() == self.0.len()
    }
}

fn is_unambiguous(path: &str) -> bool {
    let visible = path.bytes().all(|byte| byte.is_ascii_graphic());
    let plain = !path.contains(['\\', '?', '#']);
    let encoded = path.to_ascii_lowercase();
    let hidden = ["%2f", "%5c", "%2e", "%00", "%25"];
    visible && plain && !hidden.iter().any(|sequence| encoded.contains(sequence))
}

impl FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let below = text
            .strip_prefix('/')
            .ok_or_else(|| format!("the path `{text}` does not begin with `/`; write it below the base URL"))?;
        if !is_unambiguous(text) {
            return Err(format!(
                "the path `{}` holds a query, a fragment, a backslash, a space or an encoded separator; write plain \
                 segments",
                text.escape_debug()
            ));
        }
        if below.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let words: Vec<&str> = below.split('/').collect();
        let mut segments = Vec::with_capacity(words.len());
        for (position, word) in words.iter().enumerate() {
            let last = position + 1 == words.len();
            segments.push(match *word {
                "*" => Segment::One,
                "**" if last => Segment::Rest,
                "" | "." | ".." => return Err(format!("the path `{text}` holds an empty, `.` or `..` segment")),
                word if word.contains('*') => {
                    return Err(format!(
                        "`{word}` in the path `{text}` mixes `*` with other characters or puts `**` before the end; \
                         use `*` for a whole segment and `**` as the last one"
                    ));
                }
                word => Segment::Literal(word.to_owned()),
            });
        }
        Ok(Self(segments))
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("/");
        }
        for segment in &self.0 {
            match segment {
                Segment::Literal(literal) => write!(out, "/{literal}")?,
                Segment::One => out.write_str("/*")?,
                Segment::Rest => out.write_str("/**")?,
            }
        }
        Ok(())
    }
}
