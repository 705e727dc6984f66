//! Mutates JSON as JSON: bytes flipped at random hardly ever make a message that a reader looks into.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::seeds;

/// All names and values of the seeds.
static POOL: LazyLock<(Vec<String>, Vec<Value>)> = LazyLock::new(|| {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for seed in seeds::examples() {
        gather(&seed, &mut names, &mut values);
    }
    let odd = [
        "\"\"",
        "\" \"",
        "0",
        "-1",
        "1e15",
        "4294967296",
        "0.5",
        "true",
        "null",
        "[]",
        "{}",
        "[null]",
        "\"0\"",
    ];
    values.extend(odd.iter().map(|odd| serde_json::from_str(odd).expect("these are JSON")));
    names.extend(["organizationID", "entryDateTime", "extraTimeInMin", "x", "CONSUMERKEY"].map(str::to_owned));
    (names, values)
});

fn gather(value: &Value, names: &mut Vec<String>, values: &mut Vec<Value>) {
    values.push(value.clone());
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, names, values)),
        Value::Object(map) => {
            for (name, value) in map {
                names.push(name.clone());
                gather(value, names, values);
            }
        }
        _ => {}
    }
}

/// The JSON documents in these bytes, one behind the other; `None` when they are something else.
pub fn documents(data: &[u8]) -> Option<Vec<Value>> {
    serde_json::Deserializer::from_slice(data)
        .into_iter()
        .collect::<Result<_, _>>()
        .ok()
}

/// Documents as one input.
pub fn input(documents: &[Value]) -> Vec<u8> {
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    lines.join("\n").into_bytes()
}

/// What a custom mutator of libFuzzer does: changes `data`, of which `size` bytes are there and at most `max_size` may
/// be, and says how many there are now. Now and then, and where there is no JSON, `plain` does it.
pub fn mutate(
    data: &mut [u8],
    (size, max_size): (usize, usize),
    seed: u32,
    plain: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut dice = Dice(u64::from(seed));
    let found = documents(&data[..size]).filter(|found| !found.is_empty());
    let Some(mut found) = found.filter(|_| dice.below(8) > 0) else {
        return plain(data, size, max_size);
    };
    for _ in 0..=dice.below(3) {
        let at = dice.below(found.len());
        change(&mut found[at], &mut dice);
    }
    let written = input(&found);
    if written.len() > max_size.min(data.len()) {
        return plain(data, size, max_size);
    }
    data[..written.len()].copy_from_slice(&written);
    written.len()
}

fn change(document: &mut Value, dice: &mut Dice) {
    let mut pointers = Vec::new();
    list(document, String::new(), &mut pointers);
    let copied = document
        .pointer(dice.of::<String>(&pointers))
        .cloned()
        .unwrap_or_default();
    let Some(value) = document.pointer_mut(dice.of::<String>(&pointers)) else {
        return;
    };
    let (names, values) = &*POOL;
    match dice.below(9) {
        0 => *value = Value::Null,
        1 => *value = dice.of(values).clone(),
        2 => *value = copied,
        3 => *value = Value::Array(vec![value.take()]),
        4 => *value = Value::Object(Map::from_iter([(dice.of(names).clone(), value.take())])),
        choice => match value {
            Value::Object(map) => member(map, choice, copied, dice),
            Value::Array(items) if choice == 5 || items.is_empty() => items.push(copied),
            Value::Array(items) if choice == 6 => items.push(dice.of(items).clone()),
            Value::Array(items) => drop(items.remove(dice.below(items.len()))),
            Value::String(text) => text.push_str(["0", ", 7", " ", "Z", "é"][dice.below(5)]),
            _ => *value = dice.of(values).clone(),
        },
    }
}

fn member(map: &mut Map<String, Value>, choice: usize, copied: Value, dice: &mut Dice) {
    let (names, values) = &*POOL;
    let own: Vec<String> = map.keys().cloned().collect();
    match choice {
        5 => drop(map.insert(dice.of(names).clone(), copied)),
        6 => drop(map.insert(dice.of(names).clone(), dice.of(values).clone())),
        _ if own.is_empty() => {}
        7 => drop(map.remove(dice.of(&own))),
        // Names are read without regard to case.
        _ => {
            let name = dice.of(&own);
            let value = map.remove(name).unwrap_or_default();
            map.insert(name.to_ascii_uppercase(), value);
        }
    }
}

fn list(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                list(item, format!("{at}/{nth}"), pointers);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                let token = name.replace('~', "~0").replace('/', "~1");
                list(value, format!("{at}/{token}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}

/// SplitMix64, so that a seed of libFuzzer gives the same change again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }
}
