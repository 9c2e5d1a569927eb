//! Event filters and conditions as `rules`: one rule for each way a job can come into a pipeline, first match wins, no match is absence.

use serde::Serialize;

use crate::back::gitlab::boolean::Formula;
use crate::back::gitlab::expr::Rules;
use crate::back::gitlab::regex;
use crate::back::gitlab::value::{Place, SCHEDULE, WORKFLOW};
use crate::base::failure::Failure;
use crate::ir::event::{Clause, ClauseKind, EventKind, Filter, PathFilter, Pattern, PullRequestType};
use crate::ir::expr::Expr;
use crate::ir::lang::Lang;

/// One entry of `rules`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(super) struct Rule {
    /// The condition; none where there is nothing left to ask.
    #[serde(rename = "if")]
    pub(super) condition: Option<String>,
    /// Files of which one must have changed.
    pub(super) changes: Vec<String>,
    /// When the job runs, if not after success.
    pub(super) when: Option<&'static str>,
}

/// One way to come into a pipeline: all of one kind of event that pass every condition here.
#[derive(Clone)]
pub(super) struct Way<'p> {
    kind: EventKind,
    /// Of the branch, the tag, or the target of a merge request.
    names: Vec<&'p Pattern>,
    /// Of the source branch of a merge request.
    heads: Vec<&'p Pattern>,
    no_forks: bool,
    /// `None` is all.
    schedules: Option<Vec<&'p str>>,
    /// The workflow that a person must have chosen, where several can be started by hand.
    chosen: Option<&'p str>,
    paths: Vec<&'p PathFilter>,
}

/// A release starts nothing here: where a spec accepts that, its tag does.
const KINDS: [EventKind; 6] =
    [EventKind::Push, EventKind::Tag, EventKind::Release, EventKind::PullRequest, EventKind::Schedule, EventKind::Manual];

/// The ways into a pipeline for something that passes every one of some filters. `chosen` names the workflow, where a manual run must say one.
pub(super) fn ways<'p>(filters: &[&'p Filter], chosen: Option<&'p str>) -> Vec<Way<'p>> {
    let mut found = Vec::new();
    for kind in KINDS {
        let start = Way {
            kind,
            names: Vec::new(),
            heads: Vec::new(),
            no_forks: false,
            schedules: None,
            chosen: chosen.filter(|_| kind == EventKind::Manual),
            paths: Vec::new(),
        };
        let mut of_kind = vec![start];
        for filter in filters {
            of_kind = of_kind.iter().flat_map(|way| filter.clauses.iter().filter_map(|clause| way.narrowed(clause))).collect();
        }
        found.extend(of_kind);
    }
    merged(found)
}

/// Several lists of ways as one, without those that another one covers.
pub(super) fn merged(ways: Vec<Way<'_>>) -> Vec<Way<'_>> {
    let mut kept: Vec<Way<'_>> = Vec::new();
    for way in ways {
        // Of two that take the same the shorter text stands, whichever of them is declared first.
        let rank = |w: &Way<'_>| w.formula().text().map(|t| (t.len(), t));
        if kept.iter().any(|k| k.covers(&way) && !(way.covers(k) && rank(&way) < rank(k))) {
            continue;
        }
        kept.retain(|k| !way.covers(k));
        kept.push(way);
    }
    // The order of kinds is the order of the file, whatever the order of the workflows.
    kept.sort_by_key(|w| KINDS.iter().position(|k| *k == w.kind));
    kept
}

impl<'p> Way<'p> {
    /// The way without the name of a workflow: that a person chose one is asked of each job, not of the pipeline.
    pub(super) fn unchosen(&self) -> Self {
        Self { chosen: None, ..self.clone() }
    }

    /// The way that also passes a clause; none where the two have nothing in common.
    fn narrowed(&self, clause: &'p Clause) -> Option<Self> {
        let mut way = self.clone();
        match (&clause.kind, self.kind) {
            (ClauseKind::Push { branches, paths }, EventKind::Push) => {
                way.names.push(branches);
                way.paths.extend(paths);
            }
            (ClauseKind::Tag { names }, EventKind::Tag) => way.names.push(names),
            (ClauseKind::Release { tags }, EventKind::Release) => way.names.push(tags),
            (ClauseKind::PullRequest { targets, heads, types, exclude_forks, paths }, EventKind::PullRequest) => {
                let usual = [PullRequestType::Opened, PullRequestType::Updated, PullRequestType::Reopened];
                if !types.iter().any(|t| usual.contains(t)) {
                    return None;
                }
                way.names.push(targets);
                way.heads.push(heads);
                way.no_forks |= exclude_forks;
                way.paths.extend(paths);
            }
            (ClauseKind::Schedule { names }, EventKind::Schedule) => {
                if !names.is_empty() {
                    let names: Vec<&str> = names.iter().map(|n| n.value.as_str()).collect();
                    way.schedules = Some(match &self.schedules {
                        None => names,
                        Some(before) => before.iter().copied().filter(|n| names.contains(n)).collect(),
                    });
                }
            }
            (ClauseKind::Manual { branches }, EventKind::Manual) => way.names.push(branches),
            (ClauseKind::Branch { branches }, EventKind::Push | EventKind::Schedule | EventKind::Manual) => {
                way.names.push(branches)
            }
            _ => return None,
        }
        let apart =
            |list: &[&Pattern]| list.iter().enumerate().any(|(i, a)| list[..i].iter().any(|b| !a.lang.intersects(&b.lang)));
        if apart(&way.names) || apart(&way.heads) || way.schedules.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        way.names = narrowest(&way.names);
        way.heads = narrowest(&way.heads);
        way.paths = innermost(&way.paths);
        Some(way)
    }

    /// Whether everything that comes this way for `other` comes this way too.
    fn covers(&self, other: &Self) -> bool {
        let within = |mine: &[&Pattern], theirs: &[&Pattern]| {
            mine.iter().all(|m| m.is_all() || theirs.iter().any(|t| t.lang.is_subset(&m.lang)))
        };
        self.kind == other.kind
            && within(&self.names, &other.names)
            && within(&self.heads, &other.heads)
            && (!self.no_forks || other.no_forks)
            && self
                .schedules
                .as_ref()
                .is_none_or(|mine| other.schedules.as_ref().is_some_and(|theirs| theirs.iter().all(|name| mine.contains(name))))
            && (self.chosen.is_none() || self.chosen == other.chosen)
            && self.paths.iter().all(|m| other.paths.iter().any(|t| t.pattern.lang.is_subset(&m.pattern.lang)))
    }

    /// The formula of this way.
    fn formula(&self) -> Formula {
        let mut tests = Vec::new();
        let source = "$CI_PIPELINE_SOURCE";
        match self.kind {
            EventKind::Push => {
                tests.push(format!("{source} == \"push\""));
                tests.extend(self.name_tests("CI_COMMIT_BRANCH", true));
            }
            EventKind::Tag | EventKind::Release => {
                tests.push(format!("{source} == \"push\""));
                tests.extend(self.name_tests("CI_COMMIT_TAG", true));
            }
            EventKind::PullRequest => {
                tests.push(format!("{source} == \"merge_request_event\""));
                tests.extend(self.name_tests("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", false));
                for heads in self.heads.iter().filter(|p| !p.is_all()) {
                    let found = regex::tests("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", heads);
                    tests.extend(found.into_iter().filter(|t| t.contains(' ')));
                }
                if self.no_forks {
                    tests.push("$CI_MERGE_REQUEST_SOURCE_PROJECT_PATH == $CI_MERGE_REQUEST_PROJECT_PATH".to_owned());
                }
            }
            // No way is of that kind.
            EventKind::Raw => {}
            EventKind::Schedule => {
                tests.push(format!("{source} == \"schedule\""));
                if let Some(names) = &self.schedules {
                    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
                    tests.push(regex::one_of(SCHEDULE, &names, true));
                }
                tests.extend(self.name_tests("CI_COMMIT_BRANCH", false));
            }
            EventKind::Manual => {
                tests.push(format!("{source} =~ /^(web|api|trigger)$/"));
                if let Some(workflow) = self.chosen {
                    tests.push(format!("${WORKFLOW} == \"{workflow}\""));
                }
                tests.extend(self.name_tests("CI_COMMIT_BRANCH", false));
            }
        }
        tests.into_iter().fold(Formula::True, |all, test| all.and(Formula::Test(test)))
    }

    /// `always`: that the variable has a value at all says something.
    fn name_tests(&self, variable: &str, always: bool) -> Vec<String> {
        let found: Vec<String> = self.names.iter().flat_map(|p| regex::tests(variable, p)).collect();
        let mut compared: Vec<String> = found.into_iter().filter(|t| t.contains(' ')).collect();
        let settled = compared.iter().any(|t| t.contains(" == ") || t.contains(" =~ "));
        if always && !settled {
            compared.insert(0, format!("${variable}"));
        }
        compared
    }

    fn changes(&self) -> Vec<String> {
        self.paths.last().map_or_else(Vec::new, |filter| {
            let include = &filter.pattern.include;
            if include.is_empty() {
                return vec!["**/*".to_owned()];
            }
            include.iter().flat_map(|g| changed_glob(g.value.text())).collect()
        })
    }
}

/// A path glob as GitLab reads it (Ruby's `fnmatch` with `PATHNAME | DOTMATCH | EXTGLOB`): there `**` counts only as a whole segment, `a/**/*`.
fn changed_glob(text: &str) -> Vec<String> {
    if text == "**" {
        return vec!["**/*".to_owned()];
    }
    match text.strip_suffix("/**") {
        Some(head) => vec![format!("{head}/**/*")],
        None => vec![text.to_owned()],
    }
}

/// The patterns that say something the others do not.
fn narrowest<'p>(patterns: &[&'p Pattern]) -> Vec<&'p Pattern> {
    let mut kept: Vec<&Pattern> = Vec::new();
    for pattern in patterns {
        if kept.iter().any(|k| k.lang.is_subset(&pattern.lang)) {
            continue;
        }
        kept.retain(|k| !pattern.lang.is_subset(&k.lang));
        kept.push(pattern);
    }
    kept
}

/// A rule has one list of files: the filter that lies within all others stands for all. The plan refuses filters of which none does.
fn innermost<'p>(filters: &[&'p PathFilter]) -> Vec<&'p PathFilter> {
    let within = |f: &PathFilter| filters.iter().all(|other| f.pattern.lang.is_subset(&other.pattern.lang));
    filters.iter().rev().find(|f| within(f)).or(filters.last()).map(|f| vec![*f]).unwrap_or_default()
}

/// The rule that takes all, and starts nothing.
pub(super) fn never() -> Rule {
    Rule { when: Some("never"), ..Rule::default() }
}

/// The rules of `workflow`: every way into a pipeline.
pub(super) fn of_pipeline(ways: &[Way<'_>]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for way in ways {
        push(&mut rules, Rule { condition: way.formula().text(), changes: way.changes(), when: None });
    }
    rules
}

/// How a job starts once its rule matched.
pub(super) struct Start<'p> {
    /// `on_failure`, `always`, `manual`, or nothing for the usual `on_success`.
    pub(super) when: Option<&'static str>,
    /// Of an approval that may be passed over.
    pub(super) waived: Option<&'p Expr>,
}

/// The rules of a job. Where they take all that the pipeline takes, one rule without a condition says so.
///
/// # Errors
/// As [`Rules::formula`].
pub(super) fn of_job(ways: &[Way<'_>], place: Place<'_>, start: &Start<'_>, pipeline: &[Rule]) -> Result<Vec<Rule>, Failure> {
    let mut rules = Vec::new();
    for way in ways {
        let asked = Rules { place, kind: way.kind };
        let base = match &place.job.job.condition {
            Some(condition) => way.formula().and(asked.formula(condition, true)?),
            None => way.formula(),
        };
        let base = base.tidied();
        if base == Formula::False {
            continue;
        }
        if let Some(waived) = start.waived {
            let passed = base.clone().and(asked.formula(waived, true)?);
            if passed != Formula::False {
                push(&mut rules, Rule { condition: passed.text(), changes: way.changes(), when: None });
            }
        }
        push(&mut rules, Rule { condition: base.text(), changes: way.changes(), when: start.when });
    }
    Ok(shortened(rules, start.when, pipeline))
}

/// The rules of a job that is there for all that comes these ways.
pub(super) fn of_ways(ways: &[Way<'_>], pipeline: &[Rule]) -> Vec<Rule> {
    shortened(of_pipeline(ways), None, pipeline)
}

/// Rules that take all that the pipeline takes ask nothing; without a `when` there is nothing left to say, since `workflow: rules` switches off
/// the default that keeps a job without rules out of merge requests (GitLab's `Config::Entry::Processable`).
fn shortened(rules: Vec<Rule>, when: Option<&'static str>, pipeline: &[Rule]) -> Vec<Rule> {
    let takes_all = rules.len() == pipeline.len()
        && rules.iter().zip(pipeline).all(|(mine, all)| mine.condition == all.condition && mine.changes == all.changes);
    if takes_all { when.map(|w| Rule { when: Some(w), ..Rule::default() }).into_iter().collect() } else { rules }
}

/// The rule that leaves out the pipeline of a push whose branch has a merge request, since the merge request's own pipeline does all that it
/// would do; none where that cannot be said.
///
/// A branch keeps its pipeline if a job runs for its pushes that may be absent from the pipeline of a merge request: GitLab says only that there
/// is a merge request, not where to.
///
/// # Errors
/// As [`Rules::formula`].
pub(super) fn dedupe(jobs: &[(Place<'_>, Vec<Way<'_>>)]) -> Result<Option<Rule>, Failure> {
    let mut tests = Formula::True;
    let mut kept = Vec::new();
    for (place, ways) in jobs {
        for push in ways.iter().filter(|w| w.kind == EventKind::Push) {
            if place.workflow.workflow.dedupe.is_some() && has_twin(push, ways, *place)? {
                continue;
            }
            if place.job.job.condition.is_none() {
                kept.extend(push.names.iter().try_fold(Lang::all(), |all, names| all.intersect(&names.lang)));
            }
            let asked = Rules { place: *place, kind: EventKind::Push };
            let mut formula =
                push.name_tests("CI_COMMIT_BRANCH", false).into_iter().fold(Formula::True, |all, t| all.and(Formula::Test(t)));
            if let Some(condition) = &place.job.job.condition {
                formula = formula.and(asked.formula(condition, true)?);
            }
            tests = tests.and(formula.negated());
        }
    }
    // Where every branch has a job that only pushes start, there is nothing to leave out.
    let pushed = jobs.iter().flat_map(|(place, _)| &place.workflow.workflow.on.clauses).filter_map(|clause| match &clause.kind {
        ClauseKind::Push { branches, .. } => Some(&branches.lang),
        _ => None,
    });
    if let (Ok(pushed), Ok(kept)) = (Lang::union_all(pushed), Lang::union_all(&kept))
        && pushed.is_subset(&kept)
    {
        return Ok(None);
    }
    let first = ["$CI_PIPELINE_SOURCE == \"push\"", "$CI_COMMIT_BRANCH", "$CI_OPEN_MERGE_REQUESTS"];
    let start = first.into_iter().fold(Formula::True, |all, test| all.and(Formula::Test(test.to_owned())));
    let condition = start.and(tests).text();
    Ok(condition.map(|text| Rule { condition: Some(text), changes: Vec::new(), when: Some("never") }))
}

/// Whether the job is also there for every merge request of the branch.
fn has_twin(push: &Way<'_>, ways: &[Way<'_>], place: Place<'_>) -> Result<bool, Failure> {
    let all = |list: &[&Pattern]| {
        list.iter().all(|p| p.is_all() || (p.except.is_empty() && p.include.iter().any(|g| regex::is_everything(&g.value))))
    };
    let holds = match &place.job.job.condition {
        Some(condition) => Rules { place, kind: EventKind::PullRequest }.formula(condition, true)? == Formula::True,
        None => true,
    };
    let twin = |w: &Way<'_>| {
        w.kind == EventKind::PullRequest
            && all(&w.names)
            && all(&w.heads)
            && !w.no_forks
            && (w.paths.is_empty() || w.paths == push.paths)
    };
    Ok(holds && ways.iter().any(twin))
}

fn push(rules: &mut Vec<Rule>, rule: Rule) {
    if !rules.iter().any(|r| r.condition == rule.condition && r.changes == rule.changes) {
        rules.push(rule);
    }
}

#[cfg(test)]
mod tests {
    use super::{of_pipeline, ways};
    use crate::base::span::{Span, Spanned};
    use crate::ir::event::{Clause, ClauseKind, DEFAULT_PULL_REQUEST_TYPES, Filter, PathFilter, Pattern};
    use crate::ir::glob::Glob;
    use crate::ir::lang::Lang;

    fn pattern(include: &[&str], except: &[&str]) -> Pattern {
        let globs = |list: &[&str]| -> Vec<Spanned<Glob>> {
            list.iter().map(|t| Spanned::new(Glob::parse(t).unwrap(), Span::default())).collect()
        };
        let lang = |list: &[&str]| {
            let langs: Vec<Lang> = list.iter().map(|t| Glob::parse(t).unwrap().lang()).collect();
            Lang::union_all(&langs).unwrap()
        };
        let all = if include.is_empty() { Lang::all() } else { lang(include) };
        Pattern { include: globs(include), except: globs(except), lang: all.difference(&lang(except)).unwrap() }
    }

    fn filter(kinds: Vec<ClauseKind>) -> Filter {
        let clauses = kinds.into_iter().map(|kind| Clause { kind, span: Span::default() }).collect();
        Filter { clauses, span: Span::default() }
    }

    fn push(include: &[&str], except: &[&str]) -> ClauseKind {
        ClauseKind::Push { branches: pattern(include, except), paths: None }
    }

    fn pull_request(targets: &[&str], heads: &[&str], exclude_forks: bool) -> ClauseKind {
        let (targets, heads) = (pattern(targets, &[]), pattern(heads, &[]));
        ClauseKind::PullRequest { targets, heads, types: DEFAULT_PULL_REQUEST_TYPES.to_vec(), exclude_forks, paths: None }
    }

    fn texts(filters: &[&Filter]) -> Vec<String> {
        of_pipeline(&ways(filters, None)).into_iter().map(|r| r.condition.unwrap_or_default()).collect()
    }

    #[test]
    fn each_kind_of_event_has_its_rule() {
        let on = filter(vec![
            push(&["main", "release/*"], &["release/old"]),
            ClauseKind::Tag { names: pattern(&["v*"], &[]) },
            pull_request(&["main"], &["hotfix/**"], true),
            ClauseKind::Schedule { names: vec![Spanned::new("nightly".to_owned(), Span::default())] },
            ClauseKind::Manual { branches: pattern(&[], &[]) },
        ]);
        assert_eq!(
            texts(&[&on]),
            [
                r#"$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^(main|release\/[^\/]*)$/ && $CI_COMMIT_BRANCH != "release/old""#,
                r#"$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_TAG =~ /^v[^\/]*$/"#,
                r#"$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == "main" && $CI_MERGE_REQUEST_SOURCE_BRANCH_NAME =~ /^hotfix\// && $CI_MERGE_REQUEST_SOURCE_PROJECT_PATH == $CI_MERGE_REQUEST_PROJECT_PATH"#,
                r#"$CI_PIPELINE_SOURCE == "schedule" && $PIPEWRIGHT_SCHEDULE == "nightly""#,
                r"$CI_PIPELINE_SOURCE =~ /^(web|api|trigger)$/",
            ]
        );
    }

    #[test]
    fn everything_but_asks_for_the_variable_itself() {
        let on = filter(vec![push(&["**"], &["wip/**"])]);
        assert_eq!(texts(&[&on]), [r#"$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH && $CI_COMMIT_BRANCH !~ /^wip\//"#]);
    }

    #[test]
    fn filters_intersect_and_the_narrower_one_is_written() {
        let on = filter(vec![push(&["**"], &[]), pull_request(&[], &[], false)]);
        let only = filter(vec![push(&["main"], &[]), ClauseKind::Branch { branches: pattern(&["main", "dev"], &[]) }]);
        assert_eq!(texts(&[&on, &only]), [r#"$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^(main|dev)$/"#]);
        let apart = filter(vec![push(&["main"], &[])]);
        assert_eq!(texts(&[&apart, &filter(vec![push(&["dev"], &[])])]), Vec::<String>::new());
    }

    #[test]
    fn path_filters_become_changes() {
        let paths = PathFilter { pattern: pattern(&["services/api/**", "go.mod", "**"], &[]), span: Span::default() };
        let on = filter(vec![ClauseKind::Push { branches: pattern(&["main"], &[]), paths: Some(paths) }]);
        let rules = of_pipeline(&ways(&[&on], None));
        assert_eq!(rules[0].changes, ["services/api/**/*", "go.mod", "**/*"]);
    }

    #[test]
    fn a_manual_run_says_its_workflow_where_several_wait_for_one() {
        let on = filter(vec![ClauseKind::Manual { branches: pattern(&["main"], &[]) }]);
        let rules = of_pipeline(&ways(&[&on], Some("release")));
        let expected =
            r#"$CI_PIPELINE_SOURCE =~ /^(web|api|trigger)$/ && $PIPEWRIGHT_WORKFLOW == "release" && $CI_COMMIT_BRANCH == "main""#;
        assert_eq!(rules[0].condition.as_deref(), Some(expected));
    }
}
