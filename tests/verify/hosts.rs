//! Small specs for GitHub and GitLab of which random ones have shown that they need a look.

use super::aws::built;

#[test]
fn what_no_event_starts_needs_no_commands() {
    let body = "value label { on tag \"${commit.tag}\"; otherwise \"${commit.short}\" }\nvariable LEVEL \"3\"\nworkflow a { on { tag }; job x { if \"var.LEVEL == '4'\"; run \"echo ${value.label}\" } }";
    for target in ["github", "gitlab"] {
        assert_eq!(built(&format!("target {target}\n"), body), Ok(Vec::new()), "{target}");
    }
}

#[test]
fn a_script_of_pipewrights_own_may_use_the_name_of_a_secret() {
    let body = "accept gitlab secret-scope reason=\"a test\"\nsecret SSH_KEY\nsecret SSH_HOST\nvariable KNOWN\nworkflow a { on { push }; job x { ssh host=\"web.example.com\" user=deploy key=(secret)SSH_KEY known-hosts=(var)KNOWN { run \"make x\" } }; job y { run \"make y\" { env HOST=(secret)SSH_HOST } } }";
    assert_eq!(built("target github\ntarget gitlab standby\n", body), Ok(Vec::new()));
}

#[test]
fn a_step_does_not_read_one_variable_for_another() {
    let of = |target: &str, body: &str| {
        let head = format!("target {target}\nvariable PLACE\nvariable FIXED \"a\"\n");
        let found = built(&head, &format!("workflow a {{ on {{ push }}; job x {{ {body} }} }}")).unwrap();
        found.iter().filter(|d| d.starts_with("env-name-taken")).count()
    };
    for target in ["github", "gitlab"] {
        for name in ["PLACE", "FIXED"] {
            assert_eq!(of(target, &format!("run \"make ${{var.{name}}}\" {{ env {name}=b }}")), 1, "{target}");
            assert_eq!(of(target, &format!("env {name}=b; run \"make ${{var.{name}}}\"")), 1, "{target}");
            assert_eq!(of(target, &format!("run \"make\" {{ env {name}=b OTHER=(var){name} }}")), 0, "{target}");
            assert_eq!(of(target, &format!("env {name}=(var){name}; run \"make ${name}\"")), 0, "{target}");
        }
        assert_eq!(of(target, "env FIXED=b; run \"make $FIXED\""), 0, "{target}");
    }
    assert_eq!(of("github", "env PLACE=b; run \"make $PLACE\""), 0);
    assert_eq!(of("gitlab", "env PLACE=b; run \"make $PLACE\""), 1);
}
