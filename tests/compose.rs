//! Containers on a server, replaced by the committed outputs: the server is a folder, and `docker` writes down what it is asked.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::cli::Place;

/// A machine that runs what it is sent, in a folder of the test.
const SSH: &str = "#!/bin/sh\nsed \"s|^cd /opt/ecommerce|cd '$SERVER'|\" | sh -eus\n";
/// A `docker` that knows one bad version.
const DOCKER: &str = r#"#!/bin/sh
cat > /dev/null
echo "${COMPOSE_PROJECT_NAME#commerce-platform-} ${VERSION-} $*" >> "$SERVER/log"
case "$*" in
  "compose config"*) echo "ghcr.io/example/backend:${IMAGE-$VERSION}" ;;
  "compose up"*) [ "$VERSION" != bad ] ;;
esac
"#;

struct Server(tempfile::TempDir);

impl Server {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("ssh", SSH), ("docker", DOCKER), ("sleep", "#!/bin/sh\n")] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            assert!(Command::new("chmod").arg("+x").arg(&path).status().unwrap().success());
        }
        Self(folder)
    }

    /// Runs the one step of that name in a job.
    fn step(&self, file: &str, job: &str, name: &str, env: &[(&str, &str)]) -> Output {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/commerce-platform/.github/workflows").join(file);
        let workflow: serde_yaml::Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let steps = workflow["jobs"][job]["steps"].as_sequence().unwrap();
        let step = steps.iter().find(|s| s["name"].as_str() == Some(name)).unwrap();
        self.run(step["run"].as_str().unwrap(), env)
    }

    fn run(&self, script: &str, env: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", script]).env("PATH", path).env("SERVER", self.0.path());
        for name in ["SSH_HOST", "SSH_USER", "SSH_KEY", "SSH_KNOWN_HOSTS"] {
            command.env(name, "x");
        }
        command.envs(env.iter().copied()).output().unwrap()
    }

    fn deploy(&self, version: &str, run: &str) -> bool {
        let env = [("VERSION", version), ("RUN", run)];
        self.step("production.yml", "production", "Deliver the containers", &env).status.success()
    }

    fn undo(&self, run: &str) -> String {
        let ran = self.step("production.yml", "production", "Bring back the containers", &[("RUN", run)]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }

    fn history(&self, environment: &str) -> String {
        fs::read_to_string(self.0.path().join(format!(".commerce-platform-{environment}.history"))).unwrap()
    }

    /// What `docker` was asked to change, and forgets it.
    fn changes(&self) -> Vec<String> {
        let log = fs::read_to_string(self.0.path().join("log")).unwrap_or_default();
        drop(fs::remove_file(self.0.path().join("log")));
        let matters = |l: &&str| ["up", "run", "stop", "proxy"].iter().any(|w| l.split(' ').any(|x| x == *w));
        log.lines().filter(matters).map(|l| l.split(" --").next().unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn colours_on_a_server_take_turns_and_a_bad_one_gives_way() {
    let server = Server::new();
    assert!(server.undo("1").contains("this run changed nothing here"));
    assert!(server.deploy("v1", "1"));
    let changes = server.changes();
    assert_eq!(changes[..2], ["production-blue v1 compose run", "production-blue v1 compose up"], "the schema first");
    assert!(changes[2].contains("ln -sf blue.conf"), "{changes:?}");
    assert!(server.deploy("v2", "2"));
    assert_eq!(server.history("production"), "blue v1\ngreen v2\n");
    server.changes();
    assert!(!server.deploy("bad", "3"));
    assert!(!server.changes().iter().any(|c| c.contains("conf")), "a version that is not well gets no request");
    assert_eq!(server.undo("3"), "");
    let changes = server.changes();
    assert_eq!(changes[0], "production-green v2 compose up");
    assert!(changes[1].contains("ln -sf green.conf"), "{changes:?}");
    assert_eq!(changes[2], "production-blue v2 compose stop");
    assert!(server.undo("3").contains("changed nothing"), "it is undone once");
    assert!(server.deploy("v3", "4"));
    assert!(server.undo("2").contains("changed nothing"), "another run's deploy stays");
    let back = server.step("rollback.yml", "roll-back", "Bring back the containers", &[]);
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    assert_eq!(server.history("production"), "blue v1\ngreen v2\n");
}

#[test]
fn a_version_reaches_the_server_only_as_a_tag_that_the_images_have() {
    let server = Server::new();
    for version in ["", "v1; touch hacked", "$(touch hacked)"] {
        assert!(!server.deploy(version, "1"), "{version}");
    }
    let fixed = server.step(
        "staging.yml",
        "staging",
        "Deliver the containers",
        &[("VERSION", "v1"), ("COMMIT_SHA", "v1"), ("RUN", "1"), ("IMAGE", "latest")],
    );
    assert!(!fixed.status.success() && String::from_utf8_lossy(&fixed.stdout).contains("no image of"), "{fixed:?}");
    assert!(server.changes().is_empty() && !server.0.path().join("hacked").exists());
}

#[test]
fn containers_without_a_way_are_refused() {
    let spec = |environment: &str, deploy: &str| {
        format!(
            "pipeline shop {{ language 1 }}\ntarget github\nsecret KEY KNOWN_HOSTS\nenvironment live {{ {environment} }}\nworkflow ci {{ on {{ push main }}; deploy ship to=live {{ {deploy} }} }}\n"
        )
    };
    let server = "compose \"compose.yml\" dir=\"/opt/shop\" host=h user=u key=(secret)KEY known-hosts=(secret)KNOWN_HOSTS";
    let colours = format!("{server} {{ switch \"./proxy.sh\" }}");
    for (environment, deploy, told) in [
        ("tier other", "compose version=\"${commit.sha}\"", "where the environment's containers run"),
        (server, "compose", "the version that starts"),
        (server, "compose back version=v1", "remove one of the two"),
        (&colours, "compose version=\"${commit.sha}\"", "no way back"),
    ] {
        let ran = Place::new(&[("pipeline.kdl", &spec(environment, deploy))]).run(&["check"]);
        assert_eq!(ran.code, Some(1), "{environment}: {}", ran.error);
        assert!(format!("{}{}", ran.out, ran.error).contains(told), "{told}: {}{}", ran.out, ran.error);
    }
}
