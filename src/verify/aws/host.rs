//! Where a build runs, and for how long at most
//! (<https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html>).

use crate::verify::yaml::Node;

/// Minutes after which a build is stopped whose project says nothing.
const USUAL: u64 = 60;

/// What a project says of its builds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Host {
    /// The container.
    pub(super) image: String,
    /// Seconds after which a build is stopped.
    pub(super) seconds: u64,
}

impl Host {
    /// What the properties of a project say.
    ///
    /// # Errors
    /// There is no image, or a limit that is no number.
    pub(super) fn of_project(project: &Node) -> Result<Self, String> {
        let image = project.path(&["Environment", "Image"]).and_then(Node::text);
        let image = image.ok_or_else(|| format!("line {}: a project without an image", project.line))?.to_owned();
        let seconds = minutes(project.get("TimeoutInMinutes"))?.unwrap_or(USUAL) * 60;
        Ok(Self { image, seconds })
    }

    /// The same for a build of a batch, whose `env` may name another image. Its limit is that of the project.
    ///
    /// # Errors
    /// A key that is not known here.
    pub(super) fn of_build(&self, env: Option<&Node>) -> Result<Self, String> {
        let known = ["type", "image", "compute-type", "privileged-mode", "variables"];
        let strange = env.map(Node::rows).unwrap_or_default().iter().find(|(k, _)| !known.contains(&k.as_str()));
        if let Some((key, at)) = strange {
            return Err(format!("line {}: `{key}` is not known here", at.line));
        }
        let own = env.and_then(|e| e.get("image")?.text());
        Ok(Self { image: own.unwrap_or(&self.image).to_owned(), seconds: self.seconds })
    }
}

/// A number of minutes.
///
/// # Errors
/// It is none.
pub(super) fn minutes(node: Option<&Node>) -> Result<Option<u64>, String> {
    let Some(node) = node else { return Ok(None) };
    let number = node.text().and_then(|t| t.parse::<u64>().ok());
    number.map(Some).ok_or_else(|| format!("line {}: a limit that is no number", node.line))
}
