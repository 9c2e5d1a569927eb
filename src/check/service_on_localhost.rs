//! A service asked at `localhost`, where no vendor promises it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::walk::{self, Item};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let ports: Vec<(&str, u16)> = job.services.iter().filter_map(|s| Some((s.name.value.as_str(), s.port?.value))).collect();
        if ports.is_empty() {
            continue;
        }
        walk::items(job, &[], &mut |item| {
            let (Item::Text(text) | Item::Script(text)) = item else { return };
            let shown = script::marked(text);
            for (service, port) in &ports {
                let Some(host) = asks(&shown, *port) else { continue };
                diagnostics.push(
                    Diagnostic::error(
                        "service-on-localhost",
                        text.span,
                        format!("service `{service}` is not at `{host}:{port}` on every vendor"),
                    )
                    .label("reaches nothing on GitLab")
                    .help(format!("write ${{service.{service}.host}}:${{service.{service}.port}}")),
                );
            }
        });
    }
}

/// The local name under which a text asks for a port.
fn asks(text: &str, port: u16) -> Option<&'static str> {
    let behind = |host: &str| {
        let wanted = format!("{host}:{port}");
        text.match_indices(&wanted).any(|(at, _)| !text[at + wanted.len()..].starts_with(|c: char| c.is_ascii_digit()))
    };
    ["localhost", "127.0.0.1"].into_iter().find(|host| behind(host))
}
