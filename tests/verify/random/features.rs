//! What a random job or deploy may have beside its place in the run.

/// What stands around a job.
pub(super) struct Around<'a> {
    /// The workflow's name.
    pub(super) workflow: &'a str,
    /// The environment it deploys to.
    pub(super) to: Option<usize>,
    /// An event of the workflow, to ask for in a step.
    pub(super) event: Option<&'a str>,
}

/// How many kinds of [`part`] there are.
pub(super) const PARTS: u8 = 32;

/// A line of a job; nothing where it would not fit.
pub(super) fn part(which: u8, name: &str, unfiltered: bool, around: &Around<'_>) -> String {
    let plain = around.to.is_none();
    match which {
        0 => "run \"./always.sh\" when=always".to_owned(),
        1 => "run \"./log.sh\" when=failure".to_owned(),
        2 if plain => "allow-failure".to_owned(),
        3 => "retry 1".to_owned(),
        4 => "env REF=\"${commit.sha}\" KEY=(secret)TOKEN".to_owned(),
        5 => "finally { run \"./clean.sh\" }".to_owned(),
        6 => "service redis image=\"redis:7\" port=6379".to_owned(),
        7 if plain => format!("concurrency lock-{name}"),
        8 if unfiltered => around.event.map_or(String::new(), |e| format!("run \"./event.sh\" {{ if \"run.event == '{e}'\" }}")),
        9 => "notify ops on=failure \"${job.name} failed: ${run.url}\"".to_owned(),
        10 => "notify ops on=always \"${job.name}: ${job.status}\"".to_owned(),
        11 => "notify mail on=success \"${job.name} is done\"".to_owned(),
        12 => "toolchain node=\"20\" cache=auto install".to_owned(),
        13 => "cache \"build/.cache\" key=\"x\" files=\"lock\"".to_owned(),
        14 => "permissions pr-comment".to_owned(),
        15 => "timeout \"25m\"".to_owned(),
        16 => "run \"./slow.sh\" { timeout \"2m\"; continue-on-error }".to_owned(),
        17 => "report junit \"junit.xml\"".to_owned(),
        18 => "run \"make\" dir=api".to_owned(),
        19 => "tools jq".to_owned(),
        20 if plain => "concurrency per=branch cancel-running".to_owned(),
        21 if plain => format!("concurrency queue-{name} queue=latest"),
        22 if plain => "allow-failure { exit-codes 3 4 }".to_owned(),
        23 => "run \"echo ${value.label}\"".to_owned(),
        24 => "template common".to_owned(),
        25 => "template sized size=\"9\"".to_owned(),
        26 => "run \"cd api\" \"export A=1\" \"make\"".to_owned(),
        27 => "image \"node:20.11.1\"".to_owned(),
        28 => "run \"echo ${const.WORD} ${run.number} ${repository.name}\"".to_owned(),
        29 => "each part one two { run \"make ${each.part}\" }".to_owned(),
        30 => "env LEVEL=(var)LEVEL".to_owned(),
        31 => "checkout depth=0".to_owned(),
        _ => String::new(),
    }
}

/// Whether a target of AWS has what a [`part`] asks for: no build there has a token of the repository's host or a number of its own.
pub(super) fn fits(which: u8) -> bool {
    !matches!(which, 14 | 28)
}

/// What a deploy does after its steps.
pub(super) fn watch(which: u8) -> String {
    match which {
        1 => "smoke-test \"./smoke.sh\"",
        2 => "monitor alive",
        3 => "monitor alive errors; rollback \"./undo.sh\"",
        4 => "rollback \"./undo.sh\"",
        5 => "smoke-test \"./smoke.sh\"; rollback \"./undo.sh\" { run \"./tell.sh\" }",
        6 => "rollback \"./undo.sh\"; notify ops on=rollback \"rolled back\"",
        7 => "monitor errors; notify ops on=gate-failed \"too many errors\"",
        _ => "",
    }
    .to_owned()
}

/// Declarations that any job may name.
pub(super) const DECLARED: &[&str] = &[
    "secret WEBHOOK\n",
    "secret SMTP\n",
    "channel ops slack webhook=(secret)WEBHOOK\n",
    "channel mail email to=\"ops@example.com\" from=\"ci@example.com\" smtp=\"smtp.example.com:587\" user=ci password=(secret)SMTP\n",
    "variable LEVEL \"3\"\n",
    "variable METRICS\n",
    "variable SWITCH\n",
    "const WORD \"word\"\n",
    "value label { on tag \"${commit.tag}\"; otherwise \"${commit.short}\" }\n",
    "value phase { on push early; on tag late; otherwise other }\n",
    "template common { env COMMON=\"1\"; finally { run \"./common.sh\" } }\n",
    "template sized { param size \"4\"; env SIZE=\"${param.size}\" }\n",
    "gate alive { probe http=\"https://example.com/live\" every=\"10s\" for=\"1m\" }\n",
    "gate errors { query prometheus=\"sum(rate(errors[5m]))\" unit=count address=(var)METRICS; at-most 5; samples 2 every=\"1m\" }\n",
];
