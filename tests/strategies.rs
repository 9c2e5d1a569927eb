//! Strategies that deploys carry out by themselves, run from the committed outputs against a cluster that is a folder.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A `kubectl` that keeps objects as files and writes down what it is asked, in the order it happens.
const KUBECTL: &str = r#"#!/bin/sh
echo "kubectl $*" >> "$CLUSTER/log"
case "$1 $2" in
  "get deployment") cat "$CLUSTER/revision" 2> /dev/null; exit 0 ;;
  "get service") cat "$CLUSTER/live" 2> /dev/null; exit 0 ;;
  get\ deployment/*) exit 0 ;;
  "patch service") echo "$*" | sed 's/.*instance":"\([a-z-]*\)".*/\1/' | tr -d '\n' > "$CLUSTER/live"; exit 0 ;;
esac
for word; do file=$word; done
[ "$1" = apply ] && sed -n 's/.*active=\([a-z]*\).*/shop-\1/p' "$file" | tr -d '\n' > "$CLUSTER/new"
[ "$1" = apply ] && [ -s "$CLUSTER/new" ] && mv "$CLUSTER/new" "$CLUSTER/live"
exit 0
"#;
/// A `helm` that writes its own words.
const HELM: &str = "#!/bin/sh\necho \"$*\"\n";
/// A `curl` that answers as Prometheus, with the figure of the test.
const CURL: &str = "#!/bin/sh\nprintf '{\"data\": {\"resultType\": \"vector\", \"result\": [{\"metric\": {}, \"value\": [1, \"%s\"]}]}}' \"$RATE\"\n";
const NOTHING: &str = "#!/bin/sh\nexit 0\n";

struct Run<'d> {
    folder: &'d Path,
    rate: &'d str,
}

impl Run<'_> {
    /// Runs the steps of a job as the vendor does, from the first one behind the login; the last word says whether all went well.
    fn job(&self, name: &str) -> bool {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/features-strategies/.github/workflows/deliver.yml");
        let workflow: serde_yaml::Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let steps = workflow["jobs"][name]["steps"].as_sequence().unwrap().clone();
        let first = steps.iter().position(|s| s["id"].as_str() == Some("deploy")).unwrap();
        let mut well = true;
        for step in &steps[first..] {
            let repairs = step["if"].as_str().is_some_and(|c| c.contains("failure()"));
            if repairs == well {
                continue;
            }
            let ran = self.script(step);
            assert!(ran || !repairs, "{name}: the way back fails");
            well &= ran;
        }
        well
    }

    fn script(&self, step: &serde_yaml::Value) -> bool {
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", step["run"].as_str().unwrap()]).current_dir(self.folder);
        for (name, value) in step["env"].as_mapping().into_iter().flatten() {
            command.env(name.as_str().unwrap(), value.as_str().unwrap());
        }
        let path = format!("{}:{}", self.folder.join("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("VERSION", "v1.2.3").env("RATE", self.rate);
        command.env("CLUSTER", self.folder).env("TMPDIR", self.folder.join("tmp"));
        command.output().unwrap().status.success()
    }

    /// What `kubectl` was asked to change, without namespaces and folders, and forgets it.
    fn changes(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        drop(fs::remove_file(self.folder.join("log")));
        let shown = |line: &str| {
            let words: Vec<&str> = line.split(' ').filter(|w| *w != "kubectl" && !w.starts_with("shop-replicas")).collect();
            words.join(" ").split(" --namespace").next().unwrap_or_default().to_owned()
                + line.split_once(" --replicas").map_or("", |(_, n)| n)
        };
        log.lines().filter(|l| ["scale", "delete", "rollout undo", "patch"].iter().any(|w| l.contains(w))).map(shown).collect()
    }
}

fn cluster() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for sub in ["bin", "tmp"] {
        fs::create_dir(folder.path().join(sub)).unwrap();
    }
    for (name, text) in [("kubectl", KUBECTL), ("helm", HELM), ("curl", CURL), ("sleep", NOTHING), ("python3", NOTHING)] {
        let path = folder.path().join("bin").join(name);
        fs::write(&path, text).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(&path).status().unwrap().success());
    }
    folder
}

#[test]
fn colours_take_turns_and_a_bad_one_gives_way() {
    let folder = cluster();
    let (good, bad) = (Run { folder: folder.path(), rate: "0.01" }, Run { folder: folder.path(), rate: "0.2" });
    let live = || fs::read_to_string(folder.path().join("live")).unwrap();
    assert!(good.job("to-colours"), "the first version");
    assert_eq!(
        (live(), good.changes().len()),
        ("shop-blue".to_owned(), 1),
        "nothing but the migration is removed, nothing is retired"
    );
    assert!(good.job("to-colours"), "the second version");
    assert_eq!(live(), "shop-green");
    assert!(good.changes().contains(&"scale deployment/shop-blue 0".to_owned()));
    assert!(!bad.job("to-colours"), "the third version fails its gate");
    assert_eq!(live(), "shop-green", "the second version has the requests again");
    let changes = bad.changes();
    assert!(changes.contains(&"scale deployment/shop-blue 0".to_owned()), "{changes:?}");
    assert!(!changes.contains(&"scale deployment/shop-green 0".to_owned()), "{changes:?}");
}

#[test]
fn a_canary_grows_by_pods_and_a_bad_one_goes() {
    let folder = cluster();
    let (good, bad) = (Run { folder: folder.path(), rate: "0.01" }, Run { folder: folder.path(), rate: "0.2" });
    assert!(bad.job("to-replicas"), "the first version has nothing to be held against");
    let scaled = |changes: Vec<String>| changes.into_iter().filter(|c| c.starts_with("scale")).collect::<Vec<_>>();
    assert!(scaled(bad.changes()).is_empty());
    fs::write(folder.path().join("revision"), "7").unwrap();
    assert!(good.job("to-replicas"), "the second version");
    let steps = ["shop-canary 1", "shop 9", "shop-canary 5", "shop 5"].map(|s| format!("scale deployment/{s}"));
    assert_eq!(scaled(good.changes()), steps);
    assert!(!bad.job("to-replicas"), "the third version fails its gate");
    let changes = bad.changes();
    assert!(changes.contains(&"scale deployment/shop 10".to_owned()), "{changes:?}");
    assert!(changes.iter().any(|c| c.starts_with("rollout undo deployment/shop --to-revision 7")), "{changes:?}");
}
