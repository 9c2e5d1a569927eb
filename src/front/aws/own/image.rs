//! The build of an image, as the step `docker-build`.

use crate::front::node::{Build, node};
use crate::target::frame::IMAGES;

use super::text::Table;

/// A build of an image that came back.
pub(super) struct Made {
    /// The step.
    pub(super) step: Build,
    /// The registry that it is pushed to: its address.
    pub(super) address: Option<String>,
    /// The image's name in the spec.
    pub(super) name: String,
    /// The variable that other commands read it by.
    pub(super) variable: Option<String>,
}

/// Words of a command, each with its quotes.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for c in line.chars() {
        match quote {
            None if c == ' ' => {
                found.push(String::new());
                continue;
            }
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some('"') if escaped => {}
            Some(q) if q == c => quote = None,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = found.last_mut() {
            last.push(c);
        }
    }
    found.retain(|w| !w.is_empty());
    found
}

/// A reference as its repository and its tag.
fn tagged(reference: &str) -> Option<(String, String)> {
    let at = reference.rfind('/').map_or(0, |at| at + 1);
    let colon = at + reference[at..].find(':')?;
    Some((reference[..colon].to_owned(), reference[colon + 1..].to_owned()))
}

/// `MY_IMAGE` for `my-image`
fn upper(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// The build that these lines are; none where they are another one.
pub(super) fn of(lines: &[&str], table: &Table) -> Option<Made> {
    let joined = lines.join("\n").replace(" \\\n  ", " ");
    let mut lines = joined.lines().peekable();
    if lines.peek()?.starts_with("docker run --privileged --rm tonistiigi/binfmt:") {
        lines.next();
    }
    if lines.next()? != "docker buildx create --use" {
        return None;
    }
    let mut sometimes: Vec<(String, Vec<String>)> = Vec::new();
    if lines.next_if(|l| *l == "set --").is_some() {
        while let Some(line) = lines.next_if(|l| l.starts_with("if ")) {
            let (test, rest) = line.strip_prefix("if ")?.split_once("; then set -- \"$@\" ")?;
            sometimes.push((test.to_owned(), words(rest.strip_suffix("; fi")?)));
        }
    }
    let all = words(lines.next()?.strip_prefix("docker buildx build ")?);
    let (context, options) = all.split_last()?;
    let text = |word: &str| table.word(word, &mut Vec::new());
    let mut step = node("docker-build");
    let (mut tags, mut args, mut pushed, mut cached) = (Vec::new(), Vec::new(), None, false);
    let mut repository = None;
    let mut add = |word: &str, condition: Option<String>, tags: &mut Vec<Build>| -> Option<()> {
        let (of, tag) = tagged(&text(word)?)?;
        if repository.get_or_insert_with(|| of.clone()) != &of {
            return None;
        }
        tags.push(node("tag").arg(&tag).maybe("if", condition));
        Some(())
    };
    let (mut file, mut target, mut platforms) = (None, None, Vec::new());
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--tag" => add(options.next()?, None, &mut tags)?,
            "--build-arg" | "--label" => {
                let (name, value) = options.next()?.split_once('=')?;
                args.push(node(option.trim_start_matches("--")).prop(name, &text(value)?));
            }
            "--file" => file = Some(text(options.next()?)?),
            "--target" => target = Some(text(options.next()?)?),
            "--platform" => platforms = options.next()?.split(',').map(str::to_owned).collect(),
            "--cache-from" | "--cache-to" => {
                cached |= options.next()?.starts_with("type=registry,ref=");
            }
            "--push" => pushed = Some(None),
            "--load" | "\"$@\"" => {}
            "--metadata-file" => _ = options.next()?,
            _ => return None,
        }
    }
    for (test, options) in sometimes {
        let condition = table.condition(&test)?.text()?;
        match options.as_slice() {
            [tag, word] if tag == "--tag" => add(word, Some(condition), &mut tags)?,
            [.., last] if last == "--push" => {
                cached |= options.len() > 1;
                pushed = Some(Some(condition));
            }
            _ => return None,
        }
    }
    let repository = repository?;
    let mut variable = None;
    if let Some((name, _)) = lines.next().map(|l| l.split_once('=').ok_or(())).transpose().ok()? {
        let told = format!("echo \"{name}=${name}\" >> {IMAGES}");
        variable = (lines.next()? == told && lines.next().is_none()).then(|| name.to_owned());
        variable.as_ref()?;
    }
    let short = repository.rsplit('/').next()?;
    let wanted = variable.as_ref().and_then(|v| v.strip_prefix("IMAGE_"));
    let ends = repository.match_indices('/').map(|(at, _)| &repository[at + 1..]).find(|end| wanted == Some(upper(end).as_str()));
    let name = ends.unwrap_or(short).to_owned();
    let address = repository.strip_suffix(&name).and_then(|r| r.strip_suffix('/')).map(str::to_owned);
    step = step.arg(&name).maybe("dockerfile", file).maybe("target", target);
    let context = text(context)?;
    if context != "." {
        step = step.prop("context", &context);
    }
    if !platforms.is_empty() {
        step.push(node("platforms").args(platforms));
    }
    if address.is_some() && !cached {
        step = step.prop("cache", "none");
    }
    step = step.children(tags).children(args);
    match (&address, pushed) {
        (Some(_), Some(Some(condition))) => step.push(node("push").prop("if", &condition)),
        (Some(_), None) => step.push(node("push").truth(false)),
        _ => {}
    }
    Some(Made { step, address, name, variable })
}

#[cfg(test)]
mod tests {
    use super::super::text::Table;
    use super::{of, words};
    use crate::syntax::print::print;
    use crate::syntax::tree::Document;

    #[test]
    fn words_keep_their_quotes() {
        assert_eq!(words("a \"b c\" 'd e'f"), ["a", "\"b c\"", "'d e'f"]);
    }

    #[test]
    fn a_build_comes_back() {
        let lines = [
            "docker buildx create --use",
            "set --",
            "if [ \"${COMMIT_BRANCH:-}\" = main ]; then set -- \"$@\" --tag r.example/shop/api:latest; fi",
            "docker buildx build \\",
            "  --tag \"r.example/shop/api:$COMMIT_SHORT\" \\",
            "  --build-arg A=\"$COMMIT_TAG\" \\",
            "  --cache-from type=registry,ref=r.example/shop/api:buildcache \\",
            "  --push \\",
            "  --metadata-file /tmp/build.json \\",
            "  \"$@\" \\",
            "  .",
            "IMAGE_SHOP_API=r.example/shop/api@$(sed x)",
            "echo \"IMAGE_SHOP_API=$IMAGE_SHOP_API\" >> /tmp/images.env",
        ];
        let made = of(&lines, &Table::usual()).unwrap();
        assert_eq!((made.name.as_str(), made.address.as_deref()), ("shop/api", Some("r.example")));
        let text = print(&Document { nodes: vec![made.step.0] });
        for part in ["tag \"${commit.short}\"", "tag latest if=\"commit.branch == 'main'\"", "build-arg A=\"${commit.tag}\""] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("push") && !text.contains("cache"), "{text}");
        assert!(of(&["docker buildx create --use", "make"], &Table::usual()).is_none());
    }
}
