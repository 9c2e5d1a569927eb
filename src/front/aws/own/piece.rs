//! Single pieces of a build: which belong together, and what one of them is.

use crate::front::node::{Build, node};
use crate::target::{asset, frame as words};

use super::frame::{Piece, pieces};

/// Lines that belong together, a block or one piece each, up to the one that ends them, with it or without; and how many pieces they are.
pub(super) fn whole(pieces: &[Piece], ends: impl Fn(&str) -> bool, with: bool) -> (usize, String) {
    let text = &pieces[0].text;
    if text.contains('\n') {
        return (1, text.clone());
    }
    let at = pieces.iter().position(|p| ends(&p.text)).map_or(pieces.len(), |at| at + usize::from(with));
    let taken = at.clamp(1, pieces.len());
    (taken, pieces[..taken].iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\n"))
}

/// What a command works out and what makes it known to others, one by one.
pub(super) fn parted(piece: &Piece) -> Vec<Piece> {
    let split = piece.text.rsplit_once("\nexport ").or_else(|| piece.text.rsplit_once(" && export "));
    match split {
        Some((line, name)) if crate::front::name::is_variable(name) && super::derived::is_assignment(line, name) => {
            let mut made = pieces(line);
            if let Some(first) = made.first_mut() {
                first.comment.clone_from(&piece.comment);
            }
            made.push(Piece { comment: None, text: format!("export {name}") });
            made
        }
        _ => vec![piece.clone()],
    }
}

/// The host that a command logs in to as the build itself.
pub(super) fn ecr(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("aws ecr get-login-password --region ")?;
    rest.split_once(" | docker login --username AWS --password-stdin ").map(|(_, host)| host)
}

/// The step that takes a role in AWS.
pub(super) fn role(lines: &[String], env: &[(String, String)]) -> Option<Build> {
    let own = asset::text("scripts/aws-role-codebuild.sh")?;
    let own: Vec<&str> = own.lines().filter(|l| !l.starts_with('#')).collect();
    let said = lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    let [(first, role), (second, region)] = env else { return None };
    let names = (first.as_str(), second.as_str());
    let by_identity = names == ("AWS_ROLE", "AWS_REGION_NAME") && said == own.join("\n");
    let by_action = names == ("ROLE", "REGION")
        && said == own.join("\n").replace("$AWS_ROLE", "$ROLE").replace("$AWS_REGION_NAME", "$REGION");
    (by_identity || by_action).then(|| node("aws-role").prop("role", role).prop("region", region))
}

/// Whether a step reads what only the frame knows: the bucket, the file of the images.
pub(super) fn asks_for(step: &crate::syntax::tree::Node<'_>) -> bool {
    let mut found = false;
    super::each_text(step, &mut |text| {
        found |= text.contains("$ARTIFACTS") || text.contains(words::IMAGES) || text.contains("/tmp/present");
    });
    found
}
