//! Small specs for GitHub and GitLab of which random ones have shown that they need a look.

use super::aws::built;

#[test]
fn what_no_event_starts_needs_no_commands() {
    let body = "value label { on tag \"${commit.tag}\"; otherwise \"${commit.short}\" }\nvariable LEVEL \"3\"\nworkflow a { on { tag }; job x { if \"var.LEVEL == '4'\"; run \"echo ${value.label}\" } }";
    for target in ["github", "gitlab"] {
        assert_eq!(built(&format!("target {target}\n"), body), Ok(Vec::new()), "{target}");
    }
}
