//! Messages to channels.

use crate::base::span::Spanned;
use crate::ir::id::ChannelId;
use crate::ir::step::{Moment, Notification};
use crate::ir::text::Text;
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::Lower;
use crate::syntax::tree::Node;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// The `notify` children of a node.
    pub(super) fn notifications(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<Notification> {
        let children = node.children().iter().filter(|c| c.name() == "notify");
        children.filter_map(|c| self.notification(c, Moment::Failure, place)).collect()
    }

    /// One message. Without `on=` it is sent at the moment given.
    pub(super) fn notification(&mut self, node: &Node<'a>, moment: Moment, place: &Place<'_, 'n, 'a>) -> Option<Notification> {
        let name = name_of(node)?;
        let channel = self.scope.channels.find(&name.value, name.span, self.diagnostics)?;
        let mut on = Vec::new();
        let words: Vec<Spanned<String>> = node.values("on").into_iter().filter_map(spanned).collect();
        for word in words {
            if let Some(m) = self.word(&word, "moment", Moment::ALL) {
                on.push(Spanned::new(m, word.span));
            }
        }
        if on.is_empty() {
            on.push(Spanned::new(moment, node.span));
        }
        let text = match node.arg(1) {
            Some(entry) => self.text(entry, place),
            None => Text::literal("", node.span),
        };
        Some(Notification {
            channel: ChannelId(channel as u32),
            on,
            text,
            subject: self.prop_text(node, "subject", place),
            span: node.span,
        })
    }
}
