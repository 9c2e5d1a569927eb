//! GitHub's expressions, held against the cases of GitHub's own engine where they are at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pipewright::verify::github::expr::eval::{World, eval};
use pipewright::verify::github::expr::parse;
use pipewright::verify::github::expr::value::Value;
use serde_json::Value as Json;

/// Where the cases lie: beside the repository, or where the variable says.
fn cases() -> Option<PathBuf> {
    let folder = std::env::var_os("PIPEWRIGHT_EXPRESSION_CASES").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/oracles/github-expressions");
    folder.into_iter().chain([beside]).find(|f| f.is_dir())
}

struct Contexts(BTreeMap<String, Value>);

impl World for Contexts {
    fn context(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or(Value::Null)
    }

    fn status(&self, _: &str) -> bool {
        true
    }
}

fn given(expr: &str, contexts: &Json) -> Result<Value, String> {
    let rows = contexts.as_object().into_iter().flatten();
    let world = Contexts(rows.map(|(k, v)| (k.to_lowercase(), Value::of_json(v))).collect());
    let parsed = parse(expr, &|name| world.0.contains_key(&name.to_lowercase()))?;
    eval(&parsed, &world)
}

fn same(value: &Value, result: &Json) -> bool {
    let wanted = &result["value"];
    match result["kind"].as_str() {
        Some("Number") => match (value, wanted) {
            (Value::Number(n), Json::String(text)) => n.to_string().replace("inf", "Infinity") == *text,
            (Value::Number(n), wanted) => wanted.as_f64() == Some(*n),
            _ => false,
        },
        Some("Null") => matches!(value, Value::Null),
        _ => value.to_json() == *wanted || Value::of_json(wanted).to_json() == value.to_json(),
    }
}

#[test]
fn expressions_are_what_the_vendor_says() {
    let Some(folder) = cases() else {
        println!("skipped: no cases; PIPEWRIGHT_EXPRESSION_CASES names their folder");
        return;
    };
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let (mut tried, mut wrong) = (0, Vec::new());
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "json")) {
        let groups: Json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        for case in groups.as_object().unwrap().values().flat_map(|g| g.as_array().unwrap()) {
            let expr = case["expr"].as_str().unwrap();
            // What does not fit into the memory of one vendor's machine fits into this one's.
            if case["err"]["value"].as_str().is_some_and(|e| e.contains("memory")) {
                continue;
            }
            tried += 1;
            let found = given(expr, &case["contexts"]);
            let ok = match &found {
                Ok(value) => case["err"].is_null() && same(value, &case["result"]),
                Err(_) => !case["err"].is_null(),
            };
            if !ok {
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                wrong.push(format!(
                    "{name}: {} gives {found:?}, not {}{}",
                    &expr[..expr.len().min(150)],
                    case["result"],
                    case["err"]
                ));
            }
        }
    }
    assert!(tried > 800, "{tried} cases");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}
