//! Templates: their uses, their parameters, and what nothing uses.

use std::collections::BTreeMap;

use crate::base::diag::Diagnostic;
use crate::base::span::{ExpansionId, Span};
use crate::sema::expand::fill::{self, Values};
use crate::sema::expand::merge::{self, Ranked};
use crate::sema::expand::{
    Expander, MAX_TEMPLATE_DEPTH, Scope, TEMPLATE_CYCLE, UNUSED_CONST, UNUSED_PARAM, UNUSED_TEMPLATE, shallow,
};
use crate::sema::names;
use crate::syntax::check;
use crate::syntax::shape::{Shape, reuse};
use crate::syntax::tree::{Entry, Node, StringStyle, Value};

impl<'a> Expander<'_, 'a> {
    /// `template a b version="22"`
    pub(super) fn uses(
        &mut self,
        node: &Node<'a>,
        shape: Option<&'static Shape>,
        scope: &Scope<'a>,
        rank: &mut usize,
        made: &mut Vec<Ranked<'a>>,
    ) {
        let mut head = Node { children: node.children.clone(), ..shallow(node) };
        self.fill(&mut head, scope);
        fill::tag(&mut head, scope.expansion);
        let found = check::check_node(&head, &reuse::TEMPLATE_USE);
        let wrong = found.has_errors();
        self.diagnostics.extend(found);
        if wrong {
            return;
        }
        let known: Vec<Option<&Node<'a>>> = head.str_args().iter().map(|n| self.templates.get(n.value)).collect();
        let takes =
            |name: &str| known.iter().flatten().any(|t| t.all("param").any(|p| p.str_arg(0).is_some_and(|n| n.value == name)));
        for (name, entry) in head.props().filter(|(name, _)| !takes(name)) {
            let span = entry.name.as_ref().map_or(entry.span, |n| n.span);
            let params: Vec<&str> =
                known.iter().flatten().flat_map(|t| t.all("param")).filter_map(|p| p.arg(0)?.as_str()).collect();
            if known.iter().all(Option::is_some) {
                self.diagnostics.push(names::unknown("parameter", name, span, params.into_iter()));
            }
        }
        for (name, template) in head.str_args().into_iter().zip(&known) {
            let Some(template) = template else {
                let all = self.templates.keys().map(String::as_str);
                self.diagnostics.push(names::unknown("template", name.value, name.span, all));
                continue;
            };
            self.used.insert(format!("template.{}", name.value));
            if self.count(&head, scope).is_none() {
                return;
            }
            if scope.stack.iter().any(|t| t == name.value) || scope.stack.len() >= MAX_TEMPLATE_DEPTH {
                let path = scope.stack.iter().map(String::as_str).chain([name.value]).collect::<Vec<_>>().join(" -> ");
                self.diagnostics.push(
                    Diagnostic::error(TEMPLATE_CYCLE, name.span, format!("this template is inside itself, or too deep: {path}"))
                        .help("take the part that both need into a template of its own"),
                );
                continue;
            }
            let mut inner = scope.clone();
            inner.expansion = self.sources.expand(head.head(), format!("template `{}`", name.value));
            inner.params = Some(self.params(template, &head, scope));
            inner.stack.push(name.value.to_owned());
            let body: Vec<Node<'a>> = template.children().iter().filter(|n| n.name() != "param").cloned().collect();
            let list = self.list(&body, shape, &inner);
            // The block is merged once, here and where it lands: what the template says itself wins over the templates inside it.
            let merged = merge::merge(list, shape, &Node { children: None, ..shallow(template) });
            *rank += 1;
            made.extend(merged.into_iter().map(|n| (*rank, n)));
        }
    }

    /// The parameters of a use: what it gives, or the default.
    fn params(&mut self, template: &Node<'a>, head: &Node<'a>, scope: &Scope<'a>) -> Values<'a> {
        let mut values = Values::new("parameter", "param");
        for param in template.all("param") {
            let found = check::check_node(param, &reuse::PARAM);
            let wrong = found.has_errors();
            self.diagnostics.extend(found);
            let Some(name) = param.str_arg(0).filter(|_| !wrong) else { continue };
            let given: Option<Entry<'a>> = head.prop(name.value).or_else(|| param.arg(1)).cloned();
            let Some(mut value) = given else {
                let what = format!(
                    "template `{}` needs its parameter `{}`",
                    template.arg(0).map_or("".into(), |a| a.as_text()),
                    name.value
                );
                let span = Span { expansion: scope.expansion, ..head.head() };
                self.diagnostics.push(
                    Diagnostic::error(check::MISSING_PROPERTY, span, what)
                        .related(param.head(), "declared here without a default")
                        .help(format!("write `{}=…` behind the template's name", name.value)),
                );
                // An empty text stands in, so that one mistake is one finding.
                values.set(name.value.to_owned(), empty(param));
                continue;
            };
            if head.prop(name.value).is_none() {
                fill::entry(&mut value, &[&self.constants], self.sources, self.diagnostics);
            }
            values.set(name.value.to_owned(), value);
        }
        values
    }

    /// What an include brings may be there for other specs.
    pub(super) fn unused(&mut self, constants: &BTreeMap<String, Span>) {
        for (name, template) in self.templates.iter().filter(|(_, t)| t.head().expansion == ExpansionId(0)) {
            if !self.used.contains(&format!("template.{name}")) {
                self.diagnostics.push(never_used(UNUSED_TEMPLATE, template.head(), format!("template `{name}`")));
                continue;
            }
            for param in template.all("param").filter_map(|p| p.str_arg(0)) {
                if !self.params_used.contains(&(name.clone(), param.value.to_owned())) {
                    self.diagnostics.push(never_used(UNUSED_PARAM, param.span, format!("parameter `{}`", param.value)));
                }
            }
        }
        for (name, span) in constants.iter().filter(|(_, s)| s.expansion == ExpansionId(0)) {
            if !self.used.contains(&format!("const.{name}")) && !self.constants.was_read(name) {
                self.diagnostics.push(never_used(UNUSED_CONST, *span, format!("constant `{name}`")));
            }
        }
    }
}

fn never_used(rule: &'static str, span: Span, what: String) -> Diagnostic {
    Diagnostic::warning(rule, span, format!("{what} is never used")).help("remove it")
}

fn empty<'a>(param: &Node<'a>) -> Entry<'a> {
    Entry {
        name: None,
        ty: None,
        value: Value::String("".into(), StringStyle::Quoted),
        value_span: param.name.span,
        span: param.name.span,
    }
}
