//! Steps that work out what no expression of GitHub can say: values, and names compared with regard to case.

use crate::ir::event::{ClauseKind, EventKind, Filter};
use crate::ir::job::Shell;
use crate::ir::text::{Part, Text};

use super::context::{Env, Writer};
use super::view::StepView;

/// The events of GitHub's own that a filter names.
fn own_names(on: &Filter) -> Vec<&str> {
    on.clauses
        .iter()
        .filter_map(|c| if let ClauseKind::Raw(own) = &c.kind { Some(own.name.value.as_str()) } else { None })
        .collect()
}

impl Writer<'_, '_> {
    /// The first step, which works out what no expression can say.
    pub(super) fn values_step(&mut self) -> Option<StepView> {
        self.shell = Shell::Bash;
        let computed = std::mem::take(&mut self.computed);
        if !computed.short && computed.values.is_empty() && computed.conditions.is_empty() {
            return None;
        }
        let mut env: Env = computed.env.into_iter().collect();
        let mut run = String::new();
        if computed.short {
            run.push_str("echo \"short=${GITHUB_SHA::7}\" >> \"$GITHUB_OUTPUT\"\n");
        }
        for id in &computed.values {
            let value = self.plan.pipeline.values[id.index()].clone();
            let name = &value.name.value;
            let variable = crate::back::variables::upper(name).to_lowercase();
            run.push_str("case \"$GITHUB_EVENT_NAME/$GITHUB_REF_TYPE\" in\n");
            let kinds = self.kinds();
            for (kind, text) in value.arms.iter().filter(|(kind, _)| kinds.contains(&kind.value)) {
                let case = match kind.value {
                    EventKind::Push => "push/branch".to_owned(),
                    EventKind::Tag => "push/tag".to_owned(),
                    EventKind::Raw => {
                        own_names(&self.workflow.workflow.on).iter().map(|n| format!("{n}/*")).collect::<Vec<_>>().join("|")
                    }
                    other => format!("{}/*", super::leaf::event_name(other)),
                };
                let text = self.assigned(text, &mut env);
                run.push_str(&format!("  {case}) {variable}={text} ;;\n"));
            }
            let otherwise = match &value.otherwise {
                Some(text) => self.assigned(text, &mut env),
                None => "''".to_owned(),
            };
            run.push_str(&format!("  *) {variable}={otherwise} ;;\nesac\necho \"{name}=${variable}\" >> \"$GITHUB_OUTPUT\"\n"));
        }
        for (name, test) in &computed.conditions {
            run.push_str(&format!("if {test}; then\n  echo \"{name}=true\" >> \"$GITHUB_OUTPUT\"\nfi\n"));
        }
        // A value may have asked for the short hash, which the shell has itself.
        self.computed = super::context::Computed::default();
        Some(StepView {
            name: Some("Work out values".into()),
            id: Some("values".into()),
            shell: self.bash(),
            env,
            run: Some(run),
            ..StepView::default()
        })
    }

    fn assigned(&mut self, text: &Text, env: &mut Env) -> String {
        let quote = Part::Literal("\"".into());
        let mut parts = vec![quote.clone()];
        parts.extend(text.parts.clone());
        parts.push(quote);
        self.script(&[Text { parts, span: text.span }], env)
    }

    /// Compares the name with regard to case, which GitHub's `==` does not.
    pub(super) fn name_guard(&mut self) -> StepView {
        let (test, env) = self.exact_guard();
        let one = test.starts_with("[[") && test.matches("[[").count() == 1;
        let test = if one { test } else { format!("{{ {test}; }}") };
        let run = format!(
            "if ! {test}; then\n  echo \"::error::$GITHUB_REF is not meant: names differ in upper and lower case\"\n  exit 1\nfi\n"
        );
        StepView { name: Some("Check the exact name".into()), shell: self.bash(), env, run: Some(run), ..StepView::default() }
    }
}
