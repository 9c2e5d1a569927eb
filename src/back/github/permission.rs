//! The permissions of a job's token (docs.github.com, "Workflow syntax", permissions).

use std::collections::BTreeSet;

use crate::ir::step::Permission;

use super::view::PermissionView;

/// The permissions of a job, each scope once, with the reason for what is more than reading.
pub(super) fn view(permissions: &BTreeSet<Permission>) -> Vec<PermissionView> {
    let mut found: Vec<PermissionView> = Vec::new();
    for permission in permissions {
        let (key, level, why) = scope(*permission);
        match found.iter_mut().find(|p| p.key == key) {
            Some(known) if level == "write" => (known.level, known.why) = (level, why),
            Some(_) => {}
            None => found.push(PermissionView { key, level, why }),
        }
    }
    found
}

fn scope(permission: Permission) -> (&'static str, &'static str, &'static str) {
    match permission {
        Permission::ContentsRead => ("contents", "read", ""),
        Permission::ContentsWrite => ("contents", "write", "push commits, tags and releases"),
        Permission::PackagesRead => ("packages", "read", "pull images"),
        Permission::PackagesWrite => ("packages", "write", "push images"),
        Permission::PrComment => ("pull-requests", "write", "write comments"),
        Permission::IssuesWrite => ("issues", "write", "open issues"),
        Permission::SecurityUpload => ("security-events", "write", "upload findings"),
        Permission::IdToken => ("id-token", "write", "log in to the cloud without stored keys"),
        Permission::DeploymentsRead => ("deployments", "read", "look at earlier deployments"),
        Permission::DeploymentsWrite => ("deployments", "write", "record deployments"),
        Permission::ChecksWrite => ("checks", "write", "write checks"),
        Permission::PagesWrite => ("pages", "write", "publish pages"),
        Permission::ActionsRead => ("actions", "read", "read other runs and their artifacts"),
        Permission::ActionsWrite => ("actions", "write", "start and cancel other runs"),
        Permission::PrRead => ("pull-requests", "read", "read pull requests"),
        Permission::IssuesRead => ("issues", "read", "read issues"),
        Permission::ChecksRead => ("checks", "read", "read checks"),
        Permission::SecurityRead => ("security-events", "read", "read findings"),
        Permission::StatusesRead => ("statuses", "read", "read the statuses of commits"),
        Permission::StatusesWrite => ("statuses", "write", "set the statuses of commits"),
        Permission::AttestationsWrite => ("attestations", "write", "say how a file came to be"),
        Permission::PagesRead => ("pages", "read", "read the settings of pages"),
    }
}
