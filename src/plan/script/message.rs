//! Messages to channels.

use crate::base::span::Span;
use crate::ir::environment::ChannelKind;
use crate::ir::step::{Moment, Notification};
use crate::ir::text::{Part, Text};
use crate::plan::script::{Shell, fill, label, part};

/// The script that sends a message. It wants `curl`; text is escaped in the shell, so that nothing in it is special to JSON.
pub fn message(kind: &ChannelKind, notification: &Notification, moment: Moment, pipeline: &str) -> Shell {
    let span = notification.span;
    let with_json = |name: &str, values: &[(&str, &str)]| {
        Shell::plain(&format!("{}\n{}", part("json_string.sh"), fill(name, values)), span)
            .with("MESSAGE", notification.text.clone())
    };
    match kind {
        ChannelKind::Slack { webhook } => with_json("slack.sh", &[]).with("WEBHOOK", webhook.clone()),
        ChannelKind::Webhook { url } => with_json("webhook.sh", &[("moment", moment.word())]).with("WEBHOOK", url.clone()),
        ChannelKind::Sns { topic } => {
            Shell::plain(part("sns.sh"), span).with("MESSAGE", notification.text.clone()).with("TOPIC", topic.clone())
        }
        ChannelKind::Pagerduty { key } => {
            let severity =
                if matches!(moment, Moment::Failure | Moment::Rollback | Moment::GateFailed) { "critical" } else { "info" };
            with_json("pagerduty.sh", &[("source", &label(pipeline)), ("severity", severity)]).with("ROUTING_KEY", key.clone())
        }
        ChannelKind::Email { to, from, smtp, user, password } => {
            let names: Vec<String> = (1..=to.len()).map(|i| format!("$TO_{i}")).collect();
            let recipients: Vec<String> = names.iter().map(|n| format!("--mail-rcpt \"{n}\"")).collect();
            // The port of SMTP that is encrypted from its first byte.
            let scheme = if smtp.as_literal().is_some_and(|s| s.ends_with(":465")) { "smtps" } else { "smtp" };
            let login = if user.is_some() { "-u \"$SMTP_USER:$SMTP_PASSWORD\" " } else { "" };
            let values = [
                ("to", names.join(", ")),
                ("rcpt", recipients.join(" ")),
                ("scheme", scheme.to_owned()),
                ("login", login.to_owned()),
            ];
            let values: Vec<(&str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let subject = notification.subject.clone().unwrap_or_else(|| notification.text.clone());
            let sender = from.clone().or_else(|| user.clone()).or_else(|| to.first().cloned()).unwrap_or_default();
            let mut shell = Shell::plain(&fill("email.sh", &values), span)
                .with("MESSAGE", notification.text.clone())
                .with("SUBJECT", subject)
                .with("FROM", sender)
                .with("SMTP", smtp.clone());
            for (i, address) in to.iter().enumerate() {
                shell = shell.with(format!("TO_{}", i + 1), address.clone());
            }
            if let Some(user) = user {
                let password = password.clone().unwrap_or_default();
                shell = shell.with("SMTP_USER", user.clone()).with("SMTP_PASSWORD", password);
            }
            shell
        }
    }
}

/// What the step of a message is called.
pub fn title(channel: &str, span: Span) -> Text {
    Text { parts: vec![Part::Literal(format!("Notify {channel}"))], span }
}

#[cfg(test)]
mod tests {
    use crate::base::span::Span;
    use crate::ir::environment::ChannelKind;
    use crate::ir::id::ChannelId;
    use crate::ir::step::{Moment, Notification};
    use crate::ir::text::Text;
    use crate::plan::script::tests::{files, run};

    fn literal(text: &str) -> Text {
        Text::literal(text, Span::default())
    }

    /// What `curl` would have been called with, an argument a line, and then what it read.
    fn sent(kind: &ChannelKind, text: &str) -> String {
        let note =
            Notification { channel: ChannelId(0), on: Vec::new(), text: literal(text), subject: None, span: Span::default() };
        let shell = super::message(kind, &note, Moment::Failure, "orders");
        let env: Vec<(&str, &str)> = shell.env.iter().map(|v| (v.name.value.as_str(), v.value.as_literal().unwrap())).collect();
        let spy = format!(
            "curl() {{ printf '%s\\n' \"$@\"; case \"$*\" in *'-T -'*) cat ;; esac; }}\n{}",
            shell.script.lines[0].as_literal().unwrap()
        );
        let (said, ok) = run(files(&[]).path(), &spy, &env);
        assert!(ok);
        said
    }

    #[test]
    fn hostile_text_stays_text() {
        let kind = ChannelKind::Slack { webhook: literal("https://hooks.example/x") };
        let text = "a \"quote\", a \\ back, $(touch x) `y`\nsecond\tline \u{1}é";
        let said = sent(&kind, text);
        let body = said.lines().find(|l| l.starts_with('{')).unwrap();
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["text"], "a \"quote\", a \\ back, $(touch x) `y`\nsecond line é");
        assert!(said.ends_with("https://hooks.example/x"));
    }

    #[test]
    fn every_kind_of_channel_sends() {
        let hook = sent(&ChannelKind::Webhook { url: literal("https://w") }, "x");
        assert!(hook.contains(r#"{"event": "failure", "text": "x"}"#) && hook.ends_with("https://w"), "{hook}");
        let page = sent(&ChannelKind::Pagerduty { key: literal("k\"1") }, "x");
        assert!(page.contains(r#""routing_key": "k\"1""#) && page.contains(r#""severity": "critical""#), "{page}");
        let mail = sent(
            &ChannelKind::Email {
                to: vec![literal("a@x.example"), literal("b@x.example")],
                from: None,
                smtp: literal("smtp.x.example:465"),
                user: Some(literal("ci@x.example")),
                password: Some(literal("p w")),
            },
            "body\nline",
        );
        for expected in [
            "ci@x.example:p w",
            "--mail-rcpt\na@x.example",
            "--mail-rcpt\nb@x.example",
            "smtps://smtp.x.example:465",
            "Subject: body line\r\n",
            "To: a@x.example, b@x.example\r\n",
        ] {
            assert!(mail.contains(expected), "{expected:?} in {mail:?}");
        }
    }
}
