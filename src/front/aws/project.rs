//! Projects of CodeBuild in a template, as what their jobs have around them.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::is_variable;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::batch;
use super::buildspec::{self, Around};
use super::stack::Stack;
use super::work::Work;

/// The project that a value names: a resource, or one that has the name.
fn find(work: &mut Work<'_>, stack: &mut Stack, name: &Node) -> Option<Entry> {
    const KIND: &str = "AWS::CodeBuild::Project";
    if let Some(entry) = stack.referred(name).filter(|e| e.value.get("Type").and_then(Node::text) == Some(KIND)) {
        return Some(entry);
    }
    let wanted = stack.text(work, name)?;
    stack.resources(KIND).into_iter().find(|e| {
        let named = e.value.get("Properties").and_then(|p| p.get("Name"));
        named.and_then(|n| stack.text(work, n)).is_some_and(|n| n == wanted)
    })
}

/// The job of an action that starts a build.
pub(super) fn job(work: &mut Work<'_>, stack: &mut Stack, configuration: &Node, mut around: Around) -> Build {
    let Some(name) = work.open(configuration, "ProjectName") else {
        return batch::missing(&around.given(), "the project is not said");
    };
    // A project that is found is no variable.
    let variables = work.declared.variables.clone();
    let found = find(work, stack, &name.value);
    work.declared.variables = variables;
    name.value.each_entry(&mut |e| work.ledger.mark(e.id, Fate::Exact));
    let Some(project) = found else {
        work.mark(name, Fate::Lost("the project is not in this template: put its buildspec into the job".to_owned()));
        return batch::missing(&around.given(), "the commands of the CodeBuild project");
    };
    opened(work, &project);
    let Some(properties) = work.open(&project.value, "Properties") else {
        return batch::missing(&around.given(), "a project without properties");
    };
    let properties = properties.value.clone();
    properties_of(work, stack, &properties, &mut around, true);
    let around = around.given();
    match document(work, stack, &project, &properties) {
        Ok(document) => buildspec::job(work, &document, &around),
        Err((at, why)) => {
            work.mark(&at, Fate::Lost(why.clone()));
            batch::missing(&around, &why)
        }
    }
}

/// Says of the keys of a project's resource what they are.
pub(super) fn opened(work: &mut Work<'_>, project: &Entry) {
    work.mark(project, Fate::Exact);
    let _ = work.open(&project.value, "Properties");
    for key in ["Type", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"] {
        if let Some(own) = work.open(&project.value, key) {
            work.turn(own, "the job stands for the project");
        }
    }
}

/// The buildspec of a project.
///
/// # Errors
/// Why it is not there, and the key that says where it should be.
pub(super) fn document(
    work: &mut Work<'_>,
    stack: &mut Stack,
    project: &Entry,
    properties: &Node,
) -> Result<Node, (Box<Entry>, String)> {
    let source = work.open(properties, "Source").cloned();
    let spec = source.as_ref().and_then(|s| {
        for key in ["Type", "Location", "GitCloneDepth", "Auth", "ReportBuildStatus", "InsecureSsl", "SourceIdentifier"] {
            if let Some(own) = work.open(&s.value, key) {
                own.mark_all(&mut work.ledger, &Fate::Emulated("the checkout of the job".to_owned()));
            }
        }
        work.open(&s.value, "BuildSpec").cloned()
    });
    let found = match &spec {
        None => work.named("buildspec.yml"),
        Some(entry) => match stack.text(work, &entry.value) {
            Some(text) if text.contains('\n') || text.trim_start().starts_with('{') => {
                let file = work.sources.file(entry.span.source).name.clone();
                let id = work.sources.add(format!("{file}: buildspec of {}", project.key), text);
                work.read(id).ok_or_else(|| "the buildspec cannot be read".to_owned())
            }
            Some(path) => work.named(&path),
            None => Err("the buildspec cannot be worked out".to_owned()),
        },
    };
    found.map_err(|why| (Box::new(spec.or(source).unwrap_or_else(|| project.clone())), why))
}

/// What a project says of its job. `piped` are those that a pipeline starts: others have their own events.
pub(super) fn properties_of(work: &mut Work<'_>, stack: &mut Stack, properties: &Node, around: &mut Around, piped: bool) {
    if let Some(limit) = work.open(properties, "TimeoutInMinutes") {
        match stack.literal(work, &limit.value).filter(|t| t.parse::<u32>().is_ok_and(|n| n > 0)) {
            Some(minutes) => around.before.push(node("timeout").arg(&format!("{minutes}m"))),
            None => work.lose(limit, "a number of minutes is expected"),
        }
    }
    let own = Fate::Emulated("each target has its own".to_owned());
    for key in ["Name", "Description", "Artifacts", "SecondaryArtifacts", "Cache", "LogsConfig", "Tags", "BadgeEnabled"] {
        if let Some(entry) = work.open(properties, key) {
            entry.mark_all(&mut work.ledger, &own);
            work.mark(entry, own.clone());
        }
    }
    for (key, why) in [
        (
            "ServiceRole",
            "what its commands may do in AWS: say a role with the step `aws-role`, or by an environment's `identity`",
        ),
        ("VpcConfig", "a network of one's own is a `runner` of a spec, by each vendor's words"),
        ("EncryptionKey", "artifacts are encrypted by the target's own key"),
        ("QueuedTimeoutInMinutes", "a spec has no limit on the wait for a machine"),
        ("ConcurrentBuildLimit", "say `concurrency` on the job"),
        ("SecondarySources", "a job of a spec has one repository"),
        ("Visibility", "a spec does not say who sees runs"),
        ("SourceVersion", "a pipeline builds the commit of its event"),
        ("FileSystemLocations", "a spec has no file systems"),
    ] {
        if let Some(entry) = properties.entry(key) {
            work.lose(entry, why);
        }
    }
    if piped {
        for (key, why) in [
            ("Triggers", "the events of the pipeline are those of its source"),
            ("BuildBatchConfig", "the batch of a project is a file of its own: import it"),
        ] {
            if let Some(entry) = properties.entry(key) {
                work.lose(entry, why);
            }
        }
    } else if let Some(entry) = work.open(properties, "BuildBatchConfig") {
        entry.mark_all(&mut work.ledger, &Fate::Emulated("each build of the batch is a job with its own limit".to_owned()));
        if let Some(restrictions) = entry.value.entry("Restrictions") {
            work.lose(restrictions, "how many builds run at one time, and on which machines, is the target's own");
        }
    }
    let Some(environment) = work.open(properties, "Environment") else { return };
    let environment = environment.value.clone();
    if let Some(image) = work.open(&environment, "Image") {
        match stack.text(work, &image.value) {
            Some(text) => batch::of_image(work, image, &text, around),
            None => work.lose(image, "the image cannot be worked out"),
        }
    }
    if let Some(kind) = work.open(&environment, "Type") {
        let text = stack.text(work, &kind.value).unwrap_or_default();
        batch::of_type(work, kind, &text, around);
    }
    if let Some(compute) = work.open(&environment, "ComputeType") {
        work.turn(compute, "a machine of the target's usual size: declare a `runner` where that is too small");
    }
    if let Some(entry) = work.open(&environment, "PrivilegedMode")
        && entry.value.text() == Some("true")
    {
        batch::docker(around);
    }
    for key in ["Fleet", "Certificate", "RegistryCredential", "ImagePullCredentialsType", "DockerServer"] {
        if let Some(entry) = environment.entry(key) {
            if key == "ImagePullCredentialsType" {
                entry.mark_all(&mut work.ledger, &Fate::Emulated("the target pulls images in its own way".to_owned()));
            } else {
                work.lose(entry, &format!("a job of a spec has no `{key}`"));
            }
        }
    }
    if let Some(variables) = work.open(&environment, "EnvironmentVariables") {
        for item in stack.items(work, &variables.value) {
            let kind = work.open_text(&item, "Type").unwrap_or("PLAINTEXT").to_owned();
            let name = work.open(&item, "Name").and_then(|n| stack.literal(work, &n.value));
            let value = work.open(&item, "Value").and_then(|v| stack.text(work, &v.value));
            match (name, value) {
                (Some(name), Some(value)) => set(work, around, &name, &value, &kind),
                _ => work.mark(variables, Fate::Lost("a variable has no name or no value that can be worked out".to_owned())),
            }
        }
    }
}

/// Gives a job a variable of a project or an action: a later one wins.
pub(super) fn set(work: &mut Work<'_>, around: &mut Around, name: &str, value: &str, kind: &str) {
    if !is_variable(name) {
        return;
    }
    let value = if kind == "PLAINTEXT" {
        value.to_owned()
    } else {
        work.declared.secrets.insert(name.to_owned());
        format!("${{secret.{name}}}")
    };
    around.set(name, &value);
}
