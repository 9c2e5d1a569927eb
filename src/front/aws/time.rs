//! Times of EventBridge that start something, as schedules of a workflow
//! (docs.aws.amazon.com/scheduler, "Schedule types"; docs.aws.amazon.com/eventbridge, "Cron expressions").

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::stack::Stack;
use super::work::Work;

/// What a time may start.
pub(super) struct Started<'s> {
    /// Its resource.
    pub(super) key: &'s str,
    /// Its name, where that is known.
    pub(super) name: Option<&'s str>,
    /// The service's word in the addresses of what starts it: `codebuild:startBuild`.
    pub(super) by: &'s str,
    /// How the input of that call names it: `ProjectName`.
    pub(super) named: &'s str,
    /// Whether the template has no other of its kind, so that a rule for its service is one for it.
    pub(super) only: bool,
}

/// Whether a text within a node has a word in it.
pub(super) fn mentions(node: &Node, word: &str) -> bool {
    let mut found = false;
    node.each_text(&mut |t| found |= t.contains(word));
    found
}

/// Whether a node speaks of a resource: `!GetAtt Project.Arn`, `${Project}`.
fn refers(node: &Node, key: &str) -> bool {
    let mut found = false;
    node.each_text(&mut |text| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        found |= words.into_iter().any(|w| w == key);
    });
    found
}

/// The input of a call of the scheduler.
fn input(work: &mut Work<'_>, stack: &mut Stack, target: &Node) -> Option<serde_json::Value> {
    let before = work.declared.variables.clone();
    let text = target.get("Input").and_then(|i| stack.text(work, i));
    work.declared.variables = before;
    serde_json::from_str(&text?).ok()
}

/// The schedules of the EventBridge Scheduler, and the rules of EventBridge, that start something: each with what calls it by name.
pub(super) fn schedules(
    work: &mut Work<'_>,
    stack: &mut Stack,
    started: &Started<'_>,
    mut name: impl FnMut(&str) -> String,
) -> Vec<Build> {
    let mut found = Vec::new();
    for entry in stack.resources("AWS::Scheduler::Schedule") {
        let Some(properties) = entry.value.get("Properties").cloned() else { continue };
        let Some(target) = properties.get("Target").cloned() else { continue };
        let given = input(work, stack, &target);
        let text = |key: &str| given.as_ref().and_then(|v| v.get(key)?.as_str());
        let calls = mentions(&target, started.by) && (text(started.named) == started.name && started.name.is_some());
        if !calls && !refers(&target, started.key) {
            continue;
        }
        let branch = text("SourceVersion").map(str::to_owned);
        found.extend(time(work, stack, &entry, &properties, branch, &mut name));
    }
    for rule in stack.resources("AWS::Events::Rule") {
        let Some(properties) = rule.value.get("Properties").cloned() else { continue };
        let service = started.by.split(':').next().unwrap_or_default();
        let speaks = |t: &Node| refers(t, started.key) || started.only && mentions(t, service);
        if properties.get("ScheduleExpression").is_none() || !properties.get("Targets").is_some_and(speaks) {
            continue;
        }
        found.extend(time(work, stack, &rule, &properties, None, &mut name));
    }
    found
}

/// A schedule with its time, its zone and its branch; none where it says more than a spec can.
fn time(
    work: &mut Work<'_>,
    stack: &mut Stack,
    entry: &Entry,
    properties: &Node,
    branch: Option<String>,
    name: &mut impl FnMut(&str) -> String,
) -> Option<Build> {
    work.mark(entry, Fate::Exact);
    let said = |work: &mut Work<'_>| entry.mark_all(&mut work.ledger, &Fate::Emulated("a schedule of the workflow".to_owned()));
    let off = properties.get("State").and_then(Node::text) == Some("DISABLED");
    let bounded = ["StartDate", "EndDate"].iter().find_map(|key| properties.entry(key));
    if let Some(why) = off
        .then_some("it is switched off: put the schedule into `on` once it runs")
        .or_else(|| bounded.map(|_| "a schedule of a spec has no first and no last day"))
    {
        entry.mark_all(&mut work.ledger, &Fate::Lost(why.to_owned()));
        return None;
    }
    let expression = work.open(properties, "ScheduleExpression").cloned()?;
    let Some(cron) = stack.literal(work, &expression.value).as_deref().and_then(cron) else {
        work.lose(&expression, "it is no time that five fields of cron could say");
        said(work);
        return None;
    };
    let zone = properties.get("ScheduleExpressionTimezone").and_then(|z| stack.literal(work, z)).filter(|z| z != "UTC");
    said(work);
    // A branch stands as it is, or as a reference.
    let branch = branch.map(|b| b.strip_prefix("refs/heads/").unwrap_or(&b).to_owned()).filter(|b| b != "main");
    Some(node("schedule").arg(&name(&entry.key)).arg(&cron).maybe("timezone", zone).maybe("branch", branch))
}

const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The smallest and the largest number of each of the five fields.
const FIELDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

/// `cron(0 3 ? * MON-FRI *)` as five fields; AWS counts the days of the week from 1, Sunday.
pub(super) fn cron(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.strip_prefix("cron(")?.strip_suffix(')')?.split_whitespace().collect();
    let [minute, hour, day, month, weekday, year] = fields.as_slice() else { return None };
    if *year != "*" {
        return None;
    }
    let made: Option<Vec<String>> =
        [minute, hour, day, month, weekday].iter().enumerate().map(|(at, field)| of_field(field, at)).collect();
    let made = made?.join(" ");
    crate::ir::cron::Cron::parse(&made).is_ok().then_some(made)
}

/// One field: `?` is any, and a step from a number goes on to the end.
fn of_field(field: &str, at: usize) -> Option<String> {
    let (first, last) = FIELDS[at];
    let number = |text: &str| match text.parse::<u32>() {
        Ok(day) if at == 4 => day.checked_sub(1).map(|d| d.to_string()),
        Ok(number) => Some(number.to_string()),
        // A name; `L`, `W` and `#` are no words of five fields.
        Err(_) if at == 4 => DAYS.iter().position(|d| d.eq_ignore_ascii_case(text)).map(|day| day.to_string()),
        Err(_) => (text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic())).then(|| text.to_owned()),
    };
    let range = |text: &str| match text.split_once('-') {
        _ if matches!(text, "*" | "?") => Some("*".to_owned()),
        Some((from, to)) => Some(format!("{}-{}", number(from)?, number(to)?)),
        None => number(text),
    };
    let part = |text: &str| match text.split_once('/') {
        None => range(text),
        Some((from, step)) => {
            step.parse::<u32>().ok()?;
            let from = range(from)?;
            let from = match from.parse::<u32>() {
                Ok(start) if start == first => "*".to_owned(),
                Ok(start) => format!("{start}-{last}"),
                Err(_) => from,
            };
            Some(format!("{from}/{step}"))
        }
    };
    Some(field.split(',').map(part).collect::<Option<Vec<_>>>()?.join(","))
}

#[cfg(test)]
mod tests {
    use super::cron;

    #[test]
    fn times_of_aws_have_five_fields() {
        for (text, wanted) in [
            ("cron(0 3 ? * 2-6 *)", Some("0 3 * * 1-5")),
            ("cron(0 3 ? * MON-FRI *)", Some("0 3 * * 1-5")),
            ("cron(15 10 1 * ? *)", Some("15 10 1 * *")),
            ("cron(0/15 8-17/2 * * ? *)", Some("*/15 8-17/2 * * *")),
            ("cron(5/20 0/6 ? * 1,7 *)", Some("5-59/20 */6 * * 0,6")),
            ("rate(1 day)", None),
            ("cron(0 3 ? * 2#1 *)", None),
            ("cron(0 3 L * ? *)", None),
            ("cron(0 3 ? * * 2030)", None),
        ] {
            assert_eq!(cron(text).as_deref(), wanted, "{text}");
        }
    }
}
